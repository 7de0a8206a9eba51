"""Cast as torch.autocast does, on meta."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# In both lists of torch 2.13 (aten/src/ATen/autocast_mode.h): what runs in half precision.
_LOWER = [
    "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "matmul",
    "__matmul__", "mm", "bmm", "addmm", "addbmm", "baddbmm", "einsum", "scaled_dot_product_attention",
]  # fmt: skip
# What CUDA runs in float32; a CPU does so for the losses only.
_FLOAT32 = {
    "cuda": [
        "layer_norm", "group_norm", "rms_norm", "softmax", "log_softmax", "pow", "__pow__", "__rpow__", "rsqrt",
        "reciprocal", "exp", "log", "norm", "cumsum", "sum", "prod", "mse_loss", "l1_loss", "smooth_l1_loss",
        "cosine_similarity",
    ],
    "cpu": ["mse_loss", "l1_loss", "smooth_l1_loss", "prod"],
}  # fmt: skip
_INNER = {"rms_norm"}  # composite: torch casts the operations within, not its input


@contextmanager
def casting(dtype: Any, device: str = "cuda") -> Iterator[Any]:
    """Cast inputs as automatic mixed precision does.

    A weight in float32 that is trained is cast once and its copy kept until `release` is called or the block ends.

    Args:
        dtype: torch dtype of layers.
        device: whose lists are followed: "cuda" or "cpu".

    Yields:
        A function that drops the copies: what torch does at the end of the forward pass.
    """
    import torch
    from torch.overrides import TorchFunctionMode
    from torch.utils._pytree import tree_map

    lower = _functions(_LOWER)
    upper = _functions([name for name in _FLOAT32[device] if name not in _INNER])
    copies: dict[int, Any] = {}
    state = {"keep": True}

    def cast(to: Any) -> Any:
        def one(value: Any) -> Any:
            if not isinstance(value, torch.Tensor) or not value.is_floating_point() or value.dtype == to:
                return value
            if value.dtype == torch.float64:
                return value
            whole = to != torch.float32 and value.is_leaf and value.requires_grad and state["keep"]
            if not whole:
                return value.to(to)
            if id(value) not in copies:
                copies[id(value)] = value.to(to)
            return copies[id(value)]

        return one

    class Casting(TorchFunctionMode):
        """See every function before it reaches a kernel."""

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = kwargs or {}
            if func in lower:
                args, kwargs = tree_map(cast(dtype), (args, kwargs))
            elif func in upper:
                args, kwargs = tree_map(cast(torch.float32), (args, kwargs))
            return func(*args, **kwargs)

    def release() -> None:
        copies.clear()
        state["keep"] = False  # a block that is run again has its copies for itself

    try:
        with Casting():
            yield release
    finally:  # a block that is run again is left by an exception as soon as all is there that its backward pass needs
        copies.clear()


def _functions(names: list[str]) -> set[Any]:
    """Find the functions and methods of these names."""
    import torch

    homes = (torch, torch.nn.functional, torch.Tensor)
    return {getattr(home, name) for name in names for home in homes if hasattr(home, name)}
