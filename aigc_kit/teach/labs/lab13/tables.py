"""Show words by weight, readings, findings, cases, messages."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from aigc_kit.media.pages import visible
from aigc_kit.promptlab import guard
from aigc_kit.promptlab.feedback.event_store import Case
from aigc_kit.promptlab.inspect.attributions import METHODS, Explanation
from aigc_kit.promptlab.inspect.question import OPERATORS
from aigc_kit.promptlab.logs import Reading
from aigc_kit.promptlab.sync import Report
from aigc_kit.teach.show.markup import CARD, GREY
from aigc_kit.teach.show.page import Html, table

_LONGEST = 60  # characters of a cell


_FOR, _AGAINST = "217,130,43", "59,125,216"  # orange raises the answer, blue lowers it


def heat(reason: Explanation, answer: str = "", truth: Sequence[tuple[int, int]] = ()) -> Html:
    """Show an explanation word by word.

    Orange words speak for the answer, blue ones against it; the deeper, the more. Words that are known to carry the
    answer are underlined. Rows: {"word", "nats", "carries"}.

    Args:
        reason: to show. answer: that is explained, for the caption.
        truth: (start, end) characters of the prompt that carry it.
    """
    most = max(float(abs(reason.scores).max()), 1e-12)
    rows, spans = [], []
    for word, (start, end), score in zip(reason.words, reason.spans, reason.scores, strict=True):
        carries = any(start < high and low < end for low, high in truth)
        style = f"background:rgba({_FOR if score > 0 else _AGAINST},{0.85 * abs(score) / most:.2f});padding:.15em .1em"
        under = ";border-bottom:3px solid currentColor" if carries else ""
        spans.append(f'<span style="{style}{under}" title="{score:+.2f} nat">{escape(visible(word))}</span>')
        rows.append({"word": word, "nats": float(score), "carries": carries})
    name, way = METHODS[reason.method].name.zh, OPERATORS[reason.operator].zh
    caption = (
        f"{name}{f'，回答“{answer}”' if answer else ''}；删词的办法：{way}。橙色支持，蓝色反对，最深 {most:.1f} nat"
    )
    caption += "；下划线：真正带着答案的词" if truth else ""
    words = " ".join(f"{row['word']}{row['nats']:+.1f}{'*' if row['carries'] else ''}" for row in rows)
    scale = "".join(
        f'<rect x="{20 * at}" width="20" height="12" fill="rgba({_FOR if part > 0 else _AGAINST},{abs(part):.2f})"/>'
        for at, part in enumerate([0.2 * step for step in range(-4, 5)])
    )
    legend = f'<svg width="180" height="12" role="img" aria-label="从反对（蓝）到支持（橙）">{scale}</svg>'
    below = f'<div style="{GREY}">反对 {legend} 支持。{escape(caption)}</div>'
    body = f'<div style="font-size:18px;line-height:2.1">{"".join(spans)}</div>{below}'
    return Html(
        f'<div style="{CARD}" role="img" aria-label="{escape(words)}">{body}</div>', f"{words}\n{caption}", rows
    )


def readings(some: Sequence[Reading]) -> Html:
    """Show lines with both readings. Rows: the readings."""
    lines = [(_short(each.text), _fields(each.labels), f"{each.least:.2f}", each.reason or "收下") for each in some]
    return table(lines, ("日志", "标注器读到", "最没把握的", "结论"), "", some)


def findings(texts: Mapping[str, str]) -> Html:
    """Show what the guard finds. Rows: {"name", "passes", "kinds"}."""
    lines, rows = [], []
    for name, text in texts.items():
        found = guard.screen(text)
        kinds = [finding.kind for finding in found.findings]
        rows.append({"name": name, "passes": found.passes, "kinds": kinds})
        says = "；".join(finding.says.zh for finding in found.findings) or "没发现什么"
        lines.append((name, _short(text), "放行" if found.passes else "拦下", says))
    return table(lines, ("", "文字", "结论", "看到什么"), "", rows)


def cases(some: Sequence[Case]) -> Html:
    """Show the queue of answers. Rows: the cases."""
    lines = [
        (
            c.message,
            _short(c.prompt.rpartition("消息：")[2], 34),
            c.answer,
            c.likes,
            c.dislikes,
            c.short,
            "抱怨" if c.why == "complaint" else "抽查",
        )
        for c in some
    ]
    head = ("编号", "顾客说", "模型答", "赞", "踩", "停留不到 8 秒", "为什么在这里")
    return table(lines, head, "点击是模拟的，回答是模型真的写的", some)


def messages(report: Report) -> Html:
    """Show the log of a synchronisation. Rows: its log."""
    names = {"all-gather": "all-gather", "broadcast": "broadcast", "same": "比对：都一样"}
    lines = [
        (
            row["try"] or "",
            row["rank"],
            names.get(row["step"], row["step"].replace("different: rank ", "比对：不一样的是进程 ")),
            row["hash"],
            row["bytes"] or "",
        )
        for row in report.log
    ]
    return table(
        lines, ("第几次", "进程", "做了什么", "哈希", "手里的字节"), "两个 gloo 进程，同一台机器（实测）", report.log
    )


def _fields(some: Mapping[str, Any]) -> str:
    return _short("，".join(f"{name}={text}" for name, text in some.items()) or "—", 90)


def _short(text: str, most: int = _LONGEST) -> str:
    text = visible(text)
    return text if len(text) <= most else text[: most - 1] + "…"
