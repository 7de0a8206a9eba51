"""Draw each subject as parts, back to front."""

import numpy as np

from aigc_kit.worlds.tinyworld.shapes import Part, arc, ball, blob, corners, mirrored, oval, smooth, star, stroke

COUNT = 96
_CUP = [
    (-0.78, -0.26), (-0.10, -0.36), (0.58, -0.26), (0.57, -0.10), (0.74, -0.12), (0.92, 0.06), (0.92, 0.34),
    (0.74, 0.52), (0.50, 0.50), (0.30, 0.74), (-0.10, 0.84), (-0.50, 0.74), (-0.72, 0.36),
]  # fmt: skip
_HANDLE_HOLE = oval(0.68, 0.20, 0.14, 0.16, count=COUNT)


def flower() -> list[Part]:
    """Draw six round petals on a stem with two leaves."""
    middle, turns = -0.34, np.arange(6) * np.pi / 3 + np.pi / 6
    return [
        stroke((0, 0.10), (0.03, 0.60), (0, 1.0), line="ink", width=0.20),
        stroke((0, 0.10), (0.03, 0.60), (0, 1.0), line="stem", width=0.10),
        blob((0.02, 0.86), (0.22, 0.52), (0.64, 0.46), (0.46, 0.80), fill="stem"),
        blob((-0.02, 0.96), (-0.22, 0.66), (-0.60, 0.62), (-0.44, 0.92), fill="stem"),
        *(ball(0.42 * np.cos(t), middle + 0.42 * np.sin(t), 0.31, 0.25, turn=t) for t in turns),
        *(
            stroke(*((r * np.cos(t), middle + r * np.sin(t)) for r in (0.30, 0.50)), line="dark", width=0.06)
            for t in turns
        ),
        ball(0, middle, 0.24, 0.24, "gold"),
    ]  # fmt: skip


def donut() -> list[Part]:
    """Draw a ring of dough with wavy icing and sprinkles."""
    t = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    edge = 0.80 + 0.045 * np.cos(8 * t)
    icing = np.stack([edge * np.cos(t), edge * np.sin(t)], axis=1)
    sprinkles = []
    for k in range(9):
        a = k * 2 * np.pi / 9 + 0.2
        x, y, turn = 0.56 * np.cos(a), 0.56 * np.sin(a), a + (0.5, 1.6, 2.5)[k % 3]
        dx, dy = 0.09 * np.cos(turn), 0.09 * np.sin(turn)
        role = ("beard", "gold", "ink")[k % 3]
        sprinkles.append(stroke((x - dx, y - dy), (x + dx, y + dy), line=role, width=0.085))
    return [
        Part(oval(0, 0, 0.97, 0.97, count=64), "dough"),
        Part(icing, "base", "dark", 0.05),
        *sprinkles,
        Part(oval(0, 0, 0.32, 0.32), "dough", "ink"),
        Part(oval(0, 0, 0.24, 0.24), "hole", "ink"),
    ]


def cup() -> list[Part]:
    """Draw a steaming cup of coffee on a saucer."""
    return [
        ball(-0.10, 0.82, 0.86, 0.16, "light"),
        Part(oval(0.56, 0.20, 0.36, 0.34), "base"),
        Part(oval(0.58, 0.20, 0.18, 0.17), "hole"),
        Part(smooth([(-0.80, -0.22), (-0.76, 0.30), (-0.56, 0.72), (-0.10, 0.86), (0.36, 0.72), (0.56, 0.30),
                     (0.60, -0.22), (-0.10, -0.30)])),
        stroke((-0.60, 0.04), (-0.56, 0.34), (-0.46, 0.54), line="light", width=0.11),
        ball(-0.10, -0.24, 0.71, 0.20, "light"),
        ball(-0.10, -0.21, 0.56, 0.13, "coffee", None),
        *(
            stroke((x, -0.50), (x + 0.09, -0.64), (x - 0.05, -0.80), (x + 0.05, -0.98), line="steam", width=0.085)
            for x in (-0.36, -0.10, 0.16)
        ),
    ]  # fmt: skip


def heart() -> list[Part]:
    """Draw a heart with a highlight at the upper left."""
    right = [(0.22, -0.74), (0.58, -0.88), (0.92, -0.62), (0.96, -0.22), (0.72, 0.24), (0.36, 0.62), (0.08, 0.92)]
    left = [(-x, y) for x, y in reversed(right)]
    return [
        blob((0.0, -0.48), *right, *left),
        ball(-0.46, -0.42, 0.22, 0.13, "light", None, -0.6),
        stroke((0.76, -0.20), (0.62, 0.10), (0.38, 0.38), line="dark", width=0.09),
    ]


def five_points() -> list[Part]:
    """Draw a five-pointed star with five ridges."""
    ridges = [stroke((0, 0.06), (x, y), line="light", width=0.10, curved=False) for x, y in star(0, 0.06, 0.78)[::2]]
    return [Part(star(0, 0.06, 1.04, 0.50, rounding=0.16)), *ridges]


