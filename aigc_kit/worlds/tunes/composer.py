"""Compose tunes by rules, so that nobody's rights are touched."""

import math
import random
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from aigc_kit.worlds.tunes.tune import BPMS, HIGHEST, LOWEST, SIXTEENTHS, Note, Tune
from aigc_kit.worlds.tunes.wishes import TEMPI, TuneWish

FIVE, SEVEN = (0, 2, 4, 7, 9), (0, 2, 4, 5, 7, 9, 11)
TONICS = {"gong": 0, "shang": 2, "jue": 4, "zhi": 7, "yu": 9, "major": 0, "minor": 9}
"""Pitch class on which a mode rests, 1 = C."""
SPAN_SEMITONES = {"narrow": (8, 10), "medium": (12, 14), "wide": (17, 21)}
HABITS = {
    "jiangnan": {0: 0.4, 1: 3.0, 2: 4.0, 3: 3.0, 4: 1.0, 5: 0.15, 7: 0.05},
    "shanbei": {0: 0.3, 1: 0.5, 2: 0.8, 3: 0.5, 4: 0.3, 5: 7.0, 7: 0.6, 12: 0.1},
    "steppe": {0: 0.3, 1: 0.4, 2: 0.8, 3: 0.8, 4: 0.5, 5: 0.4, 7: 3.0, 8: 4.0, 9: 4.0, 10: 3.0, 12: 3.0},
}
"""How likely a region's singers take an interval of so many semitones, before the choice is normed."""
BEATS = {
    "sparse": ((4,),),
    "even": ((4,), (2, 2), (3, 1)),
    "dense": ((2, 2), (2, 1, 1), (1, 1, 2), (1, 1, 1, 1), (3, 1), (4,)),
}
DOTTED_BEATS = {
    "sparse": ((6,), (6,), (4, 2)),
    "even": ((4, 2), (2, 2, 2), (6,), (3, 1, 2)),
    "dense": ((2, 2, 2), (2, 2, 1, 1), (1, 1, 2, 2), (3, 1, 2), (2, 1, 1, 2), (4, 2)),
}
NOTES_A_QUARTER = {"sparse": (0.0, 0.95), "even": (1.15, 1.6), "dense": (1.85, 9.0)}
"""Notes for each quarter that the composer aims at, between the limits of the words."""
USED = {"AABA": (0, 0, 1, 0), "ABAC": (0, 1, 0, 2), "qczh": (0, 0, 1, 2)}
"""Which of three rhythms each phrase of a form has."""
UNLIKE = {"AABA": ((0, 2),), "ABAC": ((0, 1), (0, 3)), "qczh": ((0, 1), (0, 2), (0, 3))}
"""Phrases that must differ."""
TRIES = 2000


@dataclass(frozen=True)
class Scale:
    """Hold a tune's pitches, upwards, and its resting tone."""

    pitches: tuple[int, ...]
    tonic: int


def compose(wish: TuneWish, draw: random.Random) -> Tune:
    """Compose one tune of a wish that leaves nothing open."""
    for _ in range(TRIES):
        tune = _attempt(wish, draw)
        if tune is not None:
            return tune
    raise RuntimeError(f"no tune of {wish} in {TRIES} tries")


@cache
def scales(mode: str, span: str) -> tuple[Scale, ...]:
    """List where a mode can lie within the compass.

    Its width is one of `SPAN_SEMITONES`.
    """
    classes = SEVEN if mode in ("major", "minor") else FIVE
    ladder = [p for p in range(LOWEST, HIGHEST + 1) if p % 12 in classes]
    least, most = SPAN_SEMITONES[span]
    found = []
    for low in ladder:
        for high in ladder:
            inside = tuple(p for p in ladder if low <= p <= high)
            tonics = [p for p in inside if p % 12 == TONICS[mode]]
            if not least <= high - low <= most or not tonics or len({p % 12 for p in inside}) < min(6, len(classes)):
                continue
            middle = (low + high) / 2
            if 62 <= middle <= 76:
                found.append(Scale(inside, min(tonics, key=lambda p: abs(p - middle))))
    return tuple(found)


def _attempt(wish: TuneWish, draw: random.Random) -> Tune | None:
    mode, metre, form = str(wish.mode), str(wish.metre), str(wish.form)
    scale = draw.choice(scales(mode, str(wish.span)))
    bars = 2 if metre == "4/4" else 4
    rhythms = _rhythms(metre, str(wish.density), form, bars, draw)
    if rhythms is None:
        return None
    phrases = _phrases(form, rhythms, scale, HABITS[str(wish.region)], draw)
    if phrases is None:
        return None
    tune = Tune(
        tuple(tuple(bar) for phrase in phrases for bar in phrase),
        tuple(bars * number for number in range(1, 5)),
        draw.choice(BPMS[3 * TEMPI.index(str(wish.tempo)) :][:3]),
    )
    return tune if _as_planned(tune, wish, scale) else None


