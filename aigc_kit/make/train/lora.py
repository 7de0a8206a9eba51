"""Teach a diffusion pipeline by a LoRA, of peft."""

import hashlib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.make.diffusion.loading import quiet
from aigc_kit.make.train.lessons import Material, batches
from aigc_kit.make.train.loop import Progress, Training, train
from aigc_kit.make.train.teaching import mistake

TARGETS = ("to_q", "to_k", "to_v", "to_out.0", "conv1", "conv2")
"""Layers of a U-Net that get a LoRA: attention's four matrices, both convolutions of each residual block."""
RANK, RATE, NOISY = 8, 4e-3, 0.5
BASE = "base"  # in the file's metadata: the fingerprint of what it was trained on


def learn_lora(
    pipe: Any,
    source: Material,
    name: str,
    *,
    steps: int = 100,
    size: int = 8,
    rank: int = RANK,
    rate: float = RATE,
    targets: Sequence[str] = TARGETS,
    noisy: float = NOISY,
    seed: int = 0,
) -> Iterator[Progress]:
    """Train a new LoRA of a U-Net, step by step.

    When the last step is done the LoRA stays, switched on. One that is interrupted is taken off again whole.

    Args:
        pipe: a StableDiffusionXLPipeline; its own weights stay as they are.
        source: what it learns from, at least 2 pictures.
        name: of the LoRA, new to the pipeline.
        steps, size: how many batches of how many pictures; the rate falls to zero in the last half.
        rank: numbers between A and B.
        rate: of AdamW.
        targets: ends of the names of layers.
        noisy: see `batches`.
        seed: of A, batches, noise.

    Raises:
        BadInput: too few pictures, or a name that is taken.

    Source: Hu et al. (arXiv:2106.09685), peft's LoraConfig.
    """
    import torch
    from peft import LoraConfig

    if len(source.latents) < 2:
        raise BadInput(
            asked=Words(f"a LoRA from {len(source.latents)} picture", f"用 {len(source.latents)} 张图片训练 LoRA"),
            found=Words("it would learn that one picture by heart", "它只会把这一张背下来"),
            todo=Words("bring 8 to 20 pictures, 2 at least", "准备 8 到 20 张图片，至少 2 张"),
        )
    refuse_taken(pipe, name)
    torch.manual_seed(seed)
    unet = pipe.unet
    unet.requires_grad_(False)
    with quietly():
        unet.add_adapter(LoraConfig(r=rank, lora_alpha=rank, target_modules=list(targets)), adapter_name=name)
    unet.enable_adapters()  # where another one had been switched off
    unet.set_adapter(name)
    done = False
    try:
        weights = [weight for part, weight in unet.named_parameters() if f".{name}." in part]
        training = Training(unet, [torch.optim.AdamW(weights, lr=rate, weight_decay=0.0)])
        draw = batches(source, size, steps, seed, noisy=noisy)
        for progress in train(training, draw, mistake(pipe), lambda step: min(1.0, 2 * (1 - step / steps))):
            done = progress.step == steps
            yield progress
    finally:
        if not done:
            with quietly():
                unet.delete_adapters(name)
        unet.requires_grad_(False)


@contextmanager
def quietly() -> Iterator[None]:
    """Silence what peft and diffusers say of second LoRAs."""
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def refuse_taken(pipe: Any, name: str) -> None:
    """Refuse a name that is empty, no word, or taken.

    torch keeps LoRAs in a ModuleDict, which has no room for names of its own methods, such as "half" and "train".
    """
    from torch import nn

    taken = list(getattr(pipe.unet, "peft_config", {}))
    if name in taken or not name.isidentifier() or hasattr(nn.ModuleDict, name):
        raise BadInput(
            asked=Words(f"a LoRA with the name {name!r}", f"名字叫 {name!r} 的 LoRA"),
            found=Words(f"taken, or no name for one; there are {taken}", f"已经有了，或者不能当名字；已有的：{taken}"),
            todo=Words("take another word, such as 'mine2'", "换一个词，例如 'mine2'"),
        )


