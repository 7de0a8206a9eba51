"""Read tunes back into words, from their notes alone."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from aigc_kit.worlds.tunes.tune import SIXTEENTHS, Note, Tune
from aigc_kit.worlds.tunes.wishes import TuneWish

ALIKE = 0.62
"""Share of sixteenths that sound the same, from which two phrases count as one repeated."""
SAME_RHYTHM = 0.8
FEW = 6
"""Fewer notes than this cannot be read."""


@dataclass(frozen=True)
class Heard:
    """Hold what was read of a tune.

    Args:
        wish: its qualities, None where nothing can be said.
        bars_right: share of bars that are as long as the metre says, in [0, 1].
        in_scale: share of sounding time on tones of its mode.
        closed: it ends on a bar line with its resting tone.
    """

    wish: TuneWish
    bars_right: float
    in_scale: float
    closed: bool


def hear(tune: Tune, metre: str | None = None) -> Heard:
    """Read a tune.

    Args:
        tune: of any notes, none too.
        metre: that its bars are held against; None takes the one that is heard.
    """
    heard_metre = metre_of(tune)
    wanted = metre or heard_metre
    lengths = [sum(note.length for note in bar) for bar in tune.bars]
    right = sum(length == SIXTEENTHS.get(str(wanted)) for length in lengths) / len(lengths) if lengths else 0.0
    mode, inside = mode_of(tune.notes)
    wish = TuneWish(
        mode=mode,
        metre=heard_metre,
        form=form_of(tune),
        tempo=tempo_of(tune.bpm),
        span=span_of(tune.notes),
        density=density_of(tune),
        region=region_of(tune.notes),
    )
    return Heard(wish, right, inside, mode is not None)


def mode_of(notes: list[Note]) -> tuple[str | None, float]:
    """Read mode and share of time in its scale.

    By the tones that occur and the last one, 1 = C.
    """
    time: Counter[int] = Counter()
    for pitch, length in notes:
        if pitch is not None:
            time[pitch % 12] += length
    total = sum(time.values())
    pitches = [note.pitch for note in notes if note.pitch is not None]
    if len(pitches) < FEW:
        return None, 0.0
    strange = sum(pitch % 12 in (5, 11) for pitch in pitches) / len(pitches)
    five = sum(time[tone] for tone in (0, 2, 4, 7, 9)) / total
    seven = five + (time[5] + time[11]) / total
    last = pitches[-1] % 12
    if strange > 0.05:
        return {0: "major", 9: "minor"}.get(last), seven
    return {0: "gong", 2: "shang", 4: "jue", 7: "zhi", 9: "yu"}.get(last), five


def metre_of(tune: Tune) -> str | None:
    """Read the metre by the commonest length of a bar.

    In bars of twelve sixteenths, by what the notes cross.
    """
    lengths = Counter(sum(note.length for note in bar) for bar in tune.bars)
    if not lengths:
        return None
    length = lengths.most_common(1)[0][0]
    if length != 12:
        return {8: "2/4", 16: "4/4"}.get(length)
    halves = thirds = 0
    for bar in tune.bars:
        begins = {sum(note.length for note in bar[:k]) for k in range(len(bar))}
        if len(begins) > 1:
            halves += 6 not in begins
            thirds += 4 not in begins or 8 not in begins
    return "3/4" if halves > thirds else "6/8"


def form_of(tune: Tune) -> str | None:
    """Read the form by which phrases are alike.

    There are four, and the last bar of each is left aside.
    """
    phrases = tune.phrases
    if len(phrases) != 4 or any(len(phrase) < 2 for phrase in phrases):
        return None
    heads = [phrase[:-1] for phrase in phrases]
    second, third, fourth = (alike(heads[0], head) >= ALIKE for head in heads[1:])
    if second and fourth and not third:
        return "AABA"
    if third and not second and not fourth:
        return "ABAC"
    tops = [max((n.pitch for bar in phrase for n in bar if n.pitch is not None), default=0) for phrase in phrases]
    if not (second or third or fourth) and same_rhythm(heads[0], heads[1]) >= SAME_RHYTHM and tops[2] == max(tops):
        return "qczh"
    return None


def alike(one: tuple[tuple[Note, ...], ...], other: tuple[tuple[Note, ...], ...]) -> float:
    """Measure how much of two passages sounds the same.

    Sixteenth by sixteenth, in [0, 1].
    """
    left, right = _sounding(one), _sounding(other)
    longest = max(len(left), len(right))
    return sum(a == b for a, b in zip(left, right, strict=False)) / longest if longest else 0.0


def same_rhythm(one: tuple[tuple[Note, ...], ...], other: tuple[tuple[Note, ...], ...]) -> float:
    """Measure how many beginnings of notes two passages share.

    Of all that either has (Jaccard), in [0, 1].
    """
    left, right = _begins(one), _begins(other)
    return len(left & right) / len(left | right) if left | right else 0.0


def tempo_of(bpm: float) -> str:
    """Read the word of a tempo in quarters a minute."""
    return "slow" if bpm < 76 else "moderate" if bpm < 112 else "fast"


def span_of(notes: list[Note]) -> str | None:
    """Read how wide the range is.

    Narrow up to 10 semitones, medium up to 15, else wide.
    """
    pitches = [note.pitch for note in notes if note.pitch is not None]
    if len(pitches) < FEW:
        return None
    width = max(pitches) - min(pitches)
    return "narrow" if width <= 10 else "medium" if width <= 15 else "wide"


def density_of(tune: Tune) -> str | None:
    """Read how dense a tune is.

    Notes for each quarter: sparse below 1.1, dense from 1.75.
    """
    quarters = sum(note.length for note in tune.notes) / 4
    if not quarters:
        return None
    rate = sum(note.pitch is not None for note in tune.notes) / quarters
    return "sparse" if rate < 1.1 else "even" if rate < 1.75 else "dense"


def region_of(notes: list[Note]) -> str | None:
    """Read the region by the intervals that are sung.

    Fourths, leaps from a fifth on, or steps.
    """
    pitches = [note.pitch for note in notes if note.pitch is not None]
    if len(pitches) < FEW:
        return None
    sizes = [abs(b - a) for a, b in pairwise(pitches)]
    fourths = sum(size == 5 for size in sizes) / len(sizes)
    leaps = sum(size >= 7 for size in sizes) / len(sizes)
    if max(fourths, leaps) < 0.26:
        return "jiangnan"
    return "shanbei" if fourths > leaps else "steppe"


def intervals_of(notes: list[Note]) -> list[int]:
    """List the steps between neighbouring tones in semitones, up positive."""
    pitches = [note.pitch for note in notes if note.pitch is not None]
    return [b - a for a, b in pairwise(pitches)]


def _sounding(bars: tuple[tuple[Note, ...], ...]) -> list[int | None]:
    return [note.pitch for bar in bars for note in bar for _ in range(note.length)]


def _begins(bars: tuple[tuple[Note, ...], ...]) -> set[int]:
    places, now = set(), 0
    for note in (note for bar in bars for note in bar):
        if note.pitch is not None:
            places.add(now)
        now += note.length
    return places
