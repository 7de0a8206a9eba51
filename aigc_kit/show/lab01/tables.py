"""Tokens, poems and ways of searching, as tables and cards; all text of models is escaped."""

from collections.abc import Mapping, Sequence
from html import escape
from math import log
from typing import TYPE_CHECKING

from aigc_kit.show.fonts import visible
from aigc_kit.show.page import Html, table

if TYPE_CHECKING:
    from aigc_kit.text.tokens import Reading
    from aigc_kit.types import Take


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
    from aigc_kit import verse

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
    from aigc_kit.text import measures

    rows = []
    for name, take in made.items():
        ids = take.labels["ids"]
        speed = take.labels["tokens"] / sum(phase.seconds for phase in take.cost.phases if phase.name != "load")
        surprise = -take.labels["mean_logprob"] / log(2)
        rows.append((name, measures.repetition(ids, 2), measures.distinct_n(ids, 1), surprise, speed))
    head = ("写法", "重复率", "distinct-1", "意外程度（比特/词元）", "词元/秒")
    return table(rows, head, "各写一段，同一模型，实测；意外程度越小，模型自己越觉得顺")
