"""Configs of published models without a card of the kit, of which rows were measured: published values, and defaults.

A part is (library, class, config). What is not said is the class's own default in the installed libraries.
"""

import json
from pathlib import Path
from typing import Any

from aigc_kit.core import paths

Part = tuple[str, str, dict[str, Any]]


def _known(part: str) -> dict[str, Any]:
    return json.loads((paths.assets() / "configs" / part / "config.json").read_text(encoding="utf-8"))


def _own(cls: str, **values: Any) -> Part:
    return "diffusers", cls, {"_class_name": cls, **values}


def _t5() -> Part:
    return "transformers", "T5EncoderModel", _known("flux.1-dev/text_encoder_2")


def _cogvideox(transformer: dict[str, Any], **decoder: Any) -> tuple[str, dict[str, Part]]:
    wide = {"num_attention_heads": 48, "num_layers": 42, "use_rotary_positional_embeddings": True, **transformer}
    parts = {"text_encoder": _t5(), "transformer": _own("CogVideoXTransformer3DModel", **wide)}
    return "CogVideoXPipeline", {**parts, "vae": _own("AutoencoderKLCogVideoX", **decoder)}


def _hunyuanvideo() -> tuple[str, dict[str, Part]]:
    llama = {
        "architectures": ["LlamaModel"], "model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336,
        "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 128320,
        "max_position_embeddings": 8192, "rms_norm_eps": 1e-5, "rope_theta": 500000.0, "hidden_act": "silu",
    }  # fmt: skip
    return "HunyuanVideoPipeline", {
        "text_encoder": ("transformers", "LlamaModel", llama),
        "text_encoder_2": ("transformers", "CLIPTextModel", _known("sd15/text_encoder")),
        "transformer": _own("HunyuanVideoTransformer3DModel"),
        "vae": _own("AutoencoderKLHunyuanVideo"),
    }


def _ltx_video() -> tuple[str, dict[str, Part]]:
    transformer = {
        "in_channels": 128, "out_channels": 128, "num_attention_heads": 32, "attention_head_dim": 64,
        "cross_attention_dim": 2048, "num_layers": 28, "caption_channels": 4096,
    }  # fmt: skip
    stages, layers, scaling = [128, 256, 512, 512], [4, 3, 3, 3, 4], [True, True, True, False]
    decoder = {
        "latent_channels": 128, "block_out_channels": stages, "down_block_types": ["LTXVideoDownBlock3D"] * 4,
        "decoder_block_out_channels": stages, "layers_per_block": layers, "decoder_layers_per_block": layers,
        "spatio_temporal_scaling": scaling, "decoder_spatio_temporal_scaling": scaling,
        "decoder_inject_noise": [False] * 5, "downsample_type": ["conv"] * 4, "upsample_residual": [False] * 4,
        "upsample_factor": [1] * 4, "timestep_conditioning": False,
    }  # fmt: skip
    return "LTXPipeline", {
        "text_encoder": _t5(),
        "transformer": _own("LTXVideoTransformer3DModel", **transformer),
        "vae": _own("AutoencoderKLLTXVideo", **decoder),
    }


def _pixart() -> tuple[str, dict[str, Part]]:
    transformer = {
        "num_attention_heads": 16, "attention_head_dim": 72, "in_channels": 4, "out_channels": 8, "num_layers": 28,
        "cross_attention_dim": 1152, "attention_bias": True, "sample_size": 128, "patch_size": 2,
        "norm_type": "ada_norm_single", "caption_channels": 4096, "interpolation_scale": 2,
        "use_additional_conditions": False,
    }  # fmt: skip
    parts = {"text_encoder": _t5(), "transformer": _own("PixArtTransformer2DModel", **transformer)}
    return "PixArtSigmaPipeline", {**parts, "vae": ("diffusers", "AutoencoderKL", _known("sdxl/vae"))}


def _klein() -> tuple[str, dict[str, Part]]:
    qwen = {
        "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "hidden_size": 2560, "intermediate_size": 9728,
        "num_hidden_layers": 36, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128,
        "vocab_size": 151936, "max_position_embeddings": 40960, "tie_word_embeddings": True,
    }  # fmt: skip
    transformer = {"num_layers": 5, "num_single_layers": 20, "num_attention_heads": 24, "joint_attention_dim": 7680}
    return "Flux2KleinPipeline", {
        "text_encoder": ("transformers", "Qwen3ForCausalLM", qwen),
        "transformer": _own("Flux2Transformer2DModel", **transformer, guidance_embeds=False),
        "vae": _own("AutoencoderKLFlux2"),
    }


def _animatediff() -> tuple[str, dict[str, Part]]:
    return "AnimateDiffPipeline", {
        "text_encoder": ("transformers", "CLIPTextModel", _known("sd15/text_encoder")),
        "unet": ("diffusers", "UNet2DConditionModel", _known("sd15/unet")),
        "motion_adapter": _own("MotionAdapter", use_motion_mid_block=False),
        "vae": ("diffusers", "AutoencoderKL", _known("sd15/vae")),
    }


def _ti2v() -> tuple[str, dict[str, Part]]:
    transformer = {
        "num_attention_heads": 24, "num_layers": 30, "ffn_dim": 14336, "in_channels": 48, "out_channels": 48,
        "patch_size": [1, 2, 2], "attention_head_dim": 128, "text_dim": 4096, "freq_dim": 256, "cross_attn_norm": True,
        "qk_norm": "rms_norm_across_heads", "rope_max_seq_len": 1024,
    }  # fmt: skip
    decoder = {
        "base_dim": 160, "z_dim": 48, "is_residual": True, "in_channels": 12, "out_channels": 12,
        "decoder_base_dim": 256, "scale_factor_temporal": 4, "scale_factor_spatial": 16, "patch_size": 2,
        "latents_mean": [0.0] * 48, "latents_std": [1.0] * 48,
    }  # fmt: skip
    return "WanPipeline", {
        "text_encoder": ("transformers", "UMT5EncoderModel", _known("wan2.1-1.3b/text_encoder")),
        "transformer": _own("WanTransformer3DModel", **transformer),
        "vae": _own("AutoencoderKLWan", **decoder),
    }


RECIPES = {
    "cogvideox-5b": lambda: _cogvideox({}),
    "cogvideox1.5-5b": lambda: _cogvideox(
        {"patch_size_t": 2, "patch_bias": False, "sample_height": 300, "sample_width": 300, "sample_frames": 81},
        invert_scale_latents=True,
    ),
    "hunyuanvideo": _hunyuanvideo,
    "ltx-video-0.9": _ltx_video,
    "pixart-sigma": _pixart,
    "flux.2-klein-4b": _klein,
    "animatediff-sd15": _animatediff,
    "wan2.2-ti2v-5b": _ti2v,
}
OPTIONS = {"wan2.2-ti2v-5b": {"expand_timesteps": True}, "flux.2-klein-4b": {"is_distilled": True}}


def folder(name: str, home: Path) -> Path:
    """Write model_index.json and configs of a recipe; a known model's own folder as it is."""
    if name not in RECIPES:
        return paths.assets() / "configs" / name
    cls, parts = RECIPES[name]()
    place = home / name
    index: dict[str, Any] = {"_class_name": cls, **OPTIONS.get(name, {})}
    for part, (library, kind, config) in parts.items():
        (place / part).mkdir(parents=True, exist_ok=True)
        (place / part / "config.json").write_text(json.dumps(config), encoding="utf-8")
        index[part] = [library, kind]
    (place / "model_index.json").write_text(json.dumps(index), encoding="utf-8")
    return place
