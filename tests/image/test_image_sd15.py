"""Stable Diffusion 1.5 runs through the same code: one text encoder, nothing pooled, parts that are not fetched."""

import json
import shutil

import numpy as np
import pytest
from image_models import write_tokenizer
from image_plans import plan_of

from aigc_kit import cards, image
from aigc_kit.models import loaded
from tests.closeness import same_pixels

PARTS = ("unet", "vae", "text_encoder")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The published UNet config at a tenth of its width, random weights; the index that the hub has."""
    import torch
    from diffusers import AutoencoderKL, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    from aigc_kit.core.paths import assets
    from aigc_kit.worlds.prompts import bpe

    torch.manual_seed(0)
    root = tmp_path_factory.mktemp("sd15") / "sd15"
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


@pytest.fixture
def drawn(folder, monkeypatch):
    monkeypatch.setenv("AIGC_MODELS_DIR", str(folder.parent))

    def run(prompt, pictures=None, **values):
        plan = plan_of(prompt, card=cards.get("sd15"), placement=dict.fromkeys(PARTS, "cpu"), **values)
        return image.run(plan, **(pictures or {}))

    yield run
    loaded.free()


@pytest.fixture
def bare(folder):
    import torch
    from diffusers import StableDiffusionPipeline

    pipe = StableDiffusionPipeline.from_pretrained(
        folder, variant="fp16", dtype=torch.float32, safety_checker=None, feature_extractor=None,
        requires_safety_checker=False,
    )  # fmt: skip
    pipe.set_progress_bar_config(disable=True)
    return pipe


def test_a_run_is_the_pipelines_own_call(drawn, bare):
    import torch

    take = drawn("a red cat", negative="blurry", seed=7, steps=3)
    wanted = bare(
        "a red cat", negative_prompt="blurry", height=64, width=64, num_inference_steps=3, guidance_scale=5.0,
        generator=[torch.Generator("cpu").manual_seed(7)], output_type="np",
    ).images  # fmt: skip
    assert same_pixels(take.data, (wanted * 255).round().astype(np.uint8))


def test_weights_reach_its_one_encoder(drawn, bare):
    import torch
    from compel import CompelForSD

    take = drawn("a (red:1.5) cat", seed=7)
    assert not np.array_equal(take.data, drawn("a red cat", seed=7).data)
    wanted = bare(
        prompt_embeds=CompelForSD(bare)("a (red)1.5 cat").embeds, height=64, width=64, num_inference_steps=2,
        guidance_scale=5.0, generator=[torch.Generator("cpu").manual_seed(7)], output_type="np",
        negative_prompt_embeds=bare.encode_prompt("", "cpu", 1, False)[0],
    ).images  # fmt: skip
    assert np.abs(take.data.astype(int) - (wanted * 255).round()).max() <= 1


def test_it_can_be_retouched(drawn):
    first = drawn("a cat", seed=1).data[0]
    assert drawn("a cat", {"image": first}, strength=0.9).labels["mode"] == "img2img"
    assert drawn("a cat", {"image": first, "mask": (0, 0, 32, 32)}, strength=0.9).labels["mode"] == "inpaint"