def round_ball() -> list[Part]:
    """Draw a ball with a highlight and a shadow."""
    shade = np.concatenate([arc(0, 0, 0.92, 0.92, -35, 125, 24), arc(-0.14, -0.14, 0.92, 0.92, 112, -22, 24)])
    highlight = ball(-0.38, -0.44, 0.26, 0.17, "light", None, -0.7)
    return [Part(oval(0, 0, 0.96, 0.96, count=64)), Part(shade, "dark", None), highlight]


def square() -> list[Part]:
    """Draw a square with a lighter one inside."""
    half = 0.88
    box = [(-half, -half), (half, -half), (half, half), (-half, half)]
    inner = corners([(x * 0.62, y * 0.62) for x, y in box], 0.10)
    return [Part(corners(box, 0.16)), Part(inner, "light", None)]


def triangle() -> list[Part]:
    """Draw a triangle with a lighter one inside."""
    outer = [(0.0, -1.0), (1.02, 0.86), (-1.02, 0.86)]
    inner = corners([(x * 0.46, y * 0.46 + 0.16) for x, y in outer], 0.08)
    return [Part(corners(outer, 0.16)), Part(inner, "light", None)]


def donut_to_cup(t: float) -> list[Part]:
    """Draw a donut at 0, a cup at 1, clipped."""
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
    """Spread COUNT points along a curve, from near ``like[0]``."""
    loop = np.concatenate([curve, curve[:1]])
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(loop, axis=0), axis=1))])
    at = np.linspace(0, along[-1], COUNT, endpoint=False)
    even = np.stack([np.interp(at, along, loop[:, k]) for k in (0, 1)], axis=1)
    first = int(np.argmin(np.linalg.norm(even - 0.9 * like[0], axis=1)))
    return np.roll(even, -first, axis=0)


def puppy() -> list[Part]:
    """Draw a sitting puppy with an eye patch."""
    ear = blob(
        (-0.40, -0.80), (-0.72, -0.80), (-0.98, -0.42), (-1.0, 0.02), (-0.84, 0.22), (-0.64, 0.06), (-0.52, -0.36),
        fill="dark",
    )  # fmt: skip
    return [
        blob((0.36, 0.80), (0.66, 0.70), (0.78, 0.40), (0.94, 0.36), (0.98, 0.62), (0.80, 0.92), (0.44, 0.98)),
        ball(0, 0.62, 0.50, 0.40),
        ball(0, 0.68, 0.27, 0.26, "light", None),
        ball(-0.25, 0.90, 0.20, 0.12, "light"),
        ball(0.25, 0.90, 0.20, 0.12, "light"),
        ball(0, -0.26, 0.74, 0.60),
        ball(0.30, -0.30, 0.23, 0.27, "dark", None, -0.3),
        ball(0, 0.06, 0.40, 0.27, "muzzle", None),
        ear,
        mirrored(ear),
        ball(0, 0.19, 0.12, 0.15, "tongue"),
        _curve(-0.13, 0.06, 0.14, 0.12, 0, 180, "ink", 0.06),
        _curve(0.13, 0.06, 0.14, 0.12, 0, 180, "ink", 0.06),
        ball(0, -0.06, 0.16, 0.11, "ink", None),
        *_eye(-0.30, -0.28, 0.10, 0.13),
        *_eye(0.30, -0.28, 0.10, 0.13),
    ]


def cat() -> list[Part]:
    """Draw a sitting cat with slit eyes."""
    ear = Part(corners([(-0.74, -0.22), (-0.70, -1.02), (-0.08, -0.66)], 0.10))
    inner = Part(corners([(-0.62, -0.48), (-0.61, -0.84), (-0.32, -0.66)], 0.06), "tongue", None)
    eye = [ball(-0.29, -0.18, 0.17, 0.19, "eye"), ball(-0.28, -0.17, 0.065, 0.16, "ink", None)]
    whiskers = [stroke((-0.40, y), end, width=0.045) for y, end in ((0.06, (-0.98, -0.02)), (0.15, (-0.96, 0.24)))]
    tail = ((0.30, 0.88), (0.66, 0.88), (0.80, 0.62), (0.70, 0.40), (0.86, 0.26))
    return [
        stroke(*tail, width=0.30),
        stroke(*tail, line="base", width=0.17),
        blob((-0.30, 0.20), (0.30, 0.20), (0.46, 0.66), (0.42, 0.98), (-0.42, 0.98), (-0.46, 0.66)),
        ball(0, 0.60, 0.20, 0.26, "light", None),
        ball(-0.19, 0.90, 0.17, 0.11, "light"),
        ball(0.19, 0.90, 0.17, 0.11, "light"),
        ear, mirrored(ear), inner, mirrored(inner),
        ball(0, -0.16, 0.72, 0.52),
        ball(0, 0.10, 0.27, 0.17, "light", None),
        *(stroke((x, -0.62), (x * 0.8, -0.44), line="dark", width=0.09) for x in (-0.2, 0.0, 0.2)),
        *eye, *(mirrored(part) for part in eye),
        Part(np.array([(-0.09, 0.0), (0.09, 0.0), (0.0, 0.09)]), "tongue", "ink", 0.04),
        _curve(-0.10, 0.10, 0.10, 0.10, 0, 180, "ink", 0.05),
        _curve(0.10, 0.10, 0.10, 0.10, 0, 180, "ink", 0.05),
        *whiskers, *(mirrored(part) for part in whiskers),
    ]  # fmt: skip


