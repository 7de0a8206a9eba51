"""Reads a picture back into words: an independent judge of what an image model drew.

Its network (``assets/models/tinyreader``) was trained on renders only; it shares no weight with any model that draws.
``valid`` says whether the picture is one of the world at all: noise, blanks and scrambled pictures are none, and a
picture that is none agrees with nothing.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from PIL import Image

from aigc_kit.core.errors import BadInput
from aigc_kit.worlds.tinyworld.reading import SIDE, Reading, answers, build, matches, reading_of, with_weights
from aigc_kit.worlds.tinyworld.spec import ATTRIBUTES, Spec

BATCH = 64
VALID_FROM = 0.75
"""A picture counts as one of the world from this probability on: chosen on training pictures, 99.9 % of which pass."""


def read(images: np.ndarray | Sequence[np.ndarray]) -> list[Reading]:
    """Reads pictures.

    Args:
        images: uint8 (B, H, W, 3), or a list of uint8 (H, W, 3) of any sizes from 32 pixels on.

    Raises:
        BadInput: another shape or dtype.
        CannotLoad: the weights are not there.
    """
    seen = [shrink(image) for image in images]
    if not seen:
        return []
    return [reading_of(row, ATTRIBUTES, VALID_FROM) for row in answers(_network(), seen, BATCH)]


def agrees(image: np.ndarray, spec: Spec) -> dict[str, bool]:
    """For each attribute that the spec sets: whether the picture shows it. All False when the picture is not valid.

    Args:
        image: uint8 (H, W, 3).
        spec: what was asked for.

    Raises:
        BadInput: another shape or dtype.
    """
    return matches(read([image])[0], spec)


def shrink(image: np.ndarray) -> np.ndarray:
    """The picture as the network sees it: uint8 (64, 64, 3), averaged, its sides squeezed to a square.

    Raises:
        BadInput: not uint8 (H, W, 3), or smaller than 32 pixels.
    """
    image = np.asarray(image)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or min(image.shape[:2]) < 32:
        raise BadInput(
            asked="a picture to read",
            found=f"{image.dtype} {image.shape}",
            todo="give uint8 (H, W, 3), at least 32 pixels wide and high",
        )
    return np.asarray(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BILINEAR))


def labels_of(spec: Spec) -> list[int]:
    """The place of each value of a full spec in its attribute's list."""
    return [values.index(getattr(spec, name)) for name, values in ATTRIBUTES.items()]


@cache
def _network():
    return with_weights(build(), "tinyreader")
