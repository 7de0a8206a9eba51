"""Pictures for the small CLIP: groups in which each picture differs from the first in one attribute, and their words.

A batch of such groups holds its own hard negatives.
"""

import random
from collections.abc import Sequence

import numpy as np

from aigc_kit.worlds.tinyworld import captions
from aigc_kit.worlds.tinyworld.render import render
from aigc_kit.worlds.tinyworld.spec import ATTRIBUTES, Spec
from aigc_kit.worlds.tinyworld.words import TERMS
from assets.train.tinysdxl import pictures

from . import network

MEMBERS = 4
OFTEN = {"position": 4, "size": 2}
"""How much more often than others an attribute is the one that differs."""
BETWEEN = {
    "zh": ("", "", " ", " ", "，", ", ", "、", "; "),
    "en": (" ", " ", ", ", "; "),
    "mixed": (" ", " ", ", ", "，"),
}
"""What stands between words that are no sentence."""


def varied(rng: random.Random) -> list[Spec]:
    """A full spec and ``MEMBERS`` - 1 others, each of which differs from it in one attribute; none is held out."""
    names = list(ATTRIBUTES)
    first = Spec.sample(rng, training=True)
    group = [first]
    while len(group) < MEMBERS:
        name = rng.choices(names, [OFTEN.get(each, 1) for each in names])[0]
        other = Spec(**(first.known() | {name: rng.choice(ATTRIBUTES[name])}))
        if other not in group and not other.held_out():
            group.append(other)
    return group


def picture(spec: Spec, seed: int) -> np.ndarray:
    """uint8 (64, 64, 3), averaged as the shipped image processor does."""
    image = render(spec, seed=seed).astype(np.float32)
    half = image.reshape(network.SIDE, 2, network.SIDE, 2, 3).mean((1, 3))
    return np.rint(half).astype(np.uint8)


def draw(rng: random.Random) -> tuple[list[Spec], np.ndarray]:
    """A group and its pictures, uint8 (MEMBERS, 64, 64, 3), all of one seed: only the attribute differs."""
    specs, seed = varied(rng), rng.randrange(2**31)
    return specs, np.stack([picture(spec, seed) for spec in specs])


def keywords(spec: Spec, rng: random.Random, language: str) -> str:
    """The words of what the spec sets, in any order, parted by nothing, spaces or marks; language: zh, en or mixed."""
    said = []
    for name, value in spec.known().items():
        zh = rng.random() < 0.5 if language == "mixed" else language == "zh"
        said.append(rng.choice(TERMS[name][value][0 if zh else 1]))
    if rng.random() < 0.6:
        rng.shuffle(said)
    return rng.choice(BETWEEN[language]).join(said)


def said(spec: Spec, rng: random.Random) -> tuple[Spec, str]:
    """What a text says of a picture, and the text: half of them say all; three of ten are words without a sentence."""
    chance = rng.random()
    told = spec if chance < 0.5 else spec.told(rng, 0.85 if chance < 0.8 else rng.uniform(0.2, 0.7))
    if rng.random() < 0.7:
        return told, captions.caption(told, rng, rng.choice(captions.LANGUAGES))
    return told, keywords(told, rng, rng.choice(("zh", "zh", "en", "mixed")))


def labels(specs: Sequence[Spec]) -> np.ndarray:
    """int64 (N, 7): the place of each value in ``ATTRIBUTES``; -1 where the spec leaves it open."""
    return np.array([pictures.labels(spec) for spec in specs])


def fits(told: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """bool (texts, pictures), of `labels`: whether the picture shows all that the text says."""
    return ((told[:, None] < 0) | (told[:, None] == shown[None])).all(-1)


class Pool:
    """Groups to draw from: filled at the start, a few exchanged for fresh ones with every batch.

    Args:
        rng: the source of chance.
        size: groups kept, 48 kB each.
        fresh: groups rendered for every batch.
    """

    def __init__(self, rng: random.Random, size: int = 4000, fresh: int = 3, start: int = 150) -> None:
        self.rng, self.size, self.fresh = rng, size, fresh
        self.groups = [draw(rng) for _ in range(start)]

    def batch(self, groups: int) -> tuple[list[Spec], np.ndarray]:
        """Specs and pictures uint8 (groups * MEMBERS, 64, 64, 3)."""
        for _ in range(self.fresh):
            new = draw(self.rng)
            if len(self.groups) < self.size:
                self.groups.append(new)
            else:
                self.groups[self.rng.randrange(self.size)] = new
        chosen = self.rng.sample(self.groups, groups)
        return [spec for specs, _ in chosen for spec in specs], np.concatenate([images for _, images in chosen])
