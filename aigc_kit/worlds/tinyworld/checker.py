"""Read a picture or a clip back into words.

The networks (``assets/models/tinyreader`` and, of five frames at equal distances, ``clipreader``) were trained on
renders only; they share no weight with any model that draws. ``valid`` says whether it is one of the world at all:
noise, blanks, scrambled pictures, stills and frames out of order are none, and what is none agrees with nothing.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from PIL import Image

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.worlds.tinyworld.motion import CLIP_ATTRIBUTES, ClipSpec
from aigc_kit.worlds.tinyworld.reading import (
    FRAMES,
    SIDE,
    Reading,
    answers,
    build,
    build_clips,
    matches,
    reading_of,
    with_weights,
)
from aigc_kit.worlds.tinyworld.spec import ATTRIBUTES, Spec

BATCH, CLIPS_BATCH = 64, 32
VALID_FROM = 0.75
"""A picture counts as one of the world from this probability on: chosen on training pictures, 99.9 % of which pass."""

CLIPS_VALID_FROM = 0.8
"""The same for clips: 99.5 % of the training clips pass."""


def read(images: np.ndarray | Sequence[np.ndarray]) -> list[Reading]:
    """Read pictures.

    Args:
        images: uint8 (B, H, W, 3), or a list of uint8 (H, W, 3) of any sizes from 32 pixels on.

    Raises:
        BadInput: another shape or dtype. CannotLoad: the weights are not there.
    """
    return _readings([shrink(image) for image in images], clips=False)


def agrees(image: np.ndarray, spec: Spec) -> dict[str, bool]:
    """Judge a picture, uint8 (H, W, 3), as `matches` does."""
    return matches(read([image])[0], spec)


def shrink(image: np.ndarray) -> np.ndarray:
    """Average a picture to uint8 (64, 64, 3).

    Its sides become a square. BadInput for what is not uint8 (H, W, 3), sides from 32 pixels on.
    """
    image = np.asarray(image)
    if not _readable(image, 3):
        raise BadInput(
            asked=Words("a picture to read", "要读的图片"),
            found=f"{image.dtype} {image.shape}",
            todo=Words(
                "give uint8 (H, W, 3), at least 32 pixels wide and high", "给 uint8，形状 (H, W, 3)，宽和高至少 32 像素"
            ),
        )
    return _squeezed(image)


def labels_of(spec: Spec) -> list[int]:
    """Give each value's place in its attribute's list."""
    return [values.index(getattr(spec, name)) for name, values in ATTRIBUTES.items()]


def read_clips(clips: Sequence[np.ndarray]) -> list[Reading]:
    """Read clips uint8 (T, H, W, 3) as `read` does.

    They have at least 5 frames and sides from 32 pixels on.
    """
    return _readings([sampled(clip) for clip in clips], clips=True)


def clip_agrees(clip: np.ndarray, spec: ClipSpec) -> dict[str, bool]:
    """Judge a clip uint8 (T, H, W, 3) by `matches`."""
    return matches(read_clips([clip])[0], spec)


def sampled(clip: np.ndarray) -> np.ndarray:
    """Take five frames: uint8 (5, 64, 64, 3).

    At equal distances, averaged as by `shrink`. BadInput also for fewer than 5 frames.
    """
    clip = np.asarray(clip)
    if not _readable(clip, 4) or len(clip) < FRAMES:
        raise BadInput(
            asked=Words("a clip to read", "要读的短片"),
            found=f"{clip.dtype} {clip.shape}",
            todo=Words(
                f"give uint8 (T, H, W, 3), at least {FRAMES} frames, 32 pixels wide and high",
                f"给 uint8，形状 (T, H, W, 3)，至少 {FRAMES} 帧，宽和高至少 32 像素",
            ),
        )
    places = np.linspace(0, len(clip) - 1, FRAMES).round().astype(int)
    return np.stack([_squeezed(clip[k]) for k in places])


def activations(images: np.ndarray | Sequence[np.ndarray]) -> list[np.ndarray]:
    """Give what the reader's layers see, for distances between pictures.

    Args:
        images: as in `read`, one or more.

    Returns:
        float32 (B, channels, height, width) after each convolution, the coarsest last.
    """
    import torch

    inputs = torch.from_numpy(np.stack([shrink(image) for image in images])).movedim(-1, 1).float() / 127.5 - 1
    layers: list[np.ndarray] = []
    with torch.no_grad():
        for layer in _network(clips=False):
            inputs = layer(inputs)
            if isinstance(layer, torch.nn.ReLU):
                layers.append(inputs.numpy())
    return layers


def _readable(pixels: np.ndarray, dimensions: int) -> bool:
    shape = pixels.shape
    return pixels.dtype == np.uint8 and len(shape) == dimensions and shape[-1] == 3 and min(shape[-3:-1]) >= 32


def _squeezed(image: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BILINEAR))


def _readings(inputs: list[np.ndarray], *, clips: bool) -> list[Reading]:
    attributes, valid_from = (CLIP_ATTRIBUTES, CLIPS_VALID_FROM) if clips else (ATTRIBUTES, VALID_FROM)
    rows = answers(_network(clips), inputs, CLIPS_BATCH if clips else BATCH) if inputs else ()
    return [reading_of(row, attributes, valid_from) for row in rows]


@cache
def _network(clips: bool):
    return with_weights(build_clips(), "clipreader") if clips else with_weights(build(), "tinyreader")
