"""Measures against hand-computed cases, and against transformers' own loss."""

import math

import numpy as np
import pytest

from aigc_kit.core.errors import BadInput
from aigc_kit.make.text import measures


def test_entropy_by_hand():
    assert measures.entropy([1.0]) == 0
    assert measures.entropy([0.25] * 4) == 2
    assert math.isclose(measures.entropy([0.9, 0.1]), -0.9 * math.log2(0.9) - 0.1 * math.log2(0.1))
    assert measures.entropy([0.5, 0.5, 0.0]) == 1


@pytest.mark.parametrize("bad", [[], [0.5, 0.6], [-0.5, 1.5], [float("nan"), 1.0], [2.0, 3.0]])
def test_entropy_refuses_what_is_no_distribution(bad):
    with pytest.raises(BadInput, match="do not sum to 1"):
        measures.entropy(bad)


def test_distinct_and_repetition_by_hand():
    ids = [1, 2, 1, 2, 3]  # bigrams 12 21 12 23: three kinds of four
    assert measures.distinct_n(ids, 1) == 3 / 5
    assert measures.distinct_n(ids, 2) == 3 / 4
    assert measures.repetition(ids, 2) == 1 / 4
    assert measures.repetition([7] * 10) == 1 - 1 / 7
    assert measures.distinct_n("明月明月", 1) == 0.5
    assert measures.distinct_n([1], 2) == 1 and measures.repetition([], 4) == 0
    with pytest.raises(BadInput, match="not an integer >= 1"):
        measures.distinct_n(ids, 0)


def test_likelihood_equals_the_loss_of_transformers(tiny):
    import torch

    prompt, after = tiny.encode("spring "), tiny.encode("wind again")
    found = measures.likelihood(tiny, prompt, after)
    ids = torch.tensor([prompt + after])
    labels = ids.clone()
    labels[:, : len(prompt)] = -100  # the prompt is read, not counted
    with torch.inference_mode():
        loss = tiny.model(ids, labels=labels).loss.item()
    assert found.tokens == len(after)
    assert math.isclose(found.nll / found.tokens, loss, rel_tol=1e-5)
    assert math.isclose(found.perplexity, math.exp(loss), rel_tol=1e-5)
    assert math.isclose(found.bits_per_byte, loss * len(after) / math.log(2) / len("wind again"), rel_tol=1e-5)
    assert math.isclose(measures.perplexity(tiny, "spring ", "wind again"), found.perplexity, rel_tol=1e-6)


def test_bits_per_byte_counts_bytes_of_chinese(tiny):
    found = measures.likelihood(tiny, "春风", "明月")
    assert (found.tokens, found.bytes) == (2, 6)


def test_one_pass_equals_token_by_token(tiny):
    ids = tiny.encode("green river bank")
    session = tiny.open(ids[:3])
    slowly = []
    for token in ids[3:]:
        slowly.append(session.candidates().logprob_of(token))
        session.append(token)
    np.testing.assert_allclose(tiny.logprobs(ids, 3), slowly, atol=1e-4)


def test_nothing_to_measure_is_named(tiny):
    with pytest.raises(BadInput, match="an empty prompt or an empty continuation"):
        measures.likelihood(tiny, "a", [])
    with pytest.raises(BadInput, match="an empty prompt or an empty continuation"):
        measures.perplexity(tiny, [], "a")
