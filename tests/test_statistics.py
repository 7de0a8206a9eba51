"""Paired shares: the interval covers as it says, the test is exact, and many looks are paid for."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.core.statistics import crossed, holm, paired

cases = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60)


@given(cases)
def test_swapping_turns_the_difference_round(pairs):
    one, two = zip(*pairs, strict=True)
    there, back = paired(one, two), paired(two, one)
    assert there.gain == pytest.approx(-back.gain) and there.p == back.p
    assert there.low == pytest.approx(-back.high) and (there.worse, there.better) == (back.better, back.worse)
    assert -1 <= there.low <= there.gain + 1e-12 and there.gain <= there.high + 1e-12 <= 1 + 1e-9
    assert there.gain == pytest.approx((sum(two) - sum(one)) / len(pairs))


def test_the_sign_test_is_exact():
    for worse, better in ((0, 0), (0, 5), (1, 6), (3, 3), (2, 9)):
        parted = worse + better
        extreme = abs(worse - better)
        ways = [abs(2 * sum(signs) - parted) >= extreme for signs in product((0, 1), repeat=parted)]
        truth = Fraction(sum(ways), len(ways))
        pairs = [(True, False)] * worse + [(False, True)] * better + [(True, True)] * 7
        assert paired(*zip(*pairs, strict=True)).p == pytest.approx(float(truth))


def test_the_interval_covers_the_truth_about_95_times_in_100():
    rng = np.random.default_rng(5)
    for odds in ((0.6, 0.05, 0.25, 0.1), (0.9, 0.02, 0.05, 0.03), (0.3, 0.3, 0.3, 0.1)):  # both, one, other, none
        truth, hits = odds[2] - odds[1], 0
        for _ in range(800):
            kinds = rng.choice(4, size=80, p=odds)
            change = paired(kinds < 2, (kinds == 0) | (kinds == 2))
            hits += change.low <= truth <= change.high
        assert 0.92 <= hits / 800 <= 0.99, odds


def test_many_looks_are_paid_for():
    assert holm([0.04]) == [0.04] and holm([]) == []
    assert holm([0.01, 0.02, 0.9]) == pytest.approx([0.03, 0.04, 0.9])
    rng = np.random.default_rng(2)  # thirty wordings that do not differ: hardly a family claims that one does
    alarms = plain = 0
    for _ in range(200):
        tests = [paired(rng.random(60) < 0.8, rng.random(60) < 0.8).p for _ in range(29)]
        alarms += min(holm(tests)) < 0.05
        plain += min(tests) < 0.05
    assert alarms <= 0.08 * 200 < 0.3 * 200 < plain


@given(st.lists(st.floats(0, 1), max_size=12))
def test_raised_values_keep_their_order_and_never_fall(values):
    raised = holm(values)
    assert all(0 <= old <= new <= 1 for old, new in zip(values, raised, strict=True))
    order = sorted(range(len(values)), key=lambda k: values[k])
    assert [raised[k] for k in order] == sorted(raised)


def test_an_interval_over_items_and_seeds_has_the_width_of_its_formula():
    """Against the closed form: s_items^2 / N + s_runs^2 / R + s_rest^2 / (R N), of the sample itself."""
    rng = np.random.default_rng(3)
    runs, items = 12, 50
    values = rng.normal(0, 1.0, (1, items)) + rng.normal(0, 0.6, (runs, 1)) + rng.normal(0, 0.3, (runs, items))
    low, high = crossed(values, np.zeros((1, items)), seed=0, draws=20_000)
    by_item, by_run = values.mean(0), values.mean(1)
    rest = values - by_item - by_run[:, None] + values.mean()
    expected = (by_item.var() / items + by_run.var() / runs + rest.var() / (runs * items)) ** 0.5
    assert (high - low) / 2 == pytest.approx(1.96 * expected, rel=0.05)
    assert low < values.mean() < high


def test_items_are_resampled_together():
    """Two runs that differ by a constant on every item differ by it whatever items are drawn."""
    values = np.random.default_rng(0).normal(0, 5, (1, 30))
    assert crossed(values + 0.5, values, seed=1) == pytest.approx((0.5, 0.5))
