"""Teach a ControlNet, and put it beside its base."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.make.train.lessons import Material, batches
from aigc_kit.make.train.loop import Progress, Training, train
from aigc_kit.make.train.lora import BASE, check_base, fingerprint, quietly, read_parts
from aigc_kit.make.train.teaching import mistake

EMBEDDING = (8, 16, 32, 64)
"""Channels of the network that reads the hint; those of diffusers are twice to four times as many."""
COPIED, NEW = 8e-4, 3e-3  # rates of the weights copied from the U-Net, and of those that begin at zero
WEIGHTS = "diffusion_pytorch_model.safetensors"


def new_control(pipe: Any) -> Any:
    """Make an untrained ControlNetModel of the pipeline's U-Net.

    Its first half is a copy; the convolutions at its ends are zero, so that it changes nothing yet.

    Source: Zhang et al. (arXiv:2302.05543), section 3.
    """
    from diffusers import ControlNetModel

    control = ControlNetModel.from_unet(
        pipe.unet, conditioning_embedding_out_channels=EMBEDDING, load_weights_from_unet=False
    )
    own = control.state_dict()  # LoRAs that the U-Net may wear are not copied
    state = {name.replace(".base_layer", ""): weight for name, weight in pipe.unet.state_dict().items()}
    control.load_state_dict({name: weight for name, weight in state.items() if name in own}, strict=False)
    return control


def two_rates(control: Any) -> Any:
    """Make its AdamW, slower for what is copied."""
    import torch

    fresh = [weight for name, weight in control.named_parameters() if name.startswith("controlnet_")]
    known = set(map(id, fresh))
    copied = [weight for weight in control.parameters() if id(weight) not in known]
    groups = [{"params": copied, "lr": COPIED}, {"params": fresh, "lr": NEW}]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=0.0)


def learn_control(
    pipe: Any, control: Any, source: Material, *, steps: int = 100, size: int = 8, seed: int = 0
) -> Iterator[Progress]:
    """Train a ControlNet step by step, its base frozen.

    Args:
        pipe: a StableDiffusionXLPipeline.
        control: see `new_control`; changed in place.
        source: with hints.
        steps, size: how many batches of how many pictures.
        seed: of batches and noise.

    Raises:
        BadInput: the material has no hints, or no picture.
    """
    if source.hints is None or not len(source.latents):
        raise BadInput(
            asked=Words("a ControlNet from this material", "用这些素材训练 ControlNet"),
            found=Words("no picture, or none with a hint", "没有图片，或者图片没有对应的提示图（hints）"),
            todo=Words(
                "make it by material(pipe, pictures, captions, hints)", "用 material(pipe, 图片, 说明, 提示图) 准备"
            ),
        )
    pipe.unet.requires_grad_(False)
    training = Training(control.train(), [two_rates(control)])
    yield from train(training, batches(source, size, steps, seed, noisy=0.55), mistake(pipe, control))


def save_control(pipe: Any, control: Any, folder: Path | str) -> Path:
    """Write config and float16 weights with the base's fingerprint."""
    from safetensors.torch import save_file

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: value.detach().half().contiguous() for name, value in control.state_dict().items()}
    part = folder / f"{WEIGHTS}.part"
    save_file(state, part, metadata={"format": "pt", BASE: fingerprint(pipe)})
    control.save_config(folder)
    return part.replace(folder / WEIGHTS)


def load_control(pipe: Any, folder: Path | str) -> Any:
    """Load a ControlNet that was trained on this pipeline's weights.

    Raises:
        BadInput: not there, cut short, or of another base.
    """
    from diffusers import ControlNetModel

    folder = Path(folder)
    metadata, state = read_parts(folder / WEIGHTS)
    check_base(pipe, metadata, folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    with quietly():
        control = ControlNetModel.from_config(config)
        control.load_state_dict(state)
        return control.to(pipe.device, pipe.unet.dtype).eval().requires_grad_(False)


def controlled(pipe: Any, control: Any) -> Any:
    """Put a ControlNet beside the parts of its base.

    Returns:
        A StableDiffusionXLControlNetPipeline that shares every part of `pipe`.
    """
    from diffusers import StableDiffusionXLControlNetPipeline

    both: Any = StableDiffusionXLControlNetPipeline(**pipe.components, controlnet=control, add_watermarker=False)
    both.set_progress_bar_config(disable=True)
    return both


def hint_of(mask: np.ndarray) -> Any:
    """Make the picture that a ControlNet obeys.

    White where `mask`, bool (H, W), is set.

    Raises:
        BadInput: nothing is set, or everything.
    """
    from PIL import Image

    share = float(np.mean(mask))
    if not 0.0 < share < 1.0:
        raise BadInput(
            asked=Words("a picture inside a drawn shape", "照着画出的形状生成图片"),
            found=Words(
                "the canvas is blank" if share == 0 else "the canvas is full",
                "画布是空的" if share == 0 else "整张画布都涂满了",
            ),
            todo=Words("draw one shape and leave room around it", "画一个形状，四周留一些空白"),
        )
    return Image.fromarray(mask.astype(np.uint8) * 255).convert("RGB")
