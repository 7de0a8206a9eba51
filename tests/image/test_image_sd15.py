"""Stable Diffusion 1.5 runs through the same code: one text encoder, nothing pooled, parts that are not fetched."""

import numpy as np
import pytest
from image_models import write_sd15
from image_plans import plan_of

from aigc_kit import cards, image
from aigc_kit.models import loaded
from tests.closeness import same_pixels

PARTS = ("unet", "vae", "text_encoder")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_sd15(tmp_path_factory.mktemp("sd15") / "sd15")


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
