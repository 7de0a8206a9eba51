"""Colours of a picture as a few numbers, and how far two pictures are apart in them."""

from io import BytesIO

import numpy as np
from PIL import Image

from aigc_kit.errors import BadInput

HUES, LIGHTS = 12, 3
GREY = 0.12  # chroma below which a pixel has no colour to speak of


def pixels_of(data: bytes, side: int = 96) -> np.ndarray:
    """A picture made small: uint8 (H, W, 3), its longer side at most `side`."""
    with Image.open(BytesIO(data)) as image:
        small = image.convert("RGB")
        small.thumbnail((side, side))
        return np.asarray(small)


def histogram(pixels: np.ndarray) -> np.ndarray:
    """Shares of hue and lightness.

    Args:
        pixels: uint8 (H, W, 3).

    Returns:
        float64 (39,), sum 1: 12 hues and grey, each dark, middle and light; pixels count by their chroma, so
        that a colourful thing before a grey wall is seen.

    Raises:
        BadInput: not such pixels.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
        raise BadInput(asked="a palette", found=f"{pixels.dtype} {pixels.shape}", todo="pass uint8 (H, W, 3)")
    colour = pixels.reshape(-1, 3) / 255.0
    high, low = colour.max(axis=1), colour.min(axis=1)
    chroma = high - low
    red, green, blue = colour.T
    safe = np.maximum(chroma, 1e-9)
    hue = np.where(
        high == red, (green - blue) / safe, np.where(high == green, 2 + (blue - red) / safe, 4 + (red - green) / safe)
    )
    sector = np.floor((hue % 6) * 2).astype(int) % HUES
    light = np.minimum((high * LIGHTS).astype(int), LIGHTS - 1)
    place = np.where(chroma < GREY, HUES, sector) * LIGHTS + light
    counts = np.bincount(place, weights=0.1 + chroma, minlength=(HUES + 1) * LIGHTS)
    return counts / counts.sum()


def distance(one: np.ndarray, two: np.ndarray) -> float:
    """How different the colours of two pictures are: 0 the same shares, 1 nothing in common.

    Args:
        one, two: uint8 (H, W, 3), of any size.

    Source: histogram intersection, Swain and Ballard 1991.
    """
    return float(1 - np.minimum(histogram(one), histogram(two)).sum())


def agreement(one: np.ndarray, two: np.ndarray) -> float:
    """1 - `distance`."""
    return 1 - distance(one, two)


def spread(pictures: list[np.ndarray]) -> float:
    """Mean distance of all pairs: small for a series in one style.

    Raises:
        BadInput: fewer than two.
    """
    if len(pictures) < 2:
        raise BadInput(asked="the spread of a series", found=f"{len(pictures)} pictures", todo="give at least two")
    pairs = [(a, b) for i, a in enumerate(pictures) for b in pictures[i + 1 :]]
    return float(np.mean([distance(a, b) for a, b in pairs]))
