"""Runs of Wan at reduced width: the bytes of the bare pipeline's call, step by step, in every way of working."""

import gc
import inspect
import threading
import weakref

import numpy as np
import pytest
from video_models import SMALL, WAN, plan_of

from aigc_kit import cards
from aigc_kit.core.errors import BadInput, NotOnDisk, UnknownName
from aigc_kit.make import video
from aigc_kit.make.video import job
from aigc_kit.media.frames import to_frames
from aigc_kit.models import loaded as load
from aigc_kit.worlds.prompts.read_words import read_for_clip
from tests.closeness import same_pixels


def loaded(folder, **dtypes):
    """The pipeline as a user of diffusers loads it."""
    import torch
    from diffusers import WanPipeline

    pipe = WanPipeline.from_pretrained(folder, dtype=dtypes or torch.float32)
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.fixture(scope="module")
def bare(video_models):
    """The bare pipeline of the small model."""
    return loaded(video_models / "small")


def by_hand(pipe, prompt, seed, **call):
    import torch

    generator = torch.Generator("cpu").manual_seed(seed)
    call = {"height": 64, "width": 64, "num_frames": 9, "num_inference_steps": 2, "guidance_scale": 5.0, **call}
    made = pipe(prompt, generator=generator, **call).frames[0]
    return (made * 255).round().clip(0, 255).astype(np.uint8)


def apart(one, other):
    """Largest difference; weights that were moved lie elsewhere, and kernels may then add in another order."""
    return int(np.abs(one.astype(int) - other).max())


def run(prompt="一只小猫向左移动", **values):
    plan = plan_of(prompt, **values)
    return video.run(plan)


def test_a_run_is_the_pipelines_own_call(here, bare):
    take = run(negative="low quality, watermark, glitch", seed=7, steps=3, guidance=6.0)
    wanted = by_hand(
        bare, "一只小猫向左移动", 7, negative_prompt="low quality, watermark, glitch", num_inference_steps=3,
        guidance_scale=6.0,
    )  # fmt: skip
    assert take.kind == "video"
    assert take.data.dtype == np.uint8
    assert take.data.shape == (9, 64, 64, 3)
    assert same_pixels(take.data, wanted)
    assert len(np.unique(take.data)) > 20  # not one grey
    assert take.labels["origin"] == "AI 生成"
    assert (take.labels["frames"], take.labels["fps"], take.labels["seconds"]) == (9, 16, 9 / 16)


def test_the_steps_give_the_same_bytes(here, bare):
    plan = plan_of(seed=3, steps=3)
    made = list(video.steps(plan))
    assert [(s.index, s.total, s.phase) for s in made] == [
        (0, 4, "denoise"), (1, 4, "denoise"), (2, 4, "denoise"), (3, 4, "decode"),
    ]  # fmt: skip
    assert same_pixels(made[-2].preview.pixels("latent"), by_hand(bare, "一只小猫向左移动", 3, num_inference_steps=3))
    assert all(step.seconds > 0 for step in made)
    assert made[0].preview().size == (5 * 64, 64)  # five frames in a row


def test_the_preview_is_the_estimate_of_the_finished_clip(here, bare):
    """By hand: x0 = x - sigma v for the first step, from the noise that the pipeline starts with."""
    import torch

    plan = plan_of(steps=4, seed=9, guidance=1.0)
    first = next(video.steps(plan))
    scheduler = type(bare.scheduler).from_config(bare.scheduler.config)
    scheduler.set_timesteps(4)
    noise = torch.randn((1, 16, 3, 8, 8), generator=torch.Generator("cpu").manual_seed(9))
    embeds, _ = bare.encode_prompt("一只小猫向左移动", do_classifier_free_guidance=False, max_sequence_length=512)
    with torch.no_grad():
        v = bare.transformer(noise, scheduler.timesteps[:1], embeds, return_dict=False)[0]
        x0 = noise - scheduler.sigmas[0] * v
        clip = bare.vae.decode(x0 * 1.5 + 0.1, return_dict=False)[0]
    wanted = to_frames(((clip[0].permute(1, 2, 3, 0) + 1) / 2).clamp(0, 1), range="[0, 1]").data
    assert np.abs(first.preview.pixels().astype(int) - wanted).max() <= 1


