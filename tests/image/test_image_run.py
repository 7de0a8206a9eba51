"""Runs of SDXL at reduced width: the numbers of the bare pipeline's call, step by step, in every way of working."""

import gc
import weakref

import numpy as np
import pytest
from image_plans import plan_of

from aigc_kit import image
from aigc_kit.core.errors import BadInput, CannotLoad, NotOnDisk, UnknownName
from aigc_kit.models import loaded as load
from tests.closeness import same_pixels


def loaded(folder):
    """The pipeline as a user of diffusers loads it."""
    import torch
    from diffusers import StableDiffusionXLPipeline

    pipe = StableDiffusionXLPipeline.from_pretrained(folder, variant="fp16", dtype=torch.float32, add_watermarker=False)
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.fixture(scope="module")
def bare(models):
    """The bare pipeline of the small model."""
    return loaded(models / "small")


def seeds(*numbers):
    import torch

    return [torch.Generator("cpu").manual_seed(number) for number in numbers]


def run(prompt="a cat", pictures=None, **values):
    plan = plan_of(prompt, **values)
    return image.run(plan, **(pictures or {}))


def test_a_run_is_the_pipelines_own_call(here, bare):
    take = run("a red cat", negative="blurry", seed=7, steps=3, guidance=6.0)
    wanted = bare(
        "a red cat", negative_prompt="blurry", height=64, width=64, num_inference_steps=3, guidance_scale=6.0,
        generator=seeds(7), output_type="np",
    ).images  # fmt: skip
    assert take.data.dtype == np.uint8
    assert take.data.shape == (1, 64, 64, 3)
    assert same_pixels(take.data, (wanted * 255).round().astype(np.uint8))
    assert take.kind == "image"
    assert take.labels["origin"] == "AI 生成"
    assert take.labels["size"] == (64, 64)


def test_sdxls_own_config_at_reduced_width_runs(here):
    """All layers of the published config, the files of the hub, half precision on disk."""
    from aigc_kit import cards

    take = run("a red cat", card=cards.get("sdxl"), seed=7)
    wanted = loaded(here / "sdxl")(
        "a red cat", height=64, width=64, num_inference_steps=2, generator=seeds(7), output_type="np"
    ).images
    assert same_pixels(take.data, (wanted * 255).round().astype(np.uint8))
    assert take.labels["model"] == "sdxl"


@pytest.mark.parametrize("scheduler", ["ddim", "dpm++", "euler-a", "ddpm"])
def test_schedulers_are_the_librarys(here, bare, scheduler):
    import diffusers

    name = image.SCHEDULERS[scheduler]
    before = bare.scheduler
    clip = {} if scheduler in ("dpm++", "euler-a") else {"clip_sample": False}  # latents are no pixels
    bare.scheduler = getattr(diffusers, name).from_config(before.config, **clip)
    try:
        wanted = bare("a cat", height=64, width=64, num_inference_steps=4, generator=seeds(1), output_type="np").images
    finally:
        bare.scheduler = before
    take = run(seed=1, steps=4, scheduler=scheduler)
    assert same_pixels(take.data, (wanted * 255).round().astype(np.uint8))
    assert take.labels["scheduler"] == name


def test_batches_take_seed_plus_i(here, bare):
    take = run(seed=5, batch=2)
    wanted = bare(
        "a cat", height=64, width=64, num_inference_steps=2, num_images_per_prompt=2, generator=seeds(5, 6),
        output_type="np",
    ).images  # fmt: skip
    assert take.labels["seeds"] == (5, 6)
    assert take.data.shape == (2, 64, 64, 3)
    assert same_pixels(take.data, (wanted * 255).round().astype(np.uint8))
    assert not np.array_equal(take.data[0], take.data[1])


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(here):
    first = run(seed=3)
    load.free()
    again, other = run(seed=3), run(seed=4)
    assert first.data.tobytes() == again.data.tobytes()
    assert first.data.tobytes() != other.data.tobytes()


def test_steps_report_every_denoising_step_and_the_decoding(here):
    plan = plan_of(steps=3, seed=2)
    made = list(image.steps(plan))
    assert [(s.index, s.total, s.phase) for s in made] == [
        (0, 4, "denoise"), (1, 4, "denoise"), (2, 4, "denoise"), (3, 4, "decode"),
    ]  # fmt: skip
    assert all(step.seconds > 0 for step in made)


