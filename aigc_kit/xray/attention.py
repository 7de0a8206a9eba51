"""How attention is computed while a pipeline is traced: fused, by the plain matrix products, or slice by slice."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aigc_kit.errors import BadInput
from aigc_kit.xray.tracer import Trace


def prepare(modules: dict[str, Any], attention: str) -> None:
    """Set the attention of the parts as a pipeline would before a run.

    Args:
        modules: name -> part.
        attention: "sdpa" leaves torch's fused attention, which is the libraries' default; "math" sets diffusers' plain
            processors where a part has them; "sliced" calls `set_attention_slice("auto")`, as
            `enable_attention_slicing()` does.

    Raises:
        BadInput: "sliced" where no part can slice.
    """
    if attention == "math":
        for module in modules.values():
            _set_plain(module)
    if attention == "sliced":
        able = [module for module in modules.values() if hasattr(module, "set_attention_slice")]
        if not able:
            raise BadInput(
                asked="sliced attention",
                found=f"none of the parts {sorted(modules)} can slice its attention",
                todo="choose attention sdpa (smallest) or math",
            )
        for module in able:
            module.set_attention_slice("auto")


def _set_plain(module: Any) -> None:
    """Diffusers' AttnProcessor wherever its fused counterpart stands; other processors follow `standing_in`."""
    from diffusers.models.attention_processor import AttnProcessor, AttnProcessor2_0

    for block in module.modules():
        if isinstance(getattr(block, "processor", None), AttnProcessor2_0):
            block.set_processor(AttnProcessor())


@contextmanager
def standing_in(trace: Trace, attention: str) -> Iterator[None]:
    """Inside the block, torch's fused attention keeps alive what its kernel on a GPU does, or follows the plain path.

    The fused kernels return their result as a transposed (B, L, H, D) and one float32 per row (the log-sum-exp), and
    make nothing of size L x S. The meta device would choose the plain path, hence this.
    """
    import torch
    from torch.overrides import TorchFunctionMode
    from torch.utils.flop_counter import sdpa_flop_count

    plain = torch.ops.aten._scaled_dot_product_attention_math

    def fused(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False):
        if attention == "math" or query.dim() != 4:
            return plain(query, key, value, attn_mask, dropout_p, is_causal, scale=scale, enable_gqa=enable_gqa)[0]
        batch, heads, length, _width = query.shape
        made = query.new_empty(batch, length, heads, value.shape[-1]).transpose(1, 2)
        query.new_empty(batch, heads, length, dtype=torch.float32)
        keys = (batch, heads, *key.shape[2:])
        trace.flops += sdpa_flop_count(tuple(query.shape), keys, (batch, heads, *value.shape[2:]))
        return made

    class StandIn(TorchFunctionMode):
        """Takes the place of one function."""

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if func is torch.nn.functional.scaled_dot_product_attention:
                return fused(*args, **(kwargs or {}))
            return func(*args, **(kwargs or {}))

    with StandIn():
        yield