def lora_state(pipe: Any, name: str) -> "dict[str, Any]":
    """Gather a LoRA's matrices as SDXL pipelines read them."""
    from peft import get_peft_model_state_dict

    state = get_peft_model_state_dict(pipe.unet, adapter_name=name)
    return {f"unet.{part}": value.detach().contiguous().clone() for part, value in state.items()}


def save_lora(pipe: Any, name: str, path: Path | str) -> Path:
    """Write a LoRA as float16 safetensors with its base's fingerprint."""
    from safetensors.torch import save_file

    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    state = {key: value.half() for key, value in lora_state(pipe, name).items()}
    save_file(state, part, metadata={"format": "pt", BASE: fingerprint(pipe)})
    return part.replace(path)


def load_lora(pipe: Any, path: Path | str, name: str, strength: float = 1.0) -> None:
    """Load a LoRA file, and switch it on alone.

    Raises:
        BadInput: no safetensors file, cut short, no LoRA, or one of another base.
    """
    refuse_taken(pipe, name)
    metadata, state = read_parts(path)
    check_base(pipe, metadata, path)
    if not all(".lora_" in key for key in state):
        raise BadInput(
            asked=Words(f"the LoRA {Path(path).name}", f"LoRA 文件 {Path(path).name}"),
            found=Words("it holds no matrices of a LoRA", "里面没有 LoRA 的矩阵"),
            todo=Words("give a file that save_lora wrote", "换成 save_lora 写出的文件"),
        )
    with quietly():
        pipe.load_lora_weights(state, adapter_name=name)
    pipe.unet.requires_grad_(False)
    pipe.set_adapters([name], [strength])


def read_parts(path: Path | str) -> "tuple[dict[str, str], dict[str, Any]]":
    """Read metadata and tensors (float32) of a safetensors file.

    Raises:
        BadInput: it is not there, cut short, or something else.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            return file.metadata() or {}, {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise BadInput(
            asked=Words(f"the weights {path}", f"权重文件 {path}"),
            found=Words(f"cannot be read: {error}", f"读不了（原话：{error}）"),
            todo=Words(
                "give a whole .safetensors file; train and save it again",
                "换成完整的 .safetensors 文件；不完整的要重新训练、重新保存",
            ),
        ) from error


def check_base(pipe: Any, metadata: Mapping[str, str], path: Path | str) -> None:
    """Refuse weights that were trained on another base."""
    mine, theirs = fingerprint(pipe), metadata.get(BASE, "")
    if mine != theirs:
        raise BadInput(
            asked=Words(f"{Path(path).name} on this base", f"在这个底模上用 {Path(path).name}"),
            found=Words(
                f"trained on the base {theirs[:12] or 'unknown'}, this one is {mine[:12]}",
                f"它是在底模 {theirs[:12] or '（没有写）'} 上训练的，现在的底模是 {mine[:12]}",
            ),
            todo=Words(
                "load its own base, or train it again on this one", "换回它自己的底模，或者在这个底模上重新训练"
            ),
        )


def fingerprint(pipe: Any) -> str:
    """Tell a base from another, 64 hexadecimal digits.

    SHA-256 of the names, shapes and first 256 values (as float16) of each weight of U-Net and text encoders; LoRAs and
    the number of bits do not change it.
    """
    digest = hashlib.sha256()
    for part in ("unet", "text_encoder", "text_encoder_2"):
        network = getattr(pipe, part, None)
        if network is None:
            continue
        for name, weight in sorted(network.state_dict().items()):
            if "lora_" in name:
                continue
            digest.update(f"{part}.{name.replace('.base_layer', '')} {tuple(weight.shape)}".encode())
            digest.update(weight.detach().flatten()[:256].half().cpu().numpy().tobytes())
    return digest.hexdigest()
