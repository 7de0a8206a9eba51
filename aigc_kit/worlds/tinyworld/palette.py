"""Mix colours: an ``RGB`` is three floats 0-255."""

import numpy as np

RGB = tuple[float, float, float]

COLOUR_RGB: dict[str, RGB] = {
    "red": (226, 48, 46),
    "orange": (247, 137, 26),
    "yellow": (253, 214, 44),
    "green": (50, 172, 78),
    "blue": (42, 108, 228),
    "purple": (140, 70, 202),
    "pink": (251, 138, 188),
    "white": (246, 247, 250),
}
INK: RGB = (48, 34, 52)
FIXED: dict[str, RGB] = {
    "ink": INK,
    "beard": (252, 252, 252),
    "muzzle": (255, 244, 226),
    "grey": (196, 198, 210),
    "skin": (250, 211, 176),
    "gold": (255, 205, 60),
    "wood": (150, 98, 56),
    "stem": (62, 150, 70),
    "dough": (222, 170, 104),
    "coffee": (96, 56, 34),
    "steam": (226, 226, 232),
    "tongue": (240, 110, 124),
    "eye": (246, 240, 160),
}


def mix(a: RGB, b: RGB, share: float) -> RGB:
    """Mix into ``a`` a ``share`` (0-1) of ``b``."""
    return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share)


def whole(colour: RGB) -> tuple[int, int, int]:
    """Round a colour to three ints, for PIL."""
    red, green, blue = (max(0, min(255, round(value))) for value in colour)
    return red, green, blue


def roles(colour: RGB) -> dict[str, tuple[int, int, int]]:
    """Turn a subject's own colour into role -> colour."""
    pale = min(colour) > 200
    own = {
        "base": colour,
        "dark": mix(colour, (110, 120, 165), 0.32) if pale else mix(colour, (50, 8, 66), 0.34),
        "light": (226, 232, 246) if pale else mix(colour, (255, 255, 255), 0.52),
    }
    return {name: whole(value) for name, value in (FIXED | own).items()}


def vector(colour: RGB) -> np.ndarray:
    """Turn a colour into float32 (3,)."""
    return np.asarray(colour, dtype=np.float32)
