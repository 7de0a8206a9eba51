"""Show what was measured or predicted of memory as tables."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from aigc_kit.core.types import PHASES
from aigc_kit.core.units import format_bytes, format_seconds
from aigc_kit.make.image import measures
from aigc_kit.make.image.ablation import HEADER
from aigc_kit.teach.labs.lab02a.pictures import row
from aigc_kit.teach.show.page import Html, table

MEASURES_ZH: Mapping[str, str] = {
    "weights": "权重",
    "peak": "峰值（权重与存活张量）",
    "tensors": "其中存活张量",
    "reserved": "向驱动保留",
    "seconds": "用时，中位数",
    "load": "读取权重",
}

if TYPE_CHECKING:
    from aigc_kit.core.types import Take
    from aigc_kit.make.image import Comparison
    from aigc_kit.make.image.ablation import Table
    from aigc_kit.memory.footprint import Prediction


def sides(found: "Comparison") -> Html:
    """Compare everything measured on two sides. Rows: `Comparison.rows`."""
    a, b, rows = found.a, found.b, found.rows()
    texts: dict[str, Callable[[float], str]] = {"B": format_bytes, "s": format_seconds}
    ratios = ["—" if row.ratio is None else f"{row.ratio:.2f}" for row in rows]
    lines = [
        (MEASURES_ZH[row.name], *map(texts[row.unit], (row.a, row.b)), ratio)
        for row, ratio in zip(rows, ratios, strict=True)
    ]
    psnr = "完全相同" if found.psnr is None else f"PSNR {found.psnr:.1f} dB"
    apart = f"平均差 {found.mean_difference:.2f} 级，最大 {found.max_difference} 级（满 255），{psnr}"
    caption = f"实测，{a.plan.budget.name}；先各热身一次，计时顺序 {found.order}。两张图：{apart}"
    return table(lines, ("", a.name, b.name, f"{a.name} ÷ {b.name}"), caption, rows)


def difference(found: "Comparison", width: int = 200) -> Html:
    """Show both sides and their difference, its largest value white."""
    a, b = found.a.take.data[0], found.b.take.data[0]
    apart = np.abs(a.astype(np.int16) - b.astype(np.int16))
    times = 255 / max(int(apart.max()), 1)
    grey = np.round(apart * times).astype(np.uint8)
    return row([a, b, grey], [found.a.name, found.b.name, f"差的绝对值 × {times:.3g}"], width)


def predicted(cases: "Mapping[str, Prediction]") -> Html:
    """Show the X-ray's prediction for several set-ups.

    Rows: {"name", "weights_bytes" (at the peak), "allocated_bytes", "reserved_bytes", "interval_bytes", "setter"}.
    `cases`: name -> `aigc_kit.memory.footprint.predict(facts, placement)`.
    """
    lines, rows = [], []
    names = ("name", "weights_bytes", "allocated_bytes", "reserved_bytes", "interval_bytes", "setter")
    for name, case in cases.items():
        counts = (case.peak.resident_bytes, case.allocated_bytes, case.reserved_bytes)
        rows.append(dict(zip(names, (name, *counts, case.interval, case.setter), strict=True)))
        weights, peak, driver, low, high = map(format_bytes, (*counts, *case.interval))
        lines.append(_tight((name, weights, peak, f"{driver}（{low} ～ {high}）", case.setter.zh)))
    head = ("", "峰值时显存里的权重", "峰值：已分配", "峰值：向驱动保留（区间）", "峰值由谁决定")
    caption = "预测：X 光逐个操作追踪，加上按公开实测拟合的开销；没有在显卡上运行"
    return table(lines, head, caption, rows)


def ablation(made: "Table") -> Html:
    """Show what every switch does to weights, peak and seconds.

    With where the numbers come from, and why. Rows: those of the table.
    """
    size = f"{made.height}×{made.width}，一次 {made.batch} 张，{made.steps} 步"
    caption = f"{made.card}，{made.where}，{size}；每行只开一个开关，和“{made[made.reference].zh}”比"
    if made["baseline"].how == "predicted" and made["baseline"].seconds is None:
        caption += "；FP32 不估用时：有的卡做卷积时用 TF32，最多快 8 倍，公开的实测只有一块卡的一行"
    return table([_tight(line) for line in made.cells()], HEADER, caption, made.rows)


def times(first: "Take", following: "Take") -> Html:
    """Show what only the first run pays. Rows: `make.image.measures.PhaseSeconds`."""
    rows = measures.phase_seconds(first, following)
    names = {"total": "合计", **{name: words.zh for name, words in PHASES.items()}}
    lines = [
        (names[row.phase], *("—" if value is None else format_seconds(value) for value in (row.first, row.following)))
        for row in rows
    ]
    return table(lines, ("阶段", "第一次", "再次"), f"实测，挂钟时间，{first.plan.budget.name}", rows)


def _tight(cells: Sequence[str]) -> list[str]:
    """Keep short cells on one line."""
    return [cell.replace(" ", "\u00a0") if len(cell) < 16 else cell for cell in cells]
