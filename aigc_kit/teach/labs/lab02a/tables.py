"""Show tables of the image lab, and bars of tokens."""

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from aigc_kit.media.fonts import label
from aigc_kit.teach.show.markup import GREY
from aigc_kit.teach.show.page import ATTRIBUTES_ZH, Html, figure_zh, table, value_zh
from aigc_kit.teach.show.plots import BLUE, ORANGE, RED, SMALL, WIDEST, Picture, canvas, name_bars, patch
from aigc_kit.worlds import prompts
from aigc_kit.worlds.prompts import TokenBudget
from aigc_kit.worlds.tinyworld import checker

_SHADES = ("#3b7dd83a", "#2e9e5b3a", "#d9822b3a", "#8e5bd03a")
_CUT = "background:#c8443c40;text-decoration:line-through"
_BAR, _HIGH = 520, 16  # pixels

if TYPE_CHECKING:
    from aigc_kit.core.types import Card, Take
    from aigc_kit.worlds.prompts import Translation


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


def shifts(before: "Take", after: "Take") -> Html:
    """Show what the reader sees in pictures before and after.

    Seed by seed, whatever was asked for: a change that was not asked for shows too. Rows: {"attribute", "before",
    "after": the commonest value and how often, "changed", "count": of pictures}. `before`, `after`: with one batch.
    """
    pairs = list(zip(checker.read(before.data), checker.read(after.data), strict=True))
    rows = []
    for name, zh in ATTRIBUTES_ZH.items():
        old, new = zip(*((a.labels[name], b.labels[name]) for a, b in pairs), strict=True)
        changed = sum(a != b for a, b in zip(old, new, strict=True))
        row = {"attribute": zh, "before": _commonest(name, old), "after": _commonest(name, new)}
        rows.append({**row, "changed": changed, "count": len(pairs)})
    lines = [(row["attribute"], row["before"], row["after"], f"{row['changed']} / {row['count']} 张") for row in rows]
    caption = "裁判读出来的（实测）；一个种子一个种子地比，没有要求的属性也数"
    return table(lines, ("属性", "原来最多的", "之后最多的", "变了"), caption, rows)


def _commonest(attribute: str, values: Sequence[str]) -> str:
    value, times = Counter(values).most_common(1)[0]
    return f"{value_zh(attribute, value)}（{times}）"


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
    figure, (axis,) = canvas(width=WIDEST, height=1.2 + 0.62 * len(budgets))
    limit = next(iter(budgets.values()))[0].limit
    for place, (zh, en) in enumerate(budgets.values()):
        for offset, budget, colour in ((-0.19, zh, ORANGE), (0.19, en, BLUE)):
            fits = min(budget.used, limit)
            axis.barh(place + offset, fits, height=0.34, color=colour)
            axis.barh(place + offset, budget.used - fits, left=fits, height=0.34, color=colour, alpha=0.3, hatch="//")
            each = label(f"（每个汉字 {budget.tokens_per_hanzi:.1f} 个）", "") if budget is zh else ""
            how: dict[str, Any] = {"va": "center", "fontsize": SMALL, "zorder": 3}
            how["bbox"] = {"facecolor": "white", "edgecolor": "none", "pad": 1}
            axis.text(budget.used + 2, place + offset, f"{budget.used}{each}", **how)
    axis.axvline(limit, color=RED, lw=1.5)
    axis.set_xlim(0, 1.25 * max(zh.used for zh, _ in budgets.values()))
    axis.tick_params(labelsize=SMALL)
    name_bars(axis, [label(name, f"prompt {i}") for i, name in enumerate(budgets)], SMALL)
    words = label(f"token 数（红线：编码器只读前 {limit} 个，斜线部分读不到）", f"tokens; only {limit} are read")
    axis.set_xlabel(words, fontsize=SMALL)
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
        small = f'<sub style="{GREY};margin-left:.1em">{count}</sub>' if count > 1 else ""
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
