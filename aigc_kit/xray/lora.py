"""An adapter on the denoiser's attention, as peft applies one that is not fused: weights and what they keep alive."""

import re
from typing import Any

TARGETS = re.compile(r"\.(to_q|to_k|to_v|to_out\.0)$")


def attach(module: Any, rank: int) -> int:
    """Put low-rank pairs beside the linear layers of attention.

    The result of such a layer is x W + scale * ((x A) B): beside the layer's own output there are alive x A, (x A) B,
    its scaled copy and the sum. A is (in, rank), B is (rank, out), in the dtype of W.

    Args:
        module: the denoiser, changed in place.
        rank: of the pairs.

    Returns:
        Number of parameters added.
    """
    import torch

    class Adapted(torch.nn.Module):
        """A linear layer with its pair."""

        def __init__(self, base: Any) -> None:
            super().__init__()
            options = {"bias": False, "device": base.weight.device, "dtype": base.weight.dtype}
            self.base = base
            self.down = torch.nn.Linear(base.in_features, rank, **options)
            self.up = torch.nn.Linear(rank, base.out_features, **options)

        def forward(self, x: Any, *_: Any) -> Any:
            return self.base(x) + self.up(self.down(x)) * 1.0

    names = [n for n, m in module.named_modules() if isinstance(m, torch.nn.Linear) and TARGETS.search(f".{n}")]
    for name in names:
        parent, _, own = name.rpartition(".")
        holder = module.get_submodule(parent)
        setattr(holder, own, Adapted(getattr(holder, own)))
    pairs = (m for m in module.modules() if isinstance(m, Adapted))
    return sum(m.down.weight.numel() + m.up.weight.numel() for m in pairs)
