"""Find a picture's subject, compare it with a mask."""

from functools import cache

import numpy as np

from aigc_kit.worlds.tinyworld.layers import Actor, draw
from aigc_kit.worlds.tinyworld.scenes import paint_scene

FAR = 34.0
"""Distance of colours, 0-255, from which a pixel is none of the background: chosen on renders."""
SPECK = 24
"""Pixels below which a piece is left out."""
SHADOW = 0.6
"""The darkest a shadow makes the background."""


def subject_of(picture: np.ndarray) -> np.ndarray:
    """Find the subject before a plain background by day.

    What is neither the background nor its shadow is the subject, its holes too; specks are none. It works for the
    style "flat" and colours other than white.

    Args:
        picture: uint8 (H, W, 3).

    Returns:
        bool (H, W).
    """
    from scipy import ndimage

    page = picture.astype(np.float32)
    back = _background(*page.shape[:2])
    shade = np.clip((page * back).sum(2) / (back * back).sum(2), SHADOW, 1.0)
    far = np.sqrt(((page - shade[..., None] * back) ** 2).sum(2))
    mask = ndimage.binary_fill_holes(far > FAR)
    pieces, count = ndimage.label(mask)
    sizes = ndimage.sum_labels(mask, pieces, range(1, count + 1))
    return np.isin(pieces, 1 + np.flatnonzero(np.asarray(sizes) >= SPECK))


@cache
def _background(height: int, width: int) -> np.ndarray:
    import random

    return paint_scene("plain", "day", height, width, random.Random(0)).astype(np.float32)


def shapes() -> list[np.ndarray]:
    """Draw four shapes: heart, star, ball, puppy; turned, wide, small.

    Returns:
        bool (128, 128) each; no training picture has them at these places.
    """
    actors = (
        Actor("heart", (226, 48, 46), 0.36, 0.40, 0.30, turn=0.45),
        Actor("star", (42, 108, 228), 0.66, 0.62, 0.27, turn=-0.3),
        Actor("ball", (50, 172, 78), 0.50, 0.62, 0.26, stretch=1.45),
        Actor("puppy", (140, 70, 202), 0.62, 0.42, 0.31),
    )
    return [draw(actor, 128, 128).mask > 0.5 for actor in actors]


FILLING = (
    "一颗红色的爱心，在纯色背景上，白天，扁平插画风格",
    "一颗蓝色的五角星，在纯色背景上，白天，扁平插画风格",
    "一个绿色的圆球，在纯色背景上，白天，扁平插画风格",
    "一只紫色的小狗，在纯色背景上，白天，扁平插画风格",
)
"""A prompt of each of `shapes`, which says neither size nor place."""


def iou(one: np.ndarray, other: np.ndarray) -> float:
    """Divide what two masks share by what they cover together.

    >>> iou(np.array([True, True, False]), np.array([False, True, True]))
    0.3333333333333333
    """
    union = np.logical_or(one, other).sum()
    return float(np.logical_and(one, other).sum() / union) if union else 1.0
