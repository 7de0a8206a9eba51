"""The reader's network: four convolutions on 4 x 4 patches, then one linear layer for all answers."""

from aigc_kit.tinyworld.spec import ATTRIBUTES

SIDE = 64
WIDTHS = (48, 64, 64, 96, 128)
STRIDES = (1, 1, 2, 1)
CELLS = 4
ANSWERS = sum(len(values) for values in ATTRIBUTES.values()) + 1
"""One number for each value of each attribute, and one for "is a picture of the world"."""


def build(*, normed: bool = False):
    """The network as a ``torch.nn.Sequential``: float32 (B, 3, 64, 64) in [-1, 1] -> float32 (B, ANSWERS).

    Args:
        normed: with batch normalisation, as it is trained; without, as it is shipped (folded into the convolutions).
    """
    from torch import nn

    layers: list[nn.Module] = [nn.PixelUnshuffle(4)]
    for wide_in, wide_out, stride in zip(WIDTHS, WIDTHS[1:], STRIDES, strict=False):
        layers.append(nn.Conv2d(wide_in, wide_out, 3, stride, 1, bias=not normed))
        layers += [nn.BatchNorm2d(wide_out), nn.ReLU()] if normed else [nn.ReLU()]
    layers += [nn.AdaptiveAvgPool2d(CELLS), nn.Flatten(), nn.Dropout(0.1)]
    layers.append(nn.Linear(WIDTHS[-1] * CELLS * CELLS, ANSWERS))
    return nn.Sequential(*layers)


def folded(trained):
    """A network without batch normalisation that computes what ``trained`` computes in evaluation."""
    import torch
    from torch import nn

    plain = build().eval()
    convolutions = [layer for layer in plain if isinstance(layer, nn.Conv2d)]
    old = [layer for layer in trained if isinstance(layer, nn.Conv2d)]
    norms = [layer for layer in trained if isinstance(layer, nn.BatchNorm2d)]
    with torch.no_grad():
        for new, conv, norm in zip(convolutions, old, norms, strict=True):
            held = norm.state_dict()
            scale = held["weight"] / torch.sqrt(held["running_var"] + norm.eps)
            bias = held["bias"] - held["running_mean"] * scale
            new.load_state_dict({"weight": conv.weight * scale[:, None, None, None], "bias": bias})
        plain[-1].load_state_dict(trained[-1].state_dict())
    return plain
