"""Round weights to four bits by hand: NF4."""

from typing import TYPE_CHECKING

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput

if TYPE_CHECKING:
    from torch import Tensor

BLOCK = 64  # weights that share one scale
BITS = 4 + 32 / BLOCK  # of a weight: its code, and its share of a float32 scale
LEVELS = (
    -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
    -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
    0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0,
)  # fmt: skip
"""The sixteen levels: quantiles of a normal distribution, scaled to [-1, 1], with an exact zero."""


def quantise(weights: "Tensor") -> "tuple[Tensor, Tensor]":
    """Find codes and scales.

    Args:
        weights: floats of any shape, a multiple of 64 of them, all finite.

    Returns:
        uint8 of the same shape in 0..15, and float32 (N / 64,): the largest magnitude of each block.

    Raises:
        BadInput: another number of weights, or one that is not finite.

    Source: Dettmers et al. (arXiv:2305.14314) section 3; levels as in bitsandbytes.
    """
    import torch

    if weights.numel() == 0 or weights.numel() % BLOCK or not bool(torch.isfinite(weights).all()):
        raise BadInput(
            asked=Words(f"NF4 of {weights.numel()} weights", f"把 {weights.numel()} 个权重变成 NF4"),
            found=Words(f"not whole blocks of {BLOCK} finite numbers", f"不是 {BLOCK} 个一块的有限数"),
            todo=Words(f"give a multiple of {BLOCK} finite weights", f"给 {BLOCK} 的整数倍个有限的权重"),
        )
    blocks = weights.detach().float().reshape(-1, BLOCK)
    scales = blocks.abs().amax(1)
    levels = torch.tensor(LEVELS)
    middles = (levels[1:] + levels[:-1]) / 2
    codes = torch.bucketize(blocks / scales.clamp(min=1e-30)[:, None], middles)
    return codes.to(torch.uint8).reshape(weights.shape), scales


def dequantise(codes: "Tensor", scales: "Tensor") -> "Tensor":
    """Give the weights that codes and scales stand for, float32."""
    import torch

    return (torch.tensor(LEVELS)[codes.long().reshape(-1, BLOCK)] * scales[:, None]).reshape(codes.shape)


def rounded(weights: "Tensor") -> "Tensor":
    """Round weights to NF4 and back, float32."""
    return dequantise(*quantise(weights))
