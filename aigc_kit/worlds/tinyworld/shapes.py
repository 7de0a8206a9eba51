"""Draw outlines as points, before any pixel exists.

Coordinates are the subject's own: x to the right, y down, both about -1 to 1. A ``Part`` is drawn over the parts
before it. Its colours are roles ("base", "dark", ...), so that one drawing serves every colour and style.
"""

from typing import NamedTuple

import numpy as np

OUTLINE = 0.075


class Part(NamedTuple):
    """Hold one filled outline or one stroke.

    Attributes:
        points: float64 (N, 2).
        fill: role of the inside, "hole" (cut out of the subject), or None (a stroke).
        line: role of the stroke, or None.
        width: of the stroke, in the subject's units.
        closed: the stroke returns to its first point.
    """

    points: np.ndarray
    fill: str | None = "base"
    line: str | None = "ink"
    width: float = OUTLINE
    closed: bool = True


def oval(x: float, y: float, rx: float, ry: float, turn: float = 0.0, count: int = 40) -> np.ndarray:
    """Draw an ellipse, turned by ``turn`` radians: float64 (count, 2)."""
    t = np.linspace(0, 2 * np.pi, count, endpoint=False)
    px, py = rx * np.cos(t), ry * np.sin(t)
    c, s = np.cos(turn), np.sin(turn)
    return np.stack([x + c * px - s * py, y + s * px + c * py], axis=1)


def arc(x: float, y: float, rx: float, ry: float, start: float, end: float, count: int = 12) -> np.ndarray:
    """Draw a piece of an ellipse, clockwise in degrees."""
    t = np.radians(np.linspace(start, end, count))
    return np.stack([x + rx * np.cos(t), y + ry * np.sin(t)], axis=1)


def smooth(points: list[tuple[float, float]], *, closed: bool = True, per: int = 6) -> np.ndarray:
    """Draw a Catmull-Rom curve, ``per`` points for each one."""
    p = np.asarray(points, dtype=float)
    p = np.concatenate([p[-1:], p, p[:2]]) if closed else np.concatenate([p[:1], p, p[-1:]])
    t = np.linspace(0, 1, per, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False):
        pieces.append(b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))))
    curve = np.concatenate(pieces)
    return curve if closed else np.concatenate([curve, p[-1:]])


def corners(points: list[tuple[float, float]], radius: float, per: int = 6) -> np.ndarray:
    """Round a polygon off by quadratic curves from ``radius`` away."""
    p = np.asarray(points, dtype=float)
    t = np.linspace(0, 1, per)[:, None]
    pieces = []
    for before, here, after in zip(np.roll(p, 1, 0), p, np.roll(p, -1, 0), strict=True):
        start = here + (before - here) * min(0.5, radius / np.linalg.norm(before - here))
        end = here + (after - here) * min(0.5, radius / np.linalg.norm(after - here))
        pieces.append((1 - t) ** 2 * start + 2 * t * (1 - t) * here + t**2 * end)
    return np.concatenate(pieces)


def star(x: float, y: float, radius: float, inner: float = 0.5, count: int = 5, rounding: float = 0.0) -> np.ndarray:
    """Draw a star, ``inner`` a share of ``radius``."""
    t = np.arange(2 * count) * np.pi / count
    r = radius * np.where(np.arange(2 * count) % 2, inner, 1.0)
    points = np.stack([x + r * np.sin(t), y - r * np.cos(t)], axis=1)
    return corners([(a, b) for a, b in points], rounding) if rounding else points


def blob(*points: tuple[float, float], fill: str | None = "base", line: str | None = "ink") -> Part:
    """Make a part with a smooth closed outline."""
    return Part(smooth(list(points)), fill, line)


def ball(
    x: float, y: float, rx: float, ry: float, fill: str = "base", line: str | None = "ink", turn: float = 0.0
) -> Part:
    """Make an elliptic part."""
    return Part(oval(x, y, rx, ry, turn), fill, line)


def stroke(*points: tuple[float, float], line: str = "ink", width: float = OUTLINE, curved: bool = True) -> Part:
    """Make an open stroke through ``points``."""
    path = smooth(list(points), closed=False) if curved and len(points) > 2 else np.asarray(points, dtype=float)
    return Part(path, None, line, width, closed=False)


def mirrored(part: Part) -> Part:
    """Mirror a part at the axis x = 0."""
    return part._replace(points=part.points * np.array([-1.0, 1.0]))


def widened(points: np.ndarray, by: float, *, closed: bool = True) -> np.ndarray:
    """Move points outward, an open path's to its left."""
    if closed:
        before, after = points - np.roll(points, 1, 0), np.roll(points, -1, 0) - points
    else:
        step = np.diff(points, axis=0)
        before, after = np.concatenate([step[:1], step]), np.concatenate([step, step[-1:]])
    a = before / np.maximum(np.linalg.norm(before, axis=1, keepdims=True), 1e-9)
    b = after / np.maximum(np.linalg.norm(after, axis=1, keepdims=True), 1e-9)
    way = a + b
    way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
    reach = 1 / np.clip((way * a).sum(axis=1, keepdims=True), 0.7, 1)
    side = 1.0
    if closed:
        x, y = points[:, 0], points[:, 1]
        side = np.sign((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())
    normal = np.stack([way[:, 1], -way[:, 0]], axis=1)
    return points + side * by * reach * normal


class Area(NamedTuple):
    """Hold a polygon float64 (N, 2), its role and kind."""

    points: np.ndarray
    role: str
    kind: str


def areas(part: Part) -> list[Area]:
    """List what a part fills, in order.

    Kinds: "line", "fill", "spot" (small and ink-black, as an eye), "hole".
    """
    half = part.width / 2
    out = []
    if part.closed:
        if part.line:
            out.append(Area(widened(part.points, half), part.line, "line"))
        if part.fill is None:
            raise ValueError("a closed part has a fill")
        inner = widened(part.points, -half) if part.line else part.points
        kind = "hole" if part.fill == "hole" else "spot" if part.fill == "ink" else "fill"
        return [*out, Area(inner, part.fill, kind)]
    if part.line is None:
        raise ValueError("an open part has a line")
    kind = "line" if part.line in ("ink", "dark") else "fill"
    left, right = (widened(part.points, way, closed=False) for way in (half, -half))
    out.append(Area(np.concatenate([left, right[::-1]]), part.line, kind))
    out.extend(Area(oval(x, y, half, half, count=14), part.line, kind) for x, y in part.points[[0, -1]])
    return out
