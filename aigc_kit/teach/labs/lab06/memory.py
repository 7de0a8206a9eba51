"""Count what training keeps in memory."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

from aigc_kit.core import paths
from aigc_kit.core.units import format_bytes
from aigc_kit.make.train.lora import RANK, TARGETS
from aigc_kit.teach.show.markup import Html, barred, table

ADAM = 8  # bytes of AdamW's two float32 averages for each trained number
ATTENTION = TARGETS[:4]


class Kept(NamedTuple):
    """Hold bytes that training keeps; activations None where not counted."""

    weights: int
    gradients: int
    optimiser: int
    activations: int | None = None

    @property
    def total(self) -> int:
        """Add up what is counted."""
        return self.weights + self.gradients + self.optimiser + (self.activations or 0)


def kept(frozen: int, trained: int, frozen_bytes: int = 2, activations: int | None = None) -> Kept:
    """Count by hand: what is trained stands in float32.

    Args:
        frozen, trained: numbers of weights.
        frozen_bytes: of each frozen weight, 2 in float16.
        activations: bytes kept for the way back.
    """
    return Kept(frozen * frozen_bytes + trained * 4, trained * 4, trained * ADAM, activations)


def saved_activations(loss: Callable[[], Any]) -> int:
    """Measure the bytes that autograd keeps for the way back.

    Counts every storage once, weights left out.

    Args:
        loss: computes the loss of one batch; called once.

    Source: torch.autograd.graph.saved_tensors_hooks.
    """
    import torch

    sizes: dict[int, int] = {}

    def pack(tensor: Any) -> Any:
        if not isinstance(tensor, torch.nn.Parameter):
            sizes[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        held = loss()
    total = sum(sizes.values())
    del held
    return total


@contextmanager
def training(pipe: Any, name: str, frugal: bool = False) -> Iterator[None]:
    """Make a LoRA trainable for a while.

    frugal: with gradient checkpointing.
    """
    unet = pipe.unet.train()
    if frugal:
        unet.enable_gradient_checkpointing()
    unet.enable_adapters()
    unet.set_adapter(name)
    try:
        yield
    finally:
        unet.disable_gradient_checkpointing()
        unet.eval().requires_grad_(False)
        unet.disable_adapters()


@cache
def sdxl_counts(rank: int = RANK) -> dict[str, int]:
    """Count SDXL's weights from its configs.

    Returns:
        {"unet", "others", "lora"}: of the U-Net, of text encoders and VAE, of a LoRA on attention's matrices.
    """
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from peft import LoraConfig
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    folder = paths.assets() / "configs" / "sdxl"
    count = lambda network: sum(weight.numel() for weight in network.parameters())  # noqa: E731
    with torch.device("meta"):
        unet = UNet2DConditionModel.from_config(UNet2DConditionModel.load_config(folder / "unet"))
        others = count(AutoencoderKL.from_config(AutoencoderKL.load_config(folder / "vae")))
        for name, kind in (("text_encoder", CLIPTextModel), ("text_encoder_2", CLIPTextModelWithProjection)):
            others += count(kind(CLIPTextConfig.from_pretrained(folder / name)))
        whole = count(unet)
        unet.add_adapter(LoraConfig(r=rank, lora_alpha=rank, target_modules=list(ATTENTION)))
        lora = sum(weight.numel() for name, weight in unet.named_parameters() if "lora_" in name)
    return {"unet": whole, "others": others, "lora": lora}


def sdxl_table(gigabytes: tuple[int, ...] = (8, 12, 24)) -> Html:
    """Tell what training SDXL keeps, where it may fit.

    Activations are not counted: they come on top, and depend on batch, size and checkpointing. Rows: {"way", "kept"}.
    """
    counts = sdxl_counts()
    ways = {
        f"LoRA（秩 {RANK}，注意力），底模 fp16": kept(counts["unet"], counts["lora"]),
        "全部微调，float32": kept(0, counts["unet"]),
    }
    lines = []
    for name, need in ways.items():
        fits = "、".join(f"{size} GB" for size in gigabytes if need.total < size * 10**9) or "都放不下"
        lines.append((name, *map(format_bytes, need[:3]), format_bytes(need.total), fits))
    words = "按真实配置数参数算出（预测，没有在显卡上跑过）；还没有算激活值、文本编码器和 VAE，所以“放得下”只是必要条件"
    head = ("训练方式", "权重", "梯度", "优化器", "合计", "只看这三样，放得下")
    return table(lines, head, words, [{"way": name, "kept": need} for name, need in ways.items()])


MODELS_ZH = {"sd15": "SD 1.5，512×512", "sdxl": "SDXL，1024×1024"}
WAYS_ZH = {"lora": "LoRA（秩 8）", "full": "全部微调"}
OPTIMIZERS_ZH = {"adamw": "AdamW", "adamw8bit": "8 位 AdamW", "adafactor": "Adafactor"}
_PARTS_ZH = {"weights": "权重", "gradients": "梯度", "states": "优化器", "activations": "激活"}


@cache
def traced_needs() -> tuple[dict[str, Any], ...]:
    """Read the traced needs of training that ship, in bytes."""
    return tuple(json.loads((paths.assets() / "data" / "training_needs.json").read_text(encoding="utf-8")))


def fitting(model: str = "sdxl", gigabytes: int = 12) -> Html:
    """Tell which training fits a card, and what savings cost.

    Args:
        model: one of MODELS_ZH.
        gigabytes: GB of the card.

    Returns:
        A table; rows: the entries, with "fits".
    """
    lines, rows = [], []
    for entry in (entry for entry in traced_needs() if entry["model"] == model):
        fits = entry["device"] <= gigabytes * 10**9
        saving = "开（每步约多算三分之一）" if entry["checkpointing"] else "关"
        way = (WAYS_ZH[entry["method"]], OPTIMIZERS_ZH[entry["optimizer"]], saving)
        sizes = (*(entry[name] for name in _PARTS_ZH), entry["device"])
        lines.append((*way, *map(format_bytes, sizes), "放得下" if fits else "放不下"))
        rows.append({**entry, "fits": fits})
    words = (
        f"{MODELS_ZH[model]}，批大小 1，混合精度 fp16，潜变量和文本编码事先算好。预测：在 meta 设备上跟踪一步训练得到，"
        "没有在显卡上跑过；“合计”含 CUDA 上下文和分配器多占的部分"
    )
    head = ("训练方式", "优化器", "梯度检查点", *_PARTS_ZH.values(), "合计", f"{gigabytes} GB 显卡")
    page = table(lines, head, words, rows)
    return barred(page, [row["device"] / 1e9 for row in rows], gigabytes, "每种训练的合计；虚线是显卡的显存")
