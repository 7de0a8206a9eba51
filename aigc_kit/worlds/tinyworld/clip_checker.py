"""Reads a clip back into words: an independent judge of what a video model made.

Its network (``assets/models/clipreader``) looks at five frames at equal distances. It was trained on renders only and
shares no weight with any model that makes clips. ``valid`` says whether it is a clip of the world at all: noise, still
or scrambled pictures and frames out of order are none, and a clip that is none agrees with nothing.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from PIL import Image

from aigc_kit.core.errors import BadInput
from aigc_kit.worlds.tinyworld.motion import CLIP_ATTRIBUTES, ClipSpec
from aigc_kit.worlds.tinyworld.reading import CELLS, Reading, answers, convolutions, matches, reading_of, with_weights

SIDE = 64
FRAMES = 5
EACH = (48, 40, 56, 56)
EACH_STRIDES = (1, 2, 1)
ALL = (FRAMES * EACH[-1], 112, 112)
ALL_STRIDES = (1, 2)
ANSWERS = sum(len(values) for values in CLIP_ATTRIBUTES.values()) + 1
BATCH = 32
VALID_FROM = 0.8


"""One number for each value of each attribute, and one for "is a clip of the world"."""


def build(*, normed: bool = False):
    """The network: float32 (B, 5, 3, 64, 64) in [-1, 1] -> float32 (B, ANSWERS).

    Args:
        normed: with batch normalisation, as it is trained; without, as it is shipped (folded into the convolutions).
    """
    from torch import nn

    class ClipReader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.each = nn.Sequential(nn.PixelUnshuffle(4), *convolutions(EACH, EACH_STRIDES, normed=normed))
            self.all = nn.Sequential(
                *convolutions(ALL, ALL_STRIDES, normed=normed),
                nn.Flatten(),
                nn.Dropout(0.1),
                nn.Linear(ALL[-1] * CELLS * CELLS, ANSWERS),
            )

        def forward(self, frames):
            seen = self.each(frames.flatten(0, 1))
            return self.all(seen.unflatten(0, (-1, FRAMES)).flatten(1, 2))

    return ClipReader()


"""A clip counts as one of the world from this probability on: chosen on training clips, 99.5 % of which pass."""


def read_clips(clips: Sequence[np.ndarray]) -> list[Reading]:
    """Reads clips.

    Args:
        clips: each uint8 (T, H, W, 3), at least 5 frames, sides from 32 pixels on.

    Raises:
        BadInput: another shape or dtype.
        CannotLoad: the weights are not there.
    """
    seen = [sampled(clip) for clip in clips]
    if not seen:
        return []
    return [reading_of(row, CLIP_ATTRIBUTES, VALID_FROM) for row in answers(_network(), seen, BATCH)]


def clip_agrees(clip: np.ndarray, spec: ClipSpec) -> dict[str, bool]:
    """For each attribute that the spec sets: whether the clip shows it. All False when the clip is not valid."""
    return matches(read_clips([clip])[0], spec)


def sampled(clip: np.ndarray) -> np.ndarray:
    """The clip as the network sees it: uint8 (5, 64, 64, 3), frames at equal distances, squeezed to squares.

    Raises:
        BadInput: not uint8 (T, H, W, 3), fewer than 5 frames, or smaller than 32 pixels.
    """
    clip = np.asarray(clip)
    if (
        clip.dtype != np.uint8
        or clip.ndim != 4
        or clip.shape[3] != 3
        or len(clip) < FRAMES
        or min(clip.shape[1:3]) < 32
    ):
        raise BadInput(
            asked="a clip to read",
            found=f"{clip.dtype} {clip.shape}",
            todo=f"give uint8 (T, H, W, 3), at least {FRAMES} frames, 32 pixels wide and high",
        )
    chosen = np.linspace(0, len(clip) - 1, FRAMES).round().astype(int)
    return np.stack(
        [np.asarray(Image.fromarray(clip[k]).resize((SIDE, SIDE), Image.Resampling.BILINEAR)) for k in chosen]
    )


@cache
def _network():
    return with_weights(build(), "clipreader")
