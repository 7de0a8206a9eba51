"""The other subjects: flower, donut, cup and plain shapes. Each is a list of parts, back to front."""

import numpy as np

from aigc_kit.tinyworld.shapes import Part, arc, ball, blob, corners, oval, smooth, star, stroke


def flower() -> list[Part]:
    """Six round petals about a golden middle, on a stem with two leaves."""
    middle = -0.34
    petals = [
        ball(0.42 * np.cos(t), middle + 0.42 * np.sin(t), 0.31, 0.25, "base", "ink", t)
        for t in np.arange(6) * np.pi / 3 + np.pi / 6
    ]
    return [
        stroke((0, 0.10), (0.03, 0.60), (0, 1.0), line="ink", width=0.20),
        stroke((0, 0.10), (0.03, 0.60), (0, 1.0), line="stem", width=0.10),
        blob((0.02, 0.86), (0.22, 0.52), (0.64, 0.46), (0.46, 0.80), fill="stem"),
        blob((-0.02, 0.96), (-0.22, 0.66), (-0.60, 0.62), (-0.44, 0.92), fill="stem"),
        *petals,
        *(
            stroke((0.30 * np.cos(t), middle + 0.30 * np.sin(t)), (0.50 * np.cos(t), middle + 0.50 * np.sin(t)),
                   line="dark", width=0.06)
            for t in np.arange(6) * np.pi / 3 + np.pi / 6
        ),
        ball(0, middle, 0.24, 0.24, "gold"),
    ]  # fmt: skip


def donut() -> list[Part]:
    """A ring of dough with wavy icing in the subject's colour and sprinkles; the hole shows what is behind."""
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
    """A cup of coffee on a saucer, seen a little from above, with a handle at the right and steam."""
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
    """A heart with a highlight at the upper left."""
    right = [(0.22, -0.74), (0.58, -0.88), (0.92, -0.62), (0.96, -0.22), (0.72, 0.24), (0.36, 0.62), (0.08, 0.92)]
    left = [(-x, y) for x, y in reversed(right)]
    return [
        blob((0.0, -0.48), *right, *left),
        ball(-0.46, -0.42, 0.22, 0.13, "light", None, -0.6),
        stroke((0.76, -0.20), (0.62, 0.10), (0.38, 0.38), line="dark", width=0.09),
    ]


def five_points() -> list[Part]:
    """A five-pointed star, its five ridges drawn from the middle."""
    outline = star(0, 0.06, 1.04, 0.50, rounding=0.16)
    ridges = star(0, 0.06, 0.78)[::2]
    return [
        Part(outline),
        *(stroke((0, 0.06), (x, y), line="light", width=0.10, curved=False) for x, y in ridges),
    ]


def round_ball() -> list[Part]:
    """A round ball: a highlight at the upper left, a shadow at the lower right."""
    shade = np.concatenate([arc(0, 0, 0.92, 0.92, -35, 125, 24), arc(-0.14, -0.14, 0.92, 0.92, 112, -22, 24)])
    return [
        Part(oval(0, 0, 0.96, 0.96, count=64)),
        Part(shade, "dark", None),
        ball(-0.38, -0.44, 0.26, 0.17, "light", None, -0.7),
    ]


def square() -> list[Part]:
    """A square with a lighter frame."""
    half = 0.88
    box = [(-half, -half), (half, -half), (half, half), (-half, half)]
    return [
        Part(corners(box, 0.16)),
        Part(corners([(x * 0.62, y * 0.62) for x, y in box], 0.10), "light", None),
    ]


def triangle() -> list[Part]:
    """A triangle on its base with a lighter one inside."""
    outer = [(0.0, -1.0), (1.02, 0.86), (-1.02, 0.86)]
    return [
        Part(corners(outer, 0.16)),
        Part(corners([(x * 0.46, y * 0.46 + 0.16) for x, y in outer], 0.08), "light", None),
    ]
