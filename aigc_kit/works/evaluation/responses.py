"""Measure every damage by every meter."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import unknown_name
from aigc_kit.works.evaluation.corruptions import CORRUPTIONS, STRENGTHS
from aigc_kit.works.evaluation.meters import METERS, Meter, fd_reader, features
from aigc_kit.worlds.tinyworld.captions import canonical
from aigc_kit.worlds.tinyworld.motion import ClipSpec, film
from aigc_kit.worlds.tinyworld.render import render
from aigc_kit.worlds.tinyworld.spec import Spec

KINDS = ("image", "video", "audio", "text")
SIDE, FRAMES = 64, 7
COUNT = {"image": 24, "video": 4, "audio": 6, "text": 8}
CLEAR = 2.0  # standard errors that a step must be away from the undamaged value


@dataclass(frozen=True)
class Reaction:
    """Hold what a meter shows of a damage.

    Args:
        meter, corruption: names.
        values: mean at each of `STRENGTHS`.
        errors: standard error of each mean, over the things; 0 for a distance of sets, which is one number.
        needs: what the meter needs beside.
    """

    meter: str
    corruption: str
    values: tuple[float, ...]
    errors: tuple[float, ...]
    needs: str

    @property
    def verdict(self) -> str:
        """Say "reacts", "turns" or "blind".

        "reacts": the strongest damage is clearly worse, by the meter's own sign, and most steps went that way.
        "turns": it is clearly better, so the meter praises damage. "blind": neither.
        """
        sign = 1 if METERS[self.meter].better == "low" else -1
        change = sign * (self.values[-1] - self.values[0])
        error = (self.errors[0] ** 2 + self.errors[-1] ** 2) ** 0.5 or 0.1 * abs(self.values[0]) + 1e-9
        if abs(change) < CLEAR * error or abs(change) < 0.02 * abs(self.values[0]):
            return "blind"
        return "reacts" if change > 0 else "turns"


def reactions(kind: str) -> list[Reaction]:
    """Run every meter on every damage of its kind.

    Pictures and clips are rendered, sounds are tones, texts are verses: no model made them, so that nothing but the
    damage is measured.

    Raises:
        UnknownName: no such kind.
    """
    if kind not in KINDS:
        raise unknown_name(Words(f"reactions of {kind!r}", f"{kind!r} 的反应"), kind, KINDS, Words("kind", "种类"))
    things, texts = _things(kind)
    meters = {key: meter for key, meter in METERS.items() if meter.kind == kind}
    other = {"pair": things, "text": texts, "set": _other_features() if kind == "image" else None, "": None}
    whole = {key: meter(things, other[meter.needs]) for key, meter in meters.items()}  # one for all damages
    rows = []
    for name, corruption in CORRUPTIONS.items():
        if corruption.kind == kind:
            spoilt = [corruption(things, strength) for strength in STRENGTHS[1:]]
            for key, meter in meters.items():
                values = [whole[key], *(meter(some, other[meter.needs]) for some in spoilt)]
                rows.append(_reaction(key, meter, name, [np.atleast_1d(row) for row in values]))
    return rows


def _reaction(key: str, meter: Meter, name: str, values: Sequence[np.ndarray]) -> Reaction:
    errors = [row.std(ddof=1) / len(row) ** 0.5 if len(row) > 1 else 0.0 for row in values]
    return Reaction(key, name, tuple(float(row.mean()) for row in values), tuple(map(float, errors)), meter.needs)


def by_size(sizes: Sequence[int] = (16, 32, 64, 128), draws: int = 8) -> list[tuple[int, float, float]]:
    """Measure FD-reader between sets of one world.

    Nothing differs but the seeds, so the true distance is 0: what is measured is what few pictures add.

    Returns:
        (size, mean, standard deviation over the draws).
    """
    pool = features(_pictures(2 * max(sizes), 5000))
    rng, rows = np.random.default_rng(0), []
    for size in sizes:
        found = []
        for _ in range(draws):
            some = rng.permutation(len(pool))[: 2 * size]
            found.append(fd_reader(pool[some[:size]], pool[some[size:]]))
        rows.append((size, float(np.mean(found)), float(np.std(found, ddof=1))))
    return rows


def _things(kind: str) -> tuple[list[Any], list[str]]:
    count = COUNT[kind]
    if kind == "image":
        specs = _specs(count, 15)
        return [render(spec, SIDE, SIDE, seed=k) for k, spec in enumerate(specs)], [canonical(s, "en") for s in specs]
    if kind == "video":
        motions = ("left", "right", "up", "down")
        return [film(ClipSpec(motion=motions[k % 4]), FRAMES, seed=k) for k in range(count)], []
    if kind == "audio":
        return [_tones(k) for k in range(count)], []
    from aigc_kit.worlds import old_verse

    return [stanza.lines() for stanza in old_verse.stanzas("诗经")[:count]], []


def _specs(count: int, seed: int) -> list[Spec]:
    import random

    rng = random.Random(seed)
    return [Spec.sample(rng) for _ in range(count)]


def _pictures(count: int, seed: int) -> list[np.ndarray]:
    return [render(spec, SIDE, SIDE, seed=seed + k) for k, spec in enumerate(_specs(count, seed))]


@cache
def _other_features() -> np.ndarray:
    return features(_pictures(96, 900))


def _tones(number: int, seconds: float = 1.5) -> np.ndarray:
    """Play five plucked tones, float64 (N,) at 24000 Hz."""
    from aigc_kit.make.music.synthesis import Event, sound

    rng = np.random.default_rng(number)
    events = [Event(k * seconds / 5, seconds / 5, int(rng.integers(55, 80)), 0.8) for k in range(5)]
    return np.asarray(sound(events, "zheng"), float)
