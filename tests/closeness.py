"""Compare pictures as DESIGN's rule on floats asks: equal bits only from the same code on the same shapes."""

import numpy as np

FEW = 0.01  # of all values: those that a last bit pushes over a rounding border


def same_pixels(one: np.ndarray, other: np.ndarray) -> bool:
    """Tell whether two ways of drawing gave the same picture, uint8 of any shape.

    Two paths to one picture (the kit's and the library's) may differ in the last bit of a float, by alignment, blocking
    or threads; rounded to uint8 a few values then differ by one level, and none by more.

    >>> base = np.full((64, 64, 3), 7, np.uint8)
    >>> bit = base.copy(); bit[0, 0, 0] = 8
    >>> same_pixels(base, bit), same_pixels(base, base + np.uint8(1)), same_pixels(base, base[:32])
    (True, False, False)
    """
    if one.shape != other.shape or one.dtype != np.uint8 or other.dtype != np.uint8:
        return False
    apart = np.abs(one.astype(np.int16) - other)
    return int(apart.max(initial=0)) <= 1 and float((apart > 0).mean()) <= FEW
