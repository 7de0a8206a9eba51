"""Name what a picture can show, and choose from it."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import ClassVar, Self

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import UnknownName

SUBJECTS = ("puppy", "cat", "wizard", "flower", "donut", "cup", "heart", "star", "fish", "ball", "square", "triangle")
FACES = ("puppy", "cat", "fish", "wizard")  # subjects with eyes, of one latent cell or less
COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white")
SCENES = ("plain", "flowers", "sea", "moon", "forest", "city")
STYLES = ("flat", "sketch", "ink", "oil", "neon", "pixel")
LIGHTS = ("day", "night")
SIZES = ("small", "medium", "large")
POSITIONS = ("left", "centre", "right")

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "subject": SUBJECTS,
    "colour": COLOURS,
    "scene": SCENES,
    "style": STYLES,
    "light": LIGHTS,
    "size": SIZES,
    "position": POSITIONS,
}
"""Attribute -> its values, in the order of the checker's outputs."""

Pair = tuple[str, str, str, str]


def pairs_of(first: str, second: str, values: str) -> tuple[Pair, ...]:
    """Read pairs of values, "one two, one two"."""
    return tuple((first, one, second, two) for one, two in map(str.split, values.split(",")))


HELD_OUT_PAIRS: tuple[Pair, ...] = (
    *pairs_of("subject", "colour", "wizard pink, donut green, puppy purple, cat blue, heart orange, star white"),
    *pairs_of("subject", "scene", "cat moon, fish city, cup sea, flower forest"),
    *pairs_of("subject", "style", "triangle neon, square ink, ball pixel"),
    *pairs_of("colour", "scene", "yellow moon"),
)
"""Pairs (attribute, value, attribute, value) that no training picture of the image model shows together."""


@dataclass(frozen=True)
class Choice:
    """Choose attributes in words.

    What is None is left to chance. The base of `Spec` and `ClipSpec`.

    Raises:
        UnknownName: a value that the world does not know.
    """

    attributes: ClassVar[Mapping[str, tuple[str, ...]]]
    pairs: ClassVar[tuple[Pair, ...]]
    always: ClassVar[tuple[str, ...]] = ("subject",)

    def __post_init__(self) -> None:
        for name, value in self.known().items():
            if value not in self.attributes[name]:
                values = ", ".join(self.attributes[name])
                raise UnknownName(
                    asked=f"{name}={value!r}",
                    found=Words("no such value", "没有这个值"),
                    todo=Words(f"one of {values}", f"从 {values.replace(', ', '、')} 里选"),
                )

    def items(self) -> list[tuple[str, str | None]]:
        """List (attribute, value or None), ordered as the checker's outputs."""
        return [(field.name, getattr(self, field.name)) for field in fields(self)]

    def known(self) -> dict[str, str]:
        """Pick the attributes that are set."""
        return {name: value for name, value in self.items() if value is not None}

    def held_out(self) -> tuple[Pair, ...]:
        """Find the held-out pairs that this choice shows."""
        values = self.known()
        return tuple(pair for pair in self.pairs if values.get(pair[0]) == pair[1] and values.get(pair[2]) == pair[3])

    def fill(self, rng: random.Random, *, training: bool = False) -> Self:
        """Draw every open attribute at random.

        In ``training`` again while a held-out pair comes up; UnknownName when the attributes already set hold one.
        """
        if training and self.held_out():
            raise UnknownName(
                asked=Words(f"a training example of {self.known()}", f"用 {self.known()} 做一个训练样本"),
                found=Words(f"the held-out pair {self.held_out()[0]}", f"它是留作检验的组合 {self.held_out()[0]}"),
                todo=Words("leave one of its two attributes open", "两个属性里有一个不指定"),
            )
        while True:
            full = self._filled(rng)
            if not (training and full.held_out()):
                return full

    def told(self, rng: random.Random, keep: float = 0.85) -> Self:
        """Keep what a caption says: others than `always` by chance."""
        others = [name for name, _ in self.items() if name not in self.always]
        return replace(self, **{name: None for name in others if rng.random() >= keep})

    @classmethod
    def sample(cls, rng: random.Random, *, training: bool = False) -> Self:
        """Draw a full choice, in ``training`` without held-out pairs."""
        return cls().fill(rng, training=training)

    def _filled(self, rng: random.Random) -> Self:
        """Draw each open attribute uniformly and alone."""
        values = {name: rng.choice(self.attributes[name]) for name, value in self.items() if value is None}
        return replace(self, **values)


@dataclass(frozen=True)
class Spec(Choice):
    """Describe one picture by values of ``ATTRIBUTES``, as `Choice`."""

    attributes = ATTRIBUTES
    pairs = HELD_OUT_PAIRS

    subject: str | None = None
    colour: str | None = None
    scene: str | None = None
    style: str | None = None
    light: str | None = None
    size: str | None = None
    position: str | None = None
