"""Prepare a text for an engine: segments, silences, changes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from unicodedata import category

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.make.speech import controls, split
from aigc_kit.make.speech.engines.base import Engine, Segment
from aigc_kit.make.speech.frontend import Change, Unspoken, normalise
from aigc_kit.make.speech.joins import BREAK_SECONDS, INLINE_SECONDS
from aigc_kit.make.speech.settings import Settings

MOST_CHARACTERS = 1000
COMMAS = "，、；：,"


@dataclass(frozen=True)
class Line:
    """Hold one segment with what happens around it.

    Args:
        segment: for the engine.
        places: (index into `segment.spoken`, seconds): silences of the kit's own, inside the segment.
    """

    segment: Segment
    places: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class Prepared:
    """Hold lines, with what is changed and what unheard."""

    lines: tuple[Line, ...]
    changes: tuple[Change, ...]
    unspoken: tuple[Unspoken, ...]


def prepare(text: str, settings: Settings, engine: Engine) -> Prepared:
    """Check, cut and normalise a text for an engine.

    Args:
        text: up to `MOST_CHARACTERS`, with ChatTTS's inline tokens where the learner wants them.

    Raises:
        BadInput: too long, a control token that does not belong into a text, or nothing that can be said.
    """
    if len(text) > MOST_CHARACTERS:
        raise BadInput(
            asked=Words(f"speech of {len(text)} characters", f"朗读 {len(text)} 个字"),
            found=Words(f"at most {MOST_CHARACTERS} are spoken in one run", f"一次最多朗读 {MOST_CHARACTERS} 个字"),
            todo=Words("cut the text in two, and join the waves", "把文字分成两段，再把波形接起来"),
        )
    controls.check_inline(text)
    lines, changes, unspoken = list[Line](), list[Change](), list[Unspoken]()
    for sentence in split.sentences(text, int(engine.card.facts.longest)):
        line, own_changes, own_unspoken = _line(sentence, settings, engine)
        spoken = line.segment.spoken
        heard = engine.heard(spoken) if hasattr(engine, "heard") else {i for i, c in enumerate(spoken) if c.isalnum()}
        changes += own_changes
        unspoken += [*own_unspoken, *_unread(spoken, heard)]
        if heard:
            lines.append(line)
        elif lines:  # a sentence of nothing but symbols stays with its neighbour's text
            last = lines[-1].segment
            lines[-1] = replace(lines[-1], segment=replace(last, text=last.text + sentence))
    if not lines:
        why = "; ".join(f"{u.text} ({u.why})" for u in unspoken[:5])
        raise BadInput(
            asked=Words(f"speech of {text[:40]!r}", f"朗读 {text[:40]!r}"),
            found=Words("nothing in it can be said", "里面没有能读出来的内容")
            + (Words(f": {why}", f"：{why}") if why else ""),
            todo=Words("write at least one word or number", "至少写一个词或一个数"),
        )
    if engine.has["breaks"].whose == "kit" and settings.breaks is not None:
        lines = _with_breaks(lines, settings.breaks)
    if not engine.places:
        lines = [part for line in lines for part in _cut(line)]
    lines = [replace(line, segment=replace(line.segment, index=i)) for i, line in enumerate(lines)]
    return Prepared(tuple(lines), tuple(changes), tuple(unspoken))


def _unread(spoken: str, heard: set[int]) -> list[Unspoken]:
    """List the characters that the voice has no sound for."""
    silent = [c for i, c in enumerate(spoken) if i not in heard and (c.isalnum() or category(c) == "Co")]
    return [Unspoken(character, "这个声音没有这个字的读音") for character in silent]


def _line(sentence: str, settings: Settings, engine: Engine) -> tuple[Line, list[Change], list[Unspoken]]:
    words, places = "", list[tuple[int, float]]()
    changes, unspoken = list[Change](), list[Unspoken]()
    for piece, is_token in controls.pieces(sentence):
        if not is_token and settings.normalise:
            result = normalise(piece, english="keep" if engine.reads_english else "letters")
            words += result.spoken
            changes += result.changes
            unspoken += result.unspoken
        elif not is_token or piece in engine.inline:
            words += piece
        elif piece in INLINE_SECONDS:
            places.append((len(words), INLINE_SECONDS[piece]))
            why = f"这个声音没有此标记，由本工具加 {INLINE_SECONDS[piece]:g} 秒静音"
            changes.append(Change(piece, "", why))
        else:
            unspoken.append(Unspoken(piece, "这个声音不会笑"))
    return Line(Segment(sentence, words, voice=settings.voice), tuple(places)), changes, unspoken


def _with_breaks(lines: Sequence[Line], level: int) -> list[Line]:
    """Put silences at the commas, else amid a single segment."""
    extra = level * BREAK_SECONDS
    longer = []
    for line in lines:
        words = line.segment.spoken
        at = [commas.end() for commas in re.finditer(f"[{COMMAS}][{COMMAS} ]*(?=.)", words)]
        if not at and len(lines) == 1:
            at = [middle(words)]
        longer.append(replace(line, places=(*line.places, *((i, extra) for i in at))))
    return longer


def middle(spoken: str) -> int:
    """Find where a text is best interrupted, near its middle.

    >>> middle("今天的天气真不错")
    5
    """
    from aigc_kit.make.speech.frontend.pinyin import boundaries

    half = len(spoken) / 2
    places = [i for i in boundaries(spoken) if spoken[i] not in "的了着过吗呢吧啊"]
    return min(places, key=lambda i: (abs(i - half), -i), default=len(spoken) // 2)


def _cut(line: Line) -> list[Line]:
    """Cut a line at its silences, for engines without marks."""
    segment, parts, last = line.segment, [], 0
    for at, seconds in sorted(line.places):
        if any(map(str.isalnum, segment.spoken[last:at])) and any(map(str.isalnum, segment.spoken[at:])):
            part = segment.spoken[last:at]
            parts.append(Line(replace(segment, text=part, spoken=part), ((-1, seconds),)))
            last = at
    rest = segment.spoken[last:]
    parts.append(Line(replace(segment, text=rest if parts else segment.text, spoken=rest)))
    return parts