def test_the_last_previews_are_the_picture(here):
    plan = plan_of(steps=3, seed=2)
    made = list(image.steps(plan))
    take = image.run(plan)
    final = np.asarray(made[-1].preview())
    assert same_pixels(final, take.data[0])
    assert same_pixels(np.asarray(made[-2].preview("latent")), take.data[0])  # the last latents are the result
    assert same_pixels(np.asarray(made[-2].preview()), take.data[0])  # and Euler's last step ends at its estimate
    early = np.asarray(made[0].preview("latent")).astype(float)
    assert np.abs(early - final).mean() > 1


def test_the_preview_is_the_estimate_of_the_finished_picture(here, bare):
    """By hand: x0 = x - sigma * eps, for Euler's first step, with the latents that the pipeline starts from."""
    import torch

    plan = plan_of("a cat", steps=2, seed=9, guidance=1.0)
    first = next(image.steps(plan))
    scheduler = type(bare.scheduler).from_config(bare.scheduler.config)
    scheduler.set_timesteps(2)
    noise = torch.randn((1, 4, 8, 8), generator=seeds(9)[0])
    x = noise * scheduler.init_noise_sigma
    t = scheduler.timesteps[0]
    embeds, _, pooled, _ = bare.encode_prompt("a cat", do_classifier_free_guidance=False)
    with torch.no_grad():
        eps = bare.unet(
            scheduler.scale_model_input(x, t), t, encoder_hidden_states=embeds,
            added_cond_kwargs={"text_embeds": pooled, "time_ids": torch.tensor([[64.0, 64, 0, 0, 64, 64]])},
        ).sample  # fmt: skip
        clean = x - scheduler.sigmas[0] * eps
        wanted = bare.vae.decode(clean / bare.vae.config.scaling_factor).sample
    wanted = ((wanted / 2 + 0.5).clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1)[0].numpy()
    assert np.abs(np.asarray(first.preview()).astype(int) - wanted).max() <= 1


def test_a_preview_costs_nothing_until_called(here, monkeypatch):
    from aigc_kit.make.image import pixels

    decoded = []
    original = pixels.decode
    monkeypatch.setattr(pixels, "decode", lambda *a, **k: decoded.append(1) or original(*a, **k))
    plan = plan_of(steps=3)
    made = list(image.steps(plan))
    assert len(decoded) == 1  # the result
    made[0].preview()
    assert len(decoded) == 2


def test_previews_change_nothing(here):
    plan, quiet = plan_of(steps=3, seed=4, scheduler="dpm++"), None
    quiet = image.run(plan)
    seen = image.run(plan, lambda step: (step.preview(), step.preview("latent")))
    assert np.array_equal(quiet.data, seen.data)


def test_leaving_early_ends_the_run_and_frees_it(here):
    import threading

    import torch

    plan = plan_of(steps=50, batch=2)
    made = image.steps(plan)
    step = next(made)
    latents = weakref.ref(step.preview._latents)
    made.close()
    assert not [t for t in threading.enumerate() if t.name == "aigc-diffusion"]
    del step, made
    gc.collect()
    assert latents() is None
    left = [o for o in gc.get_objects() if type(o) is torch.Tensor and o.shape == (2, 4, 8, 8)]
    assert left == []
    assert image.run(plan_of()).data.shape == (1, 64, 64, 3)  # and the model still works


def test_an_error_inside_comes_out_and_leaves_the_model_usable(here):
    plan = plan_of(steps=3)

    def stop(step):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        image.run(plan, stop)
    assert run().data.shape == (1, 64, 64, 3)


def test_costs_are_told_by_phase_without_the_callers_time(here, monkeypatch):
    import time

    plan = plan_of(steps=2)
    fast = image.run(plan)  # loads
    assert [p.name for p in fast.cost.phases if p.name not in ("import",)] == [
        "load", "prepare", "text", "denoise", "decode",
    ]  # fmt: skip
    slow = image.run(plan, lambda step: time.sleep(0.5))
    assert "load" not in {p.name for p in slow.cost.phases}
    began = time.perf_counter()
    again = image.run(plan, lambda step: time.sleep(0.5))
    wall = time.perf_counter() - began
    assert again.cost.seconds <= wall - 3 * 0.5 + 0.05  # three steps slept


def test_live_tensors_are_followed_when_asked(here):
    take = run(follow=True)
    from aigc_kit import image as module

    plan = plan_of(follow=True)
    weights = module.weight_bytes(image.engine(plan))
    by_hand = sum(
        p.numel() * 4
        for part in image.engine(plan).parts.values()
        if hasattr(part, "parameters")
        for p in part.parameters()
    )
    assert weights == pytest.approx(by_hand, rel=0.01)
    assert take.cost.peak_bytes > weights
    assert run().cost.peak_bytes is None


