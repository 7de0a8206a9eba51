"""python -m assets.fit: writes assets/data/overheads.json and docs/XRAY.md from the published rows."""

import json
from dataclasses import asdict
from math import ceil

from aigc_kit.core import paths
from aigc_kit.core.types import Words
from aigc_kit.memory.footprint import Overheads
from aigc_kit.memory.footprint.fit import activation_error, fit, leave_one_out
from assets.fit import page, speed
from assets.fit.rows import measures

SOURCE = Words(
    "fitted on published peaks: SDXL on an A100, VAE decoders of InvokeAI's measurements (docs/XRAY.md)",
    "按公开的峰值拟合：A100 上的 SDXL、InvokeAI 量的 VAE 解码器（docs/XRAY.md）",
)


def overheads() -> dict:
    """What overheads.json holds: the four numbers, the error of leave-one-out, the efficiency of published runs."""
    found = measures()
    best = fit(found, SOURCE)
    error = ceil(activation_error(found, leave_one_out(found, SOURCE)) * 100) / 100
    rounded = {"workspace": round(best.workspace, 3), "reserve": round(best.reserve, 3), "error": error}
    return {**asdict(best), **rounded, "efficiency": speed.efficiency()}


if __name__ == "__main__":
    data = paths.assets() / "data" / "overheads.json"
    record = overheads()
    paths.write_atomically(data, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    record.pop("efficiency")
    paths.write_atomically(paths.assets().parent / "docs" / "XRAY.md", page.render(Overheads(**record)))
    print(json.dumps(record, indent=1))
