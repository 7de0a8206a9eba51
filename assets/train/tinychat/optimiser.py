"""Muon with decay for the matrices inside the blocks, AdamW for the embedding, the norms and the probes."""

import torch
from torch import Tensor, nn

from aigc_kit.make.train import orthogonalise
from assets.train.session import half_is_fast


class Muon(torch.optim.Optimizer):
    """Orthogonalised Nesterov momentum, with decoupled decay, in bfloat16 where that is faster.

    Parameters come with ``pieces``: how many stacked matrices each is (3 for a fused qkv, 2 for gate and up).
    The decay keeps the matrices small: without it attention saturates, and copying is never learnt.
    """

    def __init__(
        self, parameters: list[tuple[nn.Parameter, int]], lr: float, momentum: float = 0.95, decay: float = 0.2
    ) -> None:
        self.pieces = [pieces for _, pieces in parameters]
        super().__init__([p for p, _ in parameters], {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        group = self.param_groups[0]
        by_shape: dict[tuple, list[tuple[Tensor, Tensor, bool]]] = {}
        for parameter, pieces in zip(group["params"], self.pieces, strict=True):
            state = self.state[parameter]
            if not state:
                state["momentum"] = torch.zeros_like(parameter)
            state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
            update = parameter.grad.lerp(state["momentum"], group["momentum"])
            parameter.mul_(1 - group["lr"] * group["decay"])
            for target, matrix in zip(parameter.chunk(pieces), update.chunk(pieces), strict=True):
                tall = matrix.shape[0] > matrix.shape[1]
                wide = matrix.mT if tall else matrix
                by_shape.setdefault(tuple(wide.shape), []).append((target, wide, tall))
        for (rows, columns), entries in by_shape.items():
            stack = torch.stack([matrix for _, matrix, _ in entries])
            stack /= stack.norm(dim=(-2, -1), keepdim=True) + 1e-12  # tiny gradients must not vanish in bfloat16
            steps = orthogonalise(stack.bfloat16() if half_is_fast() else stack).float()
            for (target, _, tall), step in zip(entries, steps, strict=True):
                scale = (columns / rows) ** 0.5 if tall else 1.0
                target.add_(step.mT if tall else step, alpha=-group["lr"] * scale)


def optimisers(network: nn.Module, matrix_lr: float, other_lr: float) -> list[torch.optim.Optimizer]:
    """[Muon, AdamW] that together update every parameter once."""
    pieces = {"qkv": 3, "gate_up": 2}
    matrices, others = [], []
    for name, parameter in network.named_parameters():
        if parameter.ndim == 2 and "embedding" not in name and "before" not in name:
            matrices.append((parameter, pieces.get(name.split(".")[-2], 1)))
        else:
            others.append(parameter)
    return [Muon(matrices, matrix_lr), torch.optim.AdamW(others, lr=other_lr, betas=(0.9, 0.98), weight_decay=0.0)]
