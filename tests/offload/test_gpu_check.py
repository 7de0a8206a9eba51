"""The runner of `make gpu-check`, on a CPU: a pipeline from its configs alone, with weights of zeros."""

import sys
from pathlib import Path

import pytest
from making import plan_of, sdxl

from aigc_kit.memory.footprint import Overheads
from aigc_kit.memory.xray import trace

sys.path.insert(0, str(Path(__file__).parents[1] / "gpu"))


def test_the_runner_measures_what_the_trace_predicts(tmp_path):
    import gpu_runs

    pipe = sdxl(tmp_path / "made")
    folder = tmp_path / "configs"
    pipe.save_config(folder)
    for name in ("unet", "vae", "text_encoder", "text_encoder_2"):
        (folder / name).mkdir(exist_ok=True)
        part = getattr(pipe, name)
        (part.save_config if hasattr(part, "save_config") else part.config.save_pretrained)(folder / name)
    made = plan_of(pipe, "cpu", device="cpu")
    facts = trace(folder, 64, 64, dtype="float32")
    plain = Overheads(workspace=0.0, reserve=1.0, base=0, context=0, error=0.1, source="live tensors")
    outcome = gpu_runs.run(made, facts, model=folder, overheads=plain)
    assert set(outcome.phases) == {"text_encoder", "text_encoder_2", "denoise", "decode"}
    assert outcome.ratio == pytest.approx(1, abs=0.05)
    line = outcome.line()
    assert "64x64" in line and "predicted" in line and "measured" in line and line.count("|") == 4
