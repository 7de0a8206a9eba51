"""The transformers engine against transformers itself."""

from dataclasses import replace

import numpy as np
import pytest
from text_making import BUDGET, TINY, build

from aigc_kit import text
from aigc_kit.core.errors import BadInput, CannotLoad
from aigc_kit.make.text.engines.base import Candidates
from aigc_kit.make.text.engines.hf import TransformersEngine
from aigc_kit.models import loaded


def test_scores_step_by_step_equal_one_pass(tiny):
    import torch

    ids = tiny.encode("the river again")
    with torch.inference_mode():
        whole = tiny.model(torch.tensor([ids])).logits[0].numpy()
    session = tiny.open(ids[:4])
    for at in range(4, len(ids)):
        np.testing.assert_allclose(session.candidates().scores, whole[at - 1], atol=1e-4)
        session.append(ids[at])
    several = tiny.open(ids[:4])  # tokens appended together are read together
    for token in ids[4:]:
        several.append(token)
    found = several.candidates()
    np.testing.assert_allclose(found.scores, whole[-1], atol=1e-4)
    assert found.ids.tolist() == list(range(tiny.vocab_size)) and found.missing_mass == 0
    assert found.scores.dtype == np.float32 and found.ids.dtype == np.int64


def test_log_probabilities_equal_log_softmax(tiny):
    import torch

    found = tiny.open(tiny.encode("ab")).candidates()
    expected = torch.log_softmax(torch.from_numpy(found.scores.copy()), -1).numpy()
    np.testing.assert_allclose(found.logprobs(), expected, atol=1e-5)
    assert found.logprob_of(5) == pytest.approx(expected[5], abs=1e-5)
    short = Candidates(np.array([9, 4]), np.log(np.float32([0.5, 0.25])), 0.25, "logprobs")
    assert short.logprob_of(4) == pytest.approx(np.log(0.25)) and short.logprob_of(0) == -np.inf


def test_suppressed_tokens_cannot_be_drawn(tiny, tiny_folder):
    own = TransformersEngine(TINY, tiny_folder, threads=1)
    own._suppressed = [3, 4]
    scores = own.open(own.encode("ab")).candidates().scores
    assert np.flatnonzero(scores == -np.inf).tolist() == [3, 4]


def test_attention_rows_are_distributions_over_the_past(tiny):
    import torch

    ids = tiny.encode("moon river")
    weights = tiny.attention(ids)
    assert weights.shape == (2, 4, len(ids), len(ids)) and weights.dtype == np.float32
    np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)
    assert np.triu(weights, 1).max() == 0
    layer = tiny.model.model.layers[0]  # by hand: softmax(QK/sqrt(d)) of the first head of the first layer
    with torch.inference_mode():
        hidden = layer.input_layernorm(tiny.model.model.embed_tokens(torch.tensor([ids])))
        position = torch.arange(len(ids))[None]
        cos, sin = tiny.model.model.rotary_emb(hidden, position)
        q, k = (
            f(hidden).view(1, len(ids), -1, 16).transpose(1, 2)
            for f in (layer.self_attn.q_proj, layer.self_attn.k_proj)
        )

        def turn(x):
            half = torch.cat((-x[..., 8:], x[..., :8]), -1)
            return x * cos[:, None] + half * sin[:, None]

        scores = (turn(q)[0, 0] @ turn(k)[0, 0].T) / 4
        scores = scores.masked_fill(torch.triu(torch.ones_like(scores), 1).bool(), -torch.inf)
    np.testing.assert_allclose(weights[0, 0], scores.softmax(-1).numpy(), atol=1e-5)
    assert tiny.model.config._attn_implementation == "sdpa"  # as before


def test_words_and_tokens(tiny):
    ids = tiny.encode("春风 ok")
    assert tiny.decode([*ids, 2]) == "春风 ok"
    assert [tiny.token_text(token) for token in ids] == ["春", "风", " ", "o", "k"]
    assert tiny.chat_text([{"role": "user", "content": "hi"}]) == "u.hi!a."
    assert tiny.decode(tiny.chat([{"role": "user", "content": "hi"}])) == "u.hi!a."


def test_prompts_that_cannot_be_read(tiny):
    with pytest.raises(BadInput, match="a prompt of 0 tokens"):
        tiny.open([])
    with pytest.raises(BadInput, match="the vocabulary has the ids 0 to"):
        tiny.open([10_000])
    with pytest.raises(BadInput, match="shorten the prompt to fewer than 64 tokens"):
        tiny.open([5] * 64)


def test_a_model_without_chat_template_refuses_to_chat(tmp_path):
    engine = TransformersEngine(TINY, build(tmp_path, chat=False), threads=1)
    with pytest.raises(BadInput, match="no chat template"):
        engine.chat([{"role": "user", "content": "hi"}])


def test_a_broken_folder_is_named(tmp_path):
    with pytest.raises(CannotLoad, match="tiny-llama from"):
        TransformersEngine(TINY, tmp_path)
    folder = build(tmp_path / "m")
    (folder / "model.safetensors").write_bytes(b"\0" * 100)
    with pytest.raises(CannotLoad, match="what to do: fetch the model anew"):
        TransformersEngine(TINY, folder)


def test_pickled_weights_are_not_loaded(tmp_path):
    import torch

    folder = build(tmp_path / "m")
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(CannotLoad):
        TransformersEngine(TINY, folder)


def test_loading_is_done_once_and_freed(tiny_folder, tiny_plan, monkeypatch):
    monkeypatch.setattr("aigc_kit.models.fetch.find", lambda card: tiny_folder)
    plan = tiny_plan()
    assert not text.MODALITY.is_loaded(plan)
    first = text.engine(plan)
    assert text.engine(tiny_plan("another", temperature=2.0)) is first and text.MODALITY.is_loaded(plan)
    assert loaded.free(TINY.name) == [TINY.name] and not text.MODALITY.is_loaded(plan)
    assert text.engine(plan) is not first
    loaded.free()


def test_a_font_is_no_text_model():
    from aigc_kit import cards
    from aigc_kit.core.types import Plan, Request

    font = cards.get("font-cjk")
    plan = Plan(Request(card="font-cjk", prompt="x"), font, BUDGET, {}, {}, "sdpa", {}, {})
    with pytest.raises(BadInput, match="a font card"):
        text.engine(plan)


def test_threads_follow_what_is_idle(monkeypatch):
    from aigc_kit.make.text.engines.base import idle_threads

    for busy, expected in ((0.0, 8), (50.0, 4), (100.0, 1)):
        monkeypatch.setattr("psutil.cpu_percent", lambda interval, busy=busy: busy)
        assert idle_threads(8) == expected
    assert idle_threads(1) == 1


def test_context_is_the_smaller_of_card_and_model(tiny_folder):
    card = replace(TINY, facts=replace(TINY.facts, max_context=32))
    assert TransformersEngine(card, tiny_folder, threads=1).context == 32


def test_a_name_is_no_plan():

    with pytest.raises(BadInput, match=r"(?s)'poem'.*str, no plan.*plan_for"):
        text.engine("poem")
