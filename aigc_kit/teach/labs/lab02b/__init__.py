"""Give figures and tables of the memory lab."""

from aigc_kit.core.lazy import lazily
from aigc_kit.teach.labs import Exhibit, Lab

LAB = Lab(
    number="02b",
    notebook="02b_memory.ipynb",
    title="SDXL 的显存：谁定峰值，FP32 对 FP16",
    cards=("tinysdxl",),
    full=("sdxl",),
    core=True,
    budget_seconds=60,
    exhibits=(Exhibit("02b_switches.png", "哪个开关真的省显存？", "真 SDXL，24 GB 显卡，开关全部画出（预测）"),),
)
__getattr__, __dir__ = lazily(
    __name__,
    {
        "checks": (),
        "figures": ("Monitor", "peaks", "phases", "seconds", "switches"),
        "tables": ("ablation", "difference", "predicted", "sides", "times"),
        "aigc_kit.teach.labs.lab02a.pictures": ("grid",),
    },
)
