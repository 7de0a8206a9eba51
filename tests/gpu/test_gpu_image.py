"""Pictures on the GPU of this machine, by SDXL at reduced width with random weights: `make gpu-check`."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "image"))
from image_models import here, models  # noqa: F401  (fixtures: the small model, built once)
from image_plans import PARTS, SMALL, plan_of
from quiet_libraries import quiet  # noqa: F401

from aigc_kit import cards, device, image


@pytest.fixture(scope="session", autouse=True)
def gpu():
    """The budget of this machine's GPU; without one everything here is skipped, before a model is built."""
    budget = device.probe()
    if budget.device != "cuda":
        pytest.skip("no NVIDIA GPU that this torch can use. On a machine with one: make gpu-check")
    return budget


def plan_here(prompt="a (red:1.3) cat", placement="cuda", **values):
    """The small model's plan, on this machine's GPU."""
    return replace(plan_of(prompt, placement=dict.fromkeys(PARTS, placement), **values), budget=device.probe())


def drawn(plan, **pictures):
    return image.run(plan, **pictures)


@pytest.mark.parametrize("placement", ["cuda", "model", "group", "sequential"])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_a_gpu_draws_what_a_cpu_draws(here, placement, dtype):  # noqa: F811
    """In every placement, with weights in the prompt; half precision is decoded in float32 (E12)."""
    made = drawn(plan_here(placement=placement, dtype=dtype, seed=3))
    wanted = drawn(plan_of("a (red:1.3) cat", seed=3))
    assert np.abs(made.data.astype(int) - wanted.data).mean() < 3
    assert made.cost.peak_bytes > 0
    assert {phase.how for phase in made.cost.phases if phase.name == "denoise"} == {
        "measured: torch.cuda.max_memory_allocated"
    }


def test_text_encoders_may_stay_on_the_cpu(here):  # noqa: F811
    plan = plan_here(seed=3)
    places = {part: "cpu" if part.startswith("text") else "cuda" for part in PARTS}
    aside = drawn(replace(plan, placement=places))
    assert np.abs(aside.data.astype(int) - drawn(plan).data).mean() < 3


def test_the_same_seed_gives_the_same_bytes_on_a_gpu_too(here):  # noqa: F811
    plan = plan_here(seed=5)
    assert drawn(plan).data.tobytes() == drawn(plan).data.tobytes()


def test_pictures_can_be_retouched_on_a_gpu(here):  # noqa: F811
    plan = plan_here(seed=5, steps=4)
    first = drawn(plan).data[0]
    assert drawn(plan, image=first).labels["mode"] == "img2img"
    assert drawn(plan, image=first, mask=(0, 0, 32, 32)).labels["mode"] == "inpaint"


def test_a_against_b_on_a_gpu_is_measured_alone(here):  # noqa: F811
    made = image.compare(plan_here(seed=3), plan_here(seed=3, dtype="float16"), 2)
    assert made.b.weight_bytes == pytest.approx(made.a.weight_bytes / 2, rel=0.01)
    assert made.b.peak.value < made.a.peak.value  # each without the other's weights
    assert made.a.reserved_bytes >= made.a.peak.value


def test_every_row_of_the_ablation_is_measured_on_a_gpu(here):  # noqa: F811
    from aigc_kit.make.image import ablation

    card = replace(SMALL, tier="tiny", sources=cards.get("tinysdxl").sources)  # planned as one that ships
    table = ablation.measure(plan_here(seed=3, batch=2, card=card))
    asked = {row.name: row for row in table.rows if row.name != "xformers"}
    assert table.reference == "half"
    assert {row.how for row in asked.values()} == {"measured"}
    assert all(row.peak.value > 0 and row.reserved.value >= row.peak.value for row in asked.values())
    for name in ("model", "group", "sequential"):
        assert asked[name].peak.value < asked["half"].peak.value
