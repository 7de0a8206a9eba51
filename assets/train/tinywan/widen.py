"""A narrower transformer's weights in a wider one that says nearly the same, so that training goes on from there.

The residual stream gets channels that nothing reads yet, every block heads and hidden units whose results nobody
takes yet: what reads a new channel starts at zero, what writes to it at small random values, so that gradients reach
both. (Chen et al., "Net2Net", arXiv:1511.05641, widen by copies; copies would have to be told apart first.)

Layer norms divide by the deviation over all channels, which the quiet new ones lower by ``sqrt(old / new)``: the
gains behind them are multiplied by as much.
"""

import torch
from torch import Tensor

from . import network

QUIET = 0.25  # of the usual spread: what writes to new channels
NORMS = ("norm_q.weight", "norm_k.weight", "norm2.weight")
INSIDE = ("to_v.weight", "net.0.proj.weight", "linear_1.weight")  # rows that only columns of zeros take up
SCALES = {"blocks": (1, 4), "out": (1,)}  # rows of the tables that scale a norm's result, as diffusers orders them


def widen(old: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state of ``network.build()``'s size from a narrower one of as many layers and heads of the same width.

    Args:
        old: float32 tensors by name; the width is read from them.

    Raises:
        ValueError: asked to narrow.
    """
    before, after = old["patch_embedding.bias"].shape[0], network.WIDTH
    if before > after:
        heads = before // network.HEAD_WIDTH
        raise ValueError(f"asked for width {after}, found weights of width {before}; set HEADS to {heads} or more")
    if before == after:
        return old
    fresh, gain = network.build().state_dict(), (before / after) ** 0.5
    return {name: _widened(name, value, fresh[name], before, gain) for name, value in old.items()}


def _widened(name: str, old: Tensor, fresh: Tensor, before: int, gain: float) -> Tensor:
    if name.endswith("scale_shift_table"):
        return _table(old, fresh, gain, SCALES["blocks" if name.startswith("blocks") else "out"])
    if "time_proj" in name:
        return _modulation(old, fresh, before, gain)
    if name.endswith(NORMS):
        return gain * torch.cat((old, old.mean().expand(len(fresh) - len(old))))
    out = torch.zeros_like(fresh)
    if old.ndim == 1:
        out[: len(old)] = old
        return out
    torch.manual_seed(sum(name.encode()))
    out[: old.shape[0], : old.shape[1]] = old
    new = out[old.shape[0] :, : old.shape[1]]
    new.copy_(torch.randn_like(new) * old.std() * _loudness(name))
    return out


def _loudness(name: str) -> float:
    """The spread of a matrix's new rows, as a share of the old ones': new queries say nothing yet."""
    if name.endswith("to_q.weight"):
        return 0.0
    return 1.0 if name.endswith(INSIDE) else QUIET


def _table(old: Tensor, fresh: Tensor, gain: float, scales: tuple[int, ...]) -> Tensor:
    """(1, rows, width): old channels keep theirs, new ones take those of some old channels."""
    before, after = old.shape[-1], fresh.shape[-1]
    kept = old.clone()
    for row in scales:
        kept[:, row] = gain * (1 + kept[:, row]) - 1
    return torch.cat((kept, kept[..., : after - before]), -1)


def _modulation(old: Tensor, fresh: Tensor, before: int, gain: float) -> Tensor:
    """(6 width, width) or (6 width,): six tables one behind the other; the new channels of time are not read yet."""
    parts = old.unflatten(0, (6, before)).clone()
    for row in SCALES["blocks"]:
        parts[row] *= gain
    after = fresh.shape[0] // 6
    parts = torch.cat((parts, parts[:, : after - before]), 1).flatten(0, 1)
    return parts if old.ndim == 1 else torch.cat((parts, torch.zeros(len(parts), after - before)), 1)
