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
NORMS = ("norm_q", "norm_k")
SCALES = {"blocks": (1, 4), "out": (1,)}  # rows of the tables that scale a norm's result, as diffusers orders them


def widen(old: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state of ``network.build()``'s size from a narrower one of as many layers and heads of the same width.

    Args:
        old: float32 tensors by name; the width is read from them.

    Raises:
        ValueError: asked to narrow.
    """
    model = network.build()
    fresh = model.state_dict()
    before, after = old["patch_embedding.bias"].shape[0], network.WIDTH
    if before > after:
        raise ValueError(f"asked for width {after}, found weights of width {before}; set HEADS to at least {before}")
    if before == after:
        return old
    gain = (before / after) ** 0.5
    return {name: _widened(name, value, fresh[name], before, gain) for name, value in old.items()}


def _widened(name: str, old: Tensor, fresh: Tensor, before: int, gain: float) -> Tensor:
    if name.endswith("scale_shift_table"):
        return _table(old, fresh, gain, SCALES["blocks" if name.startswith("blocks") else "out"])
    if "time_proj" in name:
        return _modulation(old, fresh, before, gain)
    if any(norm in name for norm in NORMS) or ".norm2." in name:
        return _norm(name, old, fresh, gain)
    out = torch.zeros_like(fresh)
    rows = slice(0, old.shape[0])
    if old.ndim == 1:
        out[rows] = old
        return out
    columns = slice(0, old.shape[1])
    out[rows, columns] = old
    spread = old.std() * (1.0 if _inside(name) else QUIET)
    torch.manual_seed(sum(name.encode()))
    new = torch.randn_like(out[old.shape[0] :, columns]) * spread
    out[old.shape[0] :, columns] = 0 if name.endswith(("to_q.weight", "to_k.weight")) else new
    if name.endswith("to_k.weight"):
        out[old.shape[0] :, columns] = new * QUIET
    return out


def _inside(name: str) -> bool:
    """Whether the rows are heads or hidden units, not channels of the residual stream."""
    return any(part in name for part in ("to_q", "to_k", "to_v", "net.0.proj", "linear_1"))


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


def _norm(name: str, old: Tensor, fresh: Tensor, gain: float) -> Tensor:
    """The gains of a norm: lowered; a norm's bias is as it was."""
    out = torch.full_like(fresh, 0.0 if name.endswith("bias") else float(old.mean()) * gain)
    out[: len(old)] = old if name.endswith("bias") else old * gain
    return out
