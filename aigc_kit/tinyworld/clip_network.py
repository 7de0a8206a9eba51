"""The clip reader's network: each of five frames through the same convolutions, then all together.

It shares no weight with any model that makes clips, nor with the reader of pictures.
"""

from aigc_kit.tinyworld.motion import CLIP_ATTRIBUTES

SIDE = 64
FRAMES = 5
EACH = (48, 40, 56, 56)
EACH_STRIDES = (1, 2, 1)
ALL = (FRAMES * EACH[-1], 112, 112)
ALL_STRIDES = (1, 2)
CELLS = 4
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
            self.each = nn.Sequential(nn.PixelUnshuffle(4), *_layers(nn, EACH, EACH_STRIDES, normed))
            self.all = nn.Sequential(
                *_layers(nn, ALL, ALL_STRIDES, normed),
                nn.Flatten(),
                nn.Dropout(0.1),
                nn.Linear(ALL[-1] * CELLS * CELLS, ANSWERS),
            )

        def forward(self, frames):
            seen = self.each(frames.flatten(0, 1))
            return self.all(seen.unflatten(0, (-1, FRAMES)).flatten(1, 2))

    return ClipReader()


def _layers(nn, widths: tuple[int, ...], strides: tuple[int, ...], normed: bool) -> list:
    layers = []
    for wide_in, wide_out, stride in zip(widths[:-1], widths[1:], strides, strict=True):
        layers.append(nn.Conv2d(wide_in, wide_out, 3, stride, 1, bias=not normed))
        layers += [nn.BatchNorm2d(wide_out), nn.ReLU()] if normed else [nn.ReLU()]
    return layers


def folded(trained):
    """A network without batch normalisation that computes what ``trained`` computes in evaluation."""
    import torch
    from torch import nn

    plain = build().eval()
    new = [layer for layer in plain.modules() if isinstance(layer, nn.Conv2d)]
    old = [layer for layer in trained.modules() if isinstance(layer, nn.Conv2d)]
    norms = [layer for layer in trained.modules() if isinstance(layer, nn.BatchNorm2d)]
    with torch.no_grad():
        for target, conv, norm in zip(new, old, norms, strict=True):
            held = norm.state_dict()
            scale = held["weight"] / torch.sqrt(held["running_var"] + norm.eps)
            bias = held["bias"] - held["running_mean"] * scale
            target.load_state_dict({"weight": conv.weight * scale[:, None, None, None], "bias": bias})
        plain.all[-1].load_state_dict(trained.all[-1].state_dict())
    return plain
