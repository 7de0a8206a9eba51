"""The shipped tiny SDXL: its files, its card, whether it draws what it is asked for. No network, a core, a minute."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")

from aigc_kit import paths  # noqa: E402
from aigc_kit.tinyworld import checker, vocab  # noqa: E402
from aigc_kit.tinyworld.spec import Spec  # noqa: E402

MODEL = paths.assets() / "models" / "tinysdxl"
ABSENT = [name for name in ("model_index.json", "README.md", "eval.json") if not (MODEL / name).is_file()]
pytestmark = pytest.mark.skipif(bool(ABSENT), reason=f"assets/models/tinysdxl has no {', '.join(ABSENT)} yet")

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
PARTS = ("unet", "vae", "text_encoder", "text_encoder_2")
SHOWN, CHANCE = 12, 0.25  # pictures; share of the seven attributes that a blind guess would meet


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """The machine's other core is left alone."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def pipe():
    return diffusers.DiffusionPipeline.from_pretrained(MODEL, dtype=torch.float32)


@pytest.fixture(scope="module")
def report():
    return json.loads((MODEL / "eval.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def frozen():
    """The committed prompts, in order."""
    return json.loads((paths.assets() / "prompts" / "image_eval.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def drawn(pipe, frozen):
    """The first frozen prompts, one picture each, seed = index."""
    from assets.train.tinysdxl import sampling

    return sampling.draw(pipe, [entry["prompt"] for entry in frozen["generated"][:SHOWN]])


# --- the shipped files


def test_it_is_a_stock_pipeline_in_float16_safetensors(pipe):
    assert type(pipe) is diffusers.StableDiffusionXLPipeline
    for part in PARTS:
        (file,) = (MODEL / part).glob("*.safetensors")
        header = file.read_bytes()
        described = json.loads(header[8 : 8 + int.from_bytes(header[:8], "little")])
        assert {entry["dtype"] for name, entry in described.items() if name != "__metadata__"} <= {"F16", "I64"}


def test_it_is_small_and_holds_nothing_that_runs():
    files = [file for file in MODEL.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) <= 20_000_000
    assert {file.suffix for file in files} <= {".safetensors", ".json", ".md", ".jpg", ".png", ".txt"}


def test_the_card_says_what_was_measured(report):
    from assets.train.tinysdxl import card

    assert (MODEL / "README.md").read_text("utf-8") == card.text(report)


def test_the_measured_numbers_agree_with_the_files(pipe, report, frozen):
    assert report["parameters"] == {p: sum(w.numel() for w in getattr(pipe, p).parameters()) for p in PARTS}
    assert report["bytes"] == sum(file.stat().st_size for file in MODEL.rglob("*.safetensors"))
    for name in ("generated", "handwritten"):  # one picture a prompt, every prompt counted
        assert report["sets"][name]["all"]["a picture of the world"]["of"] == len(frozen[name])
    assert len(frozen["generated"]) >= 300 and len(frozen["handwritten"]) == 30


def test_shares_and_intervals_of_the_card_hang_together(report):
    for groups in report["sets"].values():
        for shares in groups.values():
            for share in shares.values():
                assert share["percent"] == pytest.approx(100 * share["right"] / share["of"])
                assert 0 <= share["low"] <= share["percent"] <= share["high"] <= 100


# --- what it draws


def test_the_cards_samples_are_the_first_of_each_prompt(drawn):
    """Nothing was chosen: drawing the first prompts again gives the first row of the card's picture."""
    from PIL import Image

    with Image.open(MODEL / "samples.jpg") as sheet:
        row = np.asarray(sheet.convert("RGB"))[:128]
    again = np.concatenate(list(drawn), 1)
    apart = np.abs(again.astype(int) - row)
    shuffled = np.abs(np.concatenate([*drawn[1:], drawn[0]], 1).astype(int) - row)
    assert apart.mean() < 8 < shuffled.mean()  # JPEG blurs a little


def test_the_reader_sees_what_was_asked_far_more_often_than_by_chance(drawn, frozen):
    readings = checker.read(drawn)
    specs = [Spec(**entry["expected"]) for entry in frozen["generated"][:SHOWN]]
    held = [mark for r, s in zip(readings, specs, strict=True) for mark in checker.matches(r, s).values()]
    assert np.mean(held) > 2 * CHANCE
    wrong = [
        mark for r, s in zip(readings, specs[1:] + specs[:1], strict=True) for mark in checker.matches(r, s).values()
    ]
    assert np.mean(held) > np.mean(wrong) + CHANCE  # and more than what others had asked for


def test_a_seed_gives_the_same_bytes_and_another_seed_others(pipe):
    from assets.train.tinysdxl import sampling

    asked = [vocab.phrase("一张可爱小狗在花丛中玩耍的照片").phrase]
    first, again = sampling.draw(pipe, asked, 3), sampling.draw(pipe, asked, 3)
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != sampling.draw(pipe, asked, 4).tobytes()


def test_a_negative_prompt_lowers_what_it_names(pipe):
    """Light is left open by the prompt: with "night" in the negative prompt there are fewer nights, and the reverse."""
    from assets.train.tinysdxl import sampling

    asked = [vocab.phrase("一只红色的小狗，在花丛里").phrase] * SHOWN
    nights = {}
    for word in ("白天", "夜晚"):
        negative = [vocab.phrase(word).phrase] * SHOWN
        readings = checker.read(sampling.draw(pipe, asked, negative_prompt=negative))
        nights[word] = np.mean([reading.labels["light"] == "night" for reading in readings])
    assert nights["夜晚"] < nights["白天"] - 0.3


def test_the_kits_own_run_draws_the_same_picture(pipe):
    from aigc_kit import image, load

    plan = image.plan_for("一只红色的小狗，在花丛里", card="tinysdxl", seed=3)
    take = image.run(plan.request, plan)
    load.free()
    wanted = pipe(
        take.labels["prompt_read"], height=128, width=128, num_inference_steps=plan.request.steps,
        guidance_scale=plan.request.guidance, generator=torch.Generator().manual_seed(3), output_type="np",
    ).images  # fmt: skip
    assert np.array_equal(take.data, np.rint(wanted * 255).astype(np.uint8))
    assert take.labels["tier"] == "tiny"
