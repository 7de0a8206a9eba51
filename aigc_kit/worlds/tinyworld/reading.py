"""Build the networks that read pictures and clips."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aigc_kit.core import paths
from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import CannotLoad
from aigc_kit.worlds.tinyworld.motion import CLIP_ATTRIBUTES, ClipSpec
from aigc_kit.worlds.tinyworld.spec import ATTRIBUTES, Spec

SIDE = 64
WIDTHS = (48, 64, 64, 96, 128)
STRIDES = (1, 1, 2, 1)
CELLS = 4
ANSWERS = sum(len(values) for values in ATTRIBUTES.values()) + 1
"""One number for each value of each attribute, and one for "is a picture of the world"."""

FRAMES = 5
EACH = (48, 40, 56, 56)
EACH_STRIDES = (1, 2, 1)
ALL = (FRAMES * EACH[-1], 112, 112)
ALL_STRIDES = (1, 2)
CLIP_ANSWERS = sum(len(values) for values in CLIP_ATTRIBUTES.values()) + 1
"""The same for clips."""


@dataclass(frozen=True)
class Reading:
    """Say what a checker sees in one picture or clip.

    Attributes:
        labels: attribute -> the likeliest value.
        confidence: attribute -> its probability, 0-1.
        valid: whether this is a picture or clip of the world.
        validity: the probability of that, 0-1.
    """

    labels: dict[str, str]
    confidence: dict[str, float]
    valid: bool
    validity: float


def matches(reading: Reading, spec: Spec | ClipSpec) -> dict[str, bool]:
    """Tell for each attribute of a spec whether it shows.

    All are False when the reading is not valid.
    """
    return {name: reading.valid and reading.labels[name] == value for name, value in spec.known().items()}


def answers(network, inputs: Sequence[np.ndarray], batch: int) -> np.ndarray:
    """Ask a network about pictures: float64 (N, answers).

    Args:
        network: takes float32 (B, ..., 3, H, W) in [-1, 1].
        inputs: each uint8 (..., H, W, 3), all of one shape; at least one.
        batch: how many at once.
    """
    import torch

    rows = []
    for start in range(0, len(inputs), batch):
        pixels = torch.from_numpy(np.stack(inputs[start : start + batch]))
        with torch.no_grad():
            rows.append(network(pixels.movedim(-1, -3).float() / 127.5 - 1).double().numpy())
    return np.concatenate(rows)


def reading_of(row: np.ndarray, attributes: Mapping[str, Sequence[str]], valid_from: float) -> Reading:
    """Put one row of answers in words, validity last."""
    labels, confidence, at = {}, {}, 0
    for name, values in attributes.items():
        scores = row[at : at + len(values)]
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        best = int(shares.argmax())
        labels[name], confidence[name] = values[best], float(shares[best])
        at += len(values)
    validity = float(1 / (1 + np.exp(-row[at])))
    return Reading(labels, confidence, validity >= valid_from, validity)


_READER = Words("the reader", "读图器")


def weights(folder: Path, name: str, what: Words = _READER) -> dict:
    """Read the float32 tensors of a small model by name.

    Args:
        folder: where its model.safetensors lies.
        name: of the model in assets/models, and of the training that makes it.
        what: what it is, for the error.

    Raises:
        CannotLoad: the weights are not there.
    """
    from safetensors.torch import load_file

    path = folder / "model.safetensors"
    if not path.is_file():
        raise CannotLoad(
            asked=what + f" {name}",
            found=Words(
                f"no model.safetensors in assets/models/{name}", f"assets/models/{name} 里没有 model.safetensors"
            ),
            todo=Words(
                f"install from a full clone, or train it: python -m assets.train.{name}",
                f"从完整的克隆安装，或自己训练：python -m assets.train.{name}",
            ),
        )
    return {key: value.float() for key, value in load_file(path).items()}


def with_weights(network, name: str):
    """Fill a network with the weights of ``assets/models/NAME``, for evaluation."""
    network.load_state_dict(weights(paths.assets() / "models" / name, name))
    return network.eval()


def build(*, normed: bool = False):
    """Build the reader of pictures, a ``torch.nn.Sequential``.

    It turns float32 (B, 3, 64, 64) in [-1, 1] into float32 (B, ANSWERS). It has batch normalisation (``normed``) as it
    is trained, none as it is shipped, where the convolutions hold it.
    """
    from torch import nn

    return nn.Sequential(
        nn.PixelUnshuffle(4),
        *_convolutions(WIDTHS, STRIDES, normed=normed),
        nn.AdaptiveAvgPool2d(CELLS),
        *_head(WIDTHS[-1], ANSWERS),
    )


def build_clips(*, normed: bool = False):
    """Build the reader of clips, ``normed`` as in `build`.

    It turns float32 (B, 5, 3, 64, 64) in [-1, 1] into float32 (B, CLIP_ANSWERS).
    """
    from torch import nn

    class ClipReader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.each = nn.Sequential(nn.PixelUnshuffle(4), *_convolutions(EACH, EACH_STRIDES, normed=normed))
            self.all = nn.Sequential(*_convolutions(ALL, ALL_STRIDES, normed=normed), *_head(ALL[-1], CLIP_ANSWERS))

        def forward(self, frames):
            views = self.each(frames.flatten(0, 1))
            return self.all(views.unflatten(0, (-1, FRAMES)).flatten(1, 2))

    return ClipReader()


def _head(width: int, count: int) -> list:
    from torch import nn

    return [nn.Flatten(), nn.Dropout(0.1), nn.Linear(width * CELLS * CELLS, count)]


def _convolutions(widths: tuple[int, ...], strides: tuple[int, ...], *, normed: bool) -> list:
    from torch import nn

    layers: list[nn.Module] = []
    for wide_in, wide_out, stride in zip(widths[:-1], widths[1:], strides, strict=True):
        layers.append(nn.Conv2d(wide_in, wide_out, 3, stride, 1, bias=not normed))
        layers += [nn.BatchNorm2d(wide_out), nn.ReLU()] if normed else [nn.ReLU()]
    return layers


def folded(trained, plain):
    """Fill ``plain`` so that it computes what ``trained`` computes."""
    import torch
    from torch import nn

    def layers(network, kind):
        return [layer for layer in network.modules() if isinstance(layer, kind)]

    norms = layers(trained, nn.BatchNorm2d)
    with torch.no_grad():
        for new, conv, norm in zip(layers(plain, nn.Conv2d), layers(trained, nn.Conv2d), norms, strict=True):
            scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            bias = norm.bias - norm.running_mean * scale
            new.load_state_dict({"weight": conv.weight * scale[:, None, None, None], "bias": bias})
        for new, old in zip(layers(plain, nn.Linear), layers(trained, nn.Linear), strict=True):
            new.load_state_dict(old.state_dict())
    return plain.eval()