# ---------------------------------------------------------------- img2img, inpainting


@pytest.fixture
def picture():
    rng = np.random.default_rng(0)
    return np.kron(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8), np.ones((8, 8, 1), np.uint8))


def test_img2img_is_the_pipelines_own_call(here, bare, picture):
    from diffusers import StableDiffusionXLImg2ImgPipeline
    from PIL import Image

    take = run(pictures={"image": picture}, seed=3, steps=4, strength=0.5)
    pipe = StableDiffusionXLImg2ImgPipeline(**bare.components, add_watermarker=False)
    pipe.set_progress_bar_config(disable=True)
    wanted = pipe(
        "a cat", image=Image.fromarray(picture), strength=0.5, num_inference_steps=4, guidance_scale=5.0,
        generator=seeds(3), output_type="np",
    ).images  # fmt: skip
    assert same_pixels(take.data, (wanted * 255).round().astype(np.uint8))
    assert take.labels["mode"] == "img2img"
    assert take.labels["strength"] == 0.5
    assert len(take.labels["image_sha256"]) == 64
    assert "encode" in {phase.name for phase in take.cost.phases}


def test_inpainting_is_the_pipelines_own_call(here, bare, picture):
    from diffusers import StableDiffusionXLInpaintPipeline
    from PIL import Image

    white = np.zeros((64, 64), bool)
    white[:, :32] = True
    take = run(pictures={"image": picture, "mask": white}, seed=3, steps=4, strength=0.8)
    pipe = StableDiffusionXLInpaintPipeline(**bare.components, add_watermarker=False)
    pipe.set_progress_bar_config(disable=True)
    wanted = pipe(
        "a cat", image=Image.fromarray(picture), mask_image=Image.fromarray(white.astype(np.uint8) * 255),
        strength=0.8, num_inference_steps=4, guidance_scale=5.0, height=64, width=64, generator=seeds(3),
        output_type="np",
    ).images  # fmt: skip
    assert same_pixels(take.data, (wanted * 255).round().astype(np.uint8))
    assert take.labels["mode"] == "inpaint"
    by_box = run(pictures={"image": picture, "mask": (0, 0, 32, 64)}, seed=3, steps=4, strength=0.8)
    assert np.array_equal(by_box.data, take.data)


def test_ways_of_working_can_alternate(here, picture):
    first = run(seed=1)
    run(pictures={"image": picture})
    run(pictures={"image": picture, "mask": (0, 0, 8, 8)})
    assert np.array_equal(run(seed=1).data, first.data)


@pytest.mark.parametrize(
    ("pictures", "match"),
    [
        ({"image": np.zeros((64, 64, 3))}, "not one picture of uint8"),
        ({"image": np.zeros((2, 64, 64, 3), np.uint8)}, "not one picture of uint8"),
        ({"image": np.zeros((64, 64, 3), np.uint8), "mask": np.zeros((64, 64), bool)}, "marks nothing"),
        ({"image": np.zeros((64, 64, 3), np.uint8), "mask": np.ones((32, 64), bool)}, "64 x 64"),
        ({"mask": np.ones((64, 64), bool)}, "a mask and no picture"),
    ],
)
def test_pictures_that_are_none(here, pictures, match):
    with pytest.raises(BadInput, match=match):
        run(pictures=pictures)


# ---------------------------------------------------------------- files, dtypes, decoders


def test_the_files_are_the_hubs_and_half(models):
    from safetensors import safe_open

    with safe_open(models / "sdxl" / "unet" / "diffusion_pytorch_model.fp16.safetensors", "pt") as file:
        assert str(file.get_tensor(next(iter(file.keys()))).dtype) == "torch.float16"
    assert (models / "sdxl" / "tokenizer" / "merges.txt").is_file()


def test_half_precision_decodes_in_float32_where_the_config_says_so(here):
    """E12: the pipeline's own way of doing so is deprecated, and warnings are errors here."""
    import torch

    take = run(dtype="float16", seed=3)
    engine = image.engine(plan_of(dtype="float16"))
    assert engine.parts["vae"].config.force_upcast
    assert engine.parts["vae"].dtype == torch.float16  # and is half again afterwards
    full = run(seed=3)
    assert np.abs(take.data.astype(int) - full.data).mean() < 2
    assert image.weight_bytes(engine) < 0.52 * image.weight_bytes(image.engine(plan_of()))


