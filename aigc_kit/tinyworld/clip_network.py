"""The clip reader's network: each of five frames through the same convolutions, then all together.

It shares no weight with any model that makes clips, nor with the reader of pictures.
"""

from aigc_kit.tinyworld.motion import CLIP_ATTRIBUTES
from aigc_kit.tinyworld.network import CELLS, convolutions

SIDE = 64
FRAMES = 5
EACH = (48, 40, 56, 56)
EACH_STRIDES = (1, 2, 1)
ALL = (FRAMES * EACH[-1], 112, 112)
ALL_STRIDES = (1, 2)
ANSWERS = sum(len(values) for values in CLIP_ATTRIBUTES.values()) + 1
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
