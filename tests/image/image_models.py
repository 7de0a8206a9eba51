"""SDXL with its own configuration at a fraction of its width, random weights, real classes, the files of the hub."""

import json
import os
import shutil

import pytest

SDXL_WIDTH = {"block_out_channels": (32, 64, 128), "attention_head_dim": (2, 4, 8), "cross_attention_dim": 80}


def unet_config(*, deep):
    """The published config of SDXL's UNet; only widths, heads and the lengths of the conditioning are smaller.

    deep: with all its layers; else with one of each kind, which is ten times as fast.
    """
    from aigc_kit.core.paths import assets

    published = json.loads((assets() / "configs" / "sdxl" / "unet" / "config.json").read_text(encoding="utf-8"))
    return {
        **{name: value for name, value in published.items() if not name.startswith("_")},
        "sample_size": 16,
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 6 * 8 + 48,
        **SDXL_WIDTH,
        **({} if deep else {"layers_per_block": 1, "transformer_layers_per_block": [1, 1, 1]}),
    }


def build_parts(*, deep):
    """Name -> part, with random weights from a fixed seed."""
    import torch
    from diffusers import AutoencoderKL, EulerDiscreteScheduler, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    from aigc_kit.worlds.prompts import bpe

    torch.manual_seed(0)

    def text(width, act, pad):
        return CLIPTextConfig(
            vocab_size=bpe.VOCABULARY, hidden_size=width, intermediate_size=2 * width, num_hidden_layers=3,
            num_attention_heads=2, hidden_act=act, projection_dim=48, pad_token_id=pad,
            bos_token_id=bpe.START, eos_token_id=bpe.END,
        )  # fmt: skip

    return {
        "text_encoder": CLIPTextModel(text(32, "quick_gelu", 1)),
        "text_encoder_2": CLIPTextModelWithProjection(text(48, "gelu", 1)),
        "unet": UNet2DConditionModel(**unet_config(deep=deep)),
        "vae": AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
            block_out_channels=(32,) * 4, layers_per_block=1, latent_channels=4, sample_size=128,
            scaling_factor=0.13025, force_upcast=True,
        ),
        "scheduler": EulerDiscreteScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1,
            timestep_spacing="leading", prediction_type="epsilon",
        ),
    }  # fmt: skip


def write_tokenizer(folder, pad):
    """CLIP's tokenizer in the files of the hub: vocab.json, merges.txt and two small ones."""
    from aigc_kit.worlds.prompts import bpe

    folder.mkdir(parents=True)
    ends = {
        "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
        "pad_token": pad,
    }
    merges = "\n".join(["#version: 0.2", *(f"{a} {b}" for a, b in bpe.merges()), ""])
    (folder / "vocab.json").write_text(json.dumps(bpe.vocabulary(), ensure_ascii=False), encoding="utf-8")
    (folder / "merges.txt").write_text(merges, encoding="utf-8")
    (folder / "special_tokens_map.json").write_text(json.dumps(ends))
    (folder / "tokenizer_config.json").write_text(
        json.dumps({**ends, "model_max_length": 77, "tokenizer_class": "CLIPTokenizer", "do_lower_case": True})
    )


def write_sd15(root):
    """SD 1.5: the published UNet config at a tenth of its width, random weights; the index that the hub has."""
    import torch
    from diffusers import AutoencoderKL, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    from aigc_kit.core.paths import assets
    from aigc_kit.worlds.prompts import bpe

    torch.manual_seed(0)
    write_tokenizer(root / "words", "<|endoftext|>")
    published = json.loads((assets() / "configs" / "sd15" / "unet" / "config.json").read_text(encoding="utf-8"))
    unet = {name: value for name, value in published.items() if not name.startswith("_")}
    pipe = StableDiffusionPipeline(
        unet=UNet2DConditionModel(
            **unet | {"block_out_channels": (32, 64, 128, 128), "cross_attention_dim": 32, "layers_per_block": 1}
        ),
        vae=AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
            block_out_channels=(32,) * 4, latent_channels=4, scaling_factor=0.18215,
        ),
        text_encoder=CLIPTextModel(CLIPTextConfig(
            vocab_size=bpe.VOCABULARY, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
            num_attention_heads=2, bos_token_id=bpe.START, eos_token_id=bpe.END,
        )),
        tokenizer=CLIPTokenizer.from_pretrained(root / "words"),
        scheduler=PNDMScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", skip_prk_steps=True, steps_offset=1
        ),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    pipe.to(torch.float16).save_pretrained(root, variant="fp16")
    shutil.rmtree(root / "tokenizer")
    (root / "words").rename(root / "tokenizer")
    index = json.loads((root / "model_index.json").read_text(encoding="utf-8"))
    index |= {
        "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
        "feature_extractor": ["transformers", "CLIPImageProcessor"],
        "requires_safety_checker": True,
    }
    (root / "model_index.json").write_text(json.dumps(index), encoding="utf-8")
    return root


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """A folder for AIGC_MODELS_DIR: sdxl/ with all layers, small/ with few; fp16 variants as on the hub.

    Its assets/ is a folder for AIGC_ASSETS: the shipped files, and in the place of tinysdxl the small model, in files
    without a variant.
    """
    import torch
    from diffusers import StableDiffusionXLPipeline
    from transformers import CLIPTokenizer

    root = tmp_path_factory.mktemp("models")
    words = root / "words"
    write_tokenizer(words / "tokenizer", "<|endoftext|>")
    write_tokenizer(words / "tokenizer_2", "!")
    tokenizers = {name: CLIPTokenizer.from_pretrained(words / name) for name in ("tokenizer", "tokenizer_2")}
    shipped = root / "assets" / "models" / "tinysdxl"
    for folder in (root / "sdxl", root / "small", shipped):
        pipe = StableDiffusionXLPipeline(**build_parts(deep=folder.name == "sdxl"), **tokenizers, add_watermarker=False)
        pipe.to(torch.float16).save_pretrained(folder, variant=None if folder == shipped else "fp16")
        for name in tokenizers:  # the hub's files, not those of this version of transformers
            shutil.rmtree(folder / name)
            shutil.copytree(words / name, folder / name, copy_function=os.link)
    from aigc_kit.core.paths import assets

    for entry in assets().iterdir():
        if entry.name != "models":
            (root / "assets" / entry.name).symlink_to(entry)
    return root


@pytest.fixture
def here(models, monkeypatch):
    """The models are on this machine; what a test loads is freed after it."""
    from aigc_kit.models import loaded

    monkeypatch.setenv("AIGC_MODELS_DIR", str(models))
    monkeypatch.setenv("AIGC_ASSETS", str(models / "assets"))
    yield models
    loaded.free()