def test_wans_own_config_at_reduced_width_runs_in_its_own_dtypes(here):
    """The full tier's card: bfloat16 transformer and text encoder, float32 decoder, tiles in the decoder."""
    import torch

    take = run(
        "一只穿着宇航服的柴犬在月球表面跳舞", card=WAN, dtype="bfloat16", height=128, width=144, seed=5, frames=5
    )
    pipe = loaded(here / "wan2.1-1.3b", default=torch.bfloat16, vae=torch.float32)
    wanted = by_hand(pipe, "一只穿着宇航服的柴犬在月球表面跳舞", 5, height=128, width=144, num_frames=5)
    assert pipe.vae.dtype == torch.float32
    assert pipe.transformer.dtype == torch.bfloat16
    assert same_pixels(take.data, wanted)
    assert take.labels["model"] == "wan2.1-1.3b"
    assert take.words[0].phrase is None  # it reads what was written
    assert take.words[0].read == "一只穿着宇航服的柴犬在月球表面跳舞"


@pytest.mark.parametrize("place", ["model", "sequential", "group"])
def test_every_placement_gives_the_same_clip(here, bare, place):
    from dataclasses import replace

    from video_models import CPU, PARTS

    budget = replace(CPU, device="cuda", capabilities={"bf16": True})
    plan = plan_of(placement=dict.fromkeys(PARTS, place), budget=budget, seed=4)
    engine = video.engine(plan)
    from aigc_kit.memory.offload import place as put

    placed = put(engine.pipe, plan, device="cpu", follow=False)
    got = by_hand(placed.pipe, "一只小猫向左移动", 4)
    placed.restore()
    assert apart(got, by_hand(bare, "一只小猫向左移动", 4)) <= 1


def test_a_text_encoder_that_stays_aside_reads_the_same(here, bare):
    from dataclasses import replace

    from video_models import CPU, PARTS

    budget = replace(CPU, device="cuda", capabilities={"bf16": True})
    plan = plan_of(placement=dict.fromkeys(PARTS, "model") | {"text_encoder": "cpu"}, budget=budget, seed=4)
    from aigc_kit.memory.offload import place as put

    placed = put(video.engine(plan).pipe, plan, device="cpu", follow=False)
    words = (read_for_clip(plan.request.prompt, plan.card, placed.pipe.tokenizer),)
    call = placed.arguments(**job._call(plan, words))
    assert "prompt" not in call
    assert call["prompt_embeds"].shape == (1, 512, 24)
    got = placed.pipe(**call).frames[0]
    assert apart((got * 255).round().astype(np.uint8), by_hand(bare, "一只小猫向左移动", 4)) <= 1
    placed.restore()


def test_tiles_of_the_decoder_are_set_by_the_plan(here):
    plan = plan_of(vae={"tiling": True})
    video.run(plan)
    assert video.engine(plan).parts["vae"].use_tiling
    plain = plan_of()
    video.run(plain)
    assert not video.engine(plain).parts["vae"].use_tiling


def test_the_first_block_cache_skips_and_leaves_the_model_as_it_was(here, bare):
    exact = run(seed=2, steps=6)
    fast = run(seed=2, steps=6, first_block_cache=0.9)
    skipped, calls = fast.labels["cache_skipped"]
    assert calls == 12  # both passes of guidance in six steps
    assert 0 < skipped < calls
    assert not np.array_equal(fast.data, exact.data)
    assert np.array_equal(run(seed=2, steps=6).data, exact.data)
    assert run(seed=2, first_block_cache=1e-6).labels["cache_skipped"][0] == 0


