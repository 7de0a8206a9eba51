"""Small models that were not traced: their parameters are counted in their files."""

from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import save_file

from aigc_kit import cards
from aigc_kit.core.errors import BadInput, DoesNotFit
from aigc_kit.core.types import Budget, Request
from aigc_kit.core.units import GIB
from aigc_kit.make.diffusion.untraced import ERROR, PIXEL_BYTES, parameters
from aigc_kit.make.run import resolve as plan
from aigc_kit.memory.plan import MARGIN
from aigc_kit.memory.plan.search import LIBRARY_BYTES

pytestmark = pytest.mark.usefixtures("by_rule")
LAPTOP = Budget("cpu", "a laptop", 8 * GIB, 16 * GIB, 8 * GIB, 100 * GIB)


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """An assets folder with a small model of 1,000,000 + 24 parameters in two parts, one of them in two files."""
    (tmp_path / "data").mkdir()
    folder = tmp_path / "models" / "tinysdxl"
    for part in ("unet", "vae"):
        (folder / part).mkdir(parents=True)
    save_file({"a": np.zeros((1000, 600), np.float16)}, folder / "unet" / "one.fp16.safetensors")
    save_file({"b": np.zeros(400_000, np.float16)}, folder / "unet" / "two.fp16.safetensors", {"made": "by a test"})
    save_file({"c": np.zeros((2, 3, 4), np.float32)}, folder / "vae" / "one.fp16.safetensors")
    monkeypatch.setenv("AIGC_ASSETS", str(tmp_path))
    return folder


def make(budget=LAPTOP, **values):
    return plan(Request("tinysdxl", "一只小狗").change(**values), budget, cards.get("tinysdxl"))


@pytest.mark.usefixtures("shipped")
def test_parameters_are_counted_in_the_headers():
    assert parameters(cards.get("tinysdxl")) == {"unet": 1_000_000, "vae": 24}


@pytest.mark.usefixtures("shipped")
def test_a_plan_by_hand():
    made = make()
    assert (made.request.height, made.request.width, made.request.steps) == (128, 128, 20)
    assert made.dtypes == {"unet": "float32", "vae": "float32"} and set(made.placement.values()) == {"cpu"}
    assert made.prediction["weights"].value == 4 * 1_000_024
    assert made.prediction["peak"].value == 4 * 1_000_024 + PIXEL_BYTES * 128 * 128
    assert "小模型" in made.explain("zh")
    assert make(dtype="fp16").prediction["weights"].value == 2 * 1_000_024
    on_gpu = make(Budget("cuda", "a card", 8 * GIB, 8 * GIB, 16 * GIB, 0, {"bf16": True}))
    assert set(on_gpu.placement.values()) == {"cuda"} and set(on_gpu.dtypes.values()) == {"float16"}


@pytest.mark.usefixtures("shipped")
def test_seconds_by_hand():
    """10 steps of 64x96 with guidance, and the decoder; pace in seconds a step, a pixel in it, a pixel decoded."""
    step, in_step, decoded = cards.get("tinysdxl").facts.pace
    figure = make(height=64, width=96, steps=10).prediction["seconds"]
    assert figure.value == pytest.approx(10 * (step + in_step * 6144) + decoded * 6144)
    assert figure.unit == "s" and figure.how == "predicted" and 0 < figure.error < 1
    without = make(height=64, width=96, steps=10, guidance=1.0).prediction["seconds"]
    assert without.value == pytest.approx(10 * (step + in_step * 6144 / 2) + decoded * 6144)
    four = make(height=64, width=96, steps=10, batch=4).prediction["seconds"]
    assert four.value == pytest.approx(10 * (step + in_step * 4 * 6144) + decoded * 4 * 6144)


@pytest.mark.usefixtures("shipped")
def test_a_processors_pace_says_nothing_of_a_gpu():
    assert "seconds" not in make(Budget("cuda", "a card", 8 * GIB, 8 * GIB, 16 * GIB, 0, {"bf16": True})).prediction


@pytest.mark.usefixtures("shipped")
def test_what_does_not_fit_says_what_to_free():
    small = Budget("cpu", "a small laptop", LIBRARY_BYTES["cpu"], GIB, GIB, 0)
    with pytest.raises(DoesNotFit, match=r"free .* more"):
        make(small, height=128, width=128)
    with pytest.raises(DoesNotFit, match=r"take a machine with .* free"):
        make(replace(small, total_bytes=small.free_bytes), height=128, width=128)
    needed = 4 * 1_000_024 + PIXEL_BYTES * 128 * 128 * (1 + ERROR) + LIBRARY_BYTES["cpu"]
    enough = Budget("cpu", "enough", int(needed / MARGIN) + 2, GIB, GIB, 0)
    assert make(enough, height=128, width=128)


def test_a_damaged_file_is_named(shipped):
    (shipped / "vae" / "one.fp16.safetensors").write_bytes(b"\x10\x00\x00\x00\x00\x00\x00\x00{broken")
    with pytest.raises(BadInput, match=r"vae/one\.fp16\.safetensors"):
        make()


def test_a_model_that_is_not_here_is_told(shipped):
    import shutil

    shutil.rmtree(shipped)
    with pytest.raises(BadInput, match="neither a trace nor weight files"):
        make()
