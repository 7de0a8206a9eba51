"""See where the small picture reader looks, by Grad-CAM."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, unknown_name
from aigc_kit.core.statistics import Share
from aigc_kit.worlds.tinyworld.checker import shrink
from aigc_kit.worlds.tinyworld.reading import SIDE, build, with_weights
from aigc_kit.worlds.tinyworld.spec import ATTRIBUTES


@dataclass(frozen=True)
class Cam:
    """Hold where a reader looked for one attribute.

    Args:
        value: of the attribute, that it read.
        heat: float32 (64, 64) in [0, 1]; all 0 where nothing speaks for the value.
    """

    value: str
    heat: np.ndarray

    @property
    def peak(self) -> tuple[int, int]:
        """Give row and column of the highest place."""
        row, column = np.unravel_index(int(self.heat.argmax()), self.heat.shape)
        return int(row), int(column)


def grad_cam(images: Sequence[np.ndarray], attribute: str = "subject") -> list[Cam]:
    """Weigh the last convolution's maps by their mean slopes.

    The slope is that of the value that the reader chose. Maps of 8 x 8 cells are spread to 64 x 64 pixels.

    Args:
        images: uint8 (H, W, 3), sides from 32 pixels on.
        attribute: of the tiny world.

    Raises:
        UnknownName: no such attribute. BadInput: no picture, or another shape or dtype. CannotLoad: no weights.

    Source: Selvaraju et al. 2017, "Grad-CAM".
    """
    import torch

    if attribute not in ATTRIBUTES:
        asked = Words(f"where the reader looks for {attribute!r}", f"读图器看 {attribute!r} 时看哪里")
        raise unknown_name(asked, attribute, ATTRIBUTES, Words("attribute", "属性"))
    if not len(images):
        raise BadInput(
            asked=Words("Grad-CAM of pictures", "画 Grad-CAM 热图"),
            found=Words("no picture", "一张图也没有"),
            todo=Words("give one picture at least", "至少给一张图"),
        )
    network = _reader()
    pixels = torch.from_numpy(np.stack([shrink(image) for image in images])).movedim(-1, 1).float() / 127.5 - 1
    maps = network[:-4](pixels)
    maps = maps.detach().requires_grad_(True)
    low = sum(len(values) for name, values in list(ATTRIBUTES.items())[: list(ATTRIBUTES).index(attribute)])
    scores = network[-4:](maps)[:, low : low + len(ATTRIBUTES[attribute])]
    best = scores.argmax(1)
    (slopes,) = torch.autograd.grad(scores.gather(1, best[:, None]).sum(), maps)
    heat = torch.relu((slopes.mean((2, 3), keepdim=True) * maps).sum(1, keepdim=True))
    heat = heat / heat.amax((2, 3), keepdim=True).clamp(min=1e-12)
    wide = torch.nn.functional.interpolate(heat, size=(SIDE, SIDE), mode="bilinear")[:, 0].detach().numpy()
    return [Cam(ATTRIBUTES[attribute][int(k)], each) for k, each in zip(best, wide, strict=True)]


def pointing_game(cams: Sequence[Cam], masks: Sequence[np.ndarray], slack: int = 0) -> Share:
    """Count how often the highest place lies on the subject.

    Args:
        cams: of `grad_cam`.
        masks: bool (64, 64), where the subject is, for each picture.
        slack: pixels around the mask that count too; the published game allows 15 of about 400.

    Source: Zhang et al. 2016, "Top-down Neural Attention by Excitation Backprop".
    """
    trials = []
    for cam, mask in zip(cams, masks, strict=True):
        row, column = cam.peak
        low, left = max(0, row - slack), max(0, column - slack)
        trials.append(bool(cam.heat.any()) and bool(mask[low : row + slack + 1, left : column + slack + 1].any()))
    return Share.of("pointing game", trials, slack)


@cache
def _reader() -> Any:
    return with_weights(build(), "tinyreader").requires_grad_(False)
