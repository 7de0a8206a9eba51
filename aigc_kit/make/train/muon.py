"""Step matrices by Muon: the gradient's momentum, made orthogonal.

Source: K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024); the quintic's coefficients
are theirs.
"""

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer

COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonalise(matrices: "Tensor", steps: int = 5) -> "Tensor":
    """Bring matrices near semi-orthogonal ones by Newton-Schulz steps.

    They are floats (n, rows, columns), rows <= columns, and stay so; singular values end in about [0.7, 1.2].
    """
    import torch

    a, b, c = COEFFICIENTS
    x = matrices / (matrices.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x


def muon(
    parameters: "Iterable[nn.Parameter | tuple[nn.Parameter, int]]",
    lr: float,
    *,
    momentum: float = 0.95,
    decay: float = 0.0,
    half: bool = False,
) -> "Optimizer":
    """Make the optimiser for matrices and convolutions.

    Embeddings, norms, biases and the layers at both ends go to AdamW.

    Args:
        parameters: of two dimensions or more; a convolution (out, in, k, k) counts as a matrix (out, in * k * k). One
            that is several matrices stacked comes as (parameter, how many): 3 for a fused qkv.
        lr: length of a step in units of an orthogonal matrix.
        momentum: of Nesterov, in [0, 1).
        decay: share of the weights that is taken off per unit of lr.
        half: orthogonalise in bfloat16, a third of the time, as Muon's author does.
    """
    pairs = [entry if isinstance(entry, tuple) else (entry, 1) for entry in parameters]
    return _muon_class()(pairs, lr, momentum, decay, half)


@cache
def _muon_class() -> Any:
    import torch

    class Muon(torch.optim.Optimizer):
        def __init__(self, pairs: list, lr: float, momentum: float, decay: float, half: bool) -> None:
            self.pieces = dict(pairs)
            self.decay, self.half = decay, half
            super().__init__([parameter for parameter, _ in pairs], {"lr": lr, "momentum": momentum})

        @torch.no_grad()
        def step(self, closure: None = None) -> None:  # type: ignore[override]
            for group in self.param_groups:
                by_shape: dict[tuple, list[tuple[Any, int, Any]]] = {}
                steps: dict[Any, list[Any]] = {}
                for parameter in group["params"]:
                    if parameter.grad is None:
                        continue
                    pieces = self._nesterov(parameter, group["momentum"]).flatten(1).chunk(self.pieces[parameter])
                    steps[parameter] = [None] * len(pieces)
                    for place, matrix in enumerate(pieces):
                        wide = matrix.mT if matrix.shape[0] > matrix.shape[1] else matrix
                        by_shape.setdefault(tuple(wide.shape), []).append((parameter, place, wide))
                for entries in by_shape.values():  # matrices of one shape are made orthogonal in one batch
                    for (parameter, place, _), step in zip(entries, self._orthogonal(entries), strict=True):
                        steps[parameter][place] = step
                for parameter, pieces in steps.items():
                    self._apply(parameter, pieces, group["lr"])

        def _nesterov(self, parameter: Any, momentum: float) -> Any:
            state = self.state[parameter]
            if not state:
                state["momentum"] = torch.zeros_like(parameter)
            state["momentum"].lerp_(parameter.grad, 1 - momentum)
            return parameter.grad.lerp(state["momentum"], momentum)

        def _orthogonal(self, entries: list) -> Any:
            stack = torch.stack([wide for _, _, wide in entries])
            return orthogonalise(stack.bfloat16()).to(stack.dtype) if self.half else orthogonalise(stack)

        def _apply(self, parameter: Any, pieces: list, lr: float) -> None:
            rows, columns = pieces[0].shape
            tall = len(parameter) // len(pieces) > parameter[0].numel()
            scale = (columns / rows) ** 0.5 if tall else 1.0
            step = torch.cat([piece.mT if tall else piece for piece in pieces]).reshape(parameter.shape)
            parameter.mul_(1 - self.decay * lr).add_(step, alpha=-lr * scale)

    return Muon
