"""The shipped tiny SDXL: that it is what its card says, and that it listens."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")
transformers = pytest.importorskip("transformers")

from shipped_files import dtypes  # noqa: E402

from aigc_kit.worlds.tinyworld import checker, vocab  # noqa: E402
from aigc_kit.worlds.tinyworld.render import render  # noqa: E402
from aigc_kit.worlds.tinyworld.spec import Spec  # noqa: E402
from assets.train import measures  # noqa: E402
from assets.train.tinysdxl import card, evaluate, network, paths, sampling, tokens  # noqa: E402
from tests.closeness import same_pixels  # noqa: E402

if not (paths.MODEL / "model_index.json").exists():
    pytest.skip("its training has not passed the gates; nothing is shipped", allow_module_level=True)

pytestmark = pytest.mark.usefixtures("one_thread")
PARTS = ("unet", "vae", "text_encoder", "text_encoder_2")
SHOWN, CHANCE = 12, 0.25  # pictures; share of the seven attributes that a blind guess would meet


@pytest.fixture(scope="module")
def pipe():
    return diffusers.DiffusionPipeline.from_pretrained(paths.MODEL)


@pytest.fixture(scope="module")
def report():
    return json.loads(paths.EVALUATION.read_text(encoding="utf-8"))


def test_the_files_are_float16_and_small():
    found = dtypes(paths.MODEL)
    assert set(found) == set(PARTS)
    assert set.union(*found.values()) <= {"F16", "I64"}
    files = [file for file in paths.MODEL.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) <= 20_000_000
    assert {file.suffix for file in files} <= {".safetensors", ".json", ".md", ".jpg", ".png", ".txt"}


def test_it_is_stock_diffusers_in_float32(pipe):
    from diffusers.models.attention_processor import AttnProcessor2_0

    assert type(pipe) is diffusers.StableDiffusionXLPipeline
    assert type(pipe.scheduler) is diffusers.EulerDiscreteScheduler
    parts = (pipe.unet, pipe.vae, pipe.text_encoder, pipe.text_encoder_2)
    classes = ("UNet2DConditionModel", "AutoencoderKL", "CLIPTextModel", "CLIPTextModelWithProjection")
    assert tuple(type(part).__name__ for part in parts) == classes
    assert {p.dtype for part in parts for p in part.parameters()} == {torch.float32}
    assert {type(one) for one in pipe.unet.attn_processors.values()} == {AttnProcessor2_0}
    assert pipe.vae.config.force_upcast is False


def test_the_schedule_ends_in_pure_noise(pipe):
    for name, value in network.SCHEDULE.items():
        assert pipe.scheduler.config[name] == value
    pipe.scheduler.set_timesteps(20)
    assert pipe.scheduler.timesteps[0] == 999


def test_tokenizers_and_end(pipe):
    for shipped, built in zip((pipe.tokenizer, pipe.tokenizer_2), tokens.tokenizers(), strict=True):
        prompt = "一只小小的红色小狗，在花丛里, a tiny red puppy"
        assert shipped(prompt).input_ids == built(prompt).input_ids
        assert shipped.model_max_length == 77 and shipped.pad_token_id == built.pad_token_id
    for encoder in (pipe.text_encoder, pipe.text_encoder_2):
        assert encoder.config.eos_token_id == pipe.tokenizer.eos_token_id != 2


def test_both_languages_say_the_same(pipe):
    """The pooled state tells attributes, not languages: a caption is nearest to its own translation."""
    pairs = [
        ("一只红色的小狗", "a red puppy"),
        ("一只红色的小猫", "a red cat"),
        ("一只蓝色的小狗", "a blue puppy"),
        ("一颗红色的爱心，夜晚", "a red heart, at night"),
    ]
    with torch.no_grad():
        zh, en = (pipe.encode_prompt(list(side), device="cpu")[2] for side in zip(*pairs, strict=True))
    scores = torch.nn.functional.normalize(zh, dim=1) @ torch.nn.functional.normalize(en, dim=1).T
    assert scores.argmax(1).tolist() == [0, 1, 2, 3]


@torch.no_grad()
def test_the_autoencoder_there_and_back(pipe, report):
    specs = [Spec(subject="cup", colour="red"), Spec(subject="cat", style="oil"), Spec(subject="star", style="pixel")]
    images = torch.stack([torch.from_numpy(render(s, seed=77 + k)) for k, s in enumerate(specs)])
    images = images.permute(0, 3, 1, 2).float() / 127.5 - 1
    found = pipe.vae.encode(images).latent_dist
    assert found.std.max() < 0.003
    error = (pipe.vae.decode(found.mode()).sample.clamp(-1, 1) - images).div(2).square().mean((1, 2, 3))
    assert (-10 * error.log10()).min().item() > report["autoencoder"]["psnr"] - 8


def test_the_same_seed_gives_the_same_bytes(pipe):
    first, again, other = (sampling.draw(pipe, ["一个红色的圆球"], seed, steps=4) for seed in (5, 5, 6))
    assert first.tobytes() == again.tobytes() != other.tobytes()
    assert first.shape == (1, 128, 128, 3)


def test_colour_and_light_follow_the_prompt(pipe):
    asked = [f"a large {colour} ball, on a plain background, at {light}, cartoon style, in the center"
             for colour in ("red", "green", "blue") for light in ("day", "night")]  # fmt: skip
    images = sampling.draw(pipe, asked, steps=10).astype(np.float64)
    middles = images[:, 48:80, 48:80].mean((1, 2))
    assert [int(k) for k in middles.argmax(1)] == [0, 0, 1, 1, 2, 2]
    borders = images[:, :16].mean((1, 2, 3))
    assert (borders[::2] > borders[1::2] + 40).all()


def test_the_card_is_made_from_the_evaluation(report):
    assert (paths.MODEL / "README.md").read_text(encoding="utf-8") == card.text(report)


def test_the_evaluation_counts_the_frozen_prompts(pipe, report):
    sets = evaluate.entries()
    assert set(report["sets"]) == set(sets)
    assert len(sets["generated"]) >= 300 and len(sets["handwritten"]) == 30
    for name, each in sets.items():
        assert report["sets"][name]["all"]["all said"]["of"] == len(each)  # one picture a prompt, every prompt counted
        for shares in report["sets"][name].values():
            for share in shares.values():
                assert share == pytest.approx(measures.wilson(share["right"], share["of"]))
    assert report["parameters"] == {part: sum(w.numel() for w in getattr(pipe, part).parameters()) for part in PARTS}
    assert report["parameters"]["unet"] == sum(p.numel() for p in network.build().parameters())
    assert report["bytes"] == sum(file.stat().st_size for file in paths.MODEL.rglob("*.safetensors"))


# --- what it draws


@pytest.fixture(scope="module")
def first():
    """The first of the frozen prompts."""
    return evaluate.entries()["generated"][:SHOWN]


@pytest.fixture(scope="module")
def drawn(pipe, first):
    """One picture each, seed = index."""
    return sampling.draw(pipe, [entry["prompt"] for entry in first])


def test_the_cards_samples_are_the_first_of_each_prompt(drawn):
    """Nothing was chosen: drawing the first prompts again gives the first row of the card's picture."""
    from PIL import Image

    with Image.open(paths.MODEL / "samples.jpg") as sheet:
        row = np.asarray(sheet.convert("RGB"))[:128]
    again = np.concatenate(list(drawn), 1)
    apart = np.abs(again.astype(int) - row)
    shuffled = np.abs(np.concatenate([*drawn[1:], drawn[0]], 1).astype(int) - row)
    assert apart.mean() < 8 < shuffled.mean()  # JPEG blurs a little


