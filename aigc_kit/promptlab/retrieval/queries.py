"""Draw pictures and queries whose right answers are known.

A query says some attributes of a picture, in one way or another; right is every picture that shows all of them.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types.atoms import shown
from aigc_kit.worlds.tinyworld.render import render
from aigc_kit.worlds.tinyworld.spec import ATTRIBUTES, Spec
from aigc_kit.worlds.tinyworld.synonyms import SYNONYMS
from aigc_kit.worlds.tinyworld.words import TERMS

THREE = ("colour", "subject", "scene")
LANGUAGES = ("zh", "en", "mixed")


@dataclass(frozen=True)
class Query:
    """Hold what is looked for, and words for it.

    Args:
        spec: what the picture must show; others are open.
        words: of the world, one for each attribute.
        others: what learners may say instead, words the model never read; where there is none, the same.
        language: "zh", "en" or "mixed".
    """

    spec: Spec
    words: tuple[str, ...]
    others: tuple[str, ...]
    language: str


@dataclass(frozen=True)
class Gallery:
    """Hold pictures of the world, no two of one spec.

    Args:
        specs: full ones; images: uint8 (N, 128, 128, 3); seed: of both.
    """

    specs: tuple[Spec, ...]
    images: np.ndarray
    seed: int

    @classmethod
    def drawn(cls, seed: int = 0, count: int = 200) -> "Gallery":
        """Draw specs, held-out pairs among them, and render them."""
        rng = random.Random(f"gallery {seed}")
        specs: dict[Spec, int] = {}
        while len(specs) < count:
            specs.setdefault(Spec.sample(rng), rng.randrange(2**31))
        images = np.stack([render(spec, seed=number) for spec, number in specs.items()])
        return cls(tuple(specs), images, seed)

    @property
    def ids(self) -> tuple[str, ...]:
        """Name the pictures, "000" onwards."""
        return tuple(f"{number:03d}" for number in range(len(self.specs)))

    def right(self, queries: Sequence[Query]) -> np.ndarray:
        """Tell which pictures each query means, bool (queries, N)."""
        return np.array([[_shows(spec, query.spec) for spec in self.specs] for query in queries])


def _shows(spec: Spec, asked: Spec) -> bool:
    values = spec.known()
    return all(values[name] == value for name, value in asked.known().items())


def ask_for(gallery: Gallery, attributes: Sequence[str] = THREE, language: str = "zh", seed: int = 0) -> list[Query]:
    """Ask for each picture by some of its attributes.

    Args:
        attributes: that are said, in this order.
        language: "zh", "en", or "mixed": each word by chance in one of them.
        seed: of the words.

    Raises:
        BadInput: another language, no attribute or an unknown one.
    """
    names = tuple(attributes)
    if language not in LANGUAGES or not names or not set(names) <= set(ATTRIBUTES):
        raise BadInput(
            asked=Words(f"queries in {shown(language)} by {names}", f"{shown(language)} 的查询，说 {names}"),
            found=Words("another language, or no such attributes", "没有这种语言，或者没有这样的属性"),
            todo=Words(
                f"one of {LANGUAGES}, and some of {tuple(ATTRIBUTES)}",
                f"语言从 {LANGUAGES} 里选，属性从 {tuple(ATTRIBUTES)} 里选",
            ),
        )
    rng = random.Random(f"queries {seed}")
    queries = []
    for spec in gallery.specs:
        words, others = [], []
        for name in names:
            value = spec.known()[name]
            side = rng.randrange(2) if language == "mixed" else LANGUAGES.index(language)
            words.append(rng.choice(TERMS[name][value][side]))
            others.append(rng.choice(_synonyms(name, value, side) or [words[-1]]))
        asked = Spec(**{name: spec.known()[name] for name in names})
        queries.append(Query(asked, tuple(words), tuple(others), language))
    return queries


def _synonyms(name: str, value: str, side: int) -> list[str]:
    """List words of one script that stand for a value."""
    both = SYNONYMS.get(name, {}).get(value, "|").split("|")
    words = [word.replace("-", " ") for word in both[side].split()]
    return [word for word in words if word.isascii() == (side == 1)]
