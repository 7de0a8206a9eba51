"""Hold tunes: notes in bars, bars in phrases, a tempo."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

SIXTEENTHS = {"2/4": 8, "3/4": 12, "4/4": 16, "6/8": 12}
"""Sixteenths in a bar of each metre."""
LENGTHS = (1, 2, 3, 4, 6, 8, 12, 16)
"""Sixteenths that a note may last."""
LOWEST, HIGHEST = 55, 84
"""MIDI pitches of the compass, with 1 = C."""
BPMS = (54, 60, 66, 84, 92, 100, 126, 138, 150)
"""Quarters a minute, three for each word of tempo."""
BAR, PHRASE, REST = "|", "/", "r"


class Note(NamedTuple):
    """Hold one note.

    Its MIDI pitch, None for a rest, and its length in sixteenths.
    """

    pitch: int | None
    length: int


@dataclass(frozen=True)
class Tune:
    """Hold a melody of one voice, 1 = C.

    Args:
        bars: of notes, one or more.
        ends: how many bars have gone by at the end of each phrase; the last is the number of bars.
        bpm: quarters a minute.
    """

    bars: tuple[tuple[Note, ...], ...]
    ends: tuple[int, ...]
    bpm: int

    @property
    def notes(self) -> list[Note]:
        """Give all notes in order, rests too."""
        return [note for bar in self.bars for note in bar]

    @property
    def phrases(self) -> list[tuple[tuple[Note, ...], ...]]:
        """Give the bars phrase by phrase."""
        return [self.bars[start:end] for start, end in zip((0, *self.ends), self.ends, strict=False)]

    @property
    def seconds(self) -> float:
        """Give how long it takes at its tempo."""
        return sum(note.length for note in self.notes) * 15 / self.bpm


def tokens_of(tune: Tune) -> list[str]:
    """Write a tune as tokens, bar by bar.

    Tempo first, then "pitch:sixteenths" and lines.
    """
    tokens = [f"={tune.bpm}"]
    for number, bar in enumerate(tune.bars, 1):
        tokens += [f"{REST if note.pitch is None else note.pitch}:{note.length}" for note in bar]
        tokens.append(PHRASE if number in tune.ends else BAR)
    return tokens


def tune_of(tokens: Iterable[str]) -> Tune:
    """Read tokens as a tune, whatever they add up to.

    A last bar without its line counts as a bar, and the last bar ends a phrase. Tokens that are neither notes nor lines
    nor a tempo are passed over; without a tempo it is 92.
    """
    bars: list[tuple[Note, ...]] = []
    ends: list[int] = []
    bar: list[Note] = []
    bpm = 92
    for token in tokens:
        if token in (BAR, PHRASE):
            bars.append(tuple(bar))
            bar = []
            if token == PHRASE:
                ends.append(len(bars))
        elif token.startswith("="):
            bpm = int(token[1:])
        elif ":" in token:
            pitch, length = token.split(":")
            bar.append(Note(None if pitch == REST else int(pitch), int(length)))
    if bar:
        bars.append(tuple(bar))
    if bars and (not ends or ends[-1] != len(bars)):
        ends.append(len(bars))
    return Tune(tuple(bars), tuple(ends), bpm)


def note_tokens() -> list[str]:
    """List every token that a tune can be written with."""
    pitches = [REST, *range(LOWEST, HIGHEST + 1)]
    return [*(f"={bpm}" for bpm in BPMS), BAR, PHRASE, *(f"{p}:{length}" for p in pitches for length in LENGTHS)]


def jianpu(notes: Sequence[Note]) -> str:
    """Write notes as digits of 简谱, 1 = C.

    A dot above or below is ' or , behind the digit.
    """
    digits = {0: "1", 2: "2", 4: "3", 5: "4", 7: "5", 9: "6", 11: "7"}
    texts = []
    for pitch, length in notes:
        octave = 0 if pitch is None else pitch // 12 - 5
        name = "0" if pitch is None else digits.get(pitch % 12) or "#" + digits[pitch % 12 - 1]
        mark = "'" * octave if octave > 0 else "," * -octave
        texts.append(
            name + mark + {1: "__", 2: "_", 3: "_.", 6: ".", 8: " -", 12: " - -", 16: " - - -"}.get(length, "")
        )
    return " ".join(texts)