def test_the_reader_sees_what_was_asked_far_more_often_than_by_chance(drawn, first):
    readings = checker.read(drawn)
    specs = [entry["spec"] for entry in first]
    held = [mark for r, s in zip(readings, specs, strict=True) for mark in checker.matches(r, s).values()]
    assert np.mean(held) > 2 * CHANCE
    wrong = [
        mark for r, s in zip(readings, specs[1:] + specs[:1], strict=True) for mark in checker.matches(r, s).values()
    ]
    assert np.mean(held) > np.mean(wrong) + CHANCE  # and more than what others had asked for


def test_a_negative_prompt_lowers_what_it_names(pipe):
    """Light is left open by the prompt: with "night" in the negative prompt there are fewer nights, and the reverse."""
    asked = [vocab.phrase("一只红色的小狗，在花丛里").phrase] * SHOWN
    nights = {}
    for word in ("白天", "夜晚"):
        negative = [vocab.phrase(word).phrase] * SHOWN
        readings = checker.read(sampling.draw(pipe, asked, negative_prompt=negative))
        nights[word] = np.mean([reading.labels["light"] == "night" for reading in readings])
    assert nights["夜晚"] < nights["白天"] - 0.3


def test_the_kits_own_run_draws_the_same_picture(pipe):
    from aigc_kit import image
    from aigc_kit.models import loaded

    plan = image.plan_for("一只红色的小狗，在花丛里", card="tinysdxl", seed=3)
    take = image.run(plan)
    loaded.free()
    wanted = pipe(
        take.words[0].read, height=128, width=128, num_inference_steps=plan.request.steps,
        guidance_scale=plan.request.guidance, generator=torch.Generator().manual_seed(3), output_type="np",
    ).images  # fmt: skip
    assert same_pixels(take.data, np.rint(wanted * 255).astype(np.uint8))
    assert take.labels["tier"] == "tiny"
