"""The shipped tiny Wan: that it is what its card says, and that it listens."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")

from shipped_files import dtypes  # noqa: E402

from aigc_kit.worlds.tinyworld.checker import read_clips  # noqa: E402
from aigc_kit.worlds.tinyworld.motion import ClipSpec, film  # noqa: E402
from assets.train import measures, tables  # noqa: E402
from assets.train.tinywan import card, evaluate, network, paths, sampling, tokens  # noqa: E402

if not (paths.MODEL / "model_index.json").exists():
    pytest.skip("its training has not been exported; nothing is shipped", allow_module_level=True)
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def pipe():
    return diffusers.WanPipeline.from_pretrained(paths.MODEL, dtype=torch.float32)


@pytest.fixture(scope="module")
def report():
    return json.loads(paths.EVALUATION.read_text(encoding="utf-8"))


def test_the_files_are_float16_and_small():
    found = dtypes(paths.MODEL)
    assert set(found) == {"transformer", "vae", "text_encoder"}
    assert set.union(*found.values()) <= {"F16", "F32", "I64"}
    assert sum(file.stat().st_size for file in paths.MODEL.rglob("*")) <= 20_000_000


def test_it_is_stock_diffusers(pipe):
    assert type(pipe) is diffusers.WanPipeline
    assert type(pipe.scheduler) is diffusers.UniPCMultistepScheduler
    parts = (pipe.transformer, pipe.vae, pipe.text_encoder)
    assert tuple(type(part).__name__ for part in parts) == (
        "WanTransformer3DModel", "AutoencoderKLWan", "UMT5EncoderModel",
    )  # fmt: skip
    kinds = {type(block.attn1.processor).__name__ for block in pipe.transformer.blocks}
    assert kinds == {"WanAttnProcessor"}


def test_its_tokenizer_is_the_one_it_was_trained_with(pipe):
    built = tokens.tokenizer()
    for prompt in ("一只红色的小狗跳跃，在月球上，夜晚。", "a donut becoming a cup, low quality", "Xylophon!"):
        assert pipe.tokenizer(prompt).input_ids == built(prompt).input_ids


@torch.no_grad()
def test_the_autoencoder_there_and_back(pipe, report):
    specs = [ClipSpec("cup", "red", "plain", "day", "grow"), ClipSpec("cat", "blue", "sea", "night", "left")]
    videos = torch.stack([torch.from_numpy(film(s, 17, 64, 64, seed=70 + k)) for k, s in enumerate(specs)])
    videos = videos.permute(0, 4, 1, 2, 3).float() / 127.5 - 1
    back = pipe.vae.decode(pipe.vae.encode(videos).latent_dist.mode()).sample.clamp(-1, 1)
    assert back.shape == videos.shape
    error = (back - videos).div(2).square().mean((1, 2, 3, 4))
    assert (-10 * error.log10()).min().item() > report["autoencoder"]["psnr"] - 8


def test_the_same_seed_gives_the_same_bytes(pipe):
    first, again, other = (sampling.film(pipe, ["一个红色的圆球"], seed, steps=3, frames=9) for seed in (5, 5, 6))
    assert first.tobytes() == again.tobytes() != other.tobytes()
    assert first.shape == (1, 9, 64, 64, 3)


def test_colour_and_motion_follow_the_prompt(pipe):
    prompts = ["白天，一个红色的圆球在纯色背景上变大", "a blue ball growing on a plain background, at day"]
    clips = sampling.film(pipe, prompts, steps=12, frames=9).astype(np.float64)
    middles = clips[:, -1, 24:40, 24:40].mean((1, 2))
    assert middles.argmax(1).tolist() == [0, 2]
    readings = read_clips([clip.astype(np.uint8) for clip in clips])
    assert [r.labels["colour"] for r in readings] == ["red", "blue"]


def test_the_card_is_made_from_the_evaluation(report):
    assert (paths.MODEL / "README.md").read_text(encoding="utf-8") == card.text(report)
    gates = tables.accuracy_table(report["sets"]["generated"], evaluate.GATES)
    assert gates in card.README.read_text(encoding="utf-8")


def test_the_evaluation_counts_the_frozen_prompts(report):
    sets = evaluate.entries()
    assert set(report["sets"]) == set(sets)
    for name, each in sets.items():
        assert report["sets"][name]["all"]["all said"]["of"] == len(each)
    for share in report["sets"]["generated"]["all"].values():
        assert share == pytest.approx(measures.wilson(share["right"], share["of"]))
    assert report["parameters"]["transformer"] == sum(p.numel() for p in network.build().parameters())
    assert report["bytes"] == sum(file.stat().st_size for file in paths.MODEL.rglob("*.safetensors"))


def test_a_clip_is_quick_and_small_enough(report):
    assert report["speed"]["cpu_seconds"] <= 8
    assert report["speed"]["peak_bytes"] <= 1.5 * 2**30
