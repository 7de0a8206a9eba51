"""Reads a clip back into words: an independent judge of what a video model made.

Its network (``assets/models/clipreader``) looks at five frames at equal distances. It was trained on renders only and
shares no weight with any model that makes clips. ``valid`` says whether it is a clip of the world at all: noise, still
or scrambled pictures and frames out of order are none, and a clip that is none agrees with nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image

from aigc_kit import paths
from aigc_kit.errors import BadInput, CannotLoad
from aigc_kit.tinyworld.clip_network import FRAMES, SIDE, build
from aigc_kit.tinyworld.motion import CLIP_ATTRIBUTES, ClipSpec

BATCH = 32
VALID_FROM = 0.8
"""A clip counts as one of the world from this probability on: chosen on training clips, 99.5 % of which pass."""


@dataclass(frozen=True)
class ClipReading:
    """What the checker sees in one clip.

    Attributes:
        labels: attribute -> the likeliest value.
        confidence: attribute -> its probability, 0-1.
        valid: whether this is a clip of the world.
        validity: the probability of that, 0-1.
    """

    labels: dict[str, str]
    confidence: dict[str, float]
    valid: bool
    validity: float


def read_clips(clips: Sequence[np.ndarray]) -> list[ClipReading]:
    """Reads clips.

    Args:
        clips: each uint8 (T, H, W, 3), at least 5 frames, sides from 32 pixels on.

    Raises:
        BadInput: another shape or dtype.
        CannotLoad: the weights are not there.
    """
    import torch

    seen = [sampled(clip) for clip in clips]
    if not seen:
        return []
    network = _network()
    readings: list[ClipReading] = []
    for start in range(0, len(seen), BATCH):
        pixels = torch.from_numpy(np.stack(seen[start : start + BATCH]))
        with torch.no_grad():
            answers = network(pixels.permute(0, 1, 4, 2, 3).float() / 127.5 - 1)
        readings += [_reading(row) for row in answers.double().numpy()]
    return readings


def clip_agrees(clip: np.ndarray, spec: ClipSpec) -> dict[str, bool]:
    """For each attribute that the spec sets: whether the clip shows it. All False when the clip is not valid."""
    return clip_matches(read_clips([clip])[0], spec)


def clip_matches(reading: ClipReading, spec: ClipSpec) -> dict[str, bool]:
    """As ``clip_agrees``, for a clip that was already read."""
    return {name: reading.valid and reading.labels[name] == value for name, value in spec.known().items()}


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


def _reading(row: np.ndarray) -> ClipReading:
    labels, confidence, at = {}, {}, 0
    for name, values in CLIP_ATTRIBUTES.items():
        scores = row[at : at + len(values)]
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        best = int(shares.argmax())
        labels[name], confidence[name] = values[best], float(shares[best])
        at += len(values)
    validity = float(1 / (1 + np.exp(-row[at])))
    return ClipReading(labels, confidence, validity >= VALID_FROM, validity)


@cache
def _network():
    from safetensors.torch import load_file

    path = paths.assets() / "models" / "clipreader" / "model.safetensors"
    if not path.is_file():
        raise CannotLoad(asked="the reader of clips", found=f"no file {path}", todo="restore assets/models/clipreader")
    network = build().eval()
    network.load_state_dict({name: value.float() for name, value in load_file(path).items()})
    return network
