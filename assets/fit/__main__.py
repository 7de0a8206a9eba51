"""python -m assets.fit: writes assets/data/overheads.json and docs/XRAY.md from the published rows."""

import json
from dataclasses import asdict, replace
from functools import partial
from math import ceil

from aigc_kit.core import paths
from aigc_kit.core.types import Words
from aigc_kit.memory.footprint import Overheads, Prediction, predict
from aigc_kit.memory.footprint.fit import Measure, activation_error, fit
from assets.fit import page, speed
from assets.fit.rows import FIT, left_out, measures

LEAST = 0.05  # half-width of an interval of what is allocated: rows of few families cannot promise less

SOURCE = Words(
    "fitted on published peaks of SDXL, FLUX, SD3, CogVideoX, HunyuanVideo, LTX and of decoders (docs/XRAY.md)",
    "按公开的峰值拟合：SDXL、FLUX、SD3、CogVideoX、HunyuanVideo、LTX 和一些解码器（docs/XRAY.md）",
)


def overheads() -> dict:
    """What overheads.json holds: the four numbers, the errors of leave-one-out, the efficiency of published runs."""
    found = measures()
    best, left = fit(found, SOURCE), left_out()
    allocated = [measure for measure in found if measure.quantity == "allocated"]
    reserved = [measure for measure in found if measure.quantity == "reserved"]
    worst = max(activation_error(own, left) for own in (reserved, without_replay(reserved)))
    rounded = {name: round(getattr(best, name), 3) for name in ("workspace", "reserve", "replay")}
    rounded["error"] = ceil(worst * 100) / 100
    rounded["allocated_error"] = max(LEAST, ceil(activation_error(allocated, left) * 100) / 100)
    return {**asdict(best), **rounded, "efficiency": speed.efficiency()}


def without_replay(found: list[Measure]) -> list[Measure]:
    """The same decoders as if no replay had been made, as for traces that were kept before."""

    def plain(row: str, overheads: Overheads) -> Prediction:
        facts = FIT[row].facts()
        phases = tuple(replace(phase, pool_bytes=0) for phase in facts.phases)
        return predict(replace(facts, phases=phases), "resident", replace(overheads, base=0))

    own = [measure for measure in found if FIT[measure.row].only is not None]
    return [replace(measure, predict=partial(plain, measure.row)) for measure in own]


if __name__ == "__main__":
    data = paths.assets() / "data" / "overheads.json"
    record = overheads()
    paths.write_atomically(data, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    record.pop("efficiency")
    paths.write_atomically(paths.assets().parent / "docs" / "XRAY.md", page.render(Overheads(**record)))
    print(json.dumps(record, indent=1))
