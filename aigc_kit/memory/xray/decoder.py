"""Tell what a decoder enlarges, and how parts attend."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from aigc_kit.core.errors import BadInput
from aigc_kit.memory.xray.build import Part
from aigc_kit.memory.xray.tracer import Trace


def scales(part: Part) -> tuple[int, int]:
    """Give the frames and pixels a side of one latent."""
    config = part.config
    side = _first(part, "spatial_compression_ratio", "scale_factor_spatial")
    if side is None:
        stages = config.get("dim_mult") or config.get("block_out_channels") or (1,)
        side = 2 ** (len(stages) - 1)
    time = _first(part, "temporal_compression_ratio", "scale_factor_temporal")
    if time is None:
        time = 2 ** sum(bool(step) for step in config.get("temperal_downsample") or ())
    return time, side


def channels(part: Part) -> int:
    """Count the channels of the latents."""
    return _first(part, "latent_channels", "z_dim", "in_channels") or 4


def latents(part: Part, batch: int, latent: tuple[int, int, int, int], dtype: Any) -> Any:
    """Make the tensor that is decoded."""
    import torch

    depth, frames, height, width = latent
    video = any(isinstance(module, torch.nn.Conv3d) for module in part.module.modules())  # they have an axis for time
    return torch.empty((batch, depth, frames, height, width) if video else (batch, depth, height, width), dtype=dtype)


def set_options(part: Part, slicing: bool, tiling: bool) -> None:
    """Turn slicing and tiling on or off, if able (BadInput)."""
    for on, name in ((slicing, "slicing"), (tiling, "tiling")):
        switch = getattr(part.module, f"enable_{name}" if on else f"disable_{name}", None)
        if switch is not None:
            switch()
        elif on:
            raise BadInput(
                asked=f"{name} of {part.name} ({part.cls})",
                found="this decoder cannot do that",
                todo="leave the option out",
            )


def upcasts(part: Part, pipeline: str) -> bool:
    """Tell whether the pipeline decodes in float32.

    Asked for float16, told so by the decoder's config (`force_upcast`), and having the code for it (SDXL's do, Stable
    Diffusion 1's do not).
    """
    if part.dtype != "float16" or not getattr(part.module.config, "force_upcast", False):
        return False
    return "upcast_vae" in _source(pipeline)


@cache
def _source(pipeline: str) -> str:
    """Read the source of a diffusers pipeline, importing nothing."""
    import ast
    from importlib.util import find_spec

    spec = find_spec("diffusers")
    home = Path(spec.origin).parent / "pipelines" if spec and spec.origin else Path()
    for path in sorted(home.rglob("pipeline_*.py")):
        text = path.read_text(encoding="utf-8")
        if f"class {pipeline}(" in text:
            nodes = (node for node in ast.parse(text).body if isinstance(node, ast.ClassDef) and node.name == pipeline)
            return ast.get_source_segment(text, next(nodes)) or ""
    return ""


def _first(part: Part, *names: str) -> int | None:
    values = (part.config.get(name) or getattr(part.module, name, None) for name in names)
    return next((int(value) for value in values if value), None)


def prepare(modules: dict[str, Any], attention: str) -> None:
    """Set the attention of parts as a pipeline would.

    Args:
        modules: name -> part.
        attention: "sdpa" leaves torch's fused attention, which is the libraries' default; "math" sets diffusers' plain
            processors where a part has them; "sliced" calls `set_attention_slice("auto")`, as
            `enable_attention_slicing()` does.

    Raises:
        BadInput: "sliced" where no part can slice.
    """
    if attention == "math":
        from diffusers.models.attention_processor import AttnProcessor, AttnProcessor2_0

        for block in (block for module in modules.values() for block in module.modules()):
            if isinstance(getattr(block, "processor", None), AttnProcessor2_0):
                block.set_processor(AttnProcessor())  # other processors follow `standing_in`
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


@contextmanager
def standing_in(trace: Trace, attention: str) -> Iterator[None]:
    """Let fused attention keep alive what a GPU's kernel does.

    The fused kernels return their result as a transposed (B, L, H, D) and one float32 per row (the log-sum-exp), and
    make nothing of size L x S. The meta device would choose the plain path, hence this; "math" does follow it.
    """
    import torch
    from torch.overrides import TorchFunctionMode
    from torch.utils.flop_counter import sdpa_flop_count

    plain = torch.ops.aten._scaled_dot_product_attention_math

    def fused(query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False):
        if attention == "math" or query.dim() != 4:
            return plain(query, key, value, attn_mask, dropout_p, is_causal, scale=scale, enable_gqa=enable_gqa)[0]
        batch, heads, length, _width = query.shape
        out = query.new_empty(batch, length, heads, value.shape[-1]).transpose(1, 2)
        query.new_empty(batch, heads, length, dtype=torch.float32)
        keys = (batch, heads, *key.shape[2:])
        trace.flops += sdpa_flop_count(tuple(query.shape), keys, (batch, heads, *value.shape[2:]))
        return out

    class StandIn(TorchFunctionMode):
        """Take the place of one function."""

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if func is torch.nn.functional.scaled_dot_product_attention:
                return fused(*args, **(kwargs or {}))
            return func(*args, **(kwargs or {}))

    with StandIn():
        yield
