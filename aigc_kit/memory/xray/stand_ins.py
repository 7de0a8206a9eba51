"""Stand in for what the meta device cannot do."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import MethodType
from typing import Any

from aigc_kit.memory.xray.tracer import Trace

FLASH = 256  # the widest head of flash attention, which takes 16-bit numbers and no mask
_INVERTED = "_aigc_inverted"  # a mark on masks that were turned round


@contextmanager
def standing_in(trace: Trace, attention: str, tokens: int = 0, device: str = "cuda") -> Iterator[None]:
    """Answer for fused attention and for full masks.

    The fused kernels return their result and one float32 per row (the log-sum-exp), and make nothing of size L x S. The
    meta device would choose the plain path, hence this; "math" does follow it. What depends on the values of a mask is
    answered as for a prompt that fills its length.

    Args:
        trace: that the operations are added to.
        attention: "sdpa" | "math" | "sliced".
        tokens: length of the prompt, which a mask's sum is asked for.
        device: whose kernels are followed: "cuda" or "cpu".
    """
    import torch
    from torch.overrides import TorchFunctionMode

    masked = _Masks(tokens)

    class StandIn(TorchFunctionMode):
        """Take the place of some functions."""

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if func is torch.nn.functional.scaled_dot_product_attention:
                return attend(trace, attention, device, *args, **(kwargs or {}))
            answer = masked.answer(func, args)
            if answer is not None:
                return answer
            out = func(*args, **(kwargs or {}))
            masked.note(func, out)
            return out

    with _no_autocast_on_meta(), StandIn():
        yield


@contextmanager
def _no_autocast_on_meta() -> Iterator[None]:
    """Ignore automatic casts to float32, refused on meta."""
    import torch

    original = torch.autocast

    def autocast(device_type: str, *args: Any, **kwargs: Any) -> Any:
        return nullcontext() if device_type == "meta" else original(device_type, *args, **kwargs)

    torch.autocast = autocast  # type: ignore[misc,assignment]
    try:
        yield
    finally:
        torch.autocast = original  # type: ignore[misc]


def attend(
    trace: Trace,
    attention: str,
    device: str,
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Any:
    """Make what the chosen attention kernel makes.

    Args:
        trace: that the operations are added to.
        attention: "math" runs the plain path, any other a fused kernel.
        device: whose fused kernel, "cuda" or "cpu".
        query, key, value, attn_mask, dropout_p, is_causal, scale, enable_gqa: of torch's function.
    """
    import torch
    from torch.utils.flop_counter import sdpa_flop_count

    if attention == "math" or query.dim() != 4:
        plain = torch.ops.aten._scaled_dot_product_attention_math
        return plain(query, key, value, attn_mask, dropout_p, is_causal, scale=scale, enable_gqa=enable_gqa)[0]
    batch, heads = query.shape[:2]  # all heads of the query count, also where they share keys
    keys, values = ((batch, heads, *tensor.shape[2:]) for tensor in (key, value))
    trace.flops += sdpa_flop_count(tuple(query.shape), keys, values)
    like = device == "cpu" or (attn_mask is None and query.element_size() == 2 and query.shape[-1] <= FLASH)
    if torch.is_grad_enabled() and any(tensor.requires_grad for tensor in (query, key, value)):
        return _fused().apply(query, key, value, like)
    return _forward(query, value, like)[0]


def _forward(query: Any, value: Any, like: bool) -> tuple[Any, Any]:
    """Make a result and its sums.

    Flash attention's result lies in memory as the query does (so does that of a CPU's kernel), the memory-efficient
    kernel's as (B, L, H, D): only one of these can be viewed as (B, L, H x D).
    """
    import torch

    batch, heads, length, width = query.shape
    if like and value.shape[-1] == width and query.stride(1) > query.stride(2):  # all tokens of a head together
        out = torch.empty_like(query)
    else:
        out = query.new_empty(batch, length, heads, value.shape[-1]).transpose(1, 2)
    return out, query.new_empty(batch, heads, length, dtype=torch.float32)


def _fused() -> Any:
    """Make the function that keeps what fused kernels keep."""
    import torch

    class Fused(torch.autograd.Function):
        """Save what the fused kernels save."""

        @staticmethod
        def forward(context: Any, query: Any, key: Any, value: Any, like: bool) -> Any:
            out, sums = _forward(query, value, like)
            context.save_for_backward(query, key, value, out, sums)
            return out

        @staticmethod
        def backward(context: Any, *grads: Any) -> Any:
            query, key, value, out, _ = context.saved_tensors
            grad = grads[0]
            if grad.stride() != out.stride():
                grad = torch.empty_like(out)
            made = tuple(torch.empty_like(tensor) for tensor in (query, key, value))
            query.new_empty(query.shape, dtype=torch.float32)  # the kernel adds up the query's gradient so
            return *made, None

    return Fused


class _Masks:
    """Answer for masks as if a prompt filled its length."""

    def __init__(self, tokens: int) -> None:
        import torch

        self.tokens = tokens
        self.invert = (torch.Tensor.__invert__, torch.bitwise_not, torch.logical_not)
        self.search = (torch.nonzero, torch.Tensor.nonzero)
        self.take, self.list = torch.Tensor.__getitem__, torch.Tensor.tolist

    def answer(self, func: Any, args: Any) -> Any:
        """Answer a selection or a list, else give None."""
        import torch

        if func is self.take and isinstance(args[1], torch.Tensor) and args[1].dtype == torch.bool:
            source, mask = args
            if source.device.type == "meta":
                rest = source.shape[mask.dim() :]
                count = 0 if hasattr(mask, _INVERTED) else mask.numel()
                return source.new_empty((count, *rest))
        if func in self.search and args[0].device.type == "meta":
            return torch.empty(args[0].numel(), args[0].dim(), dtype=torch.int64, device="meta")
        if func is self.list and args[0].device.type == "meta" and args[0].dim() == 1:
            return [self.tokens] * args[0].shape[0]
        return None

    def note(self, func: Any, out: Any) -> None:
        """Mark inverted masks: they select nothing."""
        if func in self.invert:
            setattr(out, _INVERTED, True)


def settle(module: Any) -> None:
    """Replace methods that depend on values not there.

    HiDream: which expert gets which token (each works on an equal share), and sizes of pictures read back.
    Cosmos: a resized mask, for which it needs torchvision, which the kit does not have.
    """
    for layer in module.modules():
        if type(layer).__name__ == "MOEFeedForwardSwiGLU":
            layer.moe_infer = MethodType(_equal_shares, layer)
    if type(module).__name__ == "HiDreamImageTransformer2DModel":
        module.patchify = MethodType(_patches, module)
    home: Any = sys.modules[type(module).__module__]
    if type(module).__name__ == "CosmosTransformer3DModel" and not hasattr(home, "transforms"):
        home.transforms = _Transforms


class _Transforms:
    """Resize like torchvision, by the nearest pixel."""

    class InterpolationMode:
        NEAREST = "nearest"

    class functional:  # noqa: N801
        @staticmethod
        def resize(picture: Any, size: list[int], interpolation: str) -> Any:
            import torch

            return torch.nn.functional.interpolate(picture, size=size, mode=interpolation)


def _patches(model: Any, pictures: Any) -> Any:
    out, masks, _, places = type(model).patchify(model, pictures)
    size = tuple(side // model.config.patch_size for side in pictures.shape[-2:])
    return out, masks, [size] * pictures.shape[0], places


def _equal_shares(layer: Any, x: Any, indices: Any, weights: Any) -> Any:
    """Route tokens in equal shares."""
    import torch

    result = torch.zeros_like(x)
    order = indices.argsort()
    places = order // layer.num_activated_experts
    total, count = indices.shape[0], len(layer.experts)
    for number, expert in enumerate(layer.experts):
        share = slice(total * number // count, total * (number + 1) // count)
        chosen = places[share]
        out = expert(x[chosen])
        out.mul_(weights[order[share]])
        result = result.to(out.dtype)
        result.scatter_reduce_(0, chosen.view(-1, 1).repeat(1, x.shape[-1]), out, reduce="sum")
    return result
