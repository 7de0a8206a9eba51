"""Tabulate what each switch of lab 02 does, and why.

    here = ablation.measure(plan_for("一只小狗", steps=4))                       # runs every row on this machine
    there = ablation.predict(Request("sdxl", "a puppy"), a_gpu(name="RTX4090"))  # X-ray: no weights, no GPU
    for row in there.rows: row.zh, row.how, row.peak, row.seconds, row.setter, row.why.zh
    there.cells()                                                                # the same in Chinese, under HEADER

Every row says which it is: "measured" (on this machine's device), "predicted" (by the X-ray for the named GPU, with its
interval in the Figure) or "not applicable" (`why` says what is missing; nothing is simulated). `effect` and `why` say
whether the switch moves the peak, moves a phase below the peak, or does nothing here. A measured table on a CPU and a
predicted one for the real SDXL stand side by side in the lab.
"""

from aigc_kit.make.image.ablation.measuring import measure
from aigc_kit.make.image.ablation.predicting import predict
from aigc_kit.make.image.ablation.rows import HEADER, SWITCHES, Row, Switch, Table

__all__ = ["HEADER", "SWITCHES", "Row", "Switch", "Table", "measure", "predict"]
