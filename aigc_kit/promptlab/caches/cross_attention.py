"""Keep keys and values of cross-attention between denoising steps.

The text does not change from step to step, so its keys and values need be computed once. What that saves is their share
of a step: `share` counts it, and a run with `kept` measures it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aigc_kit.memory import xray
from aigc_kit.memory.footprint import shipped_traces
from aigc_kit.memory.xray import build

_ROWS = 2  # of a guided step: with the text and without


@dataclass
class Kept:
    """Count products that were computed, and that were kept."""

    computed: int = 0
    reused: int = 0


def _projections(unet: Any) -> list[tuple[Any, str]]:
    """List (attention, name) of all products that read the text."""
    crossed = [module for name, module in unet.named_modules() if name.rpartition(".")[2] == "attn2"]
    return [(attention, name) for attention in crossed for name in ("to_k", "to_v")]


@contextmanager
def kept(unet: Any) -> Iterator[Kept]:
    """Compute keys and values of the very same text once.

    Inside the block each product gives its last result again when it gets its last input again, the same tensor; so a
    picture is the same to the bit.

    Args:
        unet: a UNet2DConditionModel; left as it was.
    """
    import torch

    tally = Kept()

    class Remember(torch.nn.Module):
        """Wrap a product."""

        def __init__(self, inner: Any) -> None:
            super().__init__()
            self.inner, self.last, self.result = inner, None, None

        def forward(self, text: Any) -> Any:
            """Give the product, or what it was."""
            if self.last is text:
                tally.reused += 1
            else:
                tally.computed += 1
                self.last, self.result = text, self.inner(text)
            return self.result

    places = [(attention, name, getattr(attention, name)) for attention, name in _projections(unet)]
    try:
        for attention, name, inner in places:
            setattr(attention, name, Remember(inner))
        yield tally
    finally:
        for attention, name, inner in places:
            setattr(attention, name, inner)


def operations(unet: Any, tokens: int = 77) -> int:
    """Count the operations of one text's keys and values.

    2 per multiply-add, as the X-ray counts.

    Args:
        unet: a UNet2DConditionModel, of the meta device too.
        tokens: of the text.
    """
    layers = [getattr(attention, name) for attention, name in _projections(unet)]
    return sum(2 * tokens * layer.in_features * layer.out_features for layer in layers)


def share(model: str | Path, height: int | None = None, width: int | None = None, dtype: str = "float16") -> float:
    """Give the part of a step that they take.

    Args:
        model: that is known, such as "sd15" or "sdxl", or a folder with its configs.
        height, width: pixels; None: those of a usual run.
        dtype: in which it is traced.

    Returns:
        In [0, 1], counted by the X-ray, no weights needed.

    Raises:
        UnknownName, BadInput: no such model or folder.
    """
    usual = shipped_traces.usual(str(model)) or {}
    high, wide = height or usual.get("height"), width or usual.get("width")
    known = shipped_traces.cached(str(model), high, wide, dtype=dtype) if high and wide else None
    facts = known or xray.trace(model, high, wide, dtype=dtype)
    step = next(phase for phase in facts.phases if phase.per == "step")
    unet = build.load(model, dtype).parts["unet"].module
    return _ROWS * operations(unet) / (step.flops * step.calls)
