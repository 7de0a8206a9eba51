"""Pairs of pictures that differ in one attribute: does the CLIP prefer the one that the caption says? Chance: half."""

import json
import random

import numpy as np
import torch

from aigc_kit.worlds.tinyworld import captions
from aigc_kit.worlds.tinyworld.spec import ATTRIBUTES, Spec
from assets.train.tinysdxl.pictures import from_labels

from . import groups, network, paths

Pair = tuple[Spec, Spec, int, str]
"""What is said, what differs, the seed of both renders, the caption."""


def frozen() -> dict[str, list[Pair]]:
    """Attribute -> the committed pairs, 500 each."""
    sets = json.loads(paths.PAIRS.read_text(encoding="utf-8"))
    return {name: [_pair(name, *row) for row in rows] for name, rows in sets.items()}


def _pair(name: str, labels: list[int], other: str, seed: int, said: str) -> Pair:
    spec = from_labels(labels)
    return spec, Spec(**(spec.known() | {name: other})), seed, said


def drawn(seed: int, count: int) -> dict[str, list[Pair]]:
    """Attribute -> ``count`` other pairs, to look at while training."""
    rng, sets = random.Random(seed), {}
    for name, values in ATTRIBUTES.items():
        sets[name] = []
        for number in range(count):
            spec = Spec.sample(rng)
            other = rng.choice([value for value in values if value != spec.known()[name]])
            said = captions.caption(spec, rng, captions.LANGUAGES[number % 2])
            sets[name].append((spec, Spec(**(spec.known() | {name: other})), rng.randrange(2**31), said))
    return sets


class Watched:
    """Pairs that are rendered once and looked at while training, ``count`` of each attribute."""

    def __init__(self, tokenizer, seed: int, count: int) -> None:
        self.parts = {}
        for name, pairs in drawn(seed, count).items():
            words = network.ids(tokenizer, [pair[3] for pair in pairs], None)
            right = _pictures([(spec, seed) for spec, _, seed, _ in pairs])
            self.parts[name] = right, _pictures([(spec, seed) for _, spec, seed, _ in pairs]), words

    @torch.no_grad()
    def right(self, model) -> dict[str, float]:
        """Attribute -> share of its pairs in which the right picture is preferred."""
        shares = {}
        for name, (right, other, words) in self.parts.items():
            shown, said = network.vectors(model, right, words)
            margins = ((shown - network.vectors(model, other, words)[0]) * said).sum(1)
            shares[name] = round((margins > 0).float().mean().item(), 3)
        return shares


def _pictures(wanted: list[tuple[Spec, int]]) -> torch.Tensor:
    return torch.from_numpy(np.stack([groups.picture(spec, seed) for spec, seed in wanted]))