def wizard() -> list[Part]:
    """Draw an old wizard with hat, beard, robe and staff."""
    return [
        stroke((0.74, 1.0), (0.68, -0.28), line="ink", width=0.17, curved=False),
        stroke((0.74, 1.0), (0.68, -0.28), line="wood", width=0.08, curved=False),
        ball(0.68, -0.36, 0.17, 0.17, "gold"),
        Part(corners([(-0.34, -0.10), (0.34, -0.10), (0.72, 0.98), (-0.72, 0.98)], 0.14)),
        Part(np.array([(-0.64, 0.86), (0.64, 0.86), (0.68, 0.96), (-0.68, 0.96)]), "dark", None),
        blob((-0.34, 0.02), (-0.62, 0.42), (-0.72, 0.58), (-0.50, 0.66), (-0.26, 0.40), fill="dark"),
        blob((0.34, 0.02), (0.58, 0.24), (0.80, 0.30), (0.78, 0.48), (0.50, 0.52), (0.28, 0.36), fill="dark"),
        ball(0.74, 0.36, 0.10, 0.10, "skin"),
        ball(0, -0.22, 0.36, 0.28, "skin"),
        blob((-0.38, -0.20), (-0.20, -0.08), (0.20, -0.08), (0.38, -0.20), (0.36, 0.24), (0.18, 0.56),
             (0.0, 0.76), (-0.18, 0.56), (-0.36, 0.24), fill="beard"),
        stroke((-0.10, 0.16), (-0.05, 0.50), line="grey", width=0.045),
        stroke((0.12, 0.14), (0.06, 0.46), line="grey", width=0.045),
        ball(0, -0.12, 0.09, 0.08, "skin"),
        ball(-0.15, -0.26, 0.05, 0.06, "ink", None),
        ball(0.15, -0.26, 0.05, 0.06, "ink", None),
        blob((-0.46, -0.42), (-0.26, -0.74), (-0.08, -0.98), (0.14, -1.04), (0.24, -0.90), (0.16, -0.86),
             (0.26, -0.70), (0.46, -0.42)),
        Part(star(-0.01, -0.62, 0.13), "gold", None),
        ball(0, -0.42, 0.62, 0.12, "dark"),
    ]  # fmt: skip


def fish() -> list[Part]:
    """Draw a fish with fins and scales, facing left."""
    return [
        blob((0.52, 0.0), (0.72, -0.36), (0.98, -0.54), (1.0, -0.30), (0.88, 0.0), (1.0, 0.30), (0.98, 0.54),
             (0.72, 0.36), fill="dark"),
        blob((-0.34, -0.42), (-0.10, -0.80), (0.30, -0.78), (0.40, -0.40), (0.10, -0.34), fill="dark"),
        blob((-0.16, 0.46), (0.06, 0.78), (0.28, 0.74), (0.26, 0.40), fill="dark"),
        blob((-0.98, 0.02), (-0.70, -0.38), (-0.20, -0.56), (0.30, -0.42), (0.64, -0.06), (0.64, 0.06),
             (0.30, 0.42), (-0.20, 0.56), (-0.70, 0.40)),
        blob((-0.80, 0.22), (-0.40, 0.30), (0.10, 0.30), (0.40, 0.24), (0.20, 0.42), (-0.20, 0.48), (-0.62, 0.38),
             fill="light", line=None),
        *(_curve(x, y, 0.11, 0.13, -80, 80, "dark", 0.05) for x, y in ((0.06, -0.16), (0.06, 0.12), (0.30, -0.02))),
        _curve(-0.50, 0.0, 0.20, 0.36, -62, 62, "dark", 0.06),
        ball(-0.60, -0.12, 0.15, 0.15, "beard"),
        ball(-0.62, -0.12, 0.075, 0.085, "ink", None),
        _curve(-0.88, 0.08, 0.12, 0.09, 20, 110, "ink", 0.06),
    ]  # fmt: skip


def _curve(x: float, y: float, rx: float, ry: float, start: float, end: float, line: str, width: float) -> Part:
    return Part(arc(x, y, rx, ry, start, end), None, line, width, closed=False)


def _eye(x: float, y: float, rx: float, ry: float) -> list[Part]:
    return [ball(x, y, rx, ry, "ink", None), ball(x - rx * 0.25, y - ry * 0.35, rx * 0.4, ry * 0.4, "beard", None)]


OUTLINES = (puppy, cat, wizard, flower, donut, cup, heart, five_points, fish, round_ball, square, triangle)
"""What draws each of ``SUBJECTS``, in their order."""
