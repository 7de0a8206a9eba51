"""Build solids as functions of space from few blended pieces.

A `Field` takes x, y, z (arrays of one shape) and returns such an array: below 0 inside, 0 on the surface, above 0
outside; near the surface it is about the distance.
A family is a function t in [0, 1] -> Field: from a donut to a coffee cup without tearing and without gluing, and three
ways that do tear or glue. They are made of few pieces, so that one can see why the number of holes stays or changes;
that it does is then counted on meshes.
"""

from collections.abc import Callable

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput

Field = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
Family = Callable[[float], Field]
Box = tuple[tuple[float, float, float], tuple[float, float, float]]

BOX: Box = ((-1.65, -1.05, -1.55), (1.65, 1.05, 1.55))
"""Corners of a box that holds every solid of this module."""


def ball(radius: float, centre: tuple[float, float, float] = (0, 0, 0)) -> Field:
    """Make a ball."""
    return lambda x, y, z: np.sqrt((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2) - radius


def ring(radius: float, thickness: float, centre: tuple[float, float, float] = (0, 0, 0)) -> Field:
    """Make a torus that stands upright, its axis y.

    `radius` reaches to the middle of the tube, whose radius is `thickness`.
    """

    def field(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        out = np.sqrt((x - centre[0]) ** 2 + (z - centre[2]) ** 2) - radius
        return np.sqrt(out**2 + (y - centre[1]) ** 2) - thickness

    return field


def barrel(radius: float, low: float, high: float, rounding: float, x0: float = 0.0) -> Field:
    """Make an upright cylinder round x0, edges rounded."""
    middle, half = (low + high) / 2, (high - low) / 2

    def field(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        side = np.sqrt((x - x0) ** 2 + y**2) - radius + rounding
        end = np.abs(z - middle) - half + rounding
        outside = np.sqrt(np.maximum(side, 0) ** 2 + np.maximum(end, 0) ** 2)
        return np.minimum(np.maximum(side, end), 0) + outside - rounding

    return field


def union(one: Field, two: Field, blend: float = 0.0) -> Field:
    """Join two solids, their crease filled over about `blend`.

    Source: polynomial smooth minimum; where the two differ by less than `blend`, up to blend / 4 is taken off.
    """

    def field(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        a, b = one(x, y, z), two(x, y, z)
        fill = np.maximum(blend - np.abs(a - b), 0) ** 2 / (4 * blend) if blend > 0 else 0
        return np.minimum(a, b) - fill

    return field


def cut(one: Field, two: Field, blend: float = 0.0) -> Field:
    """Take `two` from `one`, the edge rounded by `blend`."""
    inverse = union(lambda x, y, z: -one(x, y, z), two, blend)
    return lambda x, y, z: -inverse(x, y, z)


def donut_to_mug(t: float) -> Field:
    """Turn a donut into a coffee cup, with t.

    A ring is there all the time; its hole becomes the hole of the handle. A lump of dough grows out of one side of
    the ring, away from the hole, until it is the body of the cup. A dent sinks into the body from above and becomes
    the bowl: a dent is no hole, since nothing goes through.

    Raises:
        BadInput: t outside 0 to 1.
    """
    handle, body, bowl = _pieces(t)
    dent = _smooth(t, 0.42, 1.0)
    return cut(union(handle, body, _mix(0.3, 0.16, t)), bowl, _mix(0.25, 0.05, dent))


def gilding(t: float, points: np.ndarray) -> np.ndarray:
    """Gild the ring of `donut_to_mug`, which keeps the hole.

    Returns:
        How golden each of the points (V, 3) is at t, float64 (V,): 1 for gold, 0 for the blue of the body.
    """
    handle, body, _ = _pieces(t)
    x, y, z = points.T
    lead = body(x, y, z) - 0.03 - np.maximum(handle(x, y, z), 0)
    return 1 / (1 + np.exp(np.clip(-lead / 0.03, -50, 50)))


def _pieces(t: float) -> tuple[Field, Field, Field]:
    """Build ring, body and the bowl taken from it."""
    _check(t)
    slim, dent = _smooth(t, 0.0, 0.72), _smooth(t, 0.42, 1.0)
    handle = ring(_mix(1.0, 0.5, slim), _mix(0.46, 0.125, slim), (_mix(0.0, 0.66, slim), 0.0, 0.0))
    girth, half, middle = _mix(0.3, 0.84, slim), _mix(0.3, 1.0, slim), _mix(-1.0, -0.36, slim)
    softness = _mix(0.29, 0.12, _smooth(t, 0.3, 0.9))
    body = barrel(girth, -half, half, min(softness, girth, half), middle)
    bowl = barrel(_mix(0.45, 0.71, dent), _mix(1.35, -0.82, dent), 2.5, _mix(0.44, 0.14, dent), middle)
    return handle, body, bowl


def cut_ring(t: float) -> Field:
    """Cut a ring through (剪断), at t = 0.5."""
    _check(t)
    edge = 1.4 - 1.5 * t  # the tube is there from x = 0.65 to 1.35
    return cut(ring(1.0, 0.35), lambda x, y, z: np.maximum(np.abs(z) - 0.15, edge - x))


def glue_rings(t: float) -> Field:
    """Glue two donuts (粘合), at t = 0.5."""
    _check(t)
    apart = 0.9 - 0.4 * t  # each reaches 0.7 from its centre
    return union(ring(0.45, 0.25, (-apart, 0.0, 0.0)), ring(0.45, 0.25, (apart, 0.0, 0.0)))


def pinch_hole(t: float) -> Field:
    """Close a ring's hole (捏合), at t = 0.5."""
    _check(t)
    return ring(0.85 - 0.7 * t, 0.5)


def punch_hole(t: float) -> Field:
    """Punch a ball through (戳穿), at t = 0.5."""
    _check(t)
    depth = 0.8 - 1.6 * t
    return cut(ball(1.0), lambda x, y, z: np.maximum(np.sqrt(x**2 + z**2) - 0.4, depth - np.abs(y)))


TEARING: dict[str, tuple[Family, tuple[int, ...], tuple[int, ...]]] = {
    "剪断": (cut_ring, (1,), (0,)),
    "粘合": (glue_rings, (1, 1), (2,)),
    "捏合": (pinch_hole, (1,), (0,)),
    "戳穿": (punch_hole, (0,), (1,)),
}
"""Name -> (family, genus of each piece before t = 0.5, and after)."""


def _check(t: float) -> None:
    if not 0 <= t <= 1:
        raise BadInput(
            asked=f"t={t!r}",
            found=Words("not in [0, 1]", "不在 0 到 1 之间"),
            todo=Words("0 is the beginning, 1 the end", "0 是开头，1 是结尾"),
        )


def _mix(a: float, b: float, share: float) -> float:
    return a + (b - a) * share


def _smooth(t: float, low: float, high: float) -> float:
    """Rise from 0 at low to 1 at high."""
    share = min(max((t - low) / (high - low), 0.0), 1.0)
    return share * share * (3 - 2 * share)
