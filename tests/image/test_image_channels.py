"""Inpainting by a model whose latents have 16 channels, as the tiny SDXL's have: diffusers knows 4 and 9 only."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from image_models import unet_config
from image_plans import SMALL, plan_of

from aigc_kit import image
from aigc_kit.models import loaded

WIDE = replace(SMALL, name="wide")


@pytest.fixture
def wide(here):
    """A model of 16 channels on this machine."""
    import torch
    from diffusers import AutoencoderKL, StableDiffusionXLPipeline, UNet2DConditionModel

    if not (here / "wide").exists():
        torch.manual_seed(1)
        parts = dict(image.engine(plan_of()).parts)
        unet = UNet2DConditionModel(**{**unet_config(deep=False), "in_channels": 16, "out_channels": 16})
        vae = AutoencoderKL.from_config(
            {**parts["vae"].config, "latent_channels": 16, "mid_block_add_attention": False}
        )
        pipe = StableDiffusionXLPipeline(**{**parts, "unet": unet, "vae": vae}, add_watermarker=False)
        pipe.to(torch.float16).save_pretrained(here / "wide", variant="fp16")
        for name in ("tokenizer", "tokenizer_2"):  # the hub's files
            shutil.rmtree(here / "wide" / name)
            shutil.copytree(here / "small" / name, here / "wide" / name)
        loaded.free()
    return plan_of("a red cat", card=WIDE, seed=3)


def test_only_the_white_part_of_the_mask_is_drawn_anew(wide):
    draft = image.run(wide).data[0]
    mask = np.zeros((64, 64), bool)
    mask[:, 32:] = True
    made = []
    for prompt in ("a red cat", "a blue star at night"):
        change = replace(wide, request=wide.request.change(prompt=prompt, strength=1.0, guidance=9.0, steps=4))
        made.append(image.run(change, image=draft, mask=mask).data[0])
    assert image.engine(wide).parts["unet"].config.in_channels == 16  # what the library was told is over
    apart = np.abs(made[0].astype(int) - made[1]).mean(axis=2)
    assert 2 * apart[:, :16].mean() < apart[:, 40:].mean()


def test_two_calls_are_equal_and_text_to_image_is_untouched(wide):
    before = image.run(wide).data
    twice = [image.run(wide, image=before[0], mask=(0, 0, 32, 32)).data for _ in range(2)]
    assert np.array_equal(*twice)
    assert np.array_equal(image.run(wide).data, before)
