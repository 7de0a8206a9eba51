"""Tables of the image lab: A against B, weights of words, the step to English, first and next run."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_kit.core.types import PHASES
from aigc_kit.core.units import format_bytes, format_seconds
from aigc_kit.make.image.ablation import HEADER
from aigc_kit.media.fonts import label
from aigc_kit.teach.labs.lab02.pictures import GREY, row
from aigc_kit.teach.show.page import Html, figure_zh, table
from aigc_kit.teach.show.plots import BLUE, ORANGE, RED, Picture, canvas
from aigc_kit.worlds import prompts
from aigc_kit.worlds.prompts import TokenBudget

_SHADES = ("#3b7dd83a", "#2e9e5b3a", "#d9822b3a", "#8e5bd03a")
_CUT = "background:#c8443c40;text-decoration:line-through"
_BAR, _HIGH = 520, 16  # pixels


if TYPE_CHECKING:
    from aigc_kit.core.types import Card, Take
    from aigc_kit.make.image import Comparison
    from aigc_kit.make.image.ablation import Table
    from aigc_kit.memory.footprint import Prediction
    from aigc_kit.worlds.prompts import Translation


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
        cases: name -> `aigc_kit.memory.footprint.predict(facts, placement)`.
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
                found.setter.zh,
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
    names = [name for name in PHASES if any(name in one for one in spent)]
    rows = [(PHASES[name].zh, *(format_seconds(one[name]) if name in one else "—" for one in spent)) for name in names]
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
    facts = which.facts
    languages = {"zh": "中文", "en": "英文"}
    rows = [
        ("模型", which.notes[0] if which.notes else which.name),
        ("懂的语言", "、".join(languages[one] for one in facts.languages)),
        ("读多少 token", facts.max_tokens),
        ("最大尺寸", "×".join(map(str, facts.ladder[0]))),
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


def token_bar(budget: TokenBudget, title: str = "") -> Html:
    """How full the encoder is, and the text with a colour a token. A token can be a part of one character.

    Args:
        budget: from `prompts.budget`.
        title: which text, and for which model.
    """
    marks = "".join(_marks(budget))
    verdict = "全部读到" if budget.fits else f"后 {budget.used - budget.limit} 个读不到"
    words = f"{budget.used} / {budget.limit} 个 token，{verdict}"
    html = (
        f'<div style="margin:.5em 0 .9em;max-width:60em"><b>{escape(title)}</b> '
        f"{escape(words)}<br>{_svg(budget)}"
        f'<div style="line-height:1.9;margin-top:.2em">{marks}</div></div>'
    )
    return Html(html, f"{title} {words}".strip())


def token_bars(budgets: Mapping[str, TokenBudget]) -> Html:
    """Several bars below each other."""
    shown = [token_bar(budget, title) for title, budget in budgets.items()]
    return Html("".join(one.html for one in shown), "\n".join(one.text for one in shown))


def counts(budgets: Mapping[str, tuple[TokenBudget, TokenBudget]]) -> Picture:
    """Tokens of the same prompts in Chinese and in English, with the limit.

    Args:
        budgets: name -> (Chinese, English).
    """
    figure, (axis,) = canvas(width=9.5, height=0.9 + 0.52 * len(budgets))
    limit = next(iter(budgets.values()))[0].limit
    for place, (zh, en) in enumerate(budgets.values()):
        for offset, budget, colour in ((-0.19, zh, ORANGE), (0.19, en, BLUE)):
            kept = min(budget.used, limit)
            axis.barh(place + offset, kept, height=0.34, color=colour)
            axis.barh(place + offset, budget.used - kept, left=kept, height=0.34, color=colour, alpha=0.3, hatch="//")
            axis.text(budget.used + 2, place + offset, str(budget.used), va="center", fontsize=9)
    axis.axvline(limit, color=RED, lw=1.5)
    axis.set_yticks(range(len(budgets)), [label(name, f"prompt {i}") for i, name in enumerate(budgets)], fontsize=10)
    axis.invert_yaxis()
    axis.set_xlabel(
        label(f"token 数（红线：编码器只读前 {limit} 个，斜线部分读不到）", f"tokens; only {limit} are read")
    )
    handles = [_patch(ORANGE, label("中文", "Chinese")), _patch(BLUE, label("英文译文", "English"))]
    axis.legend(handles=handles, frameon=False, fontsize=10, loc="lower right")
    said = "；".join(f"{name} 中文 {zh.used} 英文 {en.used}" for name, (zh, en) in budgets.items())
    return Picture(figure, f"CLIP 的 token 数：{said}")


def _marks(budget: TokenBudget) -> list[str]:
    """The text in spans, one for each group of tokens that share characters."""
    spans: list[str] = []
    tokens = list(budget.tokens)
    at, index = 0, 0
    while index < len(tokens):
        start, end, first = tokens[index].start, tokens[index].end, index
        while index + 1 < len(tokens) and tokens[index + 1].start < end:
            index += 1
            end = max(end, tokens[index].end)
        index += 1
        spans.append(escape(budget.text[at:start]))
        count = index - first
        style = _CUT if index > budget.limit else f"background:{_SHADES[first % len(_SHADES)]}"
        small = f'<sub style="{GREY}">{count}</sub>' if count > 1 else ""
        spans.append(f'<span style="{style};border-radius:3px">{escape(budget.text[start:end])}{small}</span>')
        at = end
    return [*spans, escape(budget.text[at:])]


def _svg(budget: TokenBudget) -> str:
    most = max(budget.used, round(budget.limit * 1.15))
    scale = _BAR / most
    read, limit = min(budget.used, budget.limit) * scale, budget.limit * scale
    over = max(0, budget.used - budget.limit) * scale
    return (
        f'<svg width="{_BAR}" height="{_HIGH}" role="img" aria-label="{budget.used} / {budget.limit}">'
        f'<rect width="{_BAR}" height="{_HIGH}" fill="#8882" rx="3"/>'
        f'<rect width="{read:.1f}" height="{_HIGH}" fill="{BLUE}" rx="3"/>'
        f'<rect x="{limit:.1f}" width="{over:.1f}" height="{_HIGH}" fill="{RED}"/>'
        f'<rect x="{limit:.1f}" width="2" height="{_HIGH}" fill="{RED}"/></svg>'
    )


def _patch(colour: str, name: str) -> Any:
    from matplotlib.patches import Patch

    return Patch(color=colour, label=name)
