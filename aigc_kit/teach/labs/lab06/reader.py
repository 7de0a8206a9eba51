"""Read styles and subjects, new ones too."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from aigc_kit.core import paths
from aigc_kit.teach.labs.lab06 import looks
from aigc_kit.worlds.tinyworld.checker import shrink
from aigc_kit.worlds.tinyworld.spec import STYLES, SUBJECTS

STYLE_NAMES = (*STYLES, *looks.LOOKS)
SUBJECT_NAMES = (*SUBJECTS, "rocket")
WIDTHS = (48, 48, 64, 64, 96)
STRIDES = (1, 2, 1, 2)


class Seen(NamedTuple):
    """Hold what a picture shows.

    style, subject: of `STYLE_NAMES` and `SUBJECT_NAMES`.
    """

    style: str
    subject: str


def build() -> Any:
    """Build the reader.

    float32 (B, 3, 64, 64) in [-1, 1] to float32 (B, 21).
    """
    from torch import nn

    layers: list[Any] = [nn.PixelUnshuffle(4)]
    for wide_in, wide_out, stride in zip(WIDTHS[:-1], WIDTHS[1:], STRIDES, strict=True):
        layers += [nn.Conv2d(wide_in, wide_out, 3, stride, 1, bias=False), nn.BatchNorm2d(wide_out), nn.ReLU()]
    outputs = len(STYLE_NAMES) + len(SUBJECT_NAMES)
    return nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.1), nn.Linear(WIDTHS[-1] * 16, outputs))


def folder() -> Path:
    """Find where the LoRAs and their reader lie."""
    return paths.assets() / "models" / "tinyloras"


@cache
def _network() -> Any:
    from aigc_kit.make.train import read_weights

    network = build()
    network.load_state_dict(read_weights(folder() / "reader.safetensors"))
    return network.eval()


def read(pictures: Sequence[np.ndarray] | np.ndarray) -> list[Seen]:
    """Read pictures, uint8 (N, H, W, 3)."""
    return seen(_network(), np.stack([shrink(picture) for picture in pictures]))


def seen(network: Any, small: np.ndarray) -> list[Seen]:
    """Read small pictures, uint8 (N, 64, 64, 3)."""
    import torch

    with torch.no_grad():
        answers = network(torch.from_numpy(small).permute(0, 3, 1, 2).float() / 127.5 - 1)
    styles, subjects = answers.split([len(STYLE_NAMES), len(SUBJECT_NAMES)], 1)
    pairs = zip(styles.argmax(1).tolist(), subjects.argmax(1).tolist(), strict=True)
    return [Seen(STYLE_NAMES[style], SUBJECT_NAMES[subject]) for style, subject in pairs]
