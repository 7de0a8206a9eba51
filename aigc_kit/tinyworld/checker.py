"""Reads a picture back into words: an independent judge of what an image model drew.

Its network (``assets/models/tinyreader``) was trained on renders only; it shares no weight with any model that draws.
``valid`` says whether the picture is one of the world at all: noise, blanks and scrambled pictures are none, and a
picture that is none agrees with nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image

from aigc_kit import paths
from aigc_kit.errors import BadInput
from aigc_kit.tinyworld.network import SIDE, build
from aigc_kit.tinyworld.spec import ATTRIBUTES, Spec

BATCH = 64
VALID_FROM = 0.75
"""A picture counts as one of the world from this probability on: chosen on training pictures, 99.9 % of which pass."""


@dataclass(frozen=True)
class Reading:
    """What the checker sees in one picture.

    Attributes:
        labels: attribute -> the likeliest value.
        confidence: attribute -> its probability, 0-1.
        valid: whether this is a picture of the world.
        validity: the probability of that, 0-1.
    """

    labels: dict[str, str]
    confidence: dict[str, float]
    valid: bool
    validity: float


def read(images: np.ndarray | Sequence[np.ndarray]) -> list[Reading]:
    """Reads pictures.

    Args:
        images: uint8 (B, H, W, 3), or a list of uint8 (H, W, 3) of any sizes from 32 pixels on.

    Raises:
        BadInput: another shape or dtype.
        CannotLoad: the weights are not there.
    """
    import torch

    batch = [shrink(image) for image in images]
    if not batch:
        return []
    network = _network()
    readings: list[Reading] = []
    for start in range(0, len(batch), BATCH):
        pixels = torch.from_numpy(np.stack(batch[start : start + BATCH]))
        with torch.no_grad():
            answers = network(pixels.permute(0, 3, 1, 2).float() / 127.5 - 1)
        readings += [_reading(row) for row in answers.double().numpy()]
    return readings


def agrees(image: np.ndarray, spec: Spec) -> dict[str, bool]:
    """For each attribute that the spec sets: whether the picture shows it. All False when the picture is not valid.

    Args:
        image: uint8 (H, W, 3).
        spec: what was asked for.

    Raises:
        BadInput: another shape or dtype.
    """
    return matches(read([image])[0], spec)


def matches(reading: Reading, spec: Spec) -> dict[str, bool]:
    """As ``agrees``, for a picture that was already read."""
    return {name: reading.valid and reading.labels[name] == value for name, value in spec.known().items()}


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


def _reading(row: np.ndarray) -> Reading:
    labels, confidence, at = {}, {}, 0
    for name, values in ATTRIBUTES.items():
        scores = row[at : at + len(values)]
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        best = int(shares.argmax())
        labels[name], confidence[name] = values[best], float(shares[best])
        at += len(values)
    validity = float(1 / (1 + np.exp(-row[at])))
    return Reading(labels, confidence, validity >= VALID_FROM, validity)


@cache
def _network():
    from safetensors.torch import load_file

    from aigc_kit.errors import CannotLoad

    path = paths.assets() / "models" / "tinyreader" / "model.safetensors"
    if not path.is_file():
        raise CannotLoad(
            asked="the tiny world's reader", found=f"no file {path}", todo="restore assets/models/tinyreader"
        )
    network = build().eval()
    network.load_state_dict({name: value.float() for name, value in load_file(path).items()})
    return network
