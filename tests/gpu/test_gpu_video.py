"""Clips on the GPU of this machine, by Wan's own configs at reduced width with random weights: `make gpu-check`."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "video"))
from video_models import PARTS, WAN, here, plan_of, video_models  # noqa: F401  (fixtures: the models, built once)

from aigc_kit import device
from aigc_kit.make import video

VALUES = {"card": WAN, "height": 128, "width": 144, "frames": 5, "seed": 3}


@pytest.fixture(scope="module", autouse=True)
def gpu():
    """The budget of this machine's GPU; without one everything here is skipped, before a model is built."""
    budget = device.probe()
    if budget.device != "cuda":
        pytest.skip("no NVIDIA GPU that this torch can use. On a machine with one: make gpu-check")
    return budget


def filmed(placement="cuda", text="cuda", **values):
    places = dict.fromkeys(PARTS, placement) | ({"text_encoder": "cpu"} if text == "cpu" else {})
    plan = replace(plan_of("一只小狗", placement=places, **{**VALUES, **values}), budget=device.probe())
    return video.run(plan)


@pytest.mark.parametrize("placement", ["cuda", "model", "group", "sequential"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_gpu_films_what_a_cpu_films(here, placement, dtype):  # noqa: F811
    made = filmed(placement, dtype=dtype)
    plan = plan_of("一只小狗", **VALUES)
    wanted = video.run(plan)
    assert np.abs(made.data.astype(int) - wanted.data).mean() < 6
    assert made.cost.peak_bytes > 0


def test_the_text_encoder_may_stay_on_the_cpu(here):  # noqa: F811
    assert np.abs(filmed(text="cpu").data.astype(int) - filmed().data).mean() < 3


def test_a_preview_and_the_cache_work_while_parts_are_moved(here):  # noqa: F811
    plan = replace(
        plan_of("一只小狗", placement=dict.fromkeys(PARTS, "model"), steps=4, first_block_cache=0.5, **VALUES),
        budget=device.probe(),
    )
    take = video.run(plan, lambda step: step.preview())
    assert take.labels["cache_skipped"][1] == 8
    assert take.data.shape == (5, 128, 144, 3)
