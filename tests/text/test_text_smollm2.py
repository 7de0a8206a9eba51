"""SmolLM2-135M, the real one: conversion, template, greedy and beam search, both engines beside each other."""

import numpy as np
import pytest

from aigc_kit import cards, text
from aigc_kit.core.errors import CannotLoad
from aigc_kit.core.types import Request

PROMPT = "The future of artificial intelligence will"


@pytest.fixture(scope="module")
def engine(smollm2_file):
    from aigc_kit.make.text.engines.dequantise import converted
    from aigc_kit.make.text.engines.hf import TransformersEngine

    return TransformersEngine(cards.get("smollm2-135m"), converted(cards.get("smollm2-135m"), smollm2_file), threads=1)


def run(engine, **values):
    from text_making import BUDGET

    from aigc_kit.make.run import resolve as plan

    card = cards.get("smollm2-135m")
    made = plan(Request(card=card.name, prompt=PROMPT).change(**values), BUDGET, card)
    return text.run(made, using=engine)


def generate(engine, **options):
    import torch

    ids = torch.tensor([engine.encode(PROMPT)])
    with torch.inference_mode():
        out = engine.model.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=False, pad_token_id=2, **options
        )
    return out[0, ids.shape[1] :].tolist()


def test_the_template_of_smollm2(engine):
    assert engine.chat_text([{"role": "user", "content": "Hi"}]) == (
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
        "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    )
    ids = engine.chat([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}])
    assert ids[0] == 1 and ids.count(2) == 2  # <|im_start|> and <|im_end|> are single tokens, not spelled out
    assert engine.eos_ids == {2}


def test_greedy_and_beam_equal_generate(engine):
    assert list(run(engine, search="greedy", max_new_tokens=10).labels["ids"]) == generate(engine, max_new_tokens=10)
    beam = run(engine, search="beam", beams=5, max_new_tokens=6)
    assert list(beam.labels["ids"]) == generate(engine, max_new_tokens=6, num_beams=5)


def test_pieces_of_byte_level_tokens_join_to_the_text(engine):
    said = "人工智能 is\tfun"
    ids = engine.encode(said)
    assert b"".join(engine._piece(token) for token in ids).decode() == said
    assert "<E5>" in "".join(engine.token_text(token) for token in ids)


def test_both_engines_read_and_foresee_alike(engine, smollm2_file):
    from aigc_kit.make.text.engines.gguf import LlamaCppEngine

    other = LlamaCppEngine(cards.get("smollm2-135m"), smollm2_file, threads=1, top_n=100)
    try:
        for said in (PROMPT, "人工智能, 42!\n\n def f(x): return x", "<|im_start|>user\nhi<|im_end|>"):
            assert other.encode(said) == engine.encode(said)
        messages = [{"role": "user", "content": "Hi"}]
        assert other.chat(messages) == engine.chat(messages)
        ids = engine.encode(PROMPT)
        top = other.open(ids).candidates()
        full = engine.open(ids).candidates().logprobs()
        # the same four-bit weights; llama.cpp also rounds the activations to eight bits
        np.testing.assert_allclose(np.exp(full[top.ids]), np.exp(top.scores), atol=0.03)
        assert set(np.argsort(-full)[:5]) <= set(top.ids[:10].tolist())
    finally:
        other.close()


def test_conversion_is_done_once_and_leaves_no_halves(smollm2_file, tmp_path, monkeypatch):
    from aigc_kit.make.text.engines import dequantise

    monkeypatch.setenv("AIGC_HOME", str(tmp_path))
    broken = tmp_path / "x.gguf"
    broken.write_bytes(smollm2_file.read_bytes()[:100_000])
    with pytest.raises(CannotLoad, match="fetch the file anew"):
        dequantise.converted_tokenizer(cards.get("smollm2-135m"), broken)
    assert list((tmp_path / "converted").iterdir()) == []


def test_a_full_disk_is_named_before_the_conversion(tmp_path, monkeypatch):
    from collections import namedtuple

    from aigc_kit.core.errors import NoSpace
    from aigc_kit.make.text.engines import dequantise

    monkeypatch.setenv("AIGC_HOME", str(tmp_path))
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(dequantise.shutil, "disk_usage", lambda _: usage(10**9, 9 * 10**8, 10**8))
    (tmp_path / "x.gguf").write_bytes(b"GGUF")
    with pytest.raises(NoSpace, match=r"(?s)552 MB.*100 MB free.*engine='llama.cpp'"):
        dequantise.converted(cards.get("smollm2-135m"), tmp_path / "x.gguf")
