"""Show tables of the image lab, and bars of tokens."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from aigc_kit.core.types import PHASES
from aigc_kit.core.units import format_bytes, format_seconds
from aigc_kit.make.image import measures
from aigc_kit.make.image.ablation import HEADER
from aigc_kit.media.fonts import label
from aigc_kit.teach.labs.lab02.pictures import GREY, row
from aigc_kit.teach.show.page import Html, figure_zh, table
from aigc_kit.teach.show.plots import BLUE, ORANGE, RED, SMALL, WIDEST, Picture, canvas, name_bars, patch
from aigc_kit.worlds import prompts
from aigc_kit.worlds.prompts import TokenBudget

_SHADES = ("#3b7dd83a", "#2e9e5b3a", "#d9822b3a", "#8e5bd03a")
_CUT = "background:#c8443c40;text-decoration:line-through"
_BAR, _HIGH = 520, 16  # pixels
MEASURES_ZH: Mapping[str, str] = {
    "weights": "权重",
    "peak": "峰值（权重与存活张量）",
    "tensors": "其中存活张量",
    "reserved": "向驱动保留",
    "seconds": "用时，中位数",
    "load": "读取权重",
}

if TYPE_CHECKING:
    from aigc_kit.core.types import Card, Take
    from aigc_kit.make.image import Comparison
    from aigc_kit.make.image.ablation import Table
    from aigc_kit.memory.footprint import Prediction
    from aigc_kit.worlds.prompts import Translation


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


def weights(prompt: str) -> Html:
    """Show how the weight grammar reads a prompt.

    Rows: {"condition", "text", "weight"}, one a piece.
    """
    tree = prompts.parse(prompt)
    rows = [
        {"condition": index, "text": piece.text.strip(" ,，"), "weight": piece.weight}
        for index, condition in enumerate(tree.conditions, 1)
        for piece in prompts.flatten(condition)
        if piece.text.strip(" ,，")
    ]
    several = len(tree.conditions) > 1
    lines = [(f"条件 {row['condition']}" if several else "", row["text"], f"{row['weight']:.3g}") for row in rows]
    return table(lines, ("", "片段", "权重"), "；".join(tree.notes), rows)


def translation(made: "Translation") -> Html:
    """Show how a prompt became English, word by word.

    Rows: {"zh", "en"}; "en" is "" for a word that left nothing, None for one that the list does not have.
    """
    rows: list[dict[str, str | None]] = [{"zh": zh, "en": en} for zh, en in made.kept]
    rows += [{"zh": word, "en": None} for word in made.unknown]
    missing = "（词表里没有，英文里缺了它）"
    lines = [(row["zh"], missing if row["en"] is None else row["en"] or "—") for row in rows]
    return table(lines, ("中文", "英文"), f"{made.label}：{made.en}", rows)


def times(first: "Take", following: "Take") -> Html:
    """Show what only the first run pays. Rows: `make.image.measures.PhaseSeconds`."""
    rows = measures.phase_seconds(first, following)
    names = {"total": "合计", **{name: words.zh for name, words in PHASES.items()}}
    lines = [
        (names[row.phase], *("—" if value is None else format_seconds(value) for value in (row.first, row.following)))
        for row in rows
    ]
    return table(lines, ("阶段", "第一次", "再次"), f"实测，挂钟时间，{first.plan.budget.name}", rows)


def groups() -> Html:
    """Show negative words in their three groups, in both languages."""
    names = prompts.negative_names()
    rows = [
        (names[group], "，".join(word.zh for word in words), ", ".join(word.en for word in words))
        for group, words in prompts.negatives().items()
    ]
    return table(rows, ("组", "中文", "英文"))


def parts(made: "prompts.Prompt") -> Html:
    """Show a prompt in its six parts, empty ones too."""
    names = prompts.part_names()
    rows: list[Sequence[str]] = [
        (names[part], "，".join(made.parts.get(part, ())) or "（空）") for part in prompts.PARTS
    ]
    if made.unassigned:
        rows.append(("说不准", "，".join(made.unassigned)))
    return table(rows, ("部分", "词"))


def card(which: "Card") -> Html:
    """Show a model as its card says.

    What it is, what it reads, how large, under which licence, from where.
    """
    facts = which.facts
    languages = {"zh": "中文", "en": "英文"}
    rows = [
        ("模型", which.notes[0] if which.notes else which.name),
        ("懂的语言", "、".join(languages[code] for code in facts.languages)),
        ("读多少 token", facts.max_tokens),
        ("最大尺寸", "×".join(map(str, facts.ladder[0]))),
        ("参数", figure_zh(which.params) if which.params else "—"),
        ("许可", which.licence),
        ("从哪里来", "；".join(f"{source.kind}: {source.ref}" for source in which.sources)),
    ]
    records = [{"name": name, "value": value} for name, value in rows]
    lines = [(name, str(value)) for name, value in rows]
    return table(lines, ("", which.name), "卡片：没有在这台机器上运行", records)


def _tight(cells: Sequence[str]) -> list[str]:
    """Keep short cells on one line."""
    return [cell.replace(" ", "\u00a0") if len(cell) < 16 else cell for cell in cells]


def token_bar(budget: TokenBudget, title: str = "") -> Html:
    """Show how full the encoder is, and the tokens.

    A token can be a part of one character. Rows: {"title", "used", "limit", "text"}. `budget`: from `prompts.budget`.
    `title`: which text, and for which model.
    """
    marks = "".join(_marks(budget))
    verdict = "全部读到" if budget.fits else f"后 {budget.used - budget.limit} 个读不到"
    words = f"{budget.used} / {budget.limit} 个 token，{verdict}"
    html = (
        f'<div style="margin:.5em 0 .9em;max-width:60em"><b>{escape(title)}</b> '
        f"{escape(words)}<br>{_svg(budget)}"
        f'<div style="line-height:1.9;margin-top:.2em">{marks}</div></div>'
    )
    row = {"title": title, "used": budget.used, "limit": budget.limit, "text": budget.text}
    return Html(html, f"{title} {words}".strip(), [row])


def token_bars(budgets: Mapping[str, TokenBudget]) -> Html:
    """Show several bars below each other. Rows: as in `token_bar`."""
    bars = [token_bar(budget, title) for title, budget in budgets.items()]
    rows = [row for bar in bars for row in bar.rows]
    return Html("".join(bar.html for bar in bars), "\n".join(bar.text for bar in bars), rows)


def counts(budgets: Mapping[str, tuple[TokenBudget, TokenBudget]]) -> Picture:
    """Draw the same prompts' tokens in Chinese and English.

    Rows: {"name", "zh", "en", "limit"}, in tokens. `budgets`: name -> (Chinese, English).
    """
    figure, (axis,) = canvas(width=WIDEST, height=0.9 + 0.52 * len(budgets))
    limit = next(iter(budgets.values()))[0].limit
    for place, (zh, en) in enumerate(budgets.values()):
        for offset, budget, colour in ((-0.19, zh, ORANGE), (0.19, en, BLUE)):
            fits = min(budget.used, limit)
            axis.barh(place + offset, fits, height=0.34, color=colour)
            axis.barh(place + offset, budget.used - fits, left=fits, height=0.34, color=colour, alpha=0.3, hatch="//")
            axis.text(budget.used + 2, place + offset, str(budget.used), va="center", fontsize=SMALL)
    axis.axvline(limit, color=RED, lw=1.5)
    name_bars(axis, [label(name, f"prompt {i}") for i, name in enumerate(budgets)], 10)
    words = label(f"token 数（红线：编码器只读前 {limit} 个，斜线部分读不到）", f"tokens; only {limit} are read")
    axis.set_xlabel(words)
    handles = [patch(ORANGE, label("中文", "Chinese")), patch(BLUE, label("英文译文", "English"))]
    axis.legend(handles=handles, frameon=False, fontsize=SMALL, loc="lower right")
    rows = [{"name": name, "zh": zh.used, "en": en.used, "limit": limit} for name, (zh, en) in budgets.items()]
    words = "；".join(f"{row['name']} 中文 {row['zh']} 英文 {row['en']}" for row in rows)
    return Picture(figure, f"CLIP 的 token 数：{words}", rows)


def _marks(budget: TokenBudget) -> list[str]:
    """Write the text in spans, tokens that share characters together."""
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
