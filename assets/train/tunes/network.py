"""The poem model's network, computed in bfloat16 throughout: few passes over memory, matrix products for the rest.

On a CPU with bfloat16 matrix units the products cost little, and what passes over every number costs most. Weights
stay float32; a test compares the function with transformers' LlamaForCausalLM.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from assets.train.poem.network import Block, Network, rotary


class Norm(torch.autograd.Function):
    """RMS norm with its gradient by hand; x: (..., width), weight: (width,)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        scale = x.shape[-1] ** 0.5 / torch.linalg.vector_norm(x, dim=-1, keepdim=True).clamp_min(1e-3)
        unit = x * scale
        ctx.save_for_backward(unit, scale, weight)
        return unit * weight

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        unit, scale, weight = ctx.saved_tensors
        ahead = gradient * unit
        to_weight = ahead.flatten(0, -2).sum(0)
        share = (ahead @ weight[:, None]) / unit.shape[-1]
        return (gradient * weight - unit * share) * scale, to_weight


def turned(length: int, head: int, base: float, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """cos, sin (length, head) of the rotary angles, and the matrix (head, head) that turns (a, b) into (-b, a)."""
    cos, sin = rotary(length, head, base)
    half = head // 2
    turn = torch.zeros(head, head)
    turn[half:, :half], turn[:half, half:] = -torch.eye(half), torch.eye(half)
    return cos.to(dtype), sin.to(dtype), turn.to(dtype)


def hidden(network: Network, ids: Tensor, dtype: torch.dtype) -> Tensor:
    """What `network.hidden` computes, in `dtype`; ids: int64 (batch, time) -> (batch, time, width)."""
    shape = network.shape
    angles = turned(ids.shape[1], shape.width // shape.heads, shape.base, dtype)
    x = F.embedding(ids, network.embedding.weight.to(dtype))
    for block in network.blocks:
        x = _block(block, x, angles, dtype)  # type: ignore[arg-type]
    return Norm.apply(x, network.norm.to(dtype))


def _block(block: Block, x: Tensor, angles: tuple[Tensor, Tensor, Tensor], dtype: torch.dtype) -> Tensor:
    batch, time, width = x.shape
    cos, sin, turn = angles
    qkv = F.linear(Norm.apply(x, block.norm_attention.to(dtype)), block.qkv.weight.to(dtype))
    both, v = qkv.view(batch, time, 3, block.heads, -1).permute(2, 0, 3, 1, 4).split((2, 1))
    both = both * cos + (both @ turn) * sin
    mask = torch.full((time, time), float("-inf"), dtype=dtype).triu(1)
    scores = torch.baddbmm(  # the backward pass of scaled_dot_product_attention takes longer than all the rest
        mask.expand(batch * block.heads, -1, -1),
        both[0].flatten(0, 1),
        both[1].flatten(0, 1).mT,
        alpha=cos.shape[1] ** -0.5,
    )
    mixed = (scores.softmax(-1) @ v[0].flatten(0, 1)).unflatten(0, (batch, -1))
    x = x + F.linear(mixed.transpose(1, 2).reshape(batch, time, width), block.out.weight.to(dtype))
    gate, up = F.linear(Norm.apply(x, block.norm_mlp.to(dtype)), block.gate_up.weight.to(dtype)).chunk(2, -1)
    return x + F.linear(F.silu(gate) * up, block.down.weight.to(dtype))
