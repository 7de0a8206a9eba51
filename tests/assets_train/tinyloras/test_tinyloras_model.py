"""The shipped LoRAs: that they belong to the shipped base, are what their card says, and paint as taught."""

import hashlib
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from shipped_files import dtypes  # noqa: E402

from aigc_kit.make.train import load_lora  # noqa: E402
from aigc_kit.teach.labs.lab06 import painting, reader  # noqa: E402
from assets.train.tinycontrol.evaluate import base_digests  # noqa: E402
from assets.train.tinyloras import card, evaluate, paths, pictures, train  # noqa: E402

if not paths.EVALUATION.exists():
    pytest.skip("its evaluation has not been written; nothing is measured", allow_module_level=True)

pytestmark = [pytest.mark.usefixtures("one_thread"), pytest.mark.filterwarnings("ignore::UserWarning")]
PINNED = "436bc75608b117adbeec6b595373e11f64ccd3975b7d3e2172b63477baafa5eb"
FEW = 4


@pytest.fixture(scope="module")
def report():
    return json.loads(paths.EVALUATION.read_text(encoding="utf-8"))


def test_the_base_is_the_one_they_were_trained_on(report):
    assert report["base"] == base_digests(), "the base changed: train them again, python -m assets.train.tinyloras"


def test_the_prompts_are_the_frozen_ones():
    assert hashlib.sha256(paths.PROMPTS.read_bytes()).hexdigest() == PINNED
    sets = evaluate.prompts()
    assert [len(rows) for rows in sets.values()] == [60, 60, 60]
    assert all("style" not in row["expected"] for row in sets["style"])


def test_the_files_are_float16_and_small():
    assert set().union(*dtypes(paths.MODEL).values()) <= {"F16", "I64"}  # I64: how many batches a norm has seen
    sizes = [(paths.MODEL / f"{name}.safetensors").stat().st_size for name in pictures.NAMES]
    assert max(sizes) <= 1e6 and sum(sizes) <= 2e6


def test_the_card_tells_what_was_measured(report):
    assert (paths.MODEL / "README.md").read_text(encoding="utf-8") == card.text()
    for one in report["loras"].values():
        assert one["subject"]["of"] == 60 and f"{one['subject']['percent']:.1f} %" in card.text()


def test_they_load_by_the_librarys_own_call():
    pipe = train.base()
    pipe.load_lora_weights(paths.MODEL, weight_name="rocket.safetensors", adapter_name="theirs")
    load_lora(pipe, paths.MODEL / "rocket.safetensors", "mine")
    weights = dict(pipe.unet.named_parameters())
    pairs = [(w, weights[n.replace(".theirs.", ".mine.")]) for n, w in weights.items() if ".theirs." in n]
    assert pairs and all(torch.equal(a, b) for a, b in pairs)


def test_a_style_is_painted_and_off_again_the_bytes_are_the_old_ones():
    pipe, rows = train.base(), evaluate.prompts()["style"][:FEW]
    texts = [row["prompt"] for row in rows]
    before = painting.paint(pipe, texts)
    load_lora(pipe, paths.MODEL / "blueprint.safetensors", "blueprint")
    painted = painting.with_loras(pipe, {"blueprint": 1.0}, texts)
    assert sum(seen.style == "blueprint" for seen in reader.read(painted)) > FEW / 2
    assert np.array_equal(painting.with_loras(pipe, {}, texts), before)


def test_the_reader_knows_renders_it_never_saw():
    right = train.reader_right(100)
    assert right["style"] > 0.8 and right["subject"] > 0.8  # the card's figure, with room for 100 pictures
