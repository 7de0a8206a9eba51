"""Tokens: a bar with the limit, each token coloured, what is cut struck through; counts of Chinese and English."""

from collections.abc import Mapping
from html import escape
from typing import Any

from aigc_kit.prompts import TokenBudget
from aigc_kit.show.fonts import label
from aigc_kit.show.lab02.pictures import GREY
from aigc_kit.show.page import Html
from aigc_kit.show.plots import BLUE, ORANGE, RED, Picture, canvas

_SHADES = ("#3b7dd83a", "#2e9e5b3a", "#d9822b3a", "#8e5bd03a")
_CUT = "background:#c8443c40;text-decoration:line-through"
_BAR, _HIGH = 520, 16  # pixels


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
