"""Language models: weights, cache and prompt against numbers that llama.cpp prints, and real tensors."""

import json

import pytest

from aigc_kit.cli import main
from aigc_kit.core.errors import BadInput
from aigc_kit.core.units import GIB, MIB

LLAMA2 = {
    "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 4096, "intermediate_size": 11008,
    "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 32, "vocab_size": 32000,
    "max_position_embeddings": 4096,
}  # fmt: skip


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    folder = tmp_path_factory.mktemp("llama-2-7b")
    (folder / "config.json").write_text(json.dumps(LLAMA2), encoding="utf-8")
    return folder


def test_what_is_published_of_llama_2_7b(llama):
    """llama.cpp: 12.55 GiB in F16, 3.56 in Q4_0 (its output matrix in Q6_K), 256 MiB for 512 tokens."""
    from aigc_kit.memory.xray.language import read

    half, packed = (read(llama, 512, kind=kind) for kind in ("F16", "Q4_0"))
    assert half.params == packed.params == 6_738_415_616
    assert half.weights_bytes / GIB == pytest.approx(12.55, abs=0.01)
    assert packed.weights_bytes / GIB == pytest.approx(3.56, rel=0.01)
    assert half.cache_bytes == packed.cache_bytes == 256 * MIB
    assert half.prefill_bytes > half.cache_bytes


def test_a_real_prompt_keeps_what_was_traced(tmp_path, monkeypatch):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from aigc_kit.core import peak
    from aigc_kit.memory.xray import tracer
    from aigc_kit.memory.xray.language import read

    small = {**LLAMA2, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
    small |= {"num_key_value_heads": 2, "vocab_size": 99}
    (tmp_path / "config.json").write_text(json.dumps(small), encoding="utf-8")
    monkeypatch.setattr(tracer, "GRANULE", 1)
    facts = read(tmp_path, 300, 2, "float32")
    net = LlamaForCausalLM(LlamaConfig(**{k: v for k, v in small.items() if k != "architectures"})).eval()
    ids = torch.zeros(2, 300, dtype=torch.int64)
    with torch.no_grad(), peak.follow() as found:
        out = net(ids, use_cache=True, logits_to_keep=1)
    cache = sum(t.nbytes for layer in out.past_key_values.layers for t in (layer.keys, layer.values))
    assert facts.cache_bytes == cache and facts.weights_bytes >= sum(p.nbytes for p in net.parameters())
    assert facts.prefill_bytes - ids.nbytes == pytest.approx(found.peak, rel=0.02)


def test_the_command_knows_language_models(capsys, llama):
    assert main(["xray", str(llama), "--context", "512", "--weights", "Q4_0", "--vram", "6GiB", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["verdict"] == "may fit" and record["cache_bytes"] == 256 * MIB
    assert main(["xray", str(llama), "--context", "512", "--lang", "zh"]) == 0
    assert "256 MiB" in capsys.readouterr().out
    assert main(["xray", str(llama), "--quant", "model=nf4", "--height", "512"]) == 2
    printed = capsys.readouterr().err
    assert "--quant, --height" in printed and "--weights" in printed


@pytest.mark.parametrize(
    "change,words", [({"context": 0}, "context=0"), ({"kind": "Q9"}, "Q9"), ({"batch": 2.5}, "batch")]
)
def test_bad_lengths_and_kinds(llama, change, words):
    from aigc_kit.memory.xray.language import read

    with pytest.raises(BadInput, match=words):
        read(llama, **change)
