"""Pipelines of reduced width: the real classes, random weights, saved and loaded as published ones are."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CLIP = {
    "vocab_size": 99, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4,
    "max_position_embeddings": 77, "projection_dim": 32, "bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 1,
}  # fmt: skip
T5 = {
    "vocab_size": 99, "d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4,
    "relative_attention_num_buckets": 8, "relative_attention_max_distance": 16, "feed_forward_proj": "gated-gelu",
}  # fmt: skip
VAE = {
    "block_out_channels": [16, 32], "down_block_types": ["DownEncoderBlock2D"] * 2,
    "up_block_types": ["UpDecoderBlock2D"] * 2, "latent_channels": 4, "sample_size": 32, "norm_num_groups": 8,
}  # fmt: skip
FLUX_VAE = {**VAE, "use_quant_conv": False, "use_post_quant_conv": False, "shift_factor": 0.1}
UNET = {
    "block_out_channels": [16, 32], "layers_per_block": 1, "sample_size": 32, "in_channels": 4, "out_channels": 4,
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"], "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"],
    "attention_head_dim": 4, "norm_num_groups": 8,
}  # fmt: skip
SDXL_UNET = {
    **UNET, "attention_head_dim": [2, 4], "use_linear_projection": True, "addition_embed_type": "text_time",
    "addition_time_embed_dim": 8, "transformer_layers_per_block": [1, 2], "cross_attention_dim": 64,
    "projection_class_embeddings_input_dim": 80,
}  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """Classes and configs of a pipeline, and a small run of it."""

    cls: str
    parts: dict[str, tuple[str, str, dict[str, Any]]]
    tokenizers: tuple[str, ...]
    scheduler: str
    size: dict[str, int]
    call: dict[str, Any] = field(default_factory=dict)


RECIPES = {
    "sdxl": Recipe(
        "StableDiffusionXLPipeline",
        {
            "text_encoder": ("transformers", "CLIPTextModel", CLIP),
            "text_encoder_2": ("transformers", "CLIPTextModelWithProjection", CLIP),
            "unet": ("diffusers", "UNet2DConditionModel", SDXL_UNET),
            "vae": ("diffusers", "AutoencoderKL", {**VAE, "force_upcast": True}),
        },
        ("tokenizer", "tokenizer_2"),
        "EulerDiscreteScheduler",
        {"height": 96, "width": 64},
    ),
    "sd15": Recipe(
        "StableDiffusionPipeline",
        {
            "text_encoder": ("transformers", "CLIPTextModel", CLIP),
            "unet": ("diffusers", "UNet2DConditionModel", {**UNET, "cross_attention_dim": 32}),
            "vae": ("diffusers", "AutoencoderKL", VAE),
        },
        ("tokenizer",),
        "DDIMScheduler",
        {"height": 64, "width": 96},
    ),
    "wan": Recipe(
        "WanPipeline",
        {
            "text_encoder": ("transformers", "UMT5EncoderModel", T5),
            "transformer": (
                "diffusers",
                "WanTransformer3DModel",
                {
                    "patch_size": [1, 2, 2], "num_attention_heads": 2, "attention_head_dim": 12, "in_channels": 16,
                    "out_channels": 16, "text_dim": 32, "freq_dim": 32, "ffn_dim": 64, "num_layers": 2,
                    "cross_attn_norm": True, "qk_norm": "rms_norm_across_heads", "rope_max_seq_len": 32,
                },
            ),
            "vae": ("diffusers", "AutoencoderKLWan", {"base_dim": 6, "z_dim": 16, "num_res_blocks": 1}),
        },
        ("tokenizer",),
        "FlowMatchEulerDiscreteScheduler",
        {"height": 64, "width": 96, "frames": 9},
    ),
    "flux": Recipe(
        "FluxPipeline",
        {
            "text_encoder": ("transformers", "CLIPTextModel", CLIP),
            "text_encoder_2": ("transformers", "T5EncoderModel", T5),
            "transformer": (
                "diffusers",
                "FluxTransformer2DModel",
                {
                    "in_channels": 16, "num_layers": 2, "num_single_layers": 2, "attention_head_dim": 16,
                    "num_attention_heads": 2, "joint_attention_dim": 32, "pooled_projection_dim": 32,
                    "guidance_embeds": True, "axes_dims_rope": [4, 4, 8],
                },
            ),
            "vae": ("diffusers", "AutoencoderKL", FLUX_VAE),
        },
        ("tokenizer", "tokenizer_2"),
        "FlowMatchEulerDiscreteScheduler",
        {"height": 64, "width": 96},
    ),
    "cogvideox": Recipe(
        "CogVideoXPipeline",
        {
            "text_encoder": ("transformers", "T5EncoderModel", T5),
            "transformer": (
                "diffusers",
                "CogVideoXTransformer3DModel",
                {
                    "num_attention_heads": 4, "attention_head_dim": 16, "in_channels": 4, "out_channels": 4,
                    "time_embed_dim": 8, "text_embed_dim": 32, "num_layers": 2, "sample_width": 12, "sample_height": 8,
                    "sample_frames": 9, "patch_size": 2, "temporal_compression_ratio": 4, "max_text_seq_length": 226,
                    "use_rotary_positional_embeddings": True,
                },
            ),
            "vae": (
                "diffusers",
                "AutoencoderKLCogVideoX",
                {
                    "down_block_types": ["CogVideoXDownBlock3D"] * 4, "up_block_types": ["CogVideoXUpBlock3D"] * 4,
                    "block_out_channels": [8, 8, 8, 8], "latent_channels": 4, "layers_per_block": 1,
                    "norm_num_groups": 2, "temporal_compression_ratio": 4, "sample_height": 32, "sample_width": 48,
                },
            ),
        },
        ("tokenizer",),
        "CogVideoXDDIMScheduler",
        {"height": 64, "width": 96, "frames": 9},
        {"use_dynamic_cfg": False},
    ),
}  # fmt: skip


class Tokens:
    """Stands for a tokenizer where only the length of its output matters: a prompt of ten words, padded."""

    model_max_length = 77

    @property
    def added_tokens_encoder(self):
        return {}

    def tokenize(self, prompt):
        return prompt.split()

    def __call__(self, prompt, padding="longest", max_length=None, **_):
        import torch
        from transformers import BatchEncoding

        rows = [prompt] if isinstance(prompt, str) else list(prompt)
        length = max_length if padding == "max_length" else 10
        mask = torch.zeros(len(rows), length, dtype=torch.int64)
        mask[:, :10] = 1
        return BatchEncoding({"input_ids": torch.ones_like(mask), "attention_mask": mask})

    def batch_decode(self, ids):
        return ["" for _ in ids]


def save(recipe: Recipe, folder: Path) -> Path:
    """Random weights and configs of every part, and model_index.json."""
    import diffusers
    import torch
    import transformers

    torch.manual_seed(0)
    index: dict[str, Any] = {"_class_name": recipe.cls}
    for name, (library, cls, config) in recipe.parts.items():
        found = getattr({"diffusers": diffusers, "transformers": transformers}[library], cls)
        made = found.from_config(config) if library == "diffusers" else found(found.config_class(**config))
        made.save_pretrained(folder / name)
        index[name] = [library, cls]
    for name in recipe.tokenizers:
        index[name] = ["transformers", "CLIPTokenizer"]
    index["scheduler"] = ["diffusers", recipe.scheduler]
    (folder / "model_index.json").write_text(json.dumps(index), encoding="utf-8")
    return folder


def load(recipe: Recipe, folder: Path, dtype: str, dtypes: dict[str, str]) -> Any:
    """The real pipeline of a folder."""
    import diffusers
    import torch
    import transformers

    parts = {}
    for name, (library, cls, _) in recipe.parts.items():
        found = getattr({"diffusers": diffusers, "transformers": transformers}[library], cls)
        kept = getattr(torch, dtypes.get(name, dtype))
        option = {"torch_dtype": kept} if library == "diffusers" else {"dtype": kept}
        parts[name] = found.from_pretrained(folder / name, **option).eval()
    parts |= {name: Tokens() for name in recipe.tokenizers}
    parts["scheduler"] = getattr(diffusers, recipe.scheduler)()
    if recipe.cls == "StableDiffusionPipeline":
        parts |= {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    pipe = getattr(diffusers, recipe.cls)(**parts)
    pipe.set_progress_bar_config(disable=True)
    return pipe
