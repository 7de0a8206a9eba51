"""Solids as functions of space: below 0 inside, 0 on the surface, above 0 outside. Built from few pieces, blended.

A `Field` takes x, y, z (arrays of one shape) and returns such an array. Near the surface it is about the distance.
"""

from collections.abc import Callable

import numpy as np

Field = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def ball(radius: float, centre: tuple[float, float, float] = (0, 0, 0)) -> Field:
    """A ball."""

    def field(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.sqrt((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2) - radius

    return field


def ring(radius: float, thickness: float, centre: tuple[float, float, float] = (0, 0, 0)) -> Field:
    """A torus that stands upright: its axis is y. `radius` to the middle of the tube, whose radius is `thickness`."""

    def field(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        out = np.sqrt((x - centre[0]) ** 2 + (z - centre[2]) ** 2) - radius
        return np.sqrt(out**2 + (y - centre[1]) ** 2) - thickness

    return field


def barrel(radius: float, low: float, high: float, rounding: float, x0: float = 0.0) -> Field:
    """An upright cylinder round the line x = x0, y = 0 from z = low to high, edges rounded with radius `rounding`."""
    middle, half = (low + high) / 2, (high - low) / 2

    def field(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        side = np.sqrt((x - x0) ** 2 + y**2) - radius + rounding
        end = np.abs(z - middle) - half + rounding
        outside = np.sqrt(np.maximum(side, 0) ** 2 + np.maximum(end, 0) ** 2)
        return np.minimum(np.maximum(side, end), 0) + outside - rounding

    return field


def union(one: Field, two: Field, blend: float = 0.0) -> Field:
    """Both together; `blend` > 0 fills the crease between them, over about that distance.

    Source: polynomial smooth minimum; where the two differ by less than `blend`, up to blend / 4 is taken off.
    """

    def field(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        a, b = one(x, y, z), two(x, y, z)
        low = np.minimum(a, b)
        if blend > 0:
            low = low - np.maximum(blend - np.abs(a - b), 0) ** 2 / (4 * blend)
        return low

    return field


def cut(one: Field, two: Field, blend: float = 0.0) -> Field:
    """The first without the second; `blend` > 0 rounds the edge of the cut."""
    inverse = union(lambda x, y, z: -one(x, y, z), two, blend)
    return lambda x, y, z: -inverse(x, y, z)
