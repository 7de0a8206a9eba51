"""Sampling by hand against transformers' processors, closed forms and hand-computed cases."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.core.errors import BadInput
from aigc_kit.make.text import sampling
from aigc_kit.make.text.engines.base import Candidates
from aigc_kit.make.text.settings import Settings

INF, NAN = float("inf"), float("nan")

# few distinct values make ties; -inf is what an earlier filter leaves behind
values = st.one_of(
    st.sampled_from([-INF, -2.0, 0.0, 0.5, 0.5, 3.0]),
    st.floats(-30, 30, width=32, allow_nan=False),
)
rows = st.lists(values, min_size=1, max_size=40).filter(lambda row: max(row) > -INF)
dtypes = st.sampled_from([np.float32, np.float64])


def through(processor, logits, ids=(0,)):
    import torch

    return processor(torch.tensor([list(ids)]), torch.from_numpy(np.array(logits))[None])[0].numpy()


@given(rows, st.sampled_from([0.01, 0.1, 0.2, 0.7, 1.0, 1.2, 2.0, 50.0]), dtypes)
def test_temperature_equals_transformers(row, temperature, dtype):
    from transformers import TemperatureLogitsWarper

    logits = np.array(row, dtype)
    ours = sampling.apply_temperature(logits, temperature)
    assert ours.dtype == dtype
    np.testing.assert_array_equal(ours, through(TemperatureLogitsWarper(temperature), logits))


@given(rows, st.integers(1, 60), dtypes)
def test_top_k_equals_transformers(row, k, dtype):
    from transformers import TopKLogitsWarper

    logits = np.array(row, dtype)
    np.testing.assert_array_equal(sampling.top_k(logits, k), through(TopKLogitsWarper(k), logits))


@given(st.lists(st.one_of(values, st.just(INF)), min_size=1, max_size=20), st.integers(1, 25))
def test_top_k_takes_infinite_scores_as_transformers_does(row, k):
    from transformers import TopKLogitsWarper

    logits = np.array(row, np.float32)
    np.testing.assert_array_equal(sampling.top_k(logits, k), through(TopKLogitsWarper(k), logits))


def assert_same_nucleus(ours, theirs, before, p, rounding):
    """The same nucleus, but for two things that transformers itself leaves open.

    - A token whose cumulated probability (in float64) lies within `rounding` of 1 - p may be in or out.
    - Of several tokens with the border's score, torch's unstable sort decides which ones stay; how many stay is bound.

    Returns whether the two arrays are equal altogether.
    """
    order = np.argsort(before, kind="stable")
    exact = np.exp(before.astype(np.float64) - before.max())
    cumulated = np.cumsum(exact[order] / exact.sum())
    dropped = np.searchsorted(cumulated, [1 - p - rounding, 1 - p + rounding], side="right")
    fewest, most = np.minimum(dropped, len(before) - 1)
    for after in (ours, theirs):
        kept = np.sort(after[after > -INF])
        np.testing.assert_array_equal(kept, before[order][len(before) - len(kept) :])  # the highest, unchanged
        assert fewest <= len(before) - len(kept) <= max(most, (before == -INF).sum())
    if fewest == most:
        assert (ours > -INF).sum() == (theirs > -INF).sum()
        clear = before != before[order][fewest]
        np.testing.assert_array_equal(ours[clear], theirs[clear])
    return bool(np.array_equal(ours, theirs))


def nuclei(logits, p):
    from transformers import TopPLogitsWarper

    return sampling.top_p(logits, p), through(TopPLogitsWarper(p), logits)


@given(rows, st.one_of(st.floats(1e-6, 1.0), st.sampled_from([1e-9, 0.1, 0.5, 0.75, 0.9, 0.95, 1.0])), dtypes)
def test_top_p_equals_transformers(row, p, dtype):
    logits = np.array(row, dtype)
    assert_same_nucleus(*nuclei(logits, p), logits, p, 1e-6 if dtype == np.float32 else 1e-14)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 5), dtypes)
def test_top_p_equals_transformers_exactly_on_the_border(equal, i, excluded, dtype):
    """Equal scores: probabilities and their sums are rounded once on both sides, so even at p = i/n as many stay."""
    logits = np.array([0.25] * equal + [-INF] * excluded, dtype)
    ours, theirs = nuclei(logits, min(i / equal, 1.0))
    np.testing.assert_array_equal(np.sort(ours), np.sort(theirs))


@pytest.mark.parametrize("temperature", [0.2, 0.7, 1.2, 2.0])
def test_a_vocabulary_of_real_size_gives_the_same_nucleus(temperature):
    rng = np.random.default_rng(7)
    logits = (rng.normal(0, 3, 49152) / temperature).astype(np.float32)
    same = [assert_same_nucleus(*nuclei(logits, p), logits, p, 1e-5) for p in (0.05, 0.5, 0.9, 0.95, 0.99)]
    assert sum(same) >= 4  # at most one of five may differ, by tokens of 1e-5 on the border


@given(rows, st.lists(st.integers(0, 50), max_size=8), st.sampled_from([0.5, 1.0, 1.2, 2.0]), dtypes)
def test_repetition_penalty_equals_transformers(row, ids, penalty, dtype):
    from transformers import RepetitionPenaltyLogitsProcessor

    logits = np.array(row, dtype)
    ids = [token for token in ids if token < len(row)] or [0]
    theirs = through(RepetitionPenaltyLogitsProcessor(penalty), logits, ids)
    np.testing.assert_array_equal(sampling.repetition_penalty(logits, ids, penalty), theirs)


@given(rows, st.sampled_from([0.3, 1.0, 1.7]), st.integers(1, 20), st.sampled_from([0.3, 0.9, 1.0]))
def test_all_filters_in_a_row_equal_generates_own_list(tiny, row, temperature, k, p):
    """transformers builds its own list of processors from the settings; ours must end with the same scores."""
    import torch
    from transformers import GenerationConfig, LogitsProcessorList

    config = GenerationConfig(
        do_sample=True, temperature=temperature, top_k=k, top_p=p, repetition_penalty=1.2, num_beams=1
    )
    tiny.model._prepare_special_tokens(config, device="cpu")
    prompt = torch.tensor([[0]])
    theirs = tiny.model._get_logits_processor(config, 1, prompt, None, LogitsProcessorList())
    logits = np.array(row, np.float32)
    settings = Settings(temperature=temperature, top_k=k, top_p=p, repetition_penalty=1.2)
    ours = sampling.warp(logits, settings, [0])[-1].logits
    before_p = sampling.warp(logits, Settings(temperature=temperature, top_k=k, repetition_penalty=1.2), [0])[-1].logits
    expected = theirs(prompt, torch.from_numpy(logits)[None])[0].numpy()
    if p == 1:
        np.testing.assert_array_equal(ours, expected)
    else:
        assert_same_nucleus(ours, expected, before_p, p, 1e-6)


def test_order_of_the_stages():
    settings = Settings(temperature=0.5, top_k=2, top_p=0.9, repetition_penalty=1.3)
    names = [stage.name for stage in sampling.warp([1.0, 2.0, 3.0], settings, [0])]
    assert names == ["logits", "repetition_penalty", "temperature", "top_k", "top_p"]
    assert [stage.name for stage in sampling.warp([1.0, 2.0], Settings(temperature=1.0))] == ["logits"]


@given(rows, dtypes)
def test_softmax_equals_torch_and_sums_to_one(row, dtype):
    import torch

    logits = np.array(row, dtype)
    ours = sampling.softmax(logits)
    np.testing.assert_allclose(ours, torch.softmax(torch.from_numpy(logits), -1).numpy(), rtol=1e-5, atol=1e-7)
    assert math.isclose(ours.sum(), 1, rel_tol=1e-5)


def test_softmax_is_stable_where_the_naive_formula_is_not():
    naive = np.float64(1000)
    with np.errstate(over="ignore", invalid="ignore"):
        assert np.isnan(np.exp(naive) / np.exp(naive))
    assert sampling.softmax([1000.0, 1000.0, -1000.0]).tolist() == [0.5, 0.5, 0.0]
    np.testing.assert_allclose(sampling.softmax([math.log(3), 0.0]), [0.75, 0.25])


@given(rows)
def test_zero_temperature_is_the_limit(row):
    logits = np.array(row)
    frozen = sampling.softmax(logits, 0)
    assert frozen.sum() == 1 and frozen.argmax() == logits.argmax() == np.flatnonzero(frozen)[0]
    top = np.sort(logits)
    if len(row) == 1 or top[-1] - top[-2] > 0.5:  # one clear winner: the formula itself goes to the same limit
        np.testing.assert_allclose(sampling.softmax(logits, 0.01), frozen, atol=1e-12)


@given(rows, st.floats(0.01, 1.0))
def test_the_nucleus_has_the_mass_and_is_minimal(row, p):
    logits = np.array(row)
    probabilities = sampling.softmax(logits)
    kept = sampling.top_p(logits, p) > -INF
    assert probabilities[kept].sum() >= p - 1e-9
    if kept.sum() > 1:
        assert probabilities[kept].sum() - probabilities[kept].min() < p + 1e-9


def test_entropy_rises_with_temperature():
    from aigc_kit.make.text.measures import entropy

    logits = np.random.default_rng(0).normal(0, 2, 500)
    bits = [entropy(sampling.softmax(logits, t)) for t in (0, 0.2, 0.7, 1.2, 5.0)]
    assert bits == sorted(bits) and bits[0] == 0 and bits[-1] < math.log2(500)


def test_of_equal_scores_at_the_border_the_first_go():
    assert sampling.top_p([0.0, 0.0, 0.0, 0.0], 0.5).tolist() == [-INF, -INF, 0.0, 0.0]
    logits = np.log([0.125, 0.125, 0.125, 0.5, 0.125])
    assert np.flatnonzero(sampling.top_p(logits, 0.7) > -INF).tolist() == [2, 3, 4]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("temperature", [1e-3, 1e-30, 1e-40, 1e-50, 1e-310, 5e-324])
def test_the_smallest_temperatures_overflow_nowhere(dtype, temperature):
    logits = np.array([1.0, 30.0, -5.0, -INF], dtype)
    assert sampling.softmax(logits, temperature).tolist() == [0.0, 1.0, 0.0, 0.0]


def test_draw_follows_the_probabilities():
    rng = np.random.Generator(np.random.PCG64(5))
    weights = [0.0, 0.5, 0.0, 0.3, 0.2, 0.0]
    counts = np.bincount([sampling.draw(weights, rng) for _ in range(20_000)], minlength=6)
    assert counts[[0, 2, 5]].tolist() == [0, 0, 0]
    expected = 20_000 * np.array([0.5, 0.3, 0.2])
    assert ((counts[[1, 3, 4]] - expected) ** 2 / expected).sum() < 13.8  # chi-square, 2 degrees, p = 0.001


def test_draw_at_the_very_end_takes_the_last_possible_token():
    class Highest:
        def random(self):
            return 1 - 2**-53

    assert sampling.draw([0.1] * 10 + [0.0], Highest()) == 9


@pytest.mark.parametrize(
    ("call", "found"),
    [
        (lambda: sampling.softmax([1.0], -0.1), "T < 0 or not finite"),
        (lambda: sampling.softmax([1.0], INF), "T < 0 or not finite"),
        (lambda: sampling.softmax([1.0], float("nan")), "T < 0 or not finite"),
        (lambda: sampling.softmax([1.0, float("nan")]), "NaN among the scores"),
        (lambda: sampling.softmax([1.0, INF]), r"a score of \+inf"),
        (lambda: sampling.softmax([-INF, -INF]), "every token is excluded"),
        (lambda: sampling.softmax([]), "not one row of scores"),
        (lambda: sampling.softmax([[1.0]]), "not one row of scores"),
        (lambda: sampling.top_k([1.0], 0), "not an integer >= 1"),
        (lambda: sampling.top_k([1.0], 1.5), "not an integer >= 1"),
        (lambda: sampling.top_p([1.0], 0.0), r"p outside \(0, 1\]"),
        (lambda: sampling.top_p([1.0], 1.0001), r"p outside \(0, 1\]"),
        (lambda: sampling.top_p([1.0], float("nan")), r"p outside \(0, 1\]"),
        (lambda: sampling.repetition_penalty([1.0], [0], 0.0), "not > 0"),
        (lambda: sampling.draw([0.0, 0.0], np.random.default_rng()), "negative, NaN or all 0"),
        (lambda: sampling.draw([1.0, -0.5], np.random.default_rng()), "negative, NaN or all 0"),
    ],
)
def test_bad_input_is_named(call, found):
    with pytest.raises(BadInput, match=f"asked: .*\nfound: .*{found}.*\nwhat to do: .+"):
        call()


def test_inputs_are_not_changed():
    logits = np.array([1.0, 2.0, 3.0])
    for change in (
        lambda x: sampling.top_k(x, 3),
        lambda x: sampling.top_p(x, 0.2),
        lambda x: sampling.repetition_penalty(x, [0], 2.0),
    ):
        change(logits)[:] = 0
        assert logits.tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("temperature", [0, 1e-300, 0.5, 1, 2, 1e300])
@pytest.mark.parametrize("row", [[-INF], [-INF, -INF, -INF], [INF], [1.0, INF], [INF, -INF], [INF, INF]])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scores_without_a_finite_highest_are_refused_at_every_temperature(row, temperature, dtype):
    """At T = 0 all -inf gave the first token, and +inf won."""
    with pytest.raises(BadInput, match="leave at least one finite score, and none of"):
        sampling.softmax(np.array(row, dtype), temperature)
    last = sampling.warp(np.array(row, dtype), Settings(temperature=temperature))[-1]
    with pytest.raises(BadInput, match="leave at least one finite score"):
        _ = last.probabilities


def test_a_temperature_beyond_the_dtype_is_its_limit():
    """All that is not excluded becomes equally likely; -inf over an infinite divisor was NaN."""
    assert sampling.softmax(np.float32([1, -INF, 5]), 1e300).tolist() == [0.5, 0, 0.5]


@pytest.mark.parametrize("row", [[NAN], [1.0, NAN], [-INF, NAN]])
def test_nan_is_refused(row):
    for temperature in (0, 1):
        with pytest.raises(BadInput, match="NaN among the scores"):
            sampling.softmax(row, temperature)


@given(
    st.lists(st.floats(-12, 12), min_size=30, max_size=200),
    st.integers(2, 25),
    st.sampled_from([0.2, 0.7, 1.0, 1.5, 2.0, 5.0, 50.0]),
)
def test_what_a_list_of_the_most_probable_cuts_lies_between_the_bounds(logits, listed, temperature):
    """The truth: softmax over the whole vocabulary at this temperature."""
    order = np.argsort(-np.array(logits), kind="stable")
    whole = sampling.softmax(logits)
    ids = order[:listed]
    missing = max(0.0, 1 - float(whole[ids].sum()))
    candidates = Candidates(ids, np.log(whole[ids]).astype(np.float32), missing, "logprobs", len(logits) - listed)
    low, high = candidates.cut_mass(temperature)
    truth = float(sampling.softmax(logits, temperature)[order[listed:]].sum())
    assert low - 2e-3 <= truth <= high + 2e-3
    assert 0 <= low <= high <= 1
    if temperature == 1:
        assert (low, high) == pytest.approx((missing, missing), abs=1e-5)
    assert candidates.cut_mass(0) == (0, 0)


def test_warmth_cuts_more_of_a_real_shape():
    """Zipf's law over 49,152 tokens, of which 1,000 are listed: a tenth to a fifth is cut at T = 1, most at T = 5."""
    logits = -1.5 * np.log(np.arange(1, 49_153))
    whole = sampling.softmax(logits)
    top = Candidates(np.arange(1000), np.log(whole[:1000]), 1 - whole[:1000].sum(), "logprobs", 48_152)
    for temperature in (0.5, 1.0, 2.0, 5.0):
        low, high = top.cut_mass(temperature)
        truth = sampling.softmax(logits, temperature)[1000:].sum()
        assert low <= truth + 1e-6
        assert truth <= high + 1e-6
    assert top.cut_mass(5.0)[0] > top.cut_mass(2.0)[0] > top.cut_mass(1.0)[0] > top.cut_mass(0.5)[0]


def test_all_listed_cuts_nothing():
    assert Candidates(np.arange(3), np.float32([1, 2, 3])).cut_mass(5.0) == (0, 0)
