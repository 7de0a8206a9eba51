"""What a picture of the world shows: the closed list of attributes, and ``Spec``, one choice of them."""

import random
from dataclasses import dataclass, fields, replace

from aigc_kit.core.errors import UnknownName

SUBJECTS = (
    "puppy",
    "cat",
    "wizard",
    "flower",
    "donut",
    "cup",
    "heart",
    "star",
    "fish",
    "ball",
    "square",
    "triangle",
)
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

HELD_OUT_PAIRS: tuple[tuple[str, str, str, str], ...] = (
    ("subject", "wizard", "colour", "pink"),
    ("subject", "donut", "colour", "green"),
    ("subject", "puppy", "colour", "purple"),
    ("subject", "cat", "colour", "blue"),
    ("subject", "heart", "colour", "orange"),
    ("subject", "star", "colour", "white"),
    ("subject", "cat", "scene", "moon"),
    ("subject", "fish", "scene", "city"),
    ("subject", "cup", "scene", "sea"),
    ("subject", "flower", "scene", "forest"),
    ("subject", "triangle", "style", "neon"),
    ("subject", "square", "style", "ink"),
    ("subject", "ball", "style", "pixel"),
    ("colour", "yellow", "scene", "moon"),
)
"""Pairs (attribute, value, attribute, value) that no training picture of the image model shows together."""


@dataclass(frozen=True)
class Spec:
    """One picture in words. Every attribute is a value of ``ATTRIBUTES`` or None, which leaves it to chance.

    Raises:
        UnknownName: a value that the world does not know.
    """

    subject: str | None = None
    colour: str | None = None
    scene: str | None = None
    style: str | None = None
    light: str | None = None
    size: str | None = None
    position: str | None = None

    def __post_init__(self) -> None:
        for name, value in self.items():
            if value is not None and value not in ATTRIBUTES[name]:
                raise UnknownName(
                    asked=f"{name}={value!r}", found="no such value", todo=f"one of {', '.join(ATTRIBUTES[name])}"
                )

    def items(self) -> list[tuple[str, str | None]]:
        """(attribute, value or None) in the order of ``ATTRIBUTES``."""
        return [(field.name, getattr(self, field.name)) for field in fields(self)]

    def known(self) -> dict[str, str]:
        """The attributes that are set."""
        return {name: value for name, value in self.items() if value is not None}

    def held_out(self) -> tuple[tuple[str, str, str, str], ...]:
        """The held-out pairs that this spec shows."""
        return tuple(pair for pair in HELD_OUT_PAIRS if _shows(self, pair))

    def fill(self, rng: random.Random, *, training: bool = False) -> "Spec":
        """The same spec with every open attribute drawn at random (uniformly).

        Args:
            rng: the source of chance.
            training: draw again while a held-out pair comes up. Only open attributes are drawn again.

        Raises:
            UnknownName: ``training``, and the attributes already set hold a held-out pair.
        """
        if training and self.held_out():
            raise UnknownName(
                asked=f"a training spec from {self.known()}",
                found=f"the held-out pair {self.held_out()[0]}",
                todo="leave one of its two attributes open",
            )
        while True:
            full = replace(
                self, **{name: rng.choice(ATTRIBUTES[name]) for name, value in self.items() if value is None}
            )
            if not (training and full.held_out()):
                return full

    def told(self, rng: random.Random, keep: float = 0.85) -> "Spec":
        """What a caption may say of it: the subject always, every other attribute with probability ``keep``."""
        return replace(self, **{name: None for name, _ in self.items()[1:] if rng.random() >= keep})

    @classmethod
    def sample(cls, rng: random.Random, *, training: bool = False) -> "Spec":
        """A full spec at random; with ``training`` never one that shows a held-out pair."""
        return cls().fill(rng, training=training)


def _shows(spec: Spec, pair: tuple[str, str, str, str]) -> bool:
    return getattr(spec, pair[0]) == pair[1] and getattr(spec, pair[2]) == pair[3]
