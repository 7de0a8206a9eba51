"""Load a base of one's own, and paint with it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from aigc_kit.core import paths
from aigc_kit.core.types import Plan
from aigc_kit.make.diffusion.loading import read_pipeline
from aigc_kit.make.train.control import controlled, hint_of, load_control
from aigc_kit.make.train.lora import load_lora, quietly  # noqa: F401  (the lab gives it on)
from aigc_kit.models import loaded
from aigc_kit.teach.labs.lab06 import looks

STEPS, GUIDANCE, SIDE = 16, 3.0, looks.SIDE
SHIPPED = ("blueprint", "papercut", "rocket")
"""LoRAs that come with the kit."""


def base(plan: Plan) -> Any:
    """Load the plan's pipeline anew.

    Apart from the one of `image.make`.

    What a lesson adds to it stays in it. On a machine with a GPU it goes there.
    """
    pipe = read_pipeline(plan.card, loaded.on_disk(plan.card), plan.dtypes, **plan.card.facts.options)
    if plan.budget.device.startswith("cuda"):
        pipe.to(plan.budget.device)
    for part in ("unet", "vae", "text_encoder", "text_encoder_2"):
        getattr(pipe, part).requires_grad_(False)
    return pipe


def shipped(pipe: Any, *names: str) -> None:
    """Load LoRAs of the kit, switched off."""
    for name in names:
        if name not in getattr(pipe.unet, "peft_config", {}):
            load_lora(pipe, paths.assets() / "models" / "tinyloras" / f"{name}.safetensors", name)
    pipe.disable_lora()


def shipped_control(pipe: Any) -> Any:
    """Load the kit's ControlNet beside its base."""
    return controlled(pipe, load_control(pipe, paths.assets() / "models" / "tinycontrol"))


def paint(
    pipe: Any, prompts: Sequence[str], seed: int = 0, *, steps: int = STEPS, guidance: float = GUIDANCE, **more: Any
) -> np.ndarray:
    """Paint one picture of each prompt.

    uint8 (N, 128, 128, 3).

    Picture k begins with the noise of seed + k, whatever stands beside it. `more`: arguments of the pipeline.
    """
    import torch

    unet = pipe.unet
    shape = (1, unet.config.in_channels, unet.config.sample_size, unet.config.sample_size)
    noise = [torch.randn(shape, generator=torch.Generator().manual_seed(seed + k)) for k in range(len(prompts))]
    pages = pipe(
        list(prompts),
        num_inference_steps=steps,
        guidance_scale=guidance,
        height=unet.config.sample_size * pipe.vae_scale_factor,
        width=unet.config.sample_size * pipe.vae_scale_factor,
        latents=torch.cat(noise).to(unet.device, unet.dtype),
        output_type="np",
        **more,
    ).images
    return np.rint(pages * 255).astype(np.uint8)


def with_loras(
    pipe: Any, strengths: dict[str, float], prompts: Sequence[str], seed: int = 0, **more: Any
) -> np.ndarray:
    """Paint with LoRAs at these strengths.

    Without any, the base alone.
    """
    active = {name: value for name, value in strengths.items() if value}
    if not active:
        if getattr(pipe.unet, "peft_config", {}):
            pipe.disable_lora()
        return paint(pipe, prompts, seed, **more)
    pipe.enable_lora()
    pipe.set_adapters(list(active), list(active.values()))
    try:
        return paint(pipe, prompts, seed, **more)
    finally:
        pipe.disable_lora()


def inside(
    both: Any, masks: Sequence[np.ndarray], prompts: Sequence[str], seed: int = 0, scale: float = 1.0, **more: Any
) -> np.ndarray:
    """Paint inside drawn shapes, bool (H, W) each.

    scale: how loud the ControlNet is, 0 to 2.
    """
    import torch

    hints = [np.asarray(hint_of(mask), np.float32) / 255 for mask in masks]
    pages = torch.from_numpy(np.stack(hints)).permute(0, 3, 1, 2)
    return paint(both, prompts, seed, image=pages, controlnet_conditioning_scale=float(scale), **more)
