"""What is asked happens, is refused before loading, or is noted: strength, guidance, empty negative prompts, seeds."""

import re

import numpy as np
import pytest
from image_plans import plan_of

from aigc_kit import image
from aigc_kit.core.errors import BadInput
from aigc_kit.make import video
from aigc_kit.models import loaded
from tests.closeness import same_pixels

PICTURE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)


# ---------------------------------------------------------------- strength


@pytest.mark.parametrize(("steps", "strength"), [(1, 0.6), (2, 0.3), (20, 0.04), (3, 0.33), (9, 0.1), (1, 0.999)])
@pytest.mark.parametrize("hole", [None, (0, 0, 32, 32)])
def test_no_step_at_all_is_refused_before_anything_is_loaded(here, monkeypatch, steps, strength, hole):
    plan = plan_of("a cat", steps=steps, strength=strength)
    pictures = {"image": PICTURE, **({"mask": hole} if hole else {})}
    with monkeypatch.context() as patch, pytest.raises(BadInput, match="less than one step") as caught:
        patch.setattr(loaded, "keep", lambda key, make: pytest.fail("it was loaded"))
        image.run(plan, **pictures)
    least = int(re.search(r"steps=(\d+)", caught.value.todo)[1])
    assert int((least - 1) * strength) == 0 < int(least * strength)  # by diffusers' own reckoning
    assert (
        len(list(image.steps(plan_of("a cat", steps=least, strength=strength), **pictures))) == 2
    )  # one, and decoding
    enough = float(re.search(r"strength=([\d.]+)", caught.value.todo)[1])
    assert image.run(plan_of("a cat", steps=steps, strength=enough), **pictures).data.shape == (1, 64, 64, 3)


def test_where_no_number_of_steps_would_do_only_strength_is_named(here):
    with pytest.raises(BadInput) as caught:
        image.run(plan_of("a cat", steps=20, strength=0.0005), image=PICTURE)
    assert caught.value.todo == "choose strength=0.05 or more"


def test_without_a_picture_strength_means_nothing(here):
    assert image.run(plan_of("a cat", steps=1, strength=0.5)).data.shape == (1, 64, 64, 3)


# ---------------------------------------------------------------- guidance


@pytest.mark.parametrize(("make", "card"), [(image, "tinysdxl"), (video, "tinywan")])
@pytest.mark.parametrize("guidance", [0, 0.5, 0.999])
def test_guidance_below_1_is_noted(make, card, guidance):
    plan = make.plan_for("一只小猫", card=card, guidance=guidance)
    (change,) = plan.changes
    assert (change.what, change.asked, change.given) == ("guidance", guidance, 1.0)
    assert plan.request.guidance == 1.0
    assert f"guidance: {guidance} -> 1.0" in plan.explain() and "引导" in plan.explain("zh")
    assert make.plan_for("一只小猫", card=card, guidance=1).changes == ()


def test_guidance_below_1_is_the_same_as_1_and_a_plan_by_hand_says_so(here):
    one, half = (image.run(plan_of("a cat", guidance=value, seed=2)) for value in (1.0, 0.5))
    assert np.array_equal(one.data, half.data)
    assert any("guidance 0.5 和 1 相同" in note for note in half.labels["notes"])
    assert not any("相同" in note for note in one.labels["notes"])


# ---------------------------------------------------------------- no negative prompt, and an empty one


@pytest.fixture(scope="module")
def bare(models):
    import torch
    from diffusers import StableDiffusionXLPipeline

    pipe = StableDiffusionXLPipeline.from_pretrained(
        models / "small", variant="fp16", dtype=torch.float32, add_watermarker=False
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.mark.parametrize("prompt", ["a red cat", "a (red:1.5) cat"])
def test_none_and_an_empty_text_can_both_be_asked_for_on_sdxl(here, bare, prompt):
    import torch

    takes = {negative: image.run(plan_of(prompt, negative=negative, seed=7)) for negative in (None, "", "blurry")}
    assert [take.labels["negative"] for take in takes.values()] == ["zeros", "empty text", "text"]
    assert "负面一侧用的是空文本的编码" in takes[""].labels["notes"]
    assert takes[None].labels["notes"] == takes["blurry"].labels["notes"] == ()
    if "(" not in prompt:
        for negative, take in takes.items():
            wanted = bare(
                prompt, negative_prompt=negative, height=64, width=64, num_inference_steps=2, guidance_scale=5.0,
                generator=[torch.Generator("cpu").manual_seed(7)], output_type="np",
            ).images  # fmt: skip
            assert same_pixels(take.data, (wanted * 255).round().astype(np.uint8))
    else:
        states = bare.encode_prompt("", "", "cpu", 1, False)
        assert float(states[0].detach().abs().sum()) > 0  # an empty text is no zeros


def test_a_negative_prompt_of_which_the_world_knows_nothing_is_zeros_and_said():
    take = image.make("一只小猫", card="tinysdxl", negative="无人机编队", steps=2, seed=1)
    assert take.labels["negative"] == "zeros"
    assert "负面一侧用的是全零" in take.labels["notes"]
    assert np.array_equal(take.data, image.make("一只小猫", card="tinysdxl", steps=2, seed=1).data)
    empty = image.make("一只小猫", card="tinysdxl", negative="", steps=2, seed=1)
    assert empty.labels["negative"] == "empty text" and empty.words[1].given == ""
    assert not np.array_equal(empty.data, take.data)


def test_a_negative_prompt_without_guidance_is_unused_and_said(here):
    take = image.run(plan_of("a cat", negative="blurry", guidance=1.0))
    assert take.labels["negative"] == "unused"
    assert "guidance <= 1 时没有引导，负面提示词不起作用" in take.labels["notes"]


def test_a_clip_says_what_its_negative_side_is():
    told = {negative: video.make("小猫", card="tinywan", negative=negative, frames=1, steps=1).labels["negative"]
            for negative in (None, "", "模糊")}  # fmt: skip
    assert told == {None: "empty text", "": "empty text", "模糊": "text"}


# ---------------------------------------------------------------- seeds


def test_seeds_that_the_generator_would_repeat_are_refused(here):
    """torch's generator of a CPU reads 32 bits: 5 and 5 + 2**32 would give one picture."""
    import torch

    def noise(seed):
        return torch.randn(4, generator=torch.Generator("cpu").manual_seed(seed))

    assert torch.equal(noise(5), noise(5 + 2**32))
    with pytest.raises(BadInput, match="4294967295") as caught:
        plan_of("a cat", seed=5 + 2**32)
    advised = int(re.search(r"seed=(\d+)", caught.value.todo)[1])
    assert image.run(plan_of("a cat", seed=advised, steps=1)).labels["seeds"] == (advised,)


def test_a_batch_stays_within_the_seeds(here):
    for ask in (lambda seed: image.plan_for("a cat", card="tinysdxl", seed=seed, batch=3).request.seed,
                lambda seed: image.run(plan_of("a cat", seed=seed, batch=3, steps=1)).labels["seeds"][0]):  # fmt: skip
        with pytest.raises(BadInput, match="batch=3") as caught:
            ask(2**32 - 2)
        advised = int(re.search(r"seed=(\d+)", caught.value.todo)[1])
        assert advised == ask(advised) == 2**32 - 3
