"""Predicted beside measured on the GPU of this machine: `make gpu-check`. Skipped where there is none."""

import json
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import gpu_runs

from aigc_kit import cards, device, record
from aigc_kit.core.errors import DoesNotFit
from aigc_kit.core.paths import write_atomically
from aigc_kit.core.types import Request, as_json
from aigc_kit.core.units import MIB
from aigc_kit.make.run import resolve as plan

CASES = {
    "sd15": {"card": "sd15", "height": 512, "width": 512, "placement": "resident"},
    "sdxl-512": {"card": "sdxl", "height": 512, "width": 512, "placement": "resident"},
    "sdxl": {"card": "sdxl", "height": 1024, "width": 1024, "placement": "resident"},
    "sdxl-math": {"card": "sdxl", "height": 768, "width": 768, "placement": "resident", "attention": "math"},
    "sdxl-model": {"card": "sdxl", "height": 1024, "width": 1024, "placement": "model"},
    "sdxl-group": {"card": "sdxl", "height": 1024, "width": 1024, "placement": "group"},
    "sdxl-sequential": {"card": "sdxl", "height": 768, "width": 768, "placement": "sequential"},
    "sdxl-fp32": {"card": "sdxl", "height": 1024, "width": 1024, "placement": "resident", "dtype": "float32"},
    "wan-17": {"card": "wan2.1-1.3b", "height": 480, "width": 832, "frames": 17, "placement": "model"},
    "wan-81": {"card": "wan2.1-1.3b", "height": 480, "width": 832, "frames": 81, "placement": "model"},
}


def budget_here():
    """The GPU of this machine; without one the test is skipped with the reason."""
    budget = device.probe()
    if budget.device != "cuda":
        pytest.skip(
            "no NVIDIA GPU that this torch can use: nothing is measured here. On a machine with one: make gpu-check"
        )
    return budget


@pytest.mark.parametrize("name", CASES)
def test_predicted_beside_measured(name, capsys):
    """The measured peak lies within the interval that the prediction gives (and never 25 % off)."""
    budget, values = budget_here(), dict(CASES[name])
    card = cards.get(values.pop("card"))
    fixed = {"text_on_cpu": False, "vae_tiling": False, **values}
    try:
        made = plan(Request(card.name, "x").change(**fixed), budget, card)
    except DoesNotFit as problem:
        pytest.skip(f"{name} does not fit here: {problem.found}")
    outcome = gpu_runs.run(made)
    with capsys.disabled():
        print("\n" + outcome.line())
        for phase, (predicted, measured) in outcome.phases.items():
            print(f"    {phase}: predicted {predicted / MIB:,.0f} MiB, measured {measured / MIB:,.0f} MiB")
    folder = Path(os.environ.get("AIGC_OUT", "out")) / "gpu-check"
    write_atomically(folder / f"{name}.json", json.dumps(as_json(record.build(outcome.take))))
    assert abs(outcome.ratio - 1) <= 0.25
