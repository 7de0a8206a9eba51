"""Memory runs out inside a real pipeline: freed, stepped down, told; and what a GPU reserved is kept."""

import gc
import json
import weakref
from dataclasses import replace

import numpy as np
import pytest
import torch
from image_plans import PARTS, plan_of

from aigc_kit import image, record


def steps_down_by(monkeypatch, fallbacks):
    """Give the modality, a frozen record, other plans to step down to."""
    monkeypatch.setitem(vars(image.MODALITY), "fallbacks", fallbacks)


@pytest.fixture
def tight(here, monkeypatch):
    """The UNet has no room until it is offloaded; fallbacks are the ways of offloading, as for a GPU."""
    from diffusers import UNet2DConditionModel

    plain, refs, alive = UNet2DConditionModel.forward, [], []

    def forward(self, sample, *args, **options):
        alive.append(sum(ref() is not None for ref in refs))
        refs.append(weakref.ref(sample))
        if not hasattr(self, "_hf_hook"):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return plain(self, sample, *args, **options)

    def below(plan):
        ways = [dict.fromkeys(PARTS, place) for place in ("cpu", "model", "group")]
        ladder = [replace(plan, placement=way, vae={"slicing": place == 0}) for place, way in enumerate(ways)]
        return tuple(ladder)

    steps_down_by(monkeypatch, below)
    with monkeypatch.context() as patch:
        patch.setattr(UNet2DConditionModel, "forward", forward)
        yield alive


def test_a_run_steps_down_and_says_so(tight, capsys):
    plan, seen = plan_of(seed=3), []
    take = image.run(plan, lambda step: seen.append(step.index))
    assert dict(take.plan.placement) == dict.fromkeys(PARTS, "model")
    assert [change.what for change in take.plan.changes] == ["plan", "plan"]
    assert "out of memory" in take.plan.explain() and "显存不足" in take.plan.explain("zh")
    assert len(take.labels["stepped_down"]) == 2 and "显存不足" in take.labels["stepped_down"][0]
    assert "unet=model" in capsys.readouterr().out
    assert seen == [0, 1, 2]
    assert tight[:3] == [0, 0, 0]  # what the failed runs held was gone before the next one began


def test_the_picture_is_that_of_the_plan_that_ran_and_is_recorded(tight, tmp_path):
    plan = plan_of(seed=3)
    take = image.run(plan)
    direct = plan_of(seed=3, placement=dict.fromkeys(PARTS, "model"))
    assert np.array_equal(take.data, image.run(direct).data)
    record.save(take, tmp_path, "cat")
    said = json.loads((tmp_path / "cat.json").read_text(encoding="utf-8"))
    assert len(said["labels"]["stepped_down"]) == 2
    assert said["plan"]["placement"]["unet"] == "model"


def test_without_a_plan_below_the_librarys_error_stays(tight, monkeypatch):
    steps_down_by(monkeypatch, lambda plan: ())
    plan = plan_of()
    with pytest.raises(torch.OutOfMemoryError, match="Tried to allocate") as caught:
        image.run(plan)
    assert "out of memory 1 times" in caught.value.__notes__[0]
    assert not image.MODALITY.is_loaded(plan)
    del caught
    gc.collect()
    left = [o for o in gc.get_objects() if type(o) is torch.Tensor and o.shape == (2, 4, 8, 8)]
    assert left == []


def test_a_comparison_never_runs_another_plan(tight):
    with pytest.raises(torch.OutOfMemoryError):
        image.compare(plan_of(), plan_of(dtype="float16"), 1)


def test_a_run_that_goes_well_is_not_touched(here):
    plan = plan_of(seed=3)
    take = image.run(plan)
    assert "stepped_down" not in take.labels and take.plan == plan


def test_what_a_gpu_reserved_is_kept_and_laid_beside_the_prediction(here, monkeypatch):
    """The allocator's two counters, as CUDA gives them; the rest of the run is real."""
    from aigc_kit.core import peak

    monkeypatch.setattr(peak.Peak, "stop", lambda self: (3_000, 5_000))
    plan = plan_of(seed=3)
    take = image.run(plan)
    assert take.labels["reserved_bytes"] == 5_000 and take.cost.peak_bytes == 3_000
    figure = record.ratios.figures(take)["reserved"]
    assert (figure.value, figure.how) == (5_000, "measured") and "max_memory_reserved" in figure.source
    assert np.isfinite(take.cost.seconds)
