"""The trace of published widths against real tensors on the CPU: weights are pages of zeros, activations are real."""

import os

import pytest

CASES = [  # model, phase, (height, width, frames), dtype; seconds on one idle core: 100, 50
    ("sdxl", "denoise", (512, 512, 1), "float32"),
    ("sd15", "denoise", (512, 512, 1), "float32"),
]


def real(value):
    """The same on the CPU, of zeros."""
    import torch

    if isinstance(value, torch.Tensor):
        return torch.zeros(value.shape, dtype=value.dtype, device="cpu")
    if isinstance(value, dict):
        return {key: real(entry) for key, entry in value.items()}
    return type(value)(real(entry) for entry in value) if isinstance(value, (list, tuple)) else value


def unload(module):
    """Weights and buffers of zeros on the CPU: the system gives untouched pages, so they take no memory."""
    import torch

    for owner in module.modules():
        for name, weight in owner._parameters.items():
            if weight is not None:
                owner._parameters[name] = torch.nn.Parameter(real(weight), requires_grad=False)
        for name, buffer in owner._buffers.items():
            if buffer is not None:
                owner._buffers[name] = real(buffer)


@pytest.mark.skipif(os.environ.get("AIGC_SLOW") != "1", reason="minutes and gigabytes: AIGC_SLOW=1 runs it")
@pytest.mark.parametrize("model,phase,size,dtype", CASES)
def test_a_step_at_full_width_is_the_traced_one(monkeypatch, model, phase, size, dtype):
    import torch

    from aigc_kit.core import peak
    from aigc_kit.memory.xray import tracer
    from aigc_kit.memory.xray.trace import Bench

    monkeypatch.setattr(tracer, "GRANULE", 1)
    bench = Bench(model, dtype)
    facts = next(p for p in bench.facts(size, 1).phases if p.name == phase)
    with torch.device("meta"):
        fed = bench.family.feed(bench.denoiser, bench.shape(size, 1), 2)
    module, inputs = bench.denoiser.module, real(fed)
    unload(module)
    with torch.no_grad(), peak.follow() as seen:
        module(**inputs, return_dict=False)
    traced = facts.live_bytes - facts.held_bytes
    print(f"{model} {phase} {size} {dtype}: traced {traced / 2**20:.1f} MiB, real tensors {seen.peak / 2**20:.1f} MiB")
    assert traced == pytest.approx(seen.peak, rel=0.01)
