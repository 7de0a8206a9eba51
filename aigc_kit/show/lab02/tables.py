"""Tables of the image lab: A against B, weights of words, the step to English, first and next run."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from aigc_kit import prompts
from aigc_kit.image.ablation import HEADER
from aigc_kit.show.lab02.pictures import row
from aigc_kit.show.page import Html, figure_zh, table
from aigc_kit.types.base import PHASES_ZH
from aigc_kit.types.origins import source_zh
from aigc_kit.units import format_bytes, format_seconds

if TYPE_CHECKING:
    from aigc_kit.footprint import Prediction
    from aigc_kit.image import Comparison
    from aigc_kit.image.ablation import Table
    from aigc_kit.prompts import Translation
    from aigc_kit.types import Card, Take


def sides(found: "Comparison") -> Html:
    """Two sides of a comparison: everything measured, with the ratio A / B."""
    a, b = found.a, found.b
    rows: list[tuple[str, ...]] = [("权重", *_pair(a.weight_bytes, b.weight_bytes))]
    if a.peak and b.peak:
        rows.append(("峰值（权重与存活张量）", *_pair(a.peak.value, b.peak.value)))
        tensors = (a.peak.value - a.weight_bytes, b.peak.value - b.weight_bytes)
        rows.append(("其中存活张量", *_pair(*tensors)))
    if a.reserved_bytes and b.reserved_bytes:
        rows.append(("向驱动保留", *_pair(a.reserved_bytes, b.reserved_bytes)))
    rows.append(("用时，中位数", format_seconds(a.median), format_seconds(b.median), f"{found.ratio:.2f}"))
    if a.load_seconds and b.load_seconds:
        loads = (float(np.median(a.load_seconds)), float(np.median(b.load_seconds)))
        rows.append(("读取权重", *(format_seconds(value) for value in loads), f"{loads[0] / loads[1]:.2f}"))
    psnr = "完全相同" if found.psnr is None else f"PSNR {found.psnr:.1f} dB"
    apart = f"平均差 {found.mean_difference:.2f} 级，最大 {found.max_difference} 级（满 255），{psnr}"
    caption = f"实测，{a.plan.budget.name}；先各热身一次，计时顺序 {found.order}。两张图：{apart}"
    return table(rows, ("", a.name, b.name, f"{a.name} ÷ {b.name}"), caption)


def difference(found: "Comparison", width: int = 200) -> Html:
    """The pictures of both sides, and their difference, enlarged so that its largest value is white."""
    one, two = found.a.take.data[0], found.b.take.data[0]
    apart = np.abs(one.astype(np.int16) - two.astype(np.int16))
    times = 255 / max(int(apart.max()), 1)
    seen = np.round(apart * times).astype(np.uint8)
    return row([one, two, seen], [found.a.name, found.b.name, f"差的绝对值 × {times:.3g}"], width)


def predicted(cases: "Mapping[str, Prediction]") -> Html:
    """The X-ray's prediction for several set-ups of the full model.

    Args:
        cases: name -> `aigc_kit.footprint.predict(facts, placement)`.
    """
    rows = []
    for name, found in cases.items():
        low, high = (format_bytes(value) for value in found.interval)
        rows.append(
            (
                name,
                format_bytes(found.peak.resident_bytes),
                format_bytes(found.allocated_bytes),
                f"{format_bytes(found.reserved_bytes)}（{low} ～ {high}）",
                source_zh(found.setter),
            )
        )
    head = ("", "峰值时显存里的权重", "峰值：已分配", "峰值：向驱动保留（区间）", "峰值由谁决定")
    caption = "预测：X 光逐个操作追踪，加上按公开实测拟合的开销；没有在显卡上运行"
    return table([_tight(row) for row in rows], head, caption)


def ablation(made: "Table") -> Html:
    """Every switch with what it does to weights, peak and seconds, where the numbers come from, and why."""
    size = f"{made.height}×{made.width}，一次 {made.batch} 张，{made.steps} 步"
    compared = made[made.reference].zh
    caption = f"{made.card}，{made.where}，{size}；每行只开一个开关，和“{compared}”比"
    if made["baseline"].how == "predicted" and made["baseline"].seconds is None:
        caption += "；FP32 不估用时：有的卡做卷积时用 TF32，最多快 8 倍，公开的实测只有一块卡的一行"
    return table([_tight(row) for row in made.cells()], HEADER, caption)


def weights(prompt: str) -> Html:
    """How the weight grammar reads a prompt: one row a piece, with its weight; notes below."""
    tree = prompts.parse(prompt)
    rows = [
        (f"条件 {index}" if len(tree.conditions) > 1 else "", piece.text.strip(" ,，"), f"{piece.weight:.3g}")
        for index, condition in enumerate(tree.conditions, 1)
        for piece in prompts.flatten(condition)
        if piece.text.strip(" ,，")
    ]
    return table(rows, ("", "片段", "权重"), "；".join(tree.notes))


def translation(made: "Translation") -> Html:
    """How a prompt became English: word by word, who did it, and what is missing."""
    rows = [(zh, en or "—") for zh, en in made.kept]
    rows += [(word, "（词表里没有，英文里缺了它）") for word in made.unknown]
    return table(rows, ("中文", "英文"), f"{made.label}：{made.en}")


def times(first: "Take", following: "Take") -> Html:
    """Phases of the first run and of the next one: what only the first one pays."""
    spent = [{phase.name: phase.seconds for phase in take.cost.phases} for take in (first, following)]
    names = [name for name in PHASES_ZH if any(name in one for one in spent)]
    rows = [(PHASES_ZH[name], *(format_seconds(one[name]) if name in one else "—" for one in spent)) for name in names]
    rows.append(("合计", *(format_seconds(take.cost.seconds) for take in (first, following))))
    return table(rows, ("阶段", "第一次", "再次"), f"实测，挂钟时间，{first.plan.budget.name}")


def groups() -> Html:
    """Negative words in their three groups, in both languages."""
    names = prompts.negative_names()
    rows = [
        (names[group], "，".join(word.zh for word in words), ", ".join(word.en for word in words))
        for group, words in prompts.negatives().items()
    ]
    return table(rows, ("组", "中文", "英文"))


def parts(made: "prompts.Prompt") -> Html:
    """A prompt in its six parts; empty ones too."""
    names = prompts.part_names()
    rows: list[Sequence[str]] = [
        (names[part], "，".join(made.parts.get(part, ())) or "（空）") for part in prompts.PARTS
    ]
    if made.unassigned:
        rows.append(("说不准", "，".join(made.unassigned)))
    return table(rows, ("部分", "词"))


def card(which: "Card") -> Html:
    """A model as its card says: what it is, what it reads, how large, under which licence, from where."""
    facts = which.constraints
    languages = {"zh": "中文", "en": "英文"}
    rows = [
        ("模型", which.notes[0] if which.notes else which.name),
        ("懂的语言", "、".join(languages[one] for one in facts["languages"])),
        ("读多少 token", facts["max_tokens"]),
        ("最大尺寸", "×".join(map(str, facts["ladder"][0]))),
        ("参数", figure_zh(which.params) if which.params else "—"),
        ("许可", which.licence),
        ("从哪里来", "；".join(f"{source.kind}: {source.ref}" for source in which.sources)),
    ]
    return table([(name, str(value)) for name, value in rows], ("", which.name), "卡片：没有在这台机器上运行")


def _tight(cells: Sequence[str]) -> list[str]:
    """Short cells are kept on one line."""
    return [cell.replace(" ", "\u00a0") if len(cell) < 16 else cell for cell in cells]


def _pair(a: float, b: float) -> tuple[str, str, str]:
    return format_bytes(a), format_bytes(b), f"{a / b:.2f}" if b else "—"
