"""Write a plan as lines of diffusers.

The same calls, and the same peak. FOLDER stands for the folder of the model's files, PROMPT for a prompt.
"""

from collections.abc import Iterator
from typing import Any

from aigc_kit.core.types import Plan
from aigc_kit.memory.offload.modes import work_dtype

_NAMES = ("prompt_embeds", "negative_prompt_embeds", "pooled_prompt_embeds", "negative_pooled_prompt_embeds")


def lines(plan: Plan) -> tuple[str, ...]:
    """Write what loads, places and runs a plan's pipeline.

    Returns:
        Lines of Python that need `diffusers` and `torch` imported, FOLDER and PROMPT.
    """
    return (_loading(plan), *_attention(plan), *_storage(plan), *_decoder(plan), *_placement(plan), _call(plan))


def _loading(plan: Plan) -> str:
    facts, dtypes = plan.card.facts, {p: d for p, d in plan.dtypes.items() if d != "float8"}
    usual = next(iter(dtypes.values()), work_dtype(plan))
    others = {part: dtype for part, dtype in dtypes.items() if dtype != usual}
    dtype = f"torch.{usual}"
    if others:
        parts = "".join(f'"{part}": torch.{own}, ' for part, own in others.items())
        dtype = f'{{{parts}"default": torch.{usual}}}'
    options: dict[str, str] = {"dtype": dtype}
    if facts.variant:
        options["variant"] = f'"{facts.variant}"'
    options |= {name: repr(value) for name, value in facts.options.items()}
    said = ", ".join(f"{name}={value}" for name, value in options.items())
    return f"pipe = {plan.card.parts['pipeline']}.from_pretrained(FOLDER, {said})"


def _attention(plan: Plan) -> Iterator[str]:
    denoiser = "pipe.unet" if "unet" in plan.dtypes else "pipe.transformer"
    if plan.attention == "math" and denoiser == "pipe.unet":
        plain = "diffusers.models.attention_processor.AttnProcessor()"
        yield f"for part in (pipe.unet, pipe.vae): part.set_attn_processor({plain})"
    elif plan.attention == "math":
        yield f'{denoiser}.set_attention_backend("_native_math")'
    elif plan.attention == "sliced":
        yield 'pipe.enable_attention_slicing("auto")'
    elif plan.attention == "xformers":
        yield "pipe.enable_xformers_memory_efficient_attention()"
    elif denoiser == "pipe.transformer":  # a backend that another model was given holds for all in the process
        yield f'{denoiser}.set_attention_backend("native")'


def _storage(plan: Plan) -> Iterator[str]:
    for part, dtype in plan.dtypes.items():
        if dtype == "float8":
            kept = f"storage_dtype=torch.float8_e4m3fn, compute_dtype=torch.{work_dtype(plan)}"
            yield f"pipe.{part}.enable_layerwise_casting({kept})"


def _decoder(plan: Plan) -> Iterator[str]:
    for name in ("slicing", "tiling"):
        if plan.vae.get(name):
            yield f"pipe.vae.enable_{name}()"


def _placement(plan: Plan) -> Iterator[str]:
    where = plan.budget.device
    aside = [part for part, place in plan.placement.items() if place == "cpu" != where]
    rest = [part for part in plan.placement if part not in aside]
    mode = next((plan.placement[part] for part in rest), where)
    if aside:
        repeated = "num_videos_per_prompt=1" if plan.request.frames else f"num_images_per_prompt={plan.request.batch}"
        said = f'PROMPT, device="cpu", {repeated}, do_classifier_free_guidance={float(plan.request.guidance or 0) > 1}'
        said += f", max_sequence_length={plan.card.facts.max_tokens}" if plan.request.frames else ""
        yield f"with torch.no_grad(): states = pipe.encode_prompt({said})"
        yield f"states = dict(zip({_NAMES}, states))"
        moved = f'one.to("{where}", torch.{work_dtype(plan)})'
        yield f"states = {{name: {moved} for name, one in states.items() if one is not None}}"
        yield " = ".join([*(f"pipe.{part}" for part in aside), "None"])
    if mode == "model":
        yield f'pipe.enable_model_cpu_offload(device="{where}")'
    elif mode == "sequential":
        yield f'pipe.enable_sequential_cpu_offload(device="{where}")'
    elif mode == "group":
        parts = "".join(f"pipe.{part}, " for part in rest)
        options = f'onload_device=torch.device("{where}"), offload_type="block_level", num_blocks_per_group=1'
        stream = ", use_stream=True" if where == "cuda" else ""
        yield f"for part in ({parts}): diffusers.hooks.apply_group_offloading(part, {options}{stream})"
    elif where != "cpu":
        yield f'pipe.to("{where}")'


def _call(plan: Plan) -> str:
    request, aside = plan.request, "cpu" in plan.placement.values() and plan.budget.device != "cpu"
    options: dict[str, Any] = {"height": request.height, "width": request.width}
    if request.frames:
        options |= {"num_frames": request.frames, "max_sequence_length": plan.card.facts.max_tokens}
    elif request.batch > 1 and not aside:
        options["num_images_per_prompt"] = request.batch
    options |= {"num_inference_steps": request.steps, "guidance_scale": request.guidance}
    said = ", ".join(f"{name}={value}" for name, value in options.items())
    return f"pipe({'**states' if aside else 'PROMPT'}, {said})"