def _bar(metre: str, density: str, draw: random.Random) -> tuple[int, ...]:
    if metre == "6/8":
        if density == "sparse" and draw.random() < 0.25:
            return (12,)
        return draw.choice(DOTTED_BEATS[density]) + draw.choice(DOTTED_BEATS[density])
    count = SIXTEENTHS[metre] // 4
    beats: list[int] = []
    while count:
        if count >= 2 and density != "dense" and draw.random() < (0.5 if density == "sparse" else 0.12):
            longer = 3 if count >= 3 and density == "sparse" and draw.random() < 0.25 else 2
            beats.append(4 * longer)
            count -= longer
        elif count >= 2 and density == "even" and draw.random() < 0.15:
            beats += [6, 2]
            count -= 2
        else:
            beats += draw.choice(BEATS[density])
            count -= 1
    return tuple(beats)


def _cadence(metre: str, density: str, draw: random.Random) -> tuple[int, ...]:
    """Close a phrase on a long note."""
    if metre == "6/8":
        return draw.choice(
            {"sparse": ((12,), (6, 6)), "even": ((4, 2, 6), (6, 6))}.get(density, ((2, 2, 2, 6), (4, 2, 6)))
        )
    head = {"sparse": ((4,),), "even": ((4,), (2, 2)), "dense": ((2, 2), (2, 1, 1), (1, 1, 2))}[density]
    if metre == "2/4":
        return (8,) if density == "sparse" else (*draw.choice(head), 4)
    if metre == "3/4":
        return draw.choice(((12,), (4, 8))) if density == "sparse" else (*draw.choice(head), 8)
    return (8, 8) if density == "sparse" else (*draw.choice(head), *draw.choice(head), 8)


def _rhythms(metre: str, density: str, form: str, bars: int, draw: random.Random) -> list[list[tuple[int, ...]]] | None:
    """Draw three rhythms of phrases, or None.

    None where they have too many notes, too few, or resemble one another.
    """
    phrases = [
        [*(_bar(metre, density, draw) for _ in range(bars - 1)), _cadence(metre, density, draw)] for _ in range(3)
    ]
    least, most = NOTES_A_QUARTER[density]
    if metre == "6/8":
        least, most = {"sparse": (0.0, 1.0), "even": (1.25, 1.65), "dense": (1.85, 9.0)}[density]
    quarters = bars * SIXTEENTHS[metre] / 4
    if not all(least <= sum(map(len, phrase)) / quarters <= most for phrase in phrases):
        return None
    heads = [tuple(phrase[:-1]) for phrase in phrases]
    if len(set(heads)) < 3 or _leans([phrases[k] for k in USED[form]], metre) < 1:
        return None
    return phrases


def _leans(phrases: list[list[tuple[int, ...]]], metre: str) -> int:
    """Count notes that cross where only this metre allows.

    3/4 and 6/8 must not sound alike.
    """
    if metre not in ("3/4", "6/8"):
        return 1
    halves = thirds = 0
    for lengths in (bar for phrase in phrases for bar in phrase):
        begins = {sum(lengths[:k]) for k in range(len(lengths))}
        halves += 6 not in begins and len(begins) > 1
        thirds += (4 not in begins or 8 not in begins) and len(begins) > 1
    return halves - thirds if metre == "3/4" else thirds - halves


def _phrases(
    form: str, rhythms: list[list[tuple[int, ...]]], scale: Scale, habit: dict[int, float], draw: random.Random
) -> list[list[list[Note]]] | None:
    fifth = min((p for p in scale.pitches if (p - scale.tonic) % 12 in (5, 7)), key=lambda p: abs(p - scale.tonic))
    others = [p for p in scale.pitches if p % 12 != scale.tonic % 12 and abs(p - scale.tonic) <= 9]
    first, second, third = rhythms
    if form == "qczh":
        steps = draw.choice((-2, -1, 1, 2))
        fitting = scale.pitches[:-steps] if steps > 0 else scale.pitches[-steps:]
        goals = [p for p in (fifth, *others) if p in fitting]
        if not goals:
            return None
        opening = _melody(first, draw.choice(goals), Scale(fitting, scale.tonic), habit, draw)
        answer = _shifted(opening, scale, steps)
        turn = _melody(second, draw.choice(others), scale, habit, draw, summit=True)
        end = _melody(third, scale.tonic, scale, habit, draw)
        return [opening, answer, turn, end]
    opening = _melody(first, draw.choice([fifth, *others]), scale, habit, draw)
    second_melody = _melody(second, draw.choice([fifth, *others]), scale, habit, draw, summit=form == "AABA")
    if form == "AABA":
        closed = [*opening[:-1], _closing(opening, scale)]
        return [opening, closed, second_melody, closed]
    return [opening, second_melody, opening, _melody(third, scale.tonic, scale, habit, draw)]


