"""The living subjects: puppy, cat, wizard, fish. Each is a list of parts, back to front."""

import numpy as np

from aigc_kit.tinyworld.shapes import Part, arc, ball, blob, corners, mirrored, star, stroke


def puppy() -> list[Part]:
    """A sitting puppy: hanging ears, light muzzle, big nose, tongue, one dark eye patch."""
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
        Part(arc(-0.13, 0.06, 0.14, 0.12, 0, 180), None, "ink", 0.06, closed=False),
        Part(arc(0.13, 0.06, 0.14, 0.12, 0, 180), None, "ink", 0.06, closed=False),
        ball(0, -0.06, 0.16, 0.11, "ink", None),
        *_eye(-0.30, -0.28, 0.10, 0.13),
        *_eye(0.30, -0.28, 0.10, 0.13),
    ]


def cat() -> list[Part]:
    """A sitting cat: pointed ears, slit eyes, whiskers, striped brow, a tail that curls upward."""
    ear = Part(corners([(-0.74, -0.22), (-0.70, -1.02), (-0.08, -0.66)], 0.10))
    inner = Part(corners([(-0.62, -0.48), (-0.61, -0.84), (-0.32, -0.66)], 0.06), "tongue", None)
    eye = [
        ball(-0.29, -0.18, 0.17, 0.19, "eye"),
        ball(-0.28, -0.17, 0.065, 0.16, "ink", None),
    ]
    whiskers = [
        stroke((-0.40, 0.06), (-0.98, -0.02), width=0.045),
        stroke((-0.40, 0.15), (-0.96, 0.24), width=0.045),
    ]
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
        Part(arc(-0.10, 0.10, 0.10, 0.10, 0, 180), None, "ink", 0.05, closed=False),
        Part(arc(0.10, 0.10, 0.10, 0.10, 0, 180), None, "ink", 0.05, closed=False),
        *whiskers, *(mirrored(part) for part in whiskers),
    ]  # fmt: skip


def wizard() -> list[Part]:
    """An old wizard: pointed hat with a star, white beard to the belt, wide robe, staff with a shining orb."""
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
    """A fish seen from the side, facing left: fan tail, fins, scales, a big round eye."""
    scales = [
        Part(arc(x, y, 0.11, 0.13, -80, 80), None, "dark", 0.05, closed=False)
        for x, y in ((0.06, -0.16), (0.06, 0.12), (0.30, -0.02))
    ]
    return [
        blob((0.52, 0.0), (0.72, -0.36), (0.98, -0.54), (1.0, -0.30), (0.88, 0.0), (1.0, 0.30), (0.98, 0.54),
             (0.72, 0.36), fill="dark"),
        blob((-0.34, -0.42), (-0.10, -0.80), (0.30, -0.78), (0.40, -0.40), (0.10, -0.34), fill="dark"),
        blob((-0.16, 0.46), (0.06, 0.78), (0.28, 0.74), (0.26, 0.40), fill="dark"),
        blob((-0.98, 0.02), (-0.70, -0.38), (-0.20, -0.56), (0.30, -0.42), (0.64, -0.06), (0.64, 0.06),
             (0.30, 0.42), (-0.20, 0.56), (-0.70, 0.40)),
        blob((-0.80, 0.22), (-0.40, 0.30), (0.10, 0.30), (0.40, 0.24), (0.20, 0.42), (-0.20, 0.48), (-0.62, 0.38),
             fill="light", line=None),
        *scales,
        Part(arc(-0.50, 0.0, 0.20, 0.36, -62, 62), None, "dark", 0.06, closed=False),
        ball(-0.60, -0.12, 0.15, 0.15, "beard"),
        ball(-0.62, -0.12, 0.075, 0.085, "ink", None),
        Part(arc(-0.88, 0.08, 0.12, 0.09, 20, 110), None, "ink", 0.06, closed=False),
    ]  # fmt: skip


def _eye(x: float, y: float, rx: float, ry: float) -> list[Part]:
    return [ball(x, y, rx, ry, "ink", None), ball(x - rx * 0.25, y - ry * 0.35, rx * 0.4, ry * 0.4, "beard", None)]
