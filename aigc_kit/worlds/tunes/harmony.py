"""Put a second voice or chords under a tune."""

from itertools import pairwise
from typing import NamedTuple

from aigc_kit.worlds.tunes.composer import FIVE, SEVEN
from aigc_kit.worlds.tunes.hearing import mode_of
from aigc_kit.worlds.tunes.tune import Note, Tune

CONSONANT = frozenset((0, 3, 4, 5, 7, 8, 9))
"""Semitones within an octave that sound at rest; the fourth counts, as Chinese melodies use it."""
PREFERRED = (4, 3, 9, 8, 7, 5, 12, 16, 15)
TRIADS = {0: (0, 4, 7), 5: (5, 9, 0), 7: (7, 11, 2), 9: (9, 0, 4), 2: (2, 5, 9), 4: (4, 7, 11)}
Voice = tuple[tuple[Note, ...], ...]


class Consonance(NamedTuple):
    """Hold how a voice goes with a tune.

    rest: share of time in which they are consonant, in [0, 1]; parallels: fifths or octaves in a row that both move.
    """

    rest: float
    parallels: int


def accompany(tune: Tune, harmony: str) -> list[Voice]:
    """Make voices below a tune: "none", "second" or "chords"."""
    if harmony == "second":
        return [second_voice(tune)]
    return chords(tune) if harmony == "chords" else []


def second_voice(tune: Tune) -> Voice:
    """Follow a tune from below, note by note.

    Thirds and sixths first, no fifths in a row, within its scale.
    """
    strange = mode_of(tune.notes)[0] in ("major", "minor")
    classes = SEVEN if strange else FIVE
    before: tuple[int, int] | None = None
    bars = []
    for bar in tune.bars:
        voice = []
        for note in bar:
            if note.pitch is None:
                voice.append(note)
                continue
            fitting = [note.pitch - step for step in PREFERRED if (note.pitch - step) % 12 in classes]
            if before is not None:
                fitting.sort(key=lambda low: _cost(low, note.pitch or 0, before or (0, 0)))
            low = fitting[0]
            voice.append(Note(low, note.length))
            before = (note.pitch, low)
        bars.append(tuple(voice))
    return tuple(bars)


def _cost(low: int, high: int, before: tuple[int, int]) -> float:
    step = high - low
    same = step % 12 in (0, 7) and before[0] - before[1] == step and before[0] != high
    return PREFERRED.index(step) + 0.4 * abs(low - before[1]) + (50 if same else 0)


def chords(tune: Tune) -> list[Voice]:
    """Hold one triad through each bar.

    The one that most of the bar's time belongs to, the tonic's in the last.

    In a mode of five tones its third is left out where the mode lacks it.
    """
    mode = mode_of(tune.notes)[0]
    classes = SEVEN if mode in ("major", "minor") else FIVE
    last = next((note.pitch % 12 for note in reversed(tune.notes) if note.pitch is not None), 0)
    rows: list[list[tuple[Note, ...]]] = [[], [], []]
    for number, bar in enumerate(tune.bars):
        time = dict.fromkeys(range(12), 0)
        for note in bar:
            if note.pitch is not None:
                time[note.pitch % 12] += note.length
        root = max(TRIADS, key=lambda one: (sum(time[tone] for tone in TRIADS[one]), one == last, -one))
        if number == len(tune.bars) - 1 and last in TRIADS:
            root = last
        tones = [tone if tone in classes else TRIADS[root][0] for tone in TRIADS[root]]
        length = sum(note.length for note in bar)
        for row, tone in zip(rows, tones, strict=True):
            row.append((Note(36 + tone + (12 if tone < 7 else 0), length),) if length else ())
    return [tuple(row) for row in rows]


def consonance(tune: Tune, voice: Voice) -> Consonance:
    """Check a voice against a tune, sixteenth by sixteenth."""
    high = [note.pitch for bar in tune.bars for note in bar for _ in range(note.length)]
    low = [note.pitch for bar in voice for note in bar for _ in range(note.length)]
    pairs = [(a, b) for a, b in zip(high, low, strict=False) if a is not None and b is not None]
    rest = sum((a - b) % 12 in CONSONANT for a, b in pairs) / len(pairs) if pairs else 1.0
    moves = [pair for k, pair in enumerate(pairs) if k == 0 or pair != pairs[k - 1]]
    parallels = sum((a - b) % 12 in (0, 7) and (c - d) == (a - b) and a != c for (a, b), (c, d) in pairwise(moves))
    return Consonance(rest, parallels)
