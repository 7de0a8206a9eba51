"""The shipped tiny SDXL: that it is what its card says, and that it listens."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")
transformers = pytest.importorskip("transformers")

from aigc_kit.tinyworld.render import render  # noqa: E402
from aigc_kit.tinyworld.spec import Spec  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
from assets.train import measures  # noqa: E402
from assets.train.tinysdxl import card, evaluate, network, paths, sampling, tokens  # noqa: E402

if not (paths.MODEL / "model_index.json").exists():
    pytest.skip("its training has not passed the gates; nothing is shipped", allow_module_level=True)


@pytest.fixture(scope="module")
def pipe():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield diffusers.DiffusionPipeline.from_pretrained(paths.MODEL)
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def report():
    return json.loads(paths.EVALUATION.read_text(encoding="utf-8"))


def headers():
    for file in paths.MODEL.rglob("*.safetensors"):
        content = file.read_bytes()
        yield file, json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])


def test_the_files_are_float16_and_small():
    found = dict(headers())
    assert {file.parent.name for file in found} == {"unet", "vae", "text_encoder", "text_encoder_2"}
    for header in found.values():
        assert {entry["dtype"] for name, entry in header.items() if name != "__metadata__"} <= {"F16", "I64"}
    assert sum(file.stat().st_size for file in paths.MODEL.rglob("*")) <= 20_000_000


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


def test_the_evaluation_counts_the_frozen_prompts(report):
    sets = evaluate.entries()
    assert set(report["sets"]) == set(sets)
    for name, each in sets.items():
        assert report["sets"][name]["all"]["all said"]["of"] == len(each)
    for share in report["sets"]["generated"]["all"].values():
        assert share == pytest.approx(measures.wilson(share["right"], share["of"]))
    assert report["parameters"]["unet"] == sum(p.numel() for p in network.build().parameters())
    assert report["bytes"] == sum(file.stat().st_size for file, _ in headers())
