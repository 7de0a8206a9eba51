"""The shipped ControlNet: that it belongs to the shipped base, is what its card says, and obeys."""

import hashlib
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
diffusers = pytest.importorskip("diffusers")

from shipped_files import dtypes  # noqa: E402

from aigc_kit.make.train import controlled, load_control  # noqa: E402
from aigc_kit.teach.labs.lab06.silhouettes import iou, subject_of  # noqa: E402
from assets.train.tinycontrol import card, evaluate, hints, paths, train  # noqa: E402

pytestmark = pytest.mark.usefixtures("one_thread")
PROMPTS = "b5d59acf2e5ae7fbbc4a09943a07076ff4b216ee34ea705786ead67c0ac3810c"
MASKS = "b411099efec5f2fca53d3a054e6bd0bfc166e818cfcbe83d6b32527f7b77bfa1"
SHOWN = range(0, 240, 60)
CHANCE = 0.3  # far above what a shape elsewhere reaches, far below what is measured


@pytest.fixture(scope="module")
def report():
    return json.loads(paths.EVALUATION.read_text(encoding="utf-8"))


def test_the_base_is_the_one_it_was_trained_on(report):
    assert report["base"] == evaluate.base_digests(), (
        "the base changed: train it again, python -m assets.train.tinycontrol"
    )


def test_prompts_and_masks_are_the_frozen_ones():
    assert hashlib.sha256(paths.MASKS.read_bytes()).hexdigest() == PROMPTS
    assert hashlib.sha256(paths.MASKS.with_name("control_masks.png").read_bytes()).hexdigest() == MASKS


def test_there_are_enough_masks_and_none_is_blank_or_twice():
    masks, rows = evaluate.frozen()
    assert len(masks) == len(rows) == 240
    assert all(0.01 < mask.mean() < 0.6 for mask in masks)
    assert len({mask.tobytes() for mask in masks}) == 240
    assert all("size" not in row["expected"] and "position" not in row["expected"] for row in rows)


def test_the_files_are_float16_and_small():
    assert set().union(*dtypes(paths.MODEL).values()) == {"F16"}
    assert (paths.MODEL / "diffusion_pytorch_model.safetensors").stat().st_size < 8e6


def test_the_card_tells_what_was_measured(report):
    assert (paths.MODEL / "README.md").read_text(encoding="utf-8") == card.text()
    assert report["iou"]["all"]["of"] == 240 and f"{report['iou']['all']['mean']:.3f}" in card.text()


def test_it_loads_by_the_librarys_own_call_and_obeys():
    pipe = train.base()
    theirs = diffusers.ControlNetModel.from_pretrained(paths.MODEL, dtype=torch.float32)
    mine = load_control(pipe, paths.MODEL)
    assert all(torch.equal(a, b) for a, b in zip(theirs.parameters(), mine.parameters(), strict=True))
    masks, rows = evaluate.frozen()
    both = controlled(pipe, mine)
    pages = evaluate.draw(both, [hints.silhouette(masks[k]) for k in SHOWN], [rows[k] for k in SHOWN])
    assert np.mean([iou(subject_of(page), masks[k]) for page, k in zip(pages, SHOWN, strict=True)]) > CHANCE


def test_a_lesson_says_neither_size_nor_place_and_shows_its_mask():
    import random

    rng = random.Random(1)
    for _ in range(30):
        one = hints.lesson(rng)
        assert one.picture.shape == one.hint.shape == (128, 128, 3) and one.mask.any()
        white = one.hint[..., 0] > 0
        assert not (white & ~one.mask).any() and white.any()
        assert not any(word in one.caption for word in ("左", "右", "中间", "left", "right", "centre", "middle"))
        assert not any(word in one.caption for word in ("小小的", "大大的", "巨大的", "small", "tiny", "large", "big"))
