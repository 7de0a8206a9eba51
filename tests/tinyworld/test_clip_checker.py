"""The reader of clips: its measured numbers, fresh renders, what it must refuse, wrong captions."""

import json
import random
from pathlib import Path

import numpy as np
import pytest

from aigc_kit.core.errors import BadInput, CannotLoad
from aigc_kit.worlds.tinyworld import checker
from aigc_kit.worlds.tinyworld.motion import CLIP_ATTRIBUTES, ClipSpec, film
from aigc_kit.worlds.tinyworld.reading import FRAMES, SIDE, build_clips, folded

FOLDER = Path(__file__).parents[2] / "assets/models/clipreader"
EVAL = json.loads((FOLDER / "eval.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def fresh():
    """(specs, clips, readings) of 60 clips whose seeds neither training nor eval.json used."""
    rng = random.Random("fresh clips of the tests")
    specs = [ClipSpec.sample(rng) for _ in range(60)]
    sizes = ((17, 64, 64), (9, 64, 64), (17, 64, 112))
    clips = [film(spec, *sizes[k % 3], seed=rng.getrandbits(50)) for k, spec in enumerate(specs)]
    return specs, clips, checker.read_clips(clips)


@pytest.mark.parametrize("part", ["fresh", "held_out_pairs"])
@pytest.mark.parametrize("name", [*CLIP_ATTRIBUTES, "valid"])
def test_the_committed_measurement_meets_the_gate(part, name):
    assert EVAL[part][name]["share"] >= 0.98


def test_enough_was_measured_and_refused():
    assert EVAL["fresh"]["motion"]["of"] >= 1000
    assert EVAL["held_out_pairs"]["motion"]["of"] >= 200
    assert min(share["share"] for share in EVAL["refused"].values()) >= 0.95
    assert min(share["share"] for share in EVAL["wrong_captions"].values()) >= 0.98


def test_the_weights_are_small_and_those_that_were_measured():
    assert (FOLDER / "model.safetensors").stat().st_size == EVAL["bytes"] <= 1_500_000


def test_fresh_renders_are_read_right(fresh):
    specs, _, readings = fresh
    for name in CLIP_ATTRIBUTES:
        right = [reading.labels[name] == spec.known()[name] for spec, reading in zip(specs, readings, strict=True)]
        assert np.mean(right) >= 0.95, name
    assert np.mean([reading.valid for reading in readings]) >= 0.95


def test_a_wrong_caption_is_told_from_the_right_one(fresh):
    specs, clips, readings = fresh
    noticed = 0
    for spec, reading in zip(specs, readings, strict=True):
        other = "blue" if spec.colour != "blue" else "red"
        wrong = ClipSpec(**{**spec.known(), "colour": other})
        noticed += not all(checker.matches(reading, wrong).values())
    assert noticed >= 59
    assert checker.clip_agrees(clips[0], specs[0]) == checker.matches(readings[0], specs[0])


def test_what_is_no_clip_agrees_with_nothing(fresh):
    specs, clips, _ = fresh
    rng = np.random.default_rng(1)
    noise = rng.integers(0, 256, (9, 64, 64, 3), dtype=np.uint8)
    blank = np.full((9, 64, 64, 3), 128, np.uint8)
    for clip in (noise, blank, np.zeros_like(blank), np.repeat(clips[0][:1], 9, axis=0)):
        reading = checker.read_clips([clip])[0]
        assert not reading.valid
        assert not any(checker.matches(reading, specs[0]).values())


def test_left_is_not_right():
    """The same clip played backwards goes the other way."""
    clip = film(ClipSpec("cat", "red", "sea", "day", "left"), 17, 64, 64, seed=4)
    there, back = checker.read_clips([clip, clip[::-1]])
    assert (there.labels["motion"], back.labels["motion"]) == ("left", "right")


@pytest.mark.parametrize("wrong", [
    np.zeros((4, 64, 64, 3), np.uint8), np.zeros((9, 64, 64, 3), np.float32), np.zeros((9, 16, 64, 3), np.uint8),
    np.zeros((64, 64, 3), np.uint8),
])  # fmt: skip
def test_other_arrays_are_refused(wrong):
    with pytest.raises(BadInput, match="a clip to read"):
        checker.read_clips([wrong])


def test_frames_at_equal_distances_are_looked_at():
    clip = np.zeros((17, 64, 64, 3), np.uint8) + np.arange(17, dtype=np.uint8)[:, None, None, None]
    seen = checker.sampled(clip)
    assert seen.shape == (FRAMES, SIDE, SIDE, 3)
    assert seen[:, 0, 0, 0].tolist() == [0, 4, 8, 12, 16]


def test_no_weights(monkeypatch, tmp_path):
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("AIGC_ASSETS", str(tmp_path))
    checker._network.cache_clear()
    try:
        with pytest.raises(CannotLoad, match="the reader clipreader"):
            checker.read_clips([np.zeros((5, 64, 64, 3), np.uint8)])
    finally:
        checker._network.cache_clear()


def test_folding_changes_nothing():
    import torch

    torch.manual_seed(0)
    normed = build_clips(normed=True)
    normed(torch.rand(8, FRAMES, 3, SIDE, SIDE))  # running means
    normed.eval()
    clips = torch.rand(2, FRAMES, 3, SIDE, SIDE) * 2 - 1
    with torch.no_grad():
        assert torch.allclose(folded(normed, build_clips())(clips), normed(clips), atol=1e-4)
