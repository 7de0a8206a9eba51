"""Ask which of two pictures a caption means.

They differ in one attribute.

Chance is half. A table of all seven attributes shows what a CLIP sees, which R@1 hides: pictures of a gallery differ in
so much that one attribute is not needed to find the right one.
"""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass

from aigc_kit.core import paths
from aigc_kit.core.statistics import Share
from aigc_kit.promptlab.retrieval.two_towers import Towers
from aigc_kit.worlds.tinyworld import captions
from aigc_kit.worlds.tinyworld.render import render
from aigc_kit.worlds.tinyworld.spec import ATTRIBUTES, Spec


@dataclass(frozen=True)
class Pair:
    """Hold two specs that differ in one attribute.

    Args:
        spec: what is said; other: the same with another value; seed: of both renders; said: a caption of the first.
    """

    spec: Spec
    other: Spec
    seed: int
    said: str


def draw_pairs(attribute: str, count: int, seed: int = 0) -> list[Pair]:
    """Draw pairs that differ in one attribute, languages in turn."""
    rng, values = random.Random(f"{attribute} {seed}"), ATTRIBUTES[attribute]
    pairs = []
    for number in range(count):
        spec = Spec.sample(rng)
        other = rng.choice([value for value in values if value != spec.known()[attribute]])
        said = captions.caption(spec, rng, captions.LANGUAGES[number % 2])
        pairs.append(Pair(spec, Spec(**(spec.known() | {attribute: other})), rng.randrange(2**31), said))
    return pairs


def frozen_pairs(attribute: str) -> list[Pair]:
    """Read the 500 pairs committed before the training."""
    rows = json.loads((paths.assets() / "prompts" / "clip_eval.json").read_text(encoding="utf-8"))[attribute]
    pairs = []
    for labels, other, seed, said in rows:
        spec = Spec(**{name: ATTRIBUTES[name][place] for name, place in zip(ATTRIBUTES, labels, strict=True)})
        pairs.append(Pair(spec, Spec(**(spec.known() | {attribute: other})), seed, said))
    return pairs


def pairs_right(towers: Towers, attribute: str, pairs: Sequence[Pair]) -> Share:
    """Count pairs whose right picture is the nearer one."""
    said = towers.texts([pair.said for pair in pairs])
    right, other = (
        towers.pictures([render(spec, seed=pair.seed) for pair, spec in zip(pairs, specs, strict=True)])
        for specs in ([pair.spec for pair in pairs], [pair.other for pair in pairs])
    )
    return Share.of(attribute, ((right - other) * said).sum(axis=1) > 0, towers.name)
