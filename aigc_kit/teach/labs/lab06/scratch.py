"""Give a corner of the world, and a network."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_kit.worlds import tinyworld
from aigc_kit.worlds.tinyworld.spec import Spec

if TYPE_CHECKING:
    from torch import Tensor

SIDE = 16
CORNER = (("heart", "red"), ("star", "yellow"), ("ball", "blue"), ("square", "green"))
"""Subject and colour of each class, the first has the number 0."""


def corner(count: int = 240) -> tuple[np.ndarray, np.ndarray]:
    """Draw the corner that the mini model shall learn.

    Returns:
        pictures, uint8 (N, 16, 16, 3); classes, int64 (N,), places in `CORNER`.
    """
    classes = np.arange(count) % len(CORNER)
    pictures = []
    for seed, (subject, colour) in enumerate(CORNER[number] for number in classes):
        spec = Spec(subject=subject, colour=colour, scene="plain", style="flat", light="day", size="large")
        fine = tinyworld.render(spec, 64, 64, seed)
        pictures.append(fine.reshape(SIDE, 4, SIDE, 4, 3).mean((1, 3)))
    return np.rint(np.stack(pictures)).astype(np.uint8), classes


def folded(pictures: np.ndarray) -> "Tensor":
    """Stack squares of 2 x 2 pixels.

    float32 (N, 12, 8, 8) in [-1, 1].

    A quarter of the places and four times the channels, as an autoencoder's latents have.
    """
    import torch
    import torch.nn.functional as F

    return F.pixel_unshuffle(torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1, 2)


def unfolded(inputs: "Tensor") -> np.ndarray:
    """Lay the squares out again: uint8 (N, 16, 16, 3)."""
    import torch.nn.functional as F

    pages = (F.pixel_shuffle(inputs, 2).clamp(-1, 1) + 1) * 127.5
    return pages.round().byte().permute(0, 2, 3, 1).numpy()


def mini_unet(widths: Sequence[int] = (32, 64)) -> Any:
    """Build an untrained UNet2DModel of diffusers.

    12 x 8 x 8, four classes.
    """
    from diffusers import UNet2DModel

    return UNet2DModel(
        sample_size=SIDE // 2,
        in_channels=12,
        out_channels=12,
        layers_per_block=1,
        block_out_channels=tuple(widths),
        down_block_types=("DownBlock2D",) * len(widths),
        up_block_types=("UpBlock2D",) * len(widths),
        norm_num_groups=8,
        num_class_embeds=len(CORNER),
        add_attention=False,
    )
