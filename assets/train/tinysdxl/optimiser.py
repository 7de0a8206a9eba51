"""Muon for the matrices and convolutions inside the U-Net, AdamW for everything else."""

import torch
from torch import Tensor, nn

from assets.train.muon import orthogonalise


class Muon(torch.optim.Optimizer):
    """Orthogonalised Nesterov momentum. A convolution (out, in, k, k) counts as a matrix (out, in * k * k)."""

    def __init__(self, parameters: list[nn.Parameter], lr: float, momentum: float = 0.95) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        group = self.param_groups[0]
        by_shape: dict[tuple, list[tuple[nn.Parameter, Tensor, bool]]] = {}
        for parameter in group["params"]:
            state = self.state[parameter]
            if not state:
                state["momentum"] = torch.zeros_like(parameter)
            state["momentum"].lerp_(parameter.grad, 1 - group["momentum"])
            matrix = parameter.grad.lerp(state["momentum"], group["momentum"]).flatten(1)
            tall = matrix.shape[0] > matrix.shape[1]
            wide = matrix.mT if tall else matrix
            by_shape.setdefault(tuple(wide.shape), []).append((parameter, wide, tall))
        for (rows, columns), entries in by_shape.items():
            stack = torch.stack([matrix for _, matrix, _ in entries])
            steps = orthogonalise(stack.bfloat16()).to(stack.dtype)  # as Muon's author does: a third of the time
            for (parameter, _, tall), step in zip(entries, steps, strict=True):
                scale = (columns / rows) ** 0.5 if tall else 1.0
                update = (step.mT if tall else step).reshape(parameter.shape)
                parameter.mul_(1 - 0.02 * group["lr"]).add_(update, alpha=-group["lr"] * scale)


def optimisers(network: nn.Module, matrix_lr: float, other_lr: float) -> list[torch.optim.Optimizer]:
    """[Muon, AdamW] that together update every parameter once."""
    matrices, others = [], []
    for name, parameter in network.named_parameters():
        edge = name.startswith(("conv_in", "conv_out", "time_embedding", "add_embedding")) or "time_emb_proj" in name
        (others if parameter.ndim < 2 or edge else matrices).append(parameter)
    adam = torch.optim.AdamW(others, lr=other_lr, betas=(0.9, 0.98), weight_decay=0.0, eps=1e-8)
    return [Muon(matrices, matrix_lr), adam]
