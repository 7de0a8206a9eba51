"""Check peaks, a table of two batches, and a placement.

Each check has a truth of its own: the numbers in the weight files, the table's own sums, the X-ray's prediction.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from aigc_kit.core.units import GIB, format_bytes
from aigc_kit.teach.checks import check

ROWS = ("1", "4")  # pictures at once
COLUMNS = ("weights", "peak", "seconds")
HOW = ("measured", "predicted")
CARD, MARGIN = 12 * GIB, 0.9  # bytes of the card, and the share of it that may be used
PLACEMENTS = ("resident", "model", "group", "sequential")  # the fewer bytes are moved the earlier
_ZH = {"weights": "权重", "peak": "峰值", "seconds": "用时"}


@check("02b", "a", title="峰值不小于常驻", expects="两个整数：运行时的峰值、调用之后的常驻，都以字节为单位")
def a(peak: int, resident: int) -> bool | str:
    """Compare the resident bytes with the weight files' numbers."""
    peak, resident = int(peak), int(resident)
    if resident > peak:
        return f"常驻 {resident:,} 比峰值 {peak:,} 还大：次序反了，还是单位不同？"
    numbers = _numbers_in_the_files()
    if not any(abs(resident - width * numbers) <= 0.02 * width * numbers for width in (2, 4)):
        return (
            f"这个模型的文件里有 {numbers:,} 个数，FP32 应占 {4 * numbers:,} 字节。你的常驻是 {resident:,}："
            "是不是读了 RSS，或者用了别的单位？"
        )
    if peak < resident * 1.01:
        return "峰值和常驻几乎相等：这是调用结束之后读的吧？激活在运行的时候才存在。"
    if peak > resident * 50:
        return "峰值比权重大了五十倍以上：看看是不是读成了进程或整机的内存。"
    return True


@check("02b", "b", title="一张对四张", expects='一个字典：{"1": {...}, "4": {...}}，每行有 weights、peak、seconds、how')
def b(table: Mapping[str, Mapping[str, Any]]) -> bool | str:
    """Ask for a whole table that agrees with itself."""
    rows = {str(name): row for name, row in table.items()}
    faults = [fault for name in ROWS if (fault := _fault(name, rows.get(name)))]
    if faults:
        return faults[0]
    one, four = (rows[name] for name in ROWS)
    if not 0.99 < four["weights"] / one["weights"] < 1.01:
        return "两行的权重不一样。一次画四张，网络要读四遍吗？"
    grown = (four["peak"] - four["weights"]) / max(one["peak"] - one["weights"], 1)
    if grown < 1.5:
        return f"四张的存活张量只有一张的 {grown:.2f} 倍：两行是同一次运行吗？batch 写进方案了吗？"
    hint = f"四张的存活张量是一张的 {grown:.1f} 倍，多得离谱：看看两行的单位、精度是不是相同。"
    return bool(grown < 8) or hint


def _fault(name: str, row: Mapping[str, Any] | None) -> str:
    """Say what is wrong with a row, "" if nothing."""
    if row is None:
        return f'少了 "{name}" 这一行。'
    for column in COLUMNS:
        value = row.get(column)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
            return f"{name} 张的{_ZH[column]}还没有填，或者不是一个正数。"
    if row.get("how") not in HOW:
        return f'{name} 张的来历要写 "measured" 或 "predicted"：没有来历的数字不能进表。'
    return f"{name} 张的峰值比权重还小：峰值里包括权重。" if row["peak"] < row["weights"] else ""


@check(
    "02b", "c", title="12 GiB 的老显卡", expects='一个字符串，四种摆法之一："resident"、"model"、"group"、"sequential"'
)
def c(placement: str) -> bool | str:
    """Compare the prediction's upper end with the card."""
    from aigc_kit.memory.footprint import cached, predict

    if placement not in PLACEMENTS:
        return f"{placement!r} 不是一种摆法。四种：{'、'.join(PLACEMENTS)}。"
    facts, most = cached("sdxl", 1024, 1024, dtype="float32"), MARGIN * CARD
    assert facts is not None, "the kit ships this trace"
    highest = {name: predict(facts, name).interval[1] for name in PLACEMENTS}
    if highest[placement] > most:
        words = f"{placement} 的区间上限是 {format_bytes(highest[placement])}"
        return f"{words}，而这块卡只能用 {format_bytes(int(most))}。再省一点。"
    first = next(name for name in PLACEMENTS if highest[name] <= most)
    return placement == first or f"{placement} 装得下，可是还有搬得更少、因此更快的摆法也装得下。"


def _numbers_in_the_files() -> int:
    """Count the image model's weights by its files' headers."""
    from safetensors import safe_open

    from aigc_kit.make import image
    from aigc_kit.models import loaded

    total = 0
    for file in loaded.on_disk(image.plan_for("一只小狗").card).rglob("*.safetensors"):
        with safe_open(file, "numpy") as tensors:
            total += sum(int(np.prod(tensors.get_slice(key).get_shape())) for key in tensors.keys())  # noqa: SIM118
    return total
