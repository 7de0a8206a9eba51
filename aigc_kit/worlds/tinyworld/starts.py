"""Draw where a clip begins and how far it goes.

Anywhere, as clips of the world do; or at one of few marks, as those that the tiny video model is taught.
"""

import random
from typing import Protocol

EDGE = 0.12  # share of a side that the middle of a travelling subject keeps from the edge
CELL = 8  # pixels: marks lie on this grid, which is that of a video model's latents
HALF = 0.25  # of the shorter side: half the height of a subject at a mark


class Starts(Protocol):
    """Draw the numbers of one clip.

    They are shares of the picture's width, height or shorter side.
    """

    def place(self) -> tuple[float, float, float]:
        """Draw x, y and half the height of the subject."""
        ...

    def far(self, across: bool) -> float:
        """Draw the length of a travel, sideways or not."""
        ...

    def middle(self, far: float, across: bool) -> float:
        """Draw the middle of a travel within the picture."""
        ...

    def between(self, low: float, high: float) -> float:
        """Draw a number from a range."""
        ...


class Anywhere:
    """Draw every number evenly from a range.

    Args:
        rng: decides.
    """

    __slots__ = ("_rng",)

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def place(self) -> tuple[float, float, float]:
        """Draw x, y and half the height of the subject."""
        return self._rng.uniform(0.38, 0.62), self._rng.uniform(0.42, 0.6), self._rng.uniform(0.2, 0.26)

    def far(self, across: bool) -> float:
        """Draw the length of a travel."""
        return self._rng.uniform(0.2, 0.34)

    def middle(self, far: float, across: bool) -> float:
        """Draw the middle of a travel within the picture."""
        return self._rng.uniform(EDGE + far / 2, 1 - EDGE - far / 2)

    def between(self, low: float, high: float) -> float:
        """Draw a number from a range."""
        return self._rng.uniform(low, high)


class Marks:
    """Draw from few values.

    A small video model can learn to draw each of them clearly.

    Subjects are at one of two places, an even number of cells apart, across and, where they travel so, along; they
    travel a whole number of cells, and all else is fixed. From 64 pixels a side on, values are within a hundredth of
    what `Anywhere` may draw.

    Args:
        rng: decides.
        height, width: of the picture in pixels.
    """

    __slots__ = ("_height", "_rng", "_width")

    def __init__(self, rng: random.Random, height: int, width: int) -> None:
        self._rng, self._height, self._width = rng, height, width

    def place(self) -> tuple[float, float, float]:
        """Draw x, y and half the height of the subject."""
        return 0.5 + self._rng.choice((-CELL, CELL)) / self._width, 0.5, HALF

    def far(self, across: bool) -> float:
        """Draw the length of a travel: the only one."""
        side = self._width if across else self._height
        return CELL * round(side / 32) / side

    def middle(self, far: float, across: bool) -> float:
        """Draw the middle of a travel within the picture."""
        side = self._width if across else self._height
        step = CELL * max(1, round(side / 64))
        return 0.5 + self._rng.choice((-step, step)) / side

    def between(self, low: float, high: float) -> float:
        """Take the middle of a range."""
        return (low + high) / 2
