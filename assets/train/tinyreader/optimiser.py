"""Muon for the convolutions: the gradient's momentum, made orthogonal, is the step.

Source: K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024); the quintic's coefficients
are theirs.
"""

import torch

from assets.train.muon import COEFFICIENTS


def orthogonal(matrix: torch.Tensor, rounds: int = 5) -> torch.Tensor:
    """The nearest half-orthogonal matrix, roughly (singular values end between about 0.7 and 1.2)."""
    a, b, c = COEFFICIENTS
    flat = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    flat = flat / (flat.norm() + 1e-7)
    for _ in range(rounds):
        square = flat @ flat.T
        flat = a * flat + (b * square + c * square @ square) @ flat
    return flat.T if matrix.shape[0] > matrix.shape[1] else flat


class Muon(torch.optim.Optimizer):
    """For convolution weights only. lr: step length in units of an orthogonal matrix."""

    def __init__(self, parameters, lr: float = 0.02, momentum: float = 0.9, weight_decay: float = 0.02) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if "speed" not in state:
                    state["speed"] = torch.zeros_like(weight)
                speed = state["speed"].mul_(group["momentum"]).add_(weight.grad)
                ahead = weight.grad + group["momentum"] * speed
                matrix = ahead.reshape(len(ahead), -1)
                step = orthogonal(matrix) * max(1.0, matrix.shape[0] / matrix.shape[1]) ** 0.5
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                weight.sub_(step.reshape(weight.shape), alpha=group["lr"])
