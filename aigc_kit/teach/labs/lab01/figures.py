"""Draw candidates as bars, curves over temperature, texts, sliders."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_kit.core import statistics
from aigc_kit.make.text import measures as measured
from aigc_kit.media.fonts import drawable, glyphs, label, visible
from aigc_kit.teach.show.page import GREY as GREY_WORDS
from aigc_kit.teach.show.page import Html, table
from aigc_kit.teach.show.plots import BLUE, GREY, ORANGE, SMALL, TEMPERATURE_COLOURS, WIDEST, Picture, canvas, follow

SHOWN = measured.LISTED
FILTERS_ZH: Mapping[str, tuple[str, str]] = {
    "logits": ("原始分布", "model"),
    "temperature": ("温度", "temperature"),
    "top_k": ("top-k", "top-k"),
    "top_p": ("top-p", "top-p"),
}

if TYPE_CHECKING:
    from aigc_kit.core.types import Take
    from aigc_kit.make.text.autoregression import TokenView
    from aigc_kit.make.text.engines.base import Candidates, Engine
    from aigc_kit.make.text.settings import Settings
    from aigc_kit.make.text.tokens import Reading


def temperatures(engine: "Engine", candidates: "Candidates", values: Sequence[float]) -> Picture:
    """Draw the same scores at several temperatures side by side.

    Rows: `make.text.measures.NextToken`, one for each temperature.
    """
    rows = measured.at_temperatures(engine, candidates, values)
    figure, axes = canvas(1, len(values), width=min(3.3 * len(values), WIDEST), height=3.4)
    widest = max(share for row in rows for _, share, _ in row.tokens)
    for axis, row, colour in zip(axes, rows, TEMPERATURE_COLOURS, strict=False):
        _bars(axis, _names(row), _shares(row), colour, widest)
        bits = label(f"熵 {row.entropy:.2f} 比特", f"entropy {row.entropy:.2f} bits")
        axis.set_title(f"T = {row.value:g}    {bits}", fontsize=12)
    return Picture(figure, f"下一个 token 的概率，温度 {', '.join(f'{v:g}' for v in values)}", rows)


def scores(engine: "Engine", candidates: "Candidates", model: str) -> Picture:
    """Draw the model's own best scores, before any probability.

    Rows: {"token", "score"}, best first.
    """
    best = np.argsort(-candidates.scores, kind="stable")[:SHOWN]
    rows: list[dict[str, Any]] = [
        {"token": engine.token_text(int(candidates.ids[place])), "score": float(candidates.scores[place])}
        for place in best
    ]
    figure, (axis,) = canvas(width=6.4, height=0.9 + 0.27 * len(rows))
    places = np.arange(len(rows))[::-1]
    axis.barh(places, [row["score"] for row in rows], color=BLUE)
    axis.set_yticks(places, [glyphs(row["token"]) for row in rows], fontsize=12)
    for place, row in zip(places, rows, strict=True):
        axis.text(row["score"], place, f" {row['score']:.2f}", va="center", fontsize=SMALL)
    axis.set_xticks([])
    axis.spines["bottom"].set_visible(False)
    words = label(
        f"分数最高的 {len(rows)} 个词元（词表共 {len(candidates.ids)} 个，{model}）",
        f"best scores of {len(candidates.ids)} ({model})",
    )
    axis.set_title(words, fontsize=12, loc="left")
    return Picture(figure, f"下一个词元的分数：{rows[0]['token']} {rows[0]['score']:.2f}，……", rows)


def filters(engine: "Engine", candidates: "Candidates", settings: "Settings") -> Picture:
    """Draw what each filter leaves, always in four panels.

    All have one scale; names of removed tokens are grey. Rows: `make.text.measures.NextToken`, one for each stage.
    """
    rows = measured.through_filters(engine, candidates, settings)
    stages = {row.name: row for row in rows}
    figure, axes = canvas(1, 4, width=WIDEST, height=3.4, tight=False)
    figure.subplots_adjust(left=0.1, right=0.99, bottom=0.03, top=0.8, wspace=0.12)
    stage = stages["logits"]
    for axis, name in zip(axes, ("logits", "temperature", "top_k", "top_p"), strict=True):
        stage = stages.get(name, stage)
        _bars(axis, _names(stage), _shares(stage), BLUE if name in stages else GREY, widest=1)
        for tick, (_, _, stays) in zip(axis.get_yticklabels(), stage.tokens, strict=True):
            tick.set_color("black" if stays else GREY)
        if axis is not axes[0]:
            axis.tick_params(left=False, labelleft=False)
        if name not in stages:
            value = label("：不改变", ": off")
        else:
            value = "" if stages[name].value is None else f" = {stages[name].value:g}"
        left = label(f"还剩 {stage.kept} 个", f"{stage.kept} left")
        axis.set_title(f"{label(*FILTERS_ZH[name])}{value}\n{left}", fontsize=11, linespacing=1.5)
    return Picture(figure, "从原始分布到可抽取的分布：" + " → ".join(FILTERS_ZH[name][0] for name in stages), rows)


def step(view: "TokenView", index: int) -> Picture:
    """Draw one step of the loop, its token in orange.

    Rows: `make.text.Candidate`, what could come after all filters.
    """
    left = view.stages[-1].after if view.stages else view.candidates
    rows = [candidate for candidate in left if candidate.probability > 0][:SHOWN]
    figure, (axis,) = canvas(width=7, height=0.9 + 0.22 * len(rows))
    _bars(axis, [glyphs(row.text) for row in rows], np.array([row.probability for row in rows]), BLUE)
    for bar, row in zip(axis.patches, rows, strict=True):
        bar.set_color(ORANGE if row.token == view.token else BLUE)
    tail = glyphs(view.so_far[-40:])
    axis.set_title(label(f"第 {index + 1} 步：…{tail}", f"step {index + 1}: ...{tail}"), fontsize=SMALL, loc="left")
    return Picture(figure, f"第 {index + 1} 步的候选，橙色是抽中的", rows)


def _names(row: measured.NextToken) -> list[str]:
    return [glyphs(text) for text, _, _ in row.tokens]


def _shares(row: measured.NextToken) -> np.ndarray:
    return np.array([share for _, share, _ in row.tokens])


def _bars(axis: Any, names: Sequence[str], shares: np.ndarray, colour: str, widest: float | None = None) -> None:
    places = np.arange(len(names))[::-1]
    axis.barh(places, shares, color=colour)
    axis.set_yticks(places, names, fontsize=SMALL)
    axis.set_xlim(0, max(1e-3, widest or float(shares.max())) * 1.2)
    for place, share in zip(places, shares, strict=True):
        if share > 0:
            text = f"{share:.1%}" if share >= 0.001 else "<0.1%"
            axis.text(share, place, f" {text}", va="center", fontsize=SMALL)
    axis.set_xticks([])
    axis.spines["bottom"].set_visible(False)


def sweep(
    runs: Sequence[Mapping[str, Any]],
    measures: Mapping[str, tuple[str, str]],
    model: str,
    bounds: Mapping[str, tuple[float, float]] | None = None,
) -> Picture:
    """Draw means over seeds against temperature, with 95 % intervals.

    Rows: `core.statistics.Mean`, one for each measure and temperature.

    Args:
        runs: one mapping each with "temperature" and one value per measure.
        measures: key -> (Chinese, English) name; their values are >= 0.
        model: who spoke; goes under the plot.
        bounds: key -> smallest and largest possible value, where an interval is cut; [0, inf) without.
    """
    bounds = bounds or {}
    rows = statistics.means(runs, "temperature", measures)
    figure, axes = canvas((len(measures) + 1) // 2, 2, width=WIDEST, height=3.1 * ((len(measures) + 1) // 2))
    for axis, (key, names), colour in zip(axes, measures.items(), TEMPERATURE_COLOURS, strict=False):
        curve = [row for row in rows if row.name == key]
        around = np.transpose([row.around(*bounds.get(key, (0.0, np.inf))) for row in curve])
        axis.errorbar(
            [row.at for row in curve], [row.mean for row in curve], yerr=around, marker="o", capsize=4, color=colour
        )
        axis.set_ylim(bottom=0)
        axis.set_xlabel("T")
        axis.set_title(label(*names), fontsize=13)
    return _over_temperatures(figure, measures, model, "次", "runs ", rows)


def shares(runs: Sequence[Mapping[str, Any]], measures: Mapping[str, tuple[str, str]], model: str) -> Picture:
    """Draw how often something holds, against temperature.

    Rows: `core.statistics.Share`, one for each measure and temperature, with the 95 % interval.

    Args:
        runs: one mapping each with "temperature" and one bool per measure.
        measures: key -> (Chinese, English) name.
        model: who spoke; goes under the plot.
    """
    rows = statistics.shares(runs, "temperature", measures)
    figure, (axis,) = canvas(width=8, height=3.4)
    for place, ((key, names), colour) in enumerate(zip(measures.items(), TEMPERATURE_COLOURS, strict=False)):
        curve = [row for row in rows if row.name == key]
        share = [row.share for row in curve]
        error = np.abs(np.array([[row.low for row in curve], [row.high for row in curve]]) - np.array(share))
        beside = np.array([row.at for row in curve]) + 0.012 * place  # curves that meet at 100 % would hide each other
        axis.errorbar(beside, share, yerr=error, marker="o", capsize=3, color=colour, label=label(*names))
    axis.set_xlabel("T")
    axis.set_ylim(-0.02, 1.02)
    axis.yaxis.set_major_formatter("{x:.0%}")
    axis.legend(frameon=False, fontsize=12, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return _over_temperatures(figure, measures, model, "首", "", rows)


def _over_temperatures(
    figure: Any, measures: Mapping[str, tuple[str, str]], model: str, zh: str, en: str, rows: Sequence[Any]
) -> Picture:
    count = rows[0].count
    words = f"{model}，每个温度 {count} {zh}，误差线为 95% 区间（实测）"
    figure.supxlabel(label(words, f"{model}, {count} {en}each, 95 %"), fontsize=11)
    return Picture(figure, "随温度的变化：" + "、".join(zh for zh, _ in measures.values()), rows)


def attention(weights: np.ndarray, pieces: Sequence[str], layer: int | None = None, head: int | None = None) -> Picture:
    """Draw where each token looks, by head or mean.

    Rows: {"token", "looks_at", "weight"}, one for each pair on or below the diagonal.

    Args:
        weights: float32 (T, T), rows sum to 1, nothing above the diagonal.
        pieces: T tokens.
        layer, head: 0-based, the title counts from 1; None: the weights are the mean of all heads.
    """
    if layer is None or head is None:
        where = label("全部层、全部头的平均", "mean of all layers and heads")
    else:
        where = label(f"第 {layer + 1} 层，第 {head + 1} 头", f"layer {layer + 1}, head {head + 1}")
    figure, (axis,) = canvas(width=6, height=5.2)
    names = [drawable(piece.strip()) for piece in pieces]  # a sign for the space would look like a subscript
    image = axis.imshow(weights, cmap="Blues", vmin=0, vmax=1)
    axis.set_xticks(range(len(names)), names, rotation=90, fontsize=SMALL)
    axis.set_yticks(range(len(names)), names, fontsize=SMALL)
    axis.set_xlabel(label("看向", "looks at"))
    axis.set_ylabel(label("词元", "token"))
    axis.set_title(where, fontsize=12)
    figure.colorbar(image, ax=axis, shrink=0.7)
    rows = [
        {"token": piece, "looks_at": pieces[j], "weight": float(weights[i, j])}
        for i, piece in enumerate(pieces)
        for j in range(i + 1)
    ]
    return Picture(figure, f"注意力图：{where}", rows)


def readings(found: Sequence["Reading"]) -> Html:
    """Show one sentence as several tokenizers cut it.

    Coloured pieces, their number, and tokens per Chinese character. Rows: the readings.
    """
    colours = ("#3b7dd833", "#d9822b33", "#2e9e5b33")
    lines, words = [], []
    for each in found:
        spans = "".join(
            f'<span style="background:{colours[i % 3]};border-radius:3px;margin:1px;padding:0 2px">'
            f"{escape(visible(piece))}</span>"
            for i, piece in enumerate(each.pieces)
        )
        rate = "" if each.tokens_per_hanzi is None else f"{each.tokens_per_hanzi:.2f}"
        cells = (each.tokenizer, str(each.tokens), rate, "".join(each.unknown))
        lines.append("<tr>" + "".join(f'<td style="text-align:left">{escape(cell)}</td>' for cell in cells))
        lines.append(f'<td style="text-align:left;line-height:1.9">{spans}</td></tr>')
        words.append(f"{each.tokenizer}: {each.tokens} ({rate}) {' | '.join(each.pieces)}")
    names = ("分词器", "词元数", "词元/汉字（实测）", "不认识的字", "切法")
    head = "".join(f'<th style="text-align:left">{name}</th>' for name in names)
    return Html(f"<table><tr>{head}</tr>{''.join(lines)}</table>", "\n".join(words), found)


def truncation(reading: "Reading", limit: int) -> Html:
    """Strike out what is lost when only `limit` tokens fit."""
    left, rest = reading.cut(limit)
    html = (
        f'<div style="max-width:60em">{escape(left)}<s style="color:#c8443c">{escape(rest)}</s></div>'
        f'<div style="{GREY_WORDS}">{escape(reading.tokenizer)}：全文 {reading.tokens} 个词元，只装得下 {limit} 个，'
        f"丢掉 {len(rest)} 个字符（划掉的部分）</div>"
    )
    rows = [{"tokenizer": reading.tokenizer, "tokens": reading.tokens, "limit": limit, "left": left, "lost": rest}]
    return Html(html, f"{left} [lost: {rest}]", rows)


def verses(poems: Mapping[str, str], form: str) -> Html:
    """Show poems side by side, with the checker's verdicts.

    Rows: {"title", "text", "tones"} and the fields of the verdict, one for each poem.
    """
    from aigc_kit.worlds import verse

    columns, words, rows = [], [], []
    for title, poem in poems.items():
        verdict = verse.check(poem, form)
        lines = verse.lines_of(poem)
        rhyme = f"押韵 ✓（{'、'.join(verdict.rhyme_groups)}韵）" if verdict.rhyme_ok else "押韵 ✗"
        counts = "、".join(str(length) for length in verdict.line_lengths)
        shape = "字数 ✓" if verdict.form_ok else f"字数 ✗（各行字数：{counts}）"
        tones = verse.tones(poem, form)
        off = f"{tones.checked} 处里 {len(tones.wrong)} 处不合" if tones.checked else "字数不对，没有查"
        level = "平仄 ✓" if tones.ok else f"平仄 ✗（{off}）"
        again = f"重复：{'、'.join(verdict.repeated)}" if verdict.repeated else ""
        body = "".join(f"<div>{escape(line)}</div>" for line in lines)
        below = "<br>".join(escape(text) for text in (shape, rhyme, level, again))
        columns.append(
            f'<div style="border:1px solid #8885;border-radius:8px;padding:.7em 1.2em"><b>{escape(title)}</b>'
            f'<div style="font-size:1.25em;line-height:1.8;letter-spacing:.1em">{body}</div>'
            f'<div style="{GREY_WORDS}">{below}</div></div>'
        )
        words.append("\n".join([title, *lines, shape, rhyme, level, again]))
        rows.append({"title": title, "text": poem, **asdict(verdict), "tones": tones})
    by = f'<div style="{GREY_WORDS}">poem · tiny 小模型 · AI 生成</div>'
    html = f'<div style="display:flex;gap:1em;flex-wrap:wrap">{"".join(columns)}</div>{by}'
    return Html(html, "\n\n".join(words), rows)


def searches(takes: Mapping[str, "Take"]) -> Html:
    """Compare ways of writing. Rows: `make.text.measures.Writing`."""
    rows = measured.writings(takes)
    lines = [(row.name, row.repetition, row.distinct, row.surprise, row.speed) for row in rows]
    head = ("写法", "重复率", "distinct-1", "意外程度（比特/词元）", "词元/秒")
    return table(lines, head, "各写一段，同一模型，实测；意外程度越小，模型自己越觉得顺", rows)


def play(engine: "Engine", candidates: "Candidates", temperature: float = 0.7) -> None:
    """Show sliders over one real next token."""
    import ipywidgets as widgets

    from aigc_kit.make.text.settings import Settings

    largest = len(candidates.ids)
    wide = {"style": {"description_width": "5em"}, "layout": {"width": "28em"}, "continuous_update": False}
    heat = widgets.FloatSlider(temperature, min=0, max=2, step=0.05, description="温度 T", **wide)
    numbers = [("不限", 0), *((str(n), n) for n in (1, 2, 5, 10, 20, 40, 100) if n <= largest)]
    k = widgets.SelectionSlider(options=numbers, description="top-k", **wide)
    p = widgets.FloatSlider(1.0, min=0.05, max=1, step=0.05, description="top-p", **wide)

    def draw() -> Picture:
        return filters(engine, candidates, Settings(temperature=heat.value, top_k=k.value or None, top_p=p.value))

    follow((heat, k, p), draw)


def loop(views: Sequence["TokenView"]) -> None:
    """Show a slider over the tokens of a finished run."""
    import ipywidgets as widgets

    at = widgets.IntSlider(1, min=1, max=len(views), description="第几个词元", continuous_update=False)
    at.style.description_width, at.layout.width = "7em", "28em"
    follow([at], lambda: step(views[at.value - 1], at.value - 1))
