"""Show readings, asks, traces, and what meters need."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from aigc_kit.core.types import Take
from aigc_kit.media.pages import visible
from aigc_kit.media.wav import RATE
from aigc_kit.teach.labs.lab03 import compressed
from aigc_kit.teach.show import embed
from aigc_kit.teach.show.markup import CARD, GREY, Html, table
from aigc_kit.teach.show.page import ATTRIBUTES_ZH
from aigc_kit.works.evaluation import METERS, NOT_RUN
from aigc_kit.works.team import Result
from aigc_kit.works.together import MEDIA_ZH, MultimodalContent
from aigc_kit.worlds.tinyworld.captions import MOTION_TERMS
from aigc_kit.worlds.tinyworld.words import TERMS

_ROW = "display:flex;flex-wrap:wrap;gap:.4em 1em;align-items:flex-start"
_NAMES: Mapping[str, str] = {**ATTRIBUTES_ZH, "motion": "运动"}


def _zh(name: str, value: str | None) -> str:
    return "—" if value is None else ({**TERMS, "motion": MOTION_TERMS})[name][value][0][0]


def read_back(content: MultimodalContent) -> Html:
    """Show fact by fact what each medium says.

    Rows: {"fact", "asked", and a column a medium: True, False, None where it cannot say it}.
    """
    head = ["事实", "提示词说", *(MEDIA_ZH[each.medium] for each in content.media), "说不了的"]
    lines, rows = [], []
    for name, value in content.facts.values.items():
        row: dict[str, Any] = {"fact": name, "asked": value}
        line = [_NAMES[name], _zh(name, value)]
        for each in content.media:
            reading = each.pieces[each.best].reading
            if reading is None or name not in each.facts:
                row[each.medium] = None
                line.append("")
                continue
            row[each.medium] = reading.right(name, value)
            others = "、".join(_zh(name, other) for other in reading.against.get(name, ()))
            told = "✓" if row[each.medium] else f"✗ {_zh(name, reading.values.get(name))}"
            line.append(told + (f"，又说{others}" if others else ""))
        silent = [MEDIA_ZH[e.medium] for e in content.media if name not in e.facts and e.medium != "speech"]
        lines.append([*line, "、".join(silent)])
        rows.append(row)
    unread = "、".join(content.facts.unread)
    caption = content.says() + (f"小世界没有的词：{unread}。" if unread else "")
    return table(lines, head, caption, rows)


def display_multimodal_content(content: MultimodalContent) -> Html:
    """Show all that is kept of a prompt."""
    blocks, words = [], []
    for each in content.media:
        piece = each.pieces[each.best]
        told = f"<b>{MEDIA_ZH[each.medium]}</b> <span style='{GREY}'>{escape(_maker(piece.take, piece.note))}</span>"
        if each.medium == "text":
            shown = f"<p><bdi>{escape(visible(str(piece.content)))}</bdi></p>"
        elif each.medium == "image":
            shown = f'<img src="{embed.webp(piece.content)}" alt="{escape(content.facts.prompt)}" width="192">'
        elif each.medium == "video":
            frames = [piece.content[k] for k in (0, len(piece.content) // 2, -1)]
            pictures = "".join(f'<img src="{embed.webp(frame)}" alt="短片的一帧" width="96">' for frame in frames)
            shown = f"<div>{pictures}</div>"
        else:
            source = embed.uri(*compressed(piece.content))
            shown = f'<audio controls preload="metadata" src="{source}"></audio> {len(piece.content) / RATE:.1f} 秒'
        blocks.append(f'<div style="{CARD};flex:1 1 15rem">{told}<div>{shown}</div></div>')
        words.append(
            f"{MEDIA_ZH[each.medium]}：{piece.content if each.medium == 'text' else _maker(piece.take, piece.note)}"
        )
    below = read_back(content)
    return Html(f'<div style="{_ROW}">{"".join(blocks)}</div>{below.html}', "\n".join([*words, below.text]), below.rows)


def _maker(take: Take | None, note: str) -> str:
    made = f"AI 生成：{take.plan.card.name}，种子 {take.plan.request.seed}" if take is not None else ""
    return "；".join(filter(None, (made, note)))


def asked(result: Result) -> Html:
    """Show every ask: asked, measured, met. Rows: `Asked`."""
    lines = [
        (row.says, f"{row.before:g}", f"{row.first:g}", f"{row.kept:g}", f"{row.control:g}", "✓" if row.met else "✗")
        for row in result.asked
    ]
    head = ("要求", "上一稿", "改写，第一次抽", "改写，留下的", "对照：不提意见的改写", "做到")
    return table(lines, head, f"{result.calls} 次模型调用；量的是数得出的，对不对仍要人看", result.asked)


def trace(result: Result, most: int = 14) -> Html:
    """Show who did what, step by step. Rows: the trace."""
    rows = [row for row in result.state["trace"] if row["words"]]
    lines = [(row["step"], row["role"], _short(row["words"])) for row in rows[:most]]
    return table(lines, ("步", "谁", "做了什么"), f"一共 {len(rows)} 行" if len(rows) > most else "", rows)


def needs() -> Html:
    """Show what each meter needs.

    Rows: {"name", "needs"}.
    """
    words = {"set": "一组参照图", "pair": "没坏的那一份", "text": "应当画什么", "": "什么也不要"}
    lines: list[Sequence[str]] = [(meter.title.zh, words[meter.needs], "在这里跑") for meter in METERS.values()]
    lines += [(name, needed.zh, "不跑") for name, needed in NOT_RUN.items()]
    return table(lines, ("量法", "要什么", ""), "", [{"name": line[0], "needs": line[1]} for line in lines])


def _short(text: str, most: int = 90) -> str:
    text = visible(" ".join(text.split()))
    return text if len(text) <= most else text[: most - 1] + "…"