def test_a_decoder_that_overflows_is_told_not_shown(here):
    import torch

    plan = plan_of()
    image.run(plan)
    vae = image.engine(plan).parts["vae"]
    with torch.no_grad():
        vae.decoder.conv_out.bias.fill_(float("inf"))
    with pytest.raises(BadInput, match="beyond float16 and the latents are fine"):  # this one computes in float32
        image.run(plan)


def test_a_decoder_that_overflows_in_float16_shows_the_picture_as_advised(here):
    import torch

    vae = image.engine(plan_of(dtype="float16")).parts["vae"]
    latents = torch.zeros(1, 4, 8, 8, dtype=torch.float16)
    with torch.no_grad():
        vae.decoder.conv_out.weight.mul_(0)
        vae.decoder.conv_norm_out.bias.fill_(60000)
        vae.decoder.conv_out.weight[:, 0, 1, 1] = 2
    with pytest.raises(BadInput, match="overflowed in float16") as caught:
        image.decode(vae, latents, upcast=False)
    assert "upcast=True in a call of decode, dtype='float32' in a plan" in caught.value.todo
    assert image.decode(vae, latents, upcast=True).shape == (1, 64, 64, 3)
    assert run(dtype="float32").data.shape == (1, 64, 64, 3)
    with pytest.raises(BadInput, match="the latents themselves") as caught:
        image.decode(vae, latents * float("nan"), upcast=True)
    assert "torch.isfinite(latents)" in caught.value.todo


@pytest.mark.parametrize(
    "values",
    [{"attention": "math"}, {"attention": "sliced"}, {"vae": {"slicing": True, "tiling": False}, "batch": 2}],
    ids=["math", "sliced", "vae-slicing"],
)
def test_ways_of_saving_memory_change_the_picture_hardly(here, values):
    plain = run("a (red:1.3) cat", seed=3, batch=values.get("batch", 1))
    other = run("a (red:1.3) cat", seed=3, **values)
    assert np.abs(plain.data.astype(int) - other.data).max() <= 2


@pytest.mark.parametrize("place", ["model", "group", "sequential"])
def test_offloaded_parts_draw_the_same(here, place, picture):
    """In half precision, with a VAE that must be lifted to float32, weights in the prompt, and img2img after it."""
    plain = run("a (red:1.3) cat", seed=3, dtype="float16")
    places = dict.fromkeys(("unet", "vae", "text_encoder", "text_encoder_2"), place)
    other = run("a (red:1.3) cat", seed=3, dtype="float16", placement=places)
    assert np.abs(plain.data.astype(int) - other.data).max() <= 2
    again = run("a (red:1.3) cat", pictures={"image": picture}, seed=3, dtype="float16", placement=places)
    assert again.labels["mode"] == "img2img"
    assert same_pixels(run("a (red:1.3) cat", seed=3, dtype="float16", placement=places).data, other.data)


def test_damaged_files_are_told(here, models, tmp_path, monkeypatch):
    import shutil

    shutil.copytree(models / "small", tmp_path / "small")
    (tmp_path / "small" / "unet" / "diffusion_pytorch_model.fp16.safetensors").write_bytes(b"no weights")
    monkeypatch.setenv("AIGC_MODELS_DIR", str(tmp_path))
    with pytest.raises(CannotLoad, match="cannot be loaded"):
        run()


# ---------------------------------------------------------------- requests


@pytest.mark.parametrize(
    ("values", "error", "match"),
    [
        ({"strength": 0}, BadInput, "not a number in"), ({"strength": 1.2}, BadInput, "not a number in"),
        ({"weights": 1}, BadInput, "not True or False"), ({"scheduler": "best"}, UnknownName, "no scheduler"),
        ({"strenght": 0.5}, UnknownName, "close: strength"), ({"stpes": 5}, UnknownName, "close: steps"),
        ({"guidence": 5}, UnknownName, "close: guidance"), ({"english": 3}, BadInput, "not text"),
    ],
)  # fmt: skip
def test_settings_are_checked(values, error, match):
    with pytest.raises(error, match=match):
        image.plan_for("a cat", card="tinysdxl", **values)


def test_no_model_is_told(monkeypatch, tmp_path):
    from aigc_kit import fetch

    monkeypatch.setattr(fetch, "find", lambda card: None)
    with pytest.raises(NotOnDisk, match="an image model in the full tier"):
        image.plan_for("a cat", tier="full")
    with pytest.raises(BadInput, match="a text card"):
        image.plan_for("a cat", card="poem")