def _melody(
    rhythm: list[tuple[int, ...]],
    goal: int,
    scale: Scale,
    habit: dict[int, float],
    draw: random.Random,
    summit: bool = False,
) -> list[list[Note]]:
    """Walk over the scale by a region's intervals.

    The walk is drawn to its last note, and `summit` takes it to the highest.
    """
    lengths = [length for bar in rhythm for length in bar]
    pitches = [draw.choice([p for p in scale.pitches if abs(p - scale.tonic) <= 7])]
    for place in range(1, len(lengths) - 1):
        left = len(lengths) - 1 - place
        weights = []
        for pitch in scale.pitches:
            habitual = habit.get(abs(pitch - pitches[-1]), 0.02)
            weights.append(habitual * math.exp(-abs(pitch - goal) / (4 * left)))
        if len(pitches) > 1 and pitches[-1] == pitches[-2]:
            weights[scale.pitches.index(pitches[-1])] *= 0.1
        pitches.append(draw.choices(scale.pitches, weights)[0])
    if summit:
        top = max(range(len(pitches)), key=pitches.__getitem__)
        pitches[top] = scale.pitches[-1]
    pitches = [*pitches[: len(lengths) - 1], goal]
    notes = iter(zip(pitches, lengths, strict=True))
    return [[Note(*next(notes)) for _ in bar] for bar in rhythm]


def _shifted(phrase: list[list[Note]], scale: Scale, steps: int) -> list[list[Note]]:
    """Shift a phrase by some steps of the scale."""
    ladder = scale.pitches
    return [[Note(ladder[ladder.index(n.pitch or 0) + steps], n.length) for n in bar] for bar in phrase]


def _closing(phrase: list[list[Note]], scale: Scale) -> list[Note]:
    return [*phrase[-1][:-1], Note(scale.tonic, phrase[-1][-1].length)]


def _as_planned(tune: Tune, wish: TuneWish, scale: Scale) -> bool:
    """Tell whether a tune came out as planned.

    Range and scale are sung whole, the summit is where it belongs, and phrases differ that should.
    """
    pitches = [note.pitch for note in tune.notes if note.pitch is not None]
    if (min(pitches), max(pitches)) != (scale.pitches[0], scale.pitches[-1]):
        return False
    classes = [p % 12 for p in pitches]
    if wish.mode in ("major", "minor"):
        strange = sum(c in (5, 11) for c in classes) / len(classes)
        if strange < 0.1:
            return False
    elif len(set(classes)) < 5:
        return False
    tops = [max(n.pitch for bar in phrase for n in bar if n.pitch is not None) for phrase in tune.phrases]
    if wish.form == "qczh" and tops[2] < max(tops):
        return False
    if any(_shared(tune.phrases[one], tune.phrases[other]) > 0.35 for one, other in UNLIKE[str(wish.form)]):
        return False
    return _habitual(pitches, str(wish.region))


def _shared(one: tuple[tuple[Note, ...], ...], other: tuple[tuple[Note, ...], ...]) -> float:
    """Measure how many notes two phrases share.

    Of the longer one's, those that begin at the same place with the same pitch.
    """
    places = []
    for phrase in (one, other):
        now, marks = 0, set()
        for note in (note for bar in phrase[:-1] for note in bar):
            marks.add((now, note.pitch))
            now += note.length
        places.append(marks)
    return len(places[0] & places[1]) / max(map(len, places))


def _habitual(pitches: list[int], region: str) -> bool:
    """Tell whether a region's intervals are heard often enough."""
    sizes = [abs(b - a) for a, b in pairwise(pitches)]
    fourths = sum(size == 5 for size in sizes) / len(sizes)
    leaps = sum(size >= 7 for size in sizes) / len(sizes)
    if region == "shanbei":
        return fourths >= 0.32 and leaps < 0.25
    if region == "steppe":
        return leaps >= 0.32 and fourths < 0.25
    return fourths < 0.2 and leaps < 0.2
