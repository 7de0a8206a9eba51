"""The donut that becomes a coffee cup without tearing: one outline, one hole, moved point by point."""

import numpy as np

from aigc_kit.tinyworld.shapes import Part, oval, smooth, stroke

COUNT = 96

_CUP = [
    (-0.78, -0.26), (-0.10, -0.36), (0.58, -0.26), (0.57, -0.10), (0.74, -0.12), (0.92, 0.06), (0.92, 0.34),
    (0.74, 0.52), (0.50, 0.50), (0.30, 0.74), (-0.10, 0.84), (-0.50, 0.74), (-0.72, 0.36),
]  # fmt: skip
_HANDLE_HOLE = oval(0.68, 0.20, 0.14, 0.16, count=COUNT)


def donut_to_cup(t: float) -> list[Part]:
    """Parts at time ``t``: 0 is a donut's ring, 1 a cup whose handle holds the hole. t is clipped to 0-1."""
    t = float(np.clip(t, 0, 1))
    s = t * t * (3 - 2 * t)
    ring = oval(0, 0, 0.97, 0.97, count=COUNT)
    hole = oval(0, 0, 0.26, 0.26, count=COUNT)
    outline = ring + s * (_even(smooth(_CUP, per=10), ring) - ring)
    opening = hole + s * (_HANDLE_HOLE - hole)
    dip = max(0.0, (s - 0.35) / 0.65)
    parts = [Part(outline)]
    if s < 0.6:
        for k in range(9):
            a = k * 2 * np.pi / 9 + 0.2
            middle = np.array([0.60 * np.cos(a), 0.60 * np.sin(a)]) * (1 - 0.3 * s)
            step = 0.09 * (1 - s / 0.6) * np.array([np.cos(a + k), np.sin(a + k)])
            parts.append(stroke(tuple(middle - step), tuple(middle + step), line=("beard", "gold", "ink")[k % 3]))
    if dip > 0.05:
        parts.append(Part(oval(-0.10, -0.25, 0.68 * dip, 0.17 * dip), "light"))
        parts.append(Part(oval(-0.10, -0.23, 0.54 * dip, 0.11 * dip), "coffee", None))
    parts.append(Part(opening, "hole"))
    return parts


def _even(curve: np.ndarray, like: np.ndarray) -> np.ndarray:
    """``curve`` with COUNT points evenly along it, begun at the point nearest in direction to ``like[0]``."""
    closed = np.concatenate([curve, curve[:1]])
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    at = np.linspace(0, along[-1], COUNT, endpoint=False)
    even = np.stack([np.interp(at, along, closed[:, k]) for k in (0, 1)], axis=1)
    first = int(np.argmin(np.linalg.norm(even - 0.9 * like[0], axis=1)))
    return np.roll(even, -first, axis=0)
