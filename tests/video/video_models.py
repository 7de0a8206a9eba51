"""Wan with its own configuration at a fraction of its width, and the tiny Wan's own architecture: random weights."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from aigc_kit import cards
from aigc_kit.core.types import Budget, FrozenMap, Plan, Request
from aigc_kit.core.units import GIB

ROOT = Path(__file__).parents[2]
PARTS = ("transformer", "vae", "text_encoder")
CPU = Budget("cpu", "a test's CPU", 16 * GIB, 16 * GIB, 16 * GIB, 99 * GIB, FrozenMap(threads=1))
SMALL = replace(cards.get("tinywan"), name="small")
WAN = replace(cards.get("wan2.1-1.3b"), sources=SMALL.sources)  # files of one shard each


def published(part):
    """The config of a part of Wan2.1-T2V-1.3B."""
    config = json.loads((ROOT / "assets/configs/wan2.1-1.3b" / part / "config.json").read_text(encoding="utf-8"))
    return {name: value for name, value in config.items() if not name.startswith("_") and name != "architectures"}


def scheduler():
    from diffusers import UniPCMultistepScheduler

    return UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, num_train_timesteps=1000, flow_shift=3.0
    )


def words():
    from assets.train.tinywan import tokens

    return tokens.tokenizer()


def wide_pipeline():
    """The published configs of all three parts; only widths and the number of equal layers are smaller."""
    import torch
    from diffusers import AutoencoderKLWan, WanPipeline, WanTransformer3DModel
    from transformers import UMT5Config, UMT5EncoderModel

    torch.manual_seed(1)
    tokenizer = words()
    text = published("text_encoder") | {
        "vocab_size": len(tokenizer), "d_model": 32, "d_kv": 8, "d_ff": 48, "num_heads": 4, "num_layers": 2,
    }  # fmt: skip
    denoiser = published("transformer") | {
        "num_attention_heads": 2, "attention_head_dim": 24, "text_dim": 32, "ffn_dim": 64, "num_layers": 3,
    }  # fmt: skip
    return WanPipeline(
        tokenizer=tokenizer,
        text_encoder=UMT5EncoderModel(UMT5Config(**text)),
        transformer=WanTransformer3DModel(**denoiser),
        vae=AutoencoderKLWan(**published("vae") | {"base_dim": 8}),
        scheduler=scheduler(),
    )


def small_pipeline():
    """The tiny Wan's own classes and configs with random weights, two layers."""
    import torch
    from diffusers import AutoencoderKLWan, WanPipeline, WanTransformer3DModel
    from transformers import UMT5Config, UMT5EncoderModel

    torch.manual_seed(2)
    tokenizer = words()
    text = UMT5Config(
        vocab_size=len(tokenizer), d_model=24, d_kv=8, d_ff=32, num_layers=1, num_heads=2, dropout_rate=0.0,
        feed_forward_proj="gated-gelu", is_encoder_decoder=False, use_cache=False, tie_word_embeddings=False,
    )  # fmt: skip
    return WanPipeline(
        tokenizer=tokenizer,
        text_encoder=UMT5EncoderModel(text),
        transformer=WanTransformer3DModel(
            patch_size=(1, 2, 2), num_attention_heads=2, attention_head_dim=16, in_channels=16, out_channels=16,
            text_dim=24, freq_dim=32, ffn_dim=64, num_layers=2, rope_max_seq_len=64,
        ),
        vae=AutoencoderKLWan(
            base_dim=8, decoder_base_dim=8, dim_mult=[1, 1, 1], num_res_blocks=0, temperal_downsample=[True, True],
            z_dim=16, patch_size=2, in_channels=12, out_channels=12, latents_mean=[0.1] * 16, latents_std=[1.5] * 16,
        ),
        scheduler=scheduler(),
    )  # fmt: skip


@pytest.fixture(scope="session")
def video_models(tmp_path_factory):
    """A folder for AIGC_MODELS_DIR: wan2.1-1.3b/ and small/; its assets/ has small/ in the place of tinywan."""
    from aigc_kit.core.paths import assets

    root = tmp_path_factory.mktemp("video-models")
    wide_pipeline().save_pretrained(root / "wan2.1-1.3b")
    small_pipeline().save_pretrained(root / "small")
    own = root / "assets"
    (own / "models").mkdir(parents=True)
    for entry in assets().iterdir():
        if entry.name != "models":
            (own / entry.name).symlink_to(entry)
    for entry in (assets() / "models").iterdir():
        if entry.name != "tinywan":
            (own / "models" / entry.name).symlink_to(entry)
    shutil.copytree(root / "small", own / "models" / "tinywan")
    return root


@pytest.fixture
def here(video_models, monkeypatch):
    """The models are on this machine; what a test loads is freed after it."""
    from aigc_kit.models import loaded

    monkeypatch.setenv("AIGC_MODELS_DIR", str(video_models))
    monkeypatch.setenv("AIGC_ASSETS", str(video_models / "assets"))
    yield video_models
    loaded.free()


def plan_of(prompt="一只小猫向左移动", card=SMALL, dtype="float32", placement=None, budget=CPU, vae=None, **values):
    """A plan for 9 frames of 64 x 64 in 2 steps unless the values say otherwise; the VAE stays in float32."""
    values = {"height": 64, "width": 64, "frames": 9, "fps": 16, "steps": 2, "guidance": 5.0, **values}
    return Plan(
        request=Request(card=card.name, prompt=prompt).change(**values),
        card=card,
        budget=budget,
        dtypes={**dict.fromkeys(PARTS, dtype), "vae": "float32"},
        placement=placement or dict.fromkeys(PARTS, "cpu"),
        attention="sdpa",
        vae=vae or {},
        prediction={},
    )