def test_the_tiny_model_is_told_the_prompt_in_the_worlds_words(here, bare):
    take = run("一只穿着宇航服的柴犬在月球表面跳舞，电影级光照", negative="low quality, 丑陋", seed=1)
    assert take.words[0].read == take.words[0].phrase == "一只小狗跳跃，在月球上"
    assert ("宇航服", "unknown") in [(text[-3:], why) for text, why in take.words[0].dropped]
    assert take.words[1].read == "low quality"
    assert same_pixels(take.data, by_hand(bare, "一只小狗跳跃，在月球上", 1, negative_prompt="low quality"))
    assert "没有小世界认识的词" in run("无人机编队").labels["notes"][0]


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_latents_and_decoders_that_are_no_numbers_are_told_apart(here, bare, number):
    """Clamped to [0, 1], an infinite frame would be a white one."""
    import torch

    latents = torch.zeros(1, 16, 2, 8, 8)
    latents[0, 3, 1] = number
    with pytest.raises(BadInput, match="the latents themselves"):
        video.decode(bare, latents)
    assert video.decode(bare, torch.nan_to_num(latents, posinf=0)).shape == (5, 64, 64, 3)
    bias = bare.vae.post_quant_conv.bias
    before = bias.detach().clone()
    with torch.no_grad():
        bias[0] = number
    try:
        with pytest.raises(BadInput, match="the latents are fine"):
            video.decode(bare, torch.zeros_like(latents))
    finally:
        with torch.no_grad():
            bias.copy_(before)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(here):
    first = run(seed=3)
    load.free()
    again, other = run(seed=3), run(seed=4)
    assert first.data.tobytes() == again.data.tobytes()
    assert first.data.tobytes() != other.data.tobytes()


def test_previews_change_nothing(here):
    plan = plan_of(steps=3, seed=4)
    quiet = video.run(plan)
    seen = video.run(plan, lambda step: (step.preview(), step.preview("latent")))
    assert np.array_equal(quiet.data, seen.data)


def test_leaving_early_ends_the_run_and_frees_it(here):
    plan = plan_of(steps=50)
    made = video.steps(plan)
    step = next(made)
    latents = weakref.ref(step.preview._latents)
    made.close()
    assert not [t for t in threading.enumerate() if t.name == "aigc-diffusion"]
    del step, made
    gc.collect()
    assert latents() is None


def test_costs_are_told_by_phase(here):
    take = run(steps=2)
    assert [p.name for p in take.cost.phases if p.name != "import"] == ["load", "prepare", "text", "denoise", "decode"]
    followed = run(steps=2, follow=True)
    weights = sum(
        p.numel() * p.element_size()
        for part in video.engine(plan_of()).parts.values()
        if hasattr(part, "parameters")
        for p in part.parameters()
    )
    assert followed.cost.peak_bytes > weights
    assert run().cost.peak_bytes is None


# ---------------------------------------------------------------- refused before anything is loaded


@pytest.fixture
def no_loading(monkeypatch):
    monkeypatch.setattr(load, "keep", lambda key, make: pytest.fail("it was loaded"))


@pytest.mark.parametrize(("values", "match"), [
    ({"frames": 10}, "4k\\+1"), ({"frames": 16}, "4k\\+1"), ({"height": 72}, "multiple of 16"),
    ({"height": 480, "width": 832}, "480x832 becomes 64x112"),
    ({"frames": 33}, "at most 17"), ({"batch": 2}, "one at a time"), ({"guidance": 0.5}, "guidance: 0.5 becomes 1"),
    ({"fps": None}, "fps open"), ({"guidance": None}, "guidance open"),
])  # fmt: skip
def test_what_wan_refuses_or_would_change_is_refused(here, no_loading, values, match):
    plan = plan_of(**values)
    with pytest.raises(BadInput, match=match):
        video.run(plan)


@pytest.mark.parametrize(("values", "match"), [
    ({"height": 100, "width": 104}, "a side has at least 256"), ({"frames": 18}, "choose 17"),
    ({"frames": 7}, "choose 5 or 9"),
    ({"steps": 0}, "steps=0"), ({"guidance": -1}, "guidance"), ({"fps": 0.0}, "fps"), ({"dtype": "int8"}, "dtype"),
    ({"first_block_cache": 2}, "share"), ({"follow": "yes"}, "True or False"), ({"height": 64}, "alone"),
])  # fmt: skip
def test_a_plan_refuses_them_too(here, no_loading, values, match):
    with pytest.raises(BadInput, match=match):
        video.plan_for("小猫", card="tinywan", **values)


def test_a_decoder_in_float16_is_refused(here, no_loading):
    from dataclasses import replace

    plan = plan_of()
    plan = replace(plan, dtypes={**plan.dtypes, "vae": "float16"})
    with pytest.raises(BadInput, match="E46"):
        video.run(plan)


def test_settings_that_do_not_exist(here):
    with pytest.raises(UnknownName, match="first_block_cache"):
        video.plan_for("小猫", card="tinywan", first_blok_cache=0.1)
    with pytest.raises(BadInput, match="a text card"):
        video.plan_for("小猫", card="smollm2-135m")


