"""Rehearse a big run by a four-bit copy.

The course trusts a rehearsal when each matrix has a relative distance below .01 and a cosine above .99 between the
gradients of the four-bit run and those of the full one. Here both runs are made, and the limits applied.
"""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_kit.make.train.answering import Rows, surprise
from aigc_kit.promptlab.tune import nf4
from aigc_kit.promptlab.tune.adapters import RANK, TARGETS
from aigc_kit.promptlab.tune.tuning import Tuning

if TYPE_CHECKING:
    from torch import Tensor

LARGEST_DISTANCE, SMALLEST_COSINE = 0.01, 0.99  # the course's limits


@dataclass(frozen=True)
class Matrix:
    """Hold how the gradient of one matrix differs.

    Args:
        name: of A or B.
        distance: |g4 - g| / |g|; cosine: of g4 and g. Both nan where the full gradient is exactly zero.
    """

    name: str
    distance: float
    cosine: float

    @property
    def zero(self) -> bool:
        """Tell whether the full gradient is exactly zero."""
        return bool(np.isnan(self.distance))

    @property
    def passes(self) -> bool:
        """Tell whether both limits of the course hold."""
        return self.distance < LARGEST_DISTANCE and self.cosine > SMALLEST_COSINE


@dataclass(frozen=True)
class Rehearsal:
    """Hold what a rehearsal showed.

    Args:
        matrices: of each A and B.
        weight_error: relative distance of the rounded weights.
        same: largest difference of the gradients of two runs in full precision: 0 when nothing else varies.
        loss, rounded_loss: of the same batch, in nats per token.
        steps: that LoRA had learned before.
    """

    matrices: tuple[Matrix, ...]
    weight_error: float
    same: float
    loss: float
    rounded_loss: float
    steps: int

    def median(self, measure: str) -> float:
        """Give the median of "distance" or "cosine" over the matrices."""
        return float(np.nanmedian([getattr(matrix, measure) for matrix in self.matrices]))

    @property
    def trusted(self) -> bool:
        """Tell whether every matrix passes both limits."""
        return all(matrix.passes for matrix in self.matrices)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Say in Chinese what decides, from the numbers."""
        zeros, count = sum(matrix.zero for matrix in self.matrices), len(self.matrices)
        close = sum(matrix.distance < LARGEST_DISTANCE for matrix in self.matrices)
        along = sum(matrix.cosine > SMALLEST_COSINE for matrix in self.matrices)
        lines = [
            f"{count} 个矩阵里，相对距离小于 {LARGEST_DISTANCE} 的 {close} 个，"
            f"余弦大于 {SMALLEST_COSINE} 的 {along} 个",
            f"权重误差 {self.weight_error:.1%}；同样精度跑两次，差 {self.same:.1g}：差别全来自四比特",
        ]
        if zeros:
            lines.append(f"{zeros} 个矩阵的梯度恰好是 0（B 还是 0），它们什么也说明不了：先训练几步再比")
        return tuple(lines)

    @property
    def verdict(self) -> str:
        """Say yes or no in Chinese, with the reasons."""
        return ("可以相信" if self.trusted else "不能相信") + "：" + "；".join(self.reasons)


class TuningSandbox:
    """Compare LoRA's gradients in full and in four bits.

    Args:
        engine: of transformers; its model is copied.
        rows: of `make.train.answering.encode`: the batch that both read.
        rank, targets: of LoRA, as in `adapters.with_lora`.
        seed: of A and of the steps before.
        round_to: weights -> rounded weights; NF4 by hand unless given.
    """

    def __init__(
        self,
        engine: Any,
        rows: Rows,
        *,
        rank: int = RANK,
        targets: Sequence[str] = TARGETS,
        seed: int = 0,
        round_to: "Callable[[Tensor], Tensor]" = nf4.rounded,
    ) -> None:
        self._rows, self._round = rows, round_to
        self._tuning = Tuning(engine, "lora", rows, size=min(8, len(rows)), seed=seed, rank=rank, targets=targets)

    def rehearse(self, steps: int = 0, *, scatter: float = 0.0) -> Rehearsal:
        """Take gradients in both precisions, after so many steps.

        Args:
            steps: of LoRA in full precision that both start from; with 0 all of B is zero, and so is A's gradient.
            scatter: B is drawn anew from a normal distribution of this width; 0 leaves what the steps gave.
        """
        more = steps - self._tuning.step
        if more > 0:
            for _ in self._tuning.run(more):
                pass
        self._tuning.engine.use_threads()
        full = self._tuning.network
        if scatter:
            _scatter(full, scatter)
        four, error = self._rounded(full)
        loss, gradients = self._gradients(full)
        _, again = self._gradients(full)
        rounded_loss, others = self._gradients(four)
        same = max(float((again[name] - gradient).abs().max()) for name, gradient in gradients.items())
        matrices = tuple(_compared(name, gradient, others[name]) for name, gradient in gradients.items())
        return Rehearsal(matrices, error, same, loss, rounded_loss, self._tuning.step)

    def _rounded(self, network: Any) -> tuple[Any, float]:
        """Copy a network with rounded matrices, LoRA's own left alone."""
        import torch

        four, wrong, whole = copy.deepcopy(network), 0.0, 0.0
        with torch.no_grad():
            for name, value in four.named_parameters():
                if value.dim() == 2 and "proj" in name and ".lora_" not in name:
                    rounded = self._round(value)
                    wrong += float((rounded - value).square().sum())
                    whole += float(value.square().sum())
                    value.copy_(rounded)
        return four, (wrong / whole) ** 0.5

    def _gradients(self, network: Any) -> "tuple[float, dict[str, Tensor]]":
        network.zero_grad(set_to_none=True)
        loss = surprise(network, self._rows)
        loss.backward()
        gradients = {
            name.removeprefix("base_model.model.model.layers."): value.grad.clone()
            for name, value in network.named_parameters()
            if value.grad is not None
        }
        network.zero_grad(set_to_none=True)
        return float(loss.detach()), gradients


def _scatter(network: Any, width: float) -> None:
    import torch

    draw = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name, value in network.named_parameters():
            if "lora_B" in name:
                value.copy_(torch.randn(value.shape, generator=draw) * width)


def _compared(name: str, full: "Tensor", four: "Tensor") -> Matrix:
    import torch

    size = float(full.norm())
    if size == 0:
        return Matrix(name, float("nan"), float("nan"))
    cosine = float(torch.nn.functional.cosine_similarity(full.flatten(), four.flatten(), 0))
    return Matrix(name, float((four - full).norm()) / size, cosine)
