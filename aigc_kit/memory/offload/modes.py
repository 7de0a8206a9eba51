"""Keep and move parts of a pipeline, in their dtypes."""

from collections.abc import Callable, Mapping
from typing import Any

from aigc_kit.core.errors import BadInput, CannotLoad
from aigc_kit.core.types import Plan, Words
from aigc_kit.memory.footprint.bytes import COMPUTE_DTYPES
from aigc_kit.memory.xray.build import kept_float32

_GROUP_HOOKS = ("group_offloading", "layer_execution_tracker", "lazy_prefetch_group_offloading")
_CASTING = "layerwise_casting"


def torch_dtype(name: str) -> Any:
    """Find torch's dtype of a name, float8_e4m3fn for "float8"."""
    import torch

    return getattr(torch, {"float8": "float8_e4m3fn"}.get(name, name))


def work_dtype(plan: Plan) -> str:
    """Tell the denoiser's compute dtype, for float8 its text encoders'.

    What they read is handed to it as it is: in another half precision it could not be multiplied.
    """
    own = plan.dtypes.get("unet") or plan.dtypes.get("transformer") or next(iter(plan.dtypes.values()), "float32")
    if own in COMPUTE_DTYPES:
        return own
    beside = (dtype for name, dtype in plan.dtypes.items() if name.startswith("text_encoder"))
    read = next((dtype for dtype in beside if dtype in COMPUTE_DTYPES), None)
    if read is not None:
        return read
    if plan.budget.device == "cpu":
        return "float32"
    return "bfloat16" if plan.budget.capabilities.get("bf16") else "float16"


def cast(name: str, part: Any, dtype: str | None, plan: Plan) -> None:
    """Bring a part's weights into a dtype.

    Except those that its class keeps in float32.

    Raises:
        BadInput: a format that only a loader can make (int8, nf4).
        CannotLoad: the weights are stored in float8 already, and another dtype is wanted.
    """
    import torch

    if any(_hook(module, _CASTING) for module in part.modules()):
        if dtype not in {None, "float8"}:
            raise CannotLoad(
                asked=Words(f"{name} in {dtype}", f"让 {name} 用 {dtype}"),
                found=Words(
                    "its weights are stored in float8, where their last digits are gone",
                    "它的权重已经存成 float8，末几位没有了",
                ),
                todo=Words("load the pipeline again, then place it", "重新载入管线，再摆放"),
            )
        return
    if dtype is None:
        return
    if dtype not in {*COMPUTE_DTYPES, "float8"}:
        raise BadInput(
            asked=Words(f"{name} in {dtype}", f"让 {name} 用 {dtype}"),
            found=Words("weights are quantised when they are loaded", "权重要在载入时量化"),
            todo=Words("load so", "载入时就这样做"),
        )
    compute = work_dtype(plan) if dtype == "float8" else dtype
    usual = torch_dtype(compute)
    for path, weight in part.named_parameters():
        if weight.is_floating_point():
            own = torch.float32 if kept_float32(part, path, compute) else usual
            if weight.dtype != own:
                weight.data = weight.data.to(own)
    if dtype == "float8":
        _store_in_float8(part, usual)


def _store_in_float8(part: Any, compute: Any) -> None:
    from diffusers.hooks import apply_layerwise_casting

    if hasattr(part, "enable_layerwise_casting"):
        part.enable_layerwise_casting(storage_dtype=torch_dtype("float8"), compute_dtype=compute)
    else:  # a text encoder of transformers
        apply_layerwise_casting(part, torch_dtype("float8"), compute, skip_modules_pattern=("embed", "shared", "norm"))


def resident(pipe: Any, parts: Mapping[str, Any], device: str) -> None:
    """Keep all parts on the device."""
    for part in parts.values():
        part.to(device)


def model(pipe: Any, parts: Mapping[str, Any], device: str) -> None:
    """Move the part at work to the device, others back."""
    pipe.enable_model_cpu_offload(device=device)


def sequential(pipe: Any, parts: Mapping[str, Any], device: str) -> None:
    """Bring each module to the device while it works.

    accelerate is called as `pipe.enable_sequential_cpu_offload` does, but for the device's name: there a CPU becomes
    "cpu:0", which is not the "cpu" where the weights are, and the copies that follow are no parameters any more.
    """
    import torch
    from accelerate import cpu_offload

    for part in parts.values():
        cpu_offload(part, torch.device(device), offload_buffers=len(part._parameters) > 0)


def group(pipe: Any, parts: Mapping[str, Any], device: str) -> None:
    """Bring each block while it works, a GPU's next meanwhile."""
    import torch
    from diffusers.hooks import apply_group_offloading

    for part in parts.values():
        apply_group_offloading(
            part,
            onload_device=torch.device(device),
            offload_device=torch.device("cpu"),
            offload_type="block_level",
            num_blocks_per_group=1,
            use_stream=torch.device(device).type == "cuda",
            block_modules=getattr(part, "_group_offload_block_modules", None) or way_to_blocks(part),
        )


APPLY: Mapping[str, Callable[[Any, Mapping[str, Any], str], None]] = {
    "resident": resident,
    "model": model,
    "sequential": sequential,
    "group": group,
}


def way_to_blocks(part: Any) -> list[str] | None:
    """Name the modules on the way to the first blocks.

    Breadth first; None where they lie directly in the part, or nowhere. For CLIP ["text_model", "encoder"], since its
    layers are text_model.encoder.layers.
    """
    import torch

    level: list[tuple[list[str], Any]] = [([], part)]
    while level:
        for way, module in level:
            if any(isinstance(child, (torch.nn.ModuleList, torch.nn.Sequential)) for child in module.children()):
                return way or None
        level = [([*way, name], child) for way, module in level for name, child in module.named_children()]
    return None


def has_accelerate_hooks(part: Any) -> bool:
    """Tell whether accelerate moves any module of a part."""
    return any(hasattr(module, "_hf_hook") for module in part.modules())


def remove_accelerate_hooks(part: Any) -> None:
    """Take accelerate's hooks away, bringing weights back."""
    from accelerate.hooks import remove_hook_from_module

    if has_accelerate_hooks(part):
        remove_hook_from_module(part, recurse=True)


def remove_group_hooks(part: Any) -> None:
    """Take diffusers' group offloading away, leaving weights in place."""
    for module in part.modules():
        for name in _GROUP_HOOKS:
            if _hook(module, name):
                module._diffusers_hook.remove_hook(name, recurse=False)


def _hook(module: Any, name: str) -> Any:
    registry = getattr(module, "_diffusers_hook", None)
    return registry.get_hook(name) if registry is not None else None
