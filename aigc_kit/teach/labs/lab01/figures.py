"""Candidates as bars: at several temperatures, through the filters, at one step of the loop."""

from collections.abc import Mapping, Sequence
from html import escape
from math import log
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_kit.core import statistics
from aigc_kit.make.text import sampling
from aigc_kit.make.text.measures import entropy
from aigc_kit.media.fonts import glyphs, label, visible
from aigc_kit.teach.show.page import Html, table
from aigc_kit.teach.show.plots import BLUE, GREY, ORANGE, TEMPERATURE_COLOURS, Picture, canvas

SHOWN = 12
FILTERS_ZH: Mapping[str, tuple[str, str]] = {
    "logits": ("原始分布", "model"),
    "temperature": ("温度", "temperature"),
    "top_k": ("top-k", "top-k"),
    "top_p": ("top-p", "top-p"),
}


if TYPE_CHECKING:
    from aigc_kit.make.text.engines.base import Candidates, Engine
    from aigc_kit.make.text.settings import Settings
    from aigc_kit.make.text.view import TokenView


def temperatures(engine: "Engine", candidates: "Candidates", values: Sequence[float]) -> Picture:
    """The same scores at several temperatures, side by side: the most probable tokens as bars."""
    order = np.argsort(-candidates.scores, kind="stable")[:SHOWN]
    names = [glyphs(engine.token_text(int(candidates.ids[i]))) for i in order]
    figure, axes = canvas(1, len(values), width=3.3 * len(values), height=3.4)
    panels = [sampling.softmax(candidates.scores, value) for value in values]
    widest = max(float(shares.max()) for shares in panels)
    for axis, value, shares, colour in zip(axes, values, panels, TEMPERATURE_COLOURS, strict=False):
        _bars(axis, names, shares[order], colour, widest)
        bits = entropy(shares)
        axis.set_title(f"T = {value:g}    " + label(f"熵 {bits:.2f} 比特", f"entropy {bits:.2f} bits"), fontsize=12)
    return Picture(figure, f"下一个 token 的概率，温度 {', '.join(f'{v:g}' for v in values)}")


def filters(engine: "Engine", candidates: "Candidates", settings: "Settings") -> Picture:
    """What each filter leaves, always in four panels and on one scale; names of removed tokens are grey."""
    stages = {stage.name: stage for stage in sampling.warp(candidates.scores, settings, vocabulary=candidates.ids)}
    order = np.argsort(-candidates.scores, kind="stable")[:SHOWN]
    names = [glyphs(engine.token_text(int(candidates.ids[i]))) for i in order]
    figure, axes = canvas(1, 4, width=10.5, height=3.4, tight=False)
    figure.subplots_adjust(left=0.1, right=0.99, bottom=0.03, top=0.83, wspace=0.12)
    stage = stages["logits"]
    for axis, name in zip(axes, ("logits", "temperature", "top_k", "top_p"), strict=True):
        stage = stages.get(name, stage)
        _bars(axis, names, stage.probabilities[order], BLUE if name in stages else GREY, widest=1)
        for tick, index in zip(axis.get_yticklabels(), order, strict=True):
            tick.set_color(GREY if np.isneginf(stage.logits[index]) else "black")
        if axis is not axes[0]:
            axis.tick_params(left=False, labelleft=False)
        if name not in stages:
            value = label("：不改变", ": off")
        else:
            value = "" if stages[name].value is None else f" = {stages[name].value:g}"
        left = label(f"还剩 {stage.kept} 个", f"{stage.kept} left")
        axis.set_title(f"{label(*FILTERS_ZH[name])}{value}\n{left}", fontsize=11)
    return Picture(figure, "从原始分布到可抽取的分布：" + " → ".join(FILTERS_ZH[name][0] for name in stages))


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


