"""Tell what a decoder enlarges, and how parts attend."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from aigc_kit.core.errors import BadInput
from aigc_kit.memory.xray import stand_ins
from aigc_kit.memory.xray.build import Part

_CLASS = re.compile(r"^class (\w+)\(", re.MULTILINE)


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


def flat(part: Part) -> bool:
    """Tell whether a decoder makes pictures, also as frames."""
    import torch

    if part.cls == "AutoencoderKLTemporalDecoder":
        return True  # its encoder knows no time, and its decoder is told how many frames a batch holds
    return not any(isinstance(module, torch.nn.Conv3d) for module in part.module.modules())


def latents(part: Part, batch: int, latent: tuple[int, int, int, int], dtype: Any) -> Any:
    """Make the tensor that is decoded."""
    import torch

    depth, frames, height, width = latent
    shape = (batch * frames, depth, height, width) if flat(part) else (batch, depth, frames, height, width)
    return torch.empty(shape, dtype=dtype)


def call(part: Part, z: Any, chunk: int) -> Callable[[], Any]:
    """Make the call that decodes, in chunks where used.

    Args:
        part: the decoder.
        z: latents, as `latents` makes them.
        chunk: frames at a time; 0: all at once.
    """
    import torch

    if chunk and flat(part):
        timed = part.cls == "AutoencoderKLTemporalDecoder"

        def pieces() -> Any:
            made = []
            for piece in z.split(chunk):
                more = {"num_frames": piece.shape[0]} if timed else {}
                made.append(part.module.decode(piece, return_dict=False, **more)[0])
            return torch.cat(made)

        return pieces
    more = {}
    if part.config.get("timestep_conditioning"):
        more["temb"] = torch.empty(z.shape[0], dtype=z.dtype)
    return lambda: part.module.decode(z, return_dict=False, **more)


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
    return "upcast_vae" in source(pipeline)


@cache
def source(pipeline: str) -> str:
    """Read the source of a diffusers pipeline, importing nothing."""
    import ast

    path = _homes().get(pipeline)
    if path is None:
        return ""
    text = path.read_text(encoding="utf-8")
    nodes = (node for node in ast.parse(text).body if isinstance(node, ast.ClassDef) and node.name == pipeline)
    return ast.get_source_segment(text, next(nodes)) or ""


@cache
def _homes() -> dict[str, Path]:
    """Map the classes of diffusers' pipelines to their files."""
    from importlib.util import find_spec

    spec = find_spec("diffusers")
    home = Path(spec.origin).parent / "pipelines" if spec and spec.origin else Path()
    files = sorted(home.rglob("pipeline_*.py"), reverse=True)
    return {name: path for path in files for name in _CLASS.findall(path.read_text(encoding="utf-8"))}


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
    for module in modules.values():
        stand_ins.settle(module)
    if attention == "math":
        from diffusers.models.attention_processor import AttnProcessor, AttnProcessor2_0

        for block in (block for module in modules.values() for block in module.modules()):
            if isinstance(getattr(block, "processor", None), AttnProcessor2_0):
                block.set_processor(AttnProcessor())  # other processors follow `stand_ins.standing_in`
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
