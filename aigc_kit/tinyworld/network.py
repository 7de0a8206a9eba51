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

    return nn.Sequential(
        nn.PixelUnshuffle(4),
        *convolutions(WIDTHS, STRIDES, normed=normed),
        nn.AdaptiveAvgPool2d(CELLS),
        nn.Flatten(),
        nn.Dropout(0.1),
        nn.Linear(WIDTHS[-1] * CELLS * CELLS, ANSWERS),
    )


def convolutions(widths: tuple[int, ...], strides: tuple[int, ...], *, normed: bool) -> list:
    """One 3 x 3 convolution from each width to the next, each followed by a ReLU."""
    from torch import nn

    layers: list[nn.Module] = []
    for wide_in, wide_out, stride in zip(widths[:-1], widths[1:], strides, strict=True):
        layers.append(nn.Conv2d(wide_in, wide_out, 3, stride, 1, bias=not normed))
        layers += [nn.BatchNorm2d(wide_out), nn.ReLU()] if normed else [nn.ReLU()]
    return layers


def folded(trained, plain):
    """``plain``, without batch normalisation, filled so that it computes what ``trained`` computes in evaluation."""
    import torch
    from torch import nn

    def layers(network, kind):
        return [layer for layer in network.modules() if isinstance(layer, kind)]

    norms = layers(trained, nn.BatchNorm2d)
    with torch.no_grad():
        for new, conv, norm in zip(layers(plain, nn.Conv2d), layers(trained, nn.Conv2d), norms, strict=True):
            held = norm.state_dict()
            scale = held["weight"] / torch.sqrt(held["running_var"] + norm.eps)
            bias = held["bias"] - held["running_mean"] * scale
            new.load_state_dict({"weight": conv.weight * scale[:, None, None, None], "bias": bias})
        for new, old in zip(layers(plain, nn.Linear), layers(trained, nn.Linear), strict=True):
            new.load_state_dict(old.state_dict())
    return plain.eval()
