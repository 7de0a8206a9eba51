"""Every pipeline class of the installed diffusers as a folder of configs, its networks one layer deep."""

import inspect
import json
import typing
from pathlib import Path
from typing import Any

from tests.xray.pipelines import CLIP, T5, UNET, VAE

DEPTHS = (
    "num_layers", "num_single_layers", "num_refiner_layers", "num_hidden_layers", "depth", "num_mmdit_layers",
    "num_single_dit_layers", "num_decoder_layers", "num_text_blocks", "num_visual_blocks", "n_layer", "layers",
    "num_context_layers", "num_dual_layers", "num_double_layers", "num_double_blocks", "num_single_blocks",
)  # fmt: skip
OWN = {
    "UNet2DConditionModel": {**UNET, "cross_attention_dim": 32},
    "UNetMotionModel": {
        "block_out_channels": [32, 64], "down_block_types": ["CrossAttnDownBlockMotion", "DownBlockMotion"],
        "up_block_types": ["UpBlockMotion", "CrossAttnUpBlockMotion"], "layers_per_block": 1, "norm_num_groups": 8,
        "cross_attention_dim": 32, "num_attention_heads": 4, "motion_num_attention_heads": 4,
    },
    "AutoencoderKL": VAE,
    "SD3Transformer2DModel": {"num_layers": 1, "in_channels": 4, "num_attention_heads": 2,
                              "caption_projection_dim": 128},
    "CogView4Transformer2DModel": {"num_layers": 1, "in_channels": 4, "out_channels": 4, "num_attention_heads": 2},
    "PixArtTransformer2DModel": {"num_layers": 1, "caption_channels": 32, "num_attention_heads": 2, "in_channels": 4,
                                 "cross_attention_dim": 144, "sample_size": 32},
    "LatteTransformer3DModel": {"num_layers": 1, "caption_channels": 32, "num_attention_heads": 2, "in_channels": 4,
                                "attention_head_dim": 72, "cross_attention_dim": 144, "sample_size": 32,
                                "patch_size": 2, "video_length": 9, "norm_type": "ada_norm_single"},
    "HunyuanDiT2DModel": {"num_layers": 2, "hidden_size": 176, "num_attention_heads": 2, "in_channels": 4,
                          "patch_size": 2, "sample_size": 32, "activation_fn": "gelu-approximate"},
    "WanVACETransformer3DModel": {"num_layers": 1, "vace_layers": [0], "num_attention_heads": 2},
    "StableCascadeUNet": {"block_out_channels": [64], "num_attention_heads": [2], "down_num_layers_per_block": [1],
                          "up_num_layers_per_block": [1], "down_blocks_repeat_mappers": [1],
                          "up_blocks_repeat_mappers": [1], "block_types_per_layer": [["SDCascadeResBlock",
                          "SDCascadeTimestepBlock", "SDCascadeAttnBlock"]], "conditioning_dim": 64,
                          "clip_text_in_channels": 32, "clip_text_pooled_in_channels": 32, "clip_image_in_channels": 32,
                          "dropout": [0.1], "self_attn": True, "switch_level": [False]},
    "Lumina2Transformer2DModel": {"num_layers": 1, "num_refiner_layers": 1, "in_channels": 4, "out_channels": 4},
    "SanaTransformer2DModel": {"num_layers": 1, "in_channels": 32, "out_channels": 32},
    "ZImageTransformer2DModel": {"n_layers": 1, "n_refiner_layers": 1, "in_channels": 4},
    "MotionAdapter": {"block_out_channels": [16, 32], "motion_layers_per_block": 1, "motion_norm_num_groups": 8,
                      "motion_num_attention_heads": 4},
    "T5EncoderModel": T5, "UMT5EncoderModel": T5, "CLIPTextModel": CLIP, "CLIPTextModelWithProjection": CLIP,
}  # fmt: skip


STANDING_FOR = {"Gemma2PreTrainedModel": "Gemma2Model", "PreTrainedModel": "Qwen3Model"}  # annotated so, loaded as


def classes() -> dict[str, type]:
    """Name -> class of every pipeline that diffusers exports and can import here."""
    import diffusers

    found = {}
    for name in dir(diffusers):
        if "Pipeline" in name:
            cls = getattr(diffusers, name, None)
            if inspect.isclass(cls) and issubclass(cls, diffusers.DiffusionPipeline):
                found[name] = cls
    return found


def parts_of(cls: type) -> dict[str, type]:
    """Part -> class of network, from the annotations of a pipeline's constructor."""
    import torch

    try:
        hints = typing.get_type_hints(cls.__init__)
    except (NameError, TypeError):
        hints = {n: p.annotation for n, p in inspect.signature(cls.__init__).parameters.items()}
    found = {}
    for name, hint in hints.items():
        kinds = (*typing.get_args(hint), hint)
        for one in sorted(kinds, key=lambda kind: getattr(kind, "__name__", "") != "AutoencoderKLWan"):
            if inspect.isclass(one) and issubclass(one, torch.nn.Module):
                import transformers

                found[name] = getattr(transformers, STANDING_FOR.get(one.__name__, ""), one)
                break
    return found


def config(cls: type) -> dict[str, Any]:
    """The class's own defaults, its depth one."""
    if cls.__name__ in OWN:
        return OWN[cls.__name__]
    if hasattr(cls, "config_class") and cls.config_class is not None:
        plain = cls.config_class()
        for one in (plain, *(getattr(plain, n) for n in ("text_config", "vision_config") if hasattr(plain, n))):
            for depth in ("num_hidden_layers", "num_layers", "depth"):
                if isinstance(getattr(one, depth, None), int):
                    setattr(one, depth, 2)
            if getattr(one, "layer_types", None):
                one.layer_types = one.layer_types[:2]
        return plain.to_dict()
    names = inspect.signature(cls.__init__).parameters
    return {n: 1 for n, p in names.items() if n in DEPTHS and isinstance(p.default, int)}


def folder(name: str, cls: type, home: Path) -> Path:
    """Write model_index.json and a config for each part."""
    place = home / name
    place.mkdir()
    index: dict[str, Any] = {"_class_name": name}
    for part, kind in parts_of(cls).items():
        library = "diffusers" if kind.__module__.startswith("diffusers.models") else kind.__module__.split(".")[0]
        if kind.__module__.startswith("diffusers.pipelines"):
            library = kind.__module__.split(".")[2]
        index[part] = [library, kind.__name__]
        (place / part).mkdir()
        text = json.dumps({**config(kind), "_class_name": kind.__name__}, default=str)
        (place / part / "config.json").write_text(text, encoding="utf-8")
    (place / "model_index.json").write_text(json.dumps(index), encoding="utf-8")
    return place
