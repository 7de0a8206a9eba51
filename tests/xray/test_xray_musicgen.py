"""The trace of MusicGen against real tensors of the tiny one on the CPU, and its published sizes."""

import os

import pytest

from aigc_kit import cards
from aigc_kit.core import paths
from aigc_kit.memory.footprint import predict
from aigc_kit.memory.xray import musicgen_parts, trace, tracer

SAID = "吉他 中速 中音 先上后下 大调"


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_phases_take_what_real_tensors_take(monkeypatch, dtype):
    """The real class generates; the events of the CPU's allocator are followed for each of its parts."""
    import torch
    from transformers import AutoProcessor, MusicgenForConditionalGeneration

    from aigc_kit.core import peak

    folder, seen = paths.assets() / "models" / "tinymusicgen", {}
    real = MusicgenForConditionalGeneration.from_pretrained(
        folder, dtype=getattr(torch, dtype), attn_implementation="eager"
    ).eval()
    inputs = AutoProcessor.from_pretrained(folder)(text=[SAID], padding=True, return_tensors="pt")

    def watch(owner, method, name):
        original = getattr(owner, method)

        def wrapped(*args, **kwargs):
            with peak.follow() as found:
                out = original(*args, **kwargs)
            seen[name] = found.peak
            return out

        monkeypatch.setattr(owner, method, wrapped)

    watch(real.text_encoder, "forward", "words")
    watch(real.decoder, "forward", "token")
    watch(real.audio_encoder, "decode", "wave")
    with torch.no_grad():
        real.generate(**inputs, do_sample=False, guidance_scale=3.0, max_new_tokens=78)

    monkeypatch.setattr(tracer, "GRANULE", 1)
    monkeypatch.setattr(musicgen_parts, "WORDS", inputs["input_ids"].shape[1])
    facts = musicgen_parts.trace(folder, dtype, "math", 1, 3.0)
    assert facts.params == sum(weight.numel() for weight in real.parameters())
    traced = {phase.name: phase.live_bytes - phase.held_bytes for phase in facts.phases}
    print(dtype, traced, seen)
    assert traced["words"] == pytest.approx(seen["words"], rel=0.02)
    assert traced["wave"] == pytest.approx(seen["wave"], rel=0.02)
    assert traced["token"] == pytest.approx(seen["token"], rel=0.02)


@pytest.mark.skipif(os.environ.get("AIGC_SLOW") != "1", reason="minutes: AIGC_SLOW=1 runs it")
@pytest.mark.parametrize("name", ["musicgen-small", "musicgen-medium"])
def test_the_cards_hold_what_is_traced(name):
    card, facts = cards.get(name), trace(name, attention="math")
    half, single = (predict(each, "resident") for each in (facts, trace(name, dtype="fp32", attention="math")))
    assert card.facts.parameters == facts.params
    assert card.facts.traced == pytest.approx((half.device_bytes, single.allocated_bytes), rel=0.02)
