"""The reader of the tiny world: its measured numbers, on fresh renders, on what it must refuse, on wrong captions."""

import json
import random
from pathlib import Path

import numpy as np
import pytest

from aigc_kit.core.errors import BadInput, CannotLoad
from aigc_kit.worlds.tinyworld import ATTRIBUTES, HELD_OUT_PAIRS, Spec, checker, render
from aigc_kit.worlds.tinyworld.reading import build, folded

FOLDER = Path(__file__).parents[2] / "assets/models/tinyreader"
EVAL = json.loads((FOLDER / "eval.json").read_text(encoding="utf-8"))
SIZES = ((128, 128), (96, 96), (128, 96))


@pytest.fixture(scope="module")
def fresh():
    """(specs, renders, readings) of 150 pictures whose seeds neither training nor eval.json used."""
    rng = random.Random("fresh pictures of the tests")
    specs = [Spec.sample(rng) for _ in range(150)]
    renders = [render(spec, *SIZES[k % 3], seed=rng.getrandbits(50)) for k, spec in enumerate(specs)]
    return specs, renders, checker.read(renders)


@pytest.mark.parametrize("part", ["fresh", "held_out_pairs"])
@pytest.mark.parametrize("name", ATTRIBUTES)
def test_the_committed_measurement_meets_the_gate(part, name):
    assert EVAL[part][name] >= 0.98


@pytest.mark.parametrize("size", ["128x128", "96x96", "128x96"])
def test_it_meets_the_gate_at_each_size(size):
    assert min(EVAL["by_size"][size][name] for name in ATTRIBUTES) >= 0.98


def test_enough_was_measured():
    assert EVAL["fresh"]["pictures"] >= 2000
    assert EVAL["held_out_pairs"]["pictures"] >= 10 * len(HELD_OUT_PAIRS)
    assert min(EVAL["refused"].values()) >= 0.9  # a ball upside down is still a ball
    for kind in ("noise", "blank", "gradient", "shuffled patches"):
        assert EVAL["refused"][kind] >= 0.99


def test_the_weights_are_small_and_those_that_were_measured():
    assert (FOLDER / "model.safetensors").stat().st_size == EVAL["bytes"] <= 1_500_000


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_fresh_renders_are_read_right(fresh, name):
    specs, _, readings = fresh
    right = [reading.labels[name] == getattr(spec, name) for spec, reading in zip(specs, readings, strict=True)]
    assert np.mean(right) >= EVAL["fresh"][name] - 0.03
    assert np.mean([reading.valid for reading in readings]) >= 0.97


def test_a_wrong_caption_is_told_from_the_right_one(fresh):
    specs, _, readings = fresh
    rng = random.Random(5)
    caught = []
    for spec, reading in zip(specs, readings, strict=True):
        for name, values in ATTRIBUTES.items():
            other = rng.choice([value for value in values if value != getattr(spec, name)])
            caught.append(not checker.matches(reading, Spec(**{name: other}))[name])
    assert np.mean(caught) > 0.99


def test_agrees_says_it_for_each_attribute_that_is_set():
    spec = Spec("donut", "blue", "sea", "flat", "day", "large", "centre")
    picture = render(spec, seed=123)
    assert checker.agrees(picture, spec) == dict.fromkeys(ATTRIBUTES, True)
    assert checker.agrees(picture, Spec(subject="cat", colour="blue")) == {"subject": False, "colour": True}
    assert checker.agrees(picture, Spec()) == {}


def _none_of_the_world():
    rng = np.random.default_rng(99)
    y, x = np.mgrid[0:128, 0:128]
    for _ in range(30):
        yield "noise", rng.integers(0, 256, (128, 128, 3), dtype=np.uint8)
        soft = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8).repeat(16, axis=0).repeat(16, axis=1)
        yield "blocks", soft
        yield "blank", np.broadcast_to(rng.integers(0, 256, 3, dtype=np.uint8), (128, 128, 3)).copy()
        a, b = rng.uniform(0, 255, (2, 3))
        share = np.clip((x * rng.uniform(-1, 1) + y * rng.uniform(-1, 1)) / 128 + 0.5, 0, 1)[..., None]
        yield "gradient", (a + (b - a) * share).astype(np.uint8)


def test_what_is_no_picture_of_the_world_is_refused():
    rows = list(_none_of_the_world())
    readings = checker.read([picture for _, picture in rows])
    refused = [not reading.valid for reading in readings]
    assert np.mean(refused) >= 0.98
    first = next(reading for reading in readings if not reading.valid)
    assert not any(checker.matches(first, Spec("cat", "red", "sea", "oil", "day", "small", "left")).values())


def test_shuffled_pictures_are_refused(fresh):
    rng = np.random.default_rng(4)
    shuffled = []
    for picture in fresh[1][::3]:
        tiles = picture.reshape(4, picture.shape[0] // 4, 4, -1, 3).swapaxes(1, 2)
        dealt = tiles.reshape(16, *tiles.shape[2:])[rng.permutation(16)].reshape(tiles.shape)
        shuffled.append(np.ascontiguousarray(dealt.swapaxes(1, 2).reshape(picture.shape)))
    assert np.mean([not reading.valid for reading in checker.read(shuffled)]) >= 0.95


def test_one_by_one_and_in_a_batch_read_alike(fresh):
    _, renders, readings = fresh
    for picture, reading in zip(renders[:4], readings[:4], strict=True):
        alone = checker.read([picture])[0]
        assert alone.labels == reading.labels
        assert alone.validity == pytest.approx(reading.validity, abs=1e-4)


def test_confidences_are_probabilities(fresh):
    for reading in fresh[2]:
        assert set(reading.confidence) == set(ATTRIBUTES)
        for name, value in reading.confidence.items():
            assert 1 / len(ATTRIBUTES[name]) <= value <= 1


@pytest.mark.parametrize(
    "image",
    [np.zeros((128, 128, 3), np.float32), np.zeros((128, 128), np.uint8), np.zeros((20, 128, 3), np.uint8)],
    ids=["float", "grey", "small"],
)
def test_other_shapes_are_refused(image):
    with pytest.raises(BadInput, match=r"uint8 \(H, W, 3\)"):
        checker.read([image])


def test_no_picture_no_reading():
    assert checker.read([]) == []


def test_missing_weights_are_named(monkeypatch, tmp_path):
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("AIGC_ASSETS", str(tmp_path))
    checker._network.cache_clear()
    try:
        with pytest.raises(CannotLoad, match="tinyreader"):
            checker.read([np.zeros((64, 64, 3), np.uint8)])
    finally:
        checker._network.cache_clear()


def test_folding_the_normalisation_changes_nothing():
    import torch

    torch.manual_seed(0)
    network = build(normed=True)
    image = torch.rand(8, 3, 64, 64) * 2 - 1
    network.train()
    for _ in range(3):
        network(image)
    network.eval()
    with torch.no_grad():
        torch.testing.assert_close(folded(network, build())(image), network(image), atol=1e-4, rtol=1e-4)


def test_the_card_says_what_was_measured():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith("| fresh |"))
    assert row.split(" | ")[1:-1] == [f"{EVAL['fresh'][name]:.2%}" for name in ATTRIBUTES]
    assert all(f"{kind} {share:.1%}" in text for kind, share in EVAL["refused"].items())
