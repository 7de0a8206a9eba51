"""The llama.cpp engine on SmolLM2's four-bit weights, against transformers and against llama.cpp's own server."""

import math
import threading

import numpy as np
import pytest
from text_making import BUDGET

from aigc_kit import cards, text
from aigc_kit.core.errors import BadInput, CannotLoad
from aigc_kit.core.types import Request
from aigc_kit.make.text import measures

PROMPT = "The future of artificial intelligence will"


@pytest.fixture(scope="module")
def engine(smollm2_file):
    from aigc_kit.make.text.engines.gguf import LlamaCppEngine

    made = LlamaCppEngine(cards.get("smollm2-135m"), smollm2_file, threads=1, top_n=300)
    yield made
    made.close()


def plan_of(prompt=PROMPT, seed=0, **values):
    from aigc_kit.make.run import resolve as plan

    request = Request(card="smollm2-135m", prompt=prompt, seed=seed).change(engine="llama.cpp", **values)
    return plan(request, BUDGET, cards.get("smollm2-135m"))


def test_the_top_n_and_the_missing_mass(engine):
    found = engine.open(engine.encode(PROMPT)).candidates()
    assert len(found.ids) == 300 and found.scale == "logprobs" and found.scores.dtype == np.float32
    assert (np.diff(found.scores) <= 0).all()  # most probable first
    assert np.exp(found.scores.astype(float)).sum() + found.missing_mass == pytest.approx(1, abs=1e-6)
    more = engine.open(engine.encode(PROMPT), need=40).candidates()
    assert more.ids.tolist() == found.ids[:40].tolist() and more.missing_mass > found.missing_mass > 0


def test_a_given_text_has_the_probabilities_of_its_listed_tokens(engine):
    ids = engine.encode(PROMPT)
    found = engine.open(ids).candidates()
    for at in (0, 7, 299):
        forced = engine.logprobs([*ids, int(found.ids[at])], len(ids))
        assert forced[0] == pytest.approx(float(found.scores[at]), abs=1e-3)
    likely = measures.likelihood(engine, "The capital of France is", " Paris")
    unlikely = measures.likelihood(engine, "The capital of France is", " xylophone")
    assert likely.bits_per_byte < unlikely.bits_per_byte and math.isfinite(unlikely.perplexity)


def test_greedy_equals_llama_cpps_own(engine):
    plan = plan_of(search="greedy", max_new_tokens=12)
    take = text.run(plan, using=engine)
    own = engine.complete(
        {"prompt": engine.encode(PROMPT), "n_predict": 12, "temperature": 0, "samplers": ["top_k"], "top_k": 1}
    )
    assert take.data == own["choices"][0]["text"] and take.labels["engine"] == "llama.cpp"


def test_the_same_seed_gives_the_same_text(engine):
    values = {"temperature": 1.2, "top_k": 50, "max_new_tokens": 8}
    texts = [text.run(plan_of(seed=s, **values), using=engine).data for s in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_beam_search_beats_greedy(engine):
    scores = {}
    for search in ("greedy", "beam"):
        plan = plan_of(search=search, beams=2, max_new_tokens=5)
        take = text.run(plan, using=engine)
        ids = engine.encode(PROMPT)
        scores[search] = engine.logprobs([*ids, *take.labels["ids"]], len(ids)).mean()
        assert take.labels["mean_logprob"] == pytest.approx(scores[search], abs=2e-2)
    assert scores["beam"] >= scores["greedy"] - 1e-3


def test_the_ends_of_a_text_are_special_tokens(engine):
    assert {engine.token_text(token) for token in engine.eos_ids} == {"<|im_end|>", "<|endoftext|>"}


def test_an_ordinary_token_of_the_same_letters_is_no_end():
    """Qwen's coder knows "</s>" as HTML."""
    from aigc_kit import fetch
    from aigc_kit.make.text.engines.gguf import LlamaCppEngine

    folder = fetch.find(cards.get("qwen2.5-coder-0.5b"))
    if folder is None:
        pytest.skip("the bytes of 'qwen2.5-coder-0.5b' are not on disk; run: aigc fetch qwen2.5-coder-0.5b")
    qwen = LlamaCppEngine(cards.get("qwen2.5-coder-0.5b"), sorted(folder.glob("*.gguf"))[0], threads=1, top_n=20)
    assert {qwen.token_text(token) for token in qwen.eos_ids} == {"<|im_end|>", "<|endoftext|>"}
    assert len(qwen.encode("</s>")) == 1
    qwen.close()


def test_words_and_tokens(engine):
    said = "人工智能 is fun\n"
    ids = engine.encode(said)
    assert engine.decode(ids) == said
    pieces = [engine.token_text(token) for token in ids]
    assert "人" in pieces and any(piece.startswith("<E5>") for piece in pieces) and "⏎" in pieces
    assert engine.decode([*ids, *engine.eos_ids]) == said
    assert engine.chat_text([{"role": "user", "content": "hi"}]).endswith("<|im_start|>assistant\n")


def test_the_end_of_a_text_is_a_candidate_like_any_other(engine):
    """Where the model would end, the server ends without saying probabilities, unless it is steered past the end."""
    done = engine.chat_text([{"role": "user", "content": "Hello"}]) + "Hello! How can I help you today?"
    found = engine.open(engine.encode(done)).candidates()
    assert int(found.ids[0]) in engine.eos_ids and len(found.ids) == 300
    plan = plan_of(done, search="greedy", max_new_tokens=3)
    take = text.run(plan, using=engine)
    assert (take.labels["finish"], take.labels["tokens"], take.data) == ("eos", 1, "")


def test_bad_prompts_and_files_are_named(engine, tmp_path):
    with pytest.raises(BadInput, match="a prompt of 0 tokens"):
        engine.open([])
    with pytest.raises(BadInput, match="fewer than 2048 tokens"):
        engine.open([5] * 2048)
    from aigc_kit.make.text.engines.gguf import LlamaCppEngine

    (tmp_path / "x.gguf").write_bytes(b"GGUF no more")
    with pytest.raises(CannotLoad, match=r"(?s)llama\.cpp says.*`aigc fetch --verify smollm2-135m`"):
        LlamaCppEngine(cards.get("smollm2-135m"), tmp_path / "x.gguf")


def test_nothing_is_printed_and_the_port_wants_the_key(smollm2_file, capfd):
    from urllib.error import HTTPError
    from urllib.request import urlopen

    from aigc_kit.make.text.engines.gguf import LlamaCppEngine

    engine = LlamaCppEngine(cards.get("smollm2-135m"), smollm2_file, threads=1, top_n=20)
    text.run(plan_of(max_new_tokens=2), using=engine)
    out, err = capfd.readouterr()
    assert out == err == ""
    address = engine._server.listening_address
    assert address.startswith("http://127.0.0.1:")
    with pytest.raises(HTTPError, match="401"):
        urlopen(address + "/props", timeout=10)
    engine.close()
    assert capfd.readouterr() == ("", "")


def test_it_runs_in_another_thread(engine):
    """A notebook's widget may call from a thread of its own."""
    made = []
    plan = plan_of(max_new_tokens=3, search="greedy")
    thread = threading.Thread(target=lambda: made.append(text.run(plan, using=engine).data))
    thread.start()
    thread.join()
    assert made == [text.run(plan, using=engine).data]