# ---------------------------------------------------------------- plans


def test_the_courses_sizes_become_about_an_eighth_and_it_is_said(here):
    for (height, width, frames), given in {
        (480, 832, 16): (64, 112, 17), (384, 640, 12): (64, 80, 13), (320, 576, 8): (64, 80, 9),
        (256, 448, 6): (64, 64, 5), (832, 480, 16): (112, 64, 17), (640, 384, 12): (80, 64, 13),
    }.items():  # fmt: skip
        plan = video.plan_for("小狗跳舞", card="tinywan", height=height, width=width, frames=frames)
        assert (plan.request.height, plan.request.width, plan.request.frames) == given
        assert {c.what for c in plan.changes} == {"size", "frames"}
        assert plan.changes[0].asked == f"{height}x{width}"
        assert plan.changes[0].given == f"{given[0]}x{given[1]}"
    plan = video.plan_for("小狗跳舞", card="tinywan")
    assert (plan.request.height, plan.request.width, plan.request.frames, plan.changes) == (64, 64, 17, ())


def test_a_plan_leaves_nothing_open(here):
    request = video.plan_for("a cat", card="tinywan").request
    assert None not in (request.height, request.width, request.frames, request.fps, request.steps, request.guidance)


def test_a_clip_of_one_frame(here):
    plan = video.plan_for("a cat", card="tinywan", frames=1, steps=1)
    assert plan.request.frames == 1
    assert video.run(plan).data.shape == (1, plan.request.height, plan.request.width, 3)


def test_the_small_model_stays_in_float32_on_a_gpu_too(here):
    from aigc_kit.core.types import Request
    from aigc_kit.make.run import resolve
    from aigc_kit.make.video.job import check_plan
    from aigc_kit.memory.plan import machines

    made = resolve(Request("tinywan", "小猫"), machines.a_gpu(name="RTX3060"), cards.get("tinywan"))
    assert set(made.dtypes.values()) == {"float32"}
    assert set(made.placement.values()) == {"cuda"}
    check_plan(made)


def test_no_model_is_here(monkeypatch):
    from aigc_kit import fetch

    monkeypatch.setattr(fetch, "find", lambda card: None)
    with pytest.raises(NotOnDisk, match="a video model in the full tier"):
        video.plan_for("小猫", tier="full")


class _Enough(Exception):
    pass


@pytest.mark.parametrize("free", [8, 16, 48])
def test_every_keyword_of_a_full_tiers_plan_is_the_classs_own(here, free, monkeypatch):
    """Plans of real GPUs; the reduced Wan is loaded, its call is written down instead of made."""
    from dataclasses import replace

    import diffusers

    from aigc_kit.core.types import Budget, FrozenMap, Request
    from aigc_kit.core.units import GIB
    from aigc_kit.make.run import resolve

    gpu = Budget(
        "cuda", "NVIDIA GeForce RTX 4090", free * GIB, free * GIB, 64 * GIB, 99 * GIB,
        FrozenMap(bf16=True, fused_attention=True, compute=(8, 9)), origin="assumed",
    )  # fmt: skip
    card = WAN
    made = resolve(Request(card.name, "小狗", negative="模糊", seed=1), gpu, card)
    assert made.dtypes["vae"] == "float32"
    assert made.dtypes["transformer"] in {"bfloat16", "float8"}
    on_cpu = replace(made, budget=replace(gpu, device="cpu"), placement=dict.fromkeys(made.placement, "cpu"))
    on_cpu = replace(on_cpu, dtypes={**made.dtypes, "transformer": "bfloat16"})
    seen = {}

    def record(self, *args, **call):
        seen.update(call)
        raise _Enough

    monkeypatch.setattr(diffusers.WanPipeline, "__call__", record)
    with pytest.raises(_Enough):
        list(video.steps(on_cpu))
    monkeypatch.undo()
    inspect.signature(diffusers.WanPipeline.__call__).bind(None, **seen)
    assert seen["num_frames"] % 4 == 1
    assert seen["height"] % 16 == seen["width"] % 16 == 0
    assert seen["negative_prompt"] == "模糊"


def test_the_small_card_is_tinywans(here):
    assert SMALL.parts == cards.get("tinywan").parts
