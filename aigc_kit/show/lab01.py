"""Figures and widgets of the temperature lab: candidates as bars, filters in a row, the loop, the sweep, attention."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_kit.show import statistics
from aigc_kit.show.fonts import glyphs, label, visible
from aigc_kit.show.page import Html
from aigc_kit.show.plots import BLUE, GREY, ORANGE, TEMPERATURE_COLOURS, Live, Picture, canvas
from aigc_kit.text import sampling

if TYPE_CHECKING:
    from aigc_kit.text.engines.base import Candidates, Engine
    from aigc_kit.text.settings import Settings
    from aigc_kit.text.tokens import Reading
    from aigc_kit.text.view import TokenView

SHOWN = 12
FILTERS_ZH: Mapping[str, tuple[str, str]] = {
    "logits": ("原始分布", "model"),
    "repetition_penalty": ("重复惩罚", "repetition penalty"),
    "temperature": ("温度", "temperature"),
    "top_k": ("top-k", "top-k"),
    "top_p": ("top-p", "top-p"),
}


def temperatures(engine: "Engine", candidates: "Candidates", values: Sequence[float]) -> Picture:
    """The same scores at several temperatures, side by side: the most probable tokens as bars."""
    order = np.argsort(-candidates.scores, kind="stable")[:SHOWN]
    names = [glyphs(engine.token_text(int(candidates.ids[i]))) for i in order]
    figure, axes = canvas(1, len(values), width=3.3 * len(values), height=3.4)
    panels = [sampling.softmax(candidates.scores, value) for value in values]
    widest = max(float(shares.max()) for shares in panels)
    for axis, value, shares, colour in zip(axes, values, panels, TEMPERATURE_COLOURS, strict=False):
        _bars(axis, names, shares[order], colour, widest)
        entropy = _bits(shares)
        axis.set_title(
            f"T = {value:g}    " + label(f"熵 {entropy:.2f} 比特", f"entropy {entropy:.2f} bits"), fontsize=10
        )
    return Picture(figure, f"下一个 token 的概率，温度 {', '.join(f'{v:g}' for v in values)}")


def filters(engine: "Engine", candidates: "Candidates", settings: "Settings") -> Picture:
    """What each filter leaves: one panel per stage, grey where the filter has removed a token."""
    stages = sampling.warp(candidates.scores, settings, vocabulary=candidates.ids)
    order = np.argsort(-candidates.scores, kind="stable")[:SHOWN]
    names = [glyphs(engine.token_text(int(candidates.ids[i]))) for i in order]
    figure, axes = canvas(1, len(stages), width=3.1 * len(stages), height=3.4)
    panels = [stage.probabilities for stage in stages]
    widest = max(float(shares.max()) for shares in panels)
    for axis, stage, shares in zip(axes, stages, panels, strict=True):
        _bars(axis, names, shares[order], BLUE, widest)
        for tick, index in zip(axis.get_yticklabels(), order, strict=True):
            tick.set_color(GREY if np.isneginf(stage.logits[index]) else "black")
        value = "" if stage.value is None else f" = {stage.value:g}"
        title = label(*FILTERS_ZH[stage.name]) + value
        axis.set_title(f"{title}\n" + label(f"还剩 {stage.kept} 个", f"{stage.kept} left"), fontsize=10)
    return Picture(figure, "从原始分布到可抽取的分布：" + " → ".join(FILTERS_ZH[s.name][0] for s in stages))


def play(engine: "Engine", candidates: "Candidates", temperature: float = 0.7) -> None:
    """Sliders for T, k and p over the bars of one real next token."""
    import ipywidgets as widgets
    from IPython.display import display

    from aigc_kit.text.settings import Settings

    largest = len(candidates.ids)
    wide = {"style": {"description_width": "5em"}, "layout": {"width": "28em"}, "continuous_update": False}
    heat = widgets.FloatSlider(temperature, min=0, max=2, step=0.05, description="温度 T", **wide)
    k = widgets.SelectionSlider(
        options=[("不限", 0), *((str(n), n) for n in (1, 2, 5, 10, 20, 40, 100) if n <= largest)],
        description="top-k",
        **wide,
    )
    p = widgets.FloatSlider(1.0, min=0.05, max=1, step=0.05, description="top-p", **wide)
    display(widgets.VBox([heat, k, p]))
    live = Live(lambda: filters(engine, candidates, Settings(temperature=heat.value, top_k=k.value or None, top_p=p.value)))
    for control in (heat, k, p):
        control.observe(lambda change: live.redraw(), names="value")


def loop(views: Sequence["TokenView"]) -> None:
    """A slider over the tokens of a finished run: the candidates at each step, the chosen one in orange."""
    import ipywidgets as widgets
    from IPython.display import display

    at = widgets.IntSlider(0, min=0, max=len(views) - 1, description="第几个词元", continuous_update=False)
    at.style.description_width, at.layout.width = "7em", "28em"
    display(at)
    live = Live(lambda: step(views[at.value], at.value))
    at.observe(lambda change: live.redraw(), names="value")


def step(view: "TokenView", index: int) -> Picture:
    """One step of the loop: text so far, what could come after all filters, what was drawn (orange)."""
    left = view.stages[-1].after if view.stages else view.candidates
    shown = [candidate for candidate in left if candidate.probability > 0][:SHOWN]
    figure, axes = canvas(width=7, height=0.9 + 0.22 * len(shown))
    _bars(axes[0], [glyphs(one.text) for one in shown], np.array([one.probability for one in shown]), BLUE)
    for bar, one in zip(axes[0].patches, shown, strict=True):
        bar.set_color(ORANGE if one.token == view.token else BLUE)
    tail = glyphs(view.so_far[-40:])
    axes[0].set_title(label(f"第 {index + 1} 步：…{tail}", f"step {index + 1}: ...{tail}"), fontsize=10, loc="left")
    return Picture(figure, f"第 {index + 1} 步的候选，橙色是抽中的")


def sweep(rows: Sequence[Mapping[str, Any]], measures: Mapping[str, tuple[str, str]], model: str) -> Picture:
    """Measures against temperature: the mean over seeds, with its 95 % interval as error bars.

    Args:
        rows: one mapping per run with "temperature" and one value per measure.
        measures: key -> (Chinese, English) name.
        model: who spoke; goes under the plot.
    """
    heats = sorted({row["temperature"] for row in rows})
    figure, axes = canvas(1, len(measures), width=3.2 * len(measures), height=3)
    runs = 0
    for axis, (key, names), colour in zip(axes, measures.items(), TEMPERATURE_COLOURS, strict=False):
        groups = [np.array([row[key] for row in rows if row["temperature"] == heat], dtype=float) for heat in heats]
        means, half = zip(*(statistics.mean_interval(group) for group in groups), strict=True)
        axis.errorbar(heats, means, yerr=half, marker="o", capsize=3, color=colour)
        axis.set_xlabel("T")
        axis.set_title(label(*names), fontsize=10)
        runs = len(groups[0])
    figure.supxlabel(
        label(f"{model}，每个温度 {runs} 次，误差线为 95% 区间（实测）", f"{model}, {runs} runs each"), fontsize=8
    )
    return Picture(figure, "随温度的变化：" + "、".join(zh for zh, _ in measures.values()))


def shares(rows: Sequence[Mapping[str, Any]], measures: Mapping[str, tuple[str, str]], model: str) -> Picture:
    """How often something holds, against temperature: shares with their 95 % Wilson intervals.

    Args:
        rows: one mapping per run with "temperature" and one bool per measure.
        measures: key -> (Chinese, English) name.
        model: who spoke; goes under the plot.
    """
    heats = sorted({row["temperature"] for row in rows})
    figure, axes = canvas(width=6, height=3.2)
    runs = 0
    for (key, names), colour in zip(measures.items(), TEMPERATURE_COLOURS, strict=False):
        held = [[bool(row[key]) for row in rows if row["temperature"] == heat] for heat in heats]
        share, low, high = zip(*(statistics.wilson(sum(group), len(group)) for group in held), strict=True)
        error = np.abs(np.array([low, high]) - np.array(share))
        axes[0].errorbar(heats, share, yerr=error, marker="o", capsize=3, color=colour, label=label(*names))
        runs = len(held[0])
    axes[0].set_xlabel("T")
    axes[0].set_ylim(-0.02, 1.02)
    axes[0].yaxis.set_major_formatter("{x:.0%}")
    axes[0].legend(frameon=False)
    figure.supxlabel(
        label(f"{model}，每个温度 {runs} 首，误差线为 95% 区间（实测）", f"{model}, {runs} each"), fontsize=8
    )
    return Picture(figure, "随温度的变化：" + "、".join(zh for zh, _ in measures.values()))


def attention(weights: np.ndarray, pieces: Sequence[str], where: str) -> Picture:
    """The attention of one head: each row is a token, and shows where it looks.

    Args:
        weights: float32 (T, T), rows sum to 1, nothing above the diagonal.
        pieces: T tokens.
        where: layer and head, in words.
    """
    figure, axes = canvas(width=4.6, height=4.2)
    axis, names = axes[0], [glyphs(piece) for piece in pieces]
    image = axis.imshow(weights, cmap="Blues", vmin=0, vmax=1)
    axis.set_xticks(range(len(names)), names, rotation=90, fontsize=8)
    axis.set_yticks(range(len(names)), names, fontsize=8)
    axis.set_xlabel(label("看向", "looks at"))
    axis.set_ylabel(label("词元", "token"))
    axis.set_title(where, fontsize=10)
    figure.colorbar(image, ax=axis, shrink=0.7)
    return Picture(figure, f"注意力图：{where}")


def sharpest_head(weights: np.ndarray) -> tuple[int, int]:
    """The head that looks most firmly at one earlier token that is not the first (on which heads rest when idle).

    Args:
        weights: float32 (layers, heads, T, T), T >= 3.

    Returns:
        Layer and head, 0-based.
    """
    length = weights.shape[-1]
    earlier = np.tril(np.ones((length, length), dtype=bool), k=-1)
    earlier[:, 0] = False
    firmness = np.where(earlier, weights, 0).max(axis=-1)[..., 2:].mean(axis=-1)
    layer, head = np.unravel_index(int(firmness.argmax()), firmness.shape)
    return int(layer), int(head)


def readings(found: Sequence["Reading"]) -> Html:
    """One sentence cut by several tokenizers: coloured pieces, their number, and tokens per Chinese character."""
    colours = ("#3b7dd833", "#d9822b33", "#2e9e5b33")
    lines, words = [], []
    for one in found:
        spans = "".join(
            f'<span style="background:{colours[i % 3]};border-radius:3px;margin:1px;padding:0 2px">'
            f"{escape(visible(piece))}</span>"
            for i, piece in enumerate(one.pieces)
        )
        rate = "" if one.tokens_per_hanzi is None else f"{one.tokens_per_hanzi:.2f}"
        cells = (one.tokenizer, str(one.tokens), rate, "".join(one.unknown))
        lines.append("<tr>" + "".join(f'<td style="text-align:left">{escape(cell)}</td>' for cell in cells))
        lines.append(f'<td style="text-align:left;line-height:1.9">{spans}</td></tr>')
        words.append(f"{one.tokenizer}: {one.tokens} ({rate}) {' | '.join(one.pieces)}")
    names = ("分词器", "词元数", "词元/汉字（实测）", "不认识的字", "切法")
    head = "".join(f'<th style="text-align:left">{name}</th>' for name in names)
    return Html(f"<table><tr>{head}</tr>{''.join(lines)}</table>", "\n".join(words))


def truncation(reading: "Reading", limit: int) -> Html:
    """What is left and what is lost (struck out) when only the first `limit` tokens of a text fit."""
    left, lost = reading.cut(limit)
    html = (
        f'<div style="max-width:60em">{escape(left)}<s style="color:#c8443c">{escape(lost)}</s></div>'
        f'<div style="color:#8a8f98">{escape(reading.tokenizer)}：全文 {reading.tokens} 个词元，只装得下 {limit} 个，'
        f"丢掉 {len(lost)} 个字符（划掉的部分）</div>"
    )
    return Html(html, f"{left} [lost: {lost}]")


def _bars(axis: Any, names: Sequence[str], shares: np.ndarray, colour: str, widest: float | None = None) -> None:
    places = np.arange(len(names))[::-1]
    axis.barh(places, shares, color=colour)
    axis.set_yticks(places, names, fontsize=9)
    axis.set_xlim(0, max(1e-3, widest or float(shares.max())) * 1.2)
    for place, share in zip(places, shares, strict=True):
        if share > 0:
            text = f"{share:.1%}" if share >= 0.001 else "<0.1%"
            axis.text(share, place, f" {text}", va="center", fontsize=8)
    axis.set_xticks([])
    axis.spines["bottom"].set_visible(False)


def _bits(shares: np.ndarray) -> float:
    positive = shares[shares > 0].astype(np.float64)
    return float(-(positive * np.log2(positive)).sum())
