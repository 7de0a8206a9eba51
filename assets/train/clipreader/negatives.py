"""Clips that are none of the world: what the reader must refuse. uint8 (5, 64, 64, 3), from a numpy generator."""

from collections.abc import Callable

import numpy as np

from aigc_kit.worlds.tinyworld.checker import FRAMES, SIDE
from assets.train.tinyreader import negatives as pictures

Clip = np.ndarray
SHUFFLED = ((2, 0, 4, 1, 3), (1, 3, 0, 4, 2), (3, 0, 4, 2, 1), (0, 4, 1, 3, 2))
EVENS_FIRST = (0, 2, 4, 1, 3)  # of two hops: down, down, down, up, up


def nothing(rng: np.random.Generator) -> Clip:
    """Noise, blanks, gradients, scribbles, empty scenes: one picture that stays or drifts, or a new one each time."""
    draw = list(pictures.FROM_NOTHING.values())[int(rng.integers(len(pictures.FROM_NOTHING)))]
    if rng.random() < 0.3:
        return np.stack([draw(rng, SIDE, SIDE) for _ in range(FRAMES)])
    one = draw(rng, SIDE, SIDE)
    step = rng.integers(-4, 5, 2) if rng.random() < 0.4 else (0, 0)
    return np.stack([np.roll(one, (int(step[0]) * k, int(step[1]) * k), (0, 1)) for k in range(FRAMES)])


def still(rng: np.random.Generator, clip: Clip) -> Clip:
    """One frame that stays."""
    return np.repeat(clip[int(rng.integers(FRAMES))][None], FRAMES, axis=0)


def disordered(rng: np.random.Generator, clip: Clip, hops: bool) -> Clip:
    """The frames in another order."""
    order = EVENS_FIRST if hops else SHUFFLED[int(rng.integers(len(SHUFFLED)))]
    return clip[list(order)]


def cut(rng: np.random.Generator, clip: Clip, other: Clip) -> Clip:
    """One clip, then another."""
    at = int(rng.integers(2, 4))
    return np.concatenate([clip[:at], other[at:]])


def halves(_: np.random.Generator, clip: Clip, other: Clip) -> Clip:
    """Two clips, one showing through the other."""
    return (0.5 * clip + 0.5 * other).astype(np.uint8)


def scrambled(rng: np.random.Generator, clip: Clip) -> Clip:
    """Every frame shuffled in squares, dissolved, or in the negative of its colours, all in the same way."""
    kind = int(rng.integers(4))
    if kind == 3:
        return 255 - clip
    spoil = (pictures.shuffled, pictures.shuffled, pictures.dissolved)[kind]
    seed = int(rng.integers(2**31))
    return np.stack([spoil(np.random.default_rng(seed), frame) for frame in clip])


KINDS: dict[str, Callable[..., Clip]] = {
    "nothing": lambda rng, clip, other, hops: nothing(rng),
    "still": lambda rng, clip, other, hops: still(rng, clip),
    "disordered": lambda rng, clip, other, hops: disordered(rng, clip, hops),
    "cut": lambda rng, clip, other, hops: cut(rng, clip, other),
    "halves": lambda rng, clip, other, hops: halves(rng, clip, other),
    "scrambled": lambda rng, clip, other, hops: scrambled(rng, clip),
}
SHARES = (0.2, 0.14, 0.2, 0.14, 0.12, 0.2)


def any_of(rng: np.random.Generator, clip: Clip, other: Clip, hops: bool) -> Clip:
    """One clip that is none, of a random kind; ``hops``: ``clip`` is a bounce."""
    return KINDS[list(KINDS)[int(rng.choice(len(KINDS), p=SHARES))]](rng, clip, other, hops)