def sweep(
    rows: Sequence[Mapping[str, Any]],
    measures: Mapping[str, tuple[str, str]],
    model: str,
    bounds: Mapping[str, tuple[float, float]] | None = None,
) -> Picture:
    """Measures against temperature: the mean over seeds, with its 95 % interval as error bars.

    Args:
        rows: one mapping per run with "temperature" and one value per measure.
        measures: key -> (Chinese, English) name; their values are >= 0.
        model: who spoke; goes under the plot.
        bounds: key -> smallest and largest possible value, where an interval is cut; [0, inf) without.
    """
    bounds = bounds or {}
    heats = sorted({row["temperature"] for row in rows})
    figure, axes = canvas((len(measures) + 1) // 2, 2, width=9, height=3.1 * ((len(measures) + 1) // 2))
    runs = 0
    for axis, (key, names), colour in zip(axes, measures.items(), TEMPERATURE_COLOURS, strict=False):
        groups = [np.array([row[key] for row in rows if row["temperature"] == heat], dtype=float) for heat in heats]
        means, half = (np.array(values) for values in zip(*map(statistics.mean_interval, groups), strict=True))
        lowest, highest = bounds.get(key, (0.0, np.inf))
        around = [np.minimum(half, means - lowest), np.minimum(half, highest - means)]
        axis.errorbar(heats, means, yerr=around, marker="o", capsize=4, color=colour)
        axis.set_ylim(bottom=0)
        axis.set_xlabel("T")
        axis.set_title(label(*names), fontsize=13)
        runs = len(groups[0])
    figure.supxlabel(
        label(f"{model}，每个温度 {runs} 次，误差线为 95% 区间（实测）", f"{model}, {runs} runs each, 95 %"),
        fontsize=11,
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
    for place, ((key, names), colour) in enumerate(zip(measures.items(), TEMPERATURE_COLOURS, strict=False)):
        held = [[bool(row[key]) for row in rows if row["temperature"] == heat] for heat in heats]
        share, low, high = zip(*(statistics.wilson(sum(group), len(group)) for group in held), strict=True)
        error = np.abs(np.array([low, high]) - np.array(share))
        beside = np.array(heats) + 0.012 * place  # curves that meet at 100 % would hide each other
        axes[0].errorbar(beside, share, yerr=error, marker="o", capsize=3, color=colour, label=label(*names))
        runs = len(held[0])
    axes[0].set_xlabel("T")
    axes[0].set_ylim(-0.02, 1.02)
    axes[0].yaxis.set_major_formatter("{x:.0%}")
    axes[0].legend(frameon=False, fontsize=12)
    figure.supxlabel(
        label(f"{model}，每个温度 {runs} 首，误差线为 95% 区间（实测）", f"{model}, {runs} each, 95 %"), fontsize=11
    )
    return Picture(figure, "随温度的变化：" + "、".join(zh for zh, _ in measures.values()))


def attention(weights: np.ndarray, pieces: Sequence[str], layer: int, head: int) -> Picture:
    """The attention of one head: each row is a token, and shows where it looks.

    Args:
        weights: float32 (T, T), rows sum to 1, nothing above the diagonal.
        pieces: T tokens.
        layer, head: 0-based; the title counts from 1.
    """
    where = label(f"第 {layer + 1} 层，第 {head + 1} 头", f"layer {layer + 1}, head {head + 1}")
    figure, axes = canvas(width=4.6, height=4.2)
    axis, names = axes[0], [glyphs(piece) for piece in pieces]
    image = axis.imshow(weights, cmap="Blues", vmin=0, vmax=1)
    axis.set_xticks(range(len(names)), names, rotation=90, fontsize=8)
    axis.set_yticks(range(len(names)), names, fontsize=8)
    axis.set_xlabel(label("看向", "looks at"))
    axis.set_ylabel(label("词元", "token"))
    axis.set_title(where, fontsize=12)
    figure.colorbar(image, ax=axis, shrink=0.7)
    return Picture(figure, f"注意力图：{where}")


def telling_head(weights: np.ndarray, row: int, column: int) -> tuple[int, int]:
    """The head in which `row` looks at `column` more than the other later tokens do: picked by contrast.

    Args:
        weights: float32 (layers, heads, T, T).
        row, column: places of two tokens, column < row.

    Returns:
        Layer and head, 0-based.
    """
    others = [place for place in range(column + 1, weights.shape[-1]) if place != row]
    contrast = weights[:, :, row, column] - weights[:, :, others, column].mean(axis=-1)
    layer, head = np.unravel_index(int(contrast.argmax()), contrast.shape)
    return int(layer), int(head)


if TYPE_CHECKING:
    from aigc_kit.core.types import Take
    from aigc_kit.make.text.tokens import Reading


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


def verses(poems: Mapping[str, str], form: str) -> Html:
    """Poems side by side, line by line, each with what the form checker says of it."""
    from aigc_kit.worlds import verse

    columns, words = [], []
    for title, poem in poems.items():
        verdict = verse.check(poem, form)
        lines = verse.lines_of(poem)
        rhyme = f"押韵 ✓（{'、'.join(verdict.rhyme_groups)}韵）" if verdict.rhyme_ok else "押韵 ✗"
        counts = "、".join(str(length) for length in verdict.line_lengths)
        shape = "格式 ✓" if verdict.form_ok else f"格式 ✗（各行字数：{counts}）"
        repeated = f"重复：{'、'.join(verdict.repeated)}" if verdict.repeated else ""
        body = "".join(f"<div>{escape(line)}</div>" for line in lines)
        below = "<br>".join(escape(text) for text in (shape, rhyme, repeated))
        columns.append(
            f'<div style="border:1px solid #8885;border-radius:8px;padding:.7em 1.2em"><b>{escape(title)}</b>'
            f'<div style="font-size:1.25em;line-height:1.8;letter-spacing:.1em">{body}</div>'
            f'<div style="color:#8a8f98;font-size:.88em">{below}</div></div>'
        )
        words.append("\n".join([title, *lines, shape, rhyme, repeated]))
    by = '<div style="color:#8a8f98;font-size:.88em">poem · tiny 小模型 · AI 生成</div>'
    return Html(f'<div style="display:flex;gap:1em;flex-wrap:wrap">{"".join(columns)}</div>{by}', "\n\n".join(words))


def searches(made: Mapping[str, "Take"]) -> Html:
    """Ways of writing compared: repetition, diversity, how likely the model finds its text, speed. All measured."""
    from aigc_kit.make.text import measures

    rows = []
    for name, take in made.items():
        ids = take.labels["ids"]
        speed = take.labels["tokens"] / sum(phase.seconds for phase in take.cost.phases if phase.name != "load")
        surprise = -take.labels["mean_logprob"] / log(2)
        rows.append((name, measures.repetition(ids, 2), measures.distinct_n(ids, 1), surprise, speed))
    head = ("写法", "重复率", "distinct-1", "意外程度（比特/词元）", "词元/秒")
    return table(rows, head, "各写一段，同一模型，实测；意外程度越小，模型自己越觉得顺")
