"""What a picture can show: specs, chance, held-out pairs."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.core.errors import UnknownName
from aigc_kit.worlds.tinyworld import ATTRIBUTES, HELD_OUT_PAIRS, Spec

specs = st.builds(Spec, **{name: st.sampled_from([None, *values]) for name, values in ATTRIBUTES.items()})


def test_the_world_has_what_the_lab_needs():
    sizes = [len(values) for values in ATTRIBUTES.values()]
    assert sizes == [12, 8, 6, 6, 2, 3, 3]
    assert {"puppy", "cat", "wizard", "flower", "donut", "cup", "heart", "star"} <= set(ATTRIBUTES["subject"])


def test_an_unknown_value_is_refused_by_name():
    with pytest.raises(UnknownName, match=r"(?s)colour='mauve'.*red, orange"):
        Spec(colour="mauve")


@given(specs, st.integers(0, 2**32))
def test_fill_keeps_what_is_set_and_sets_the_rest(spec, seed):
    full = spec.fill(random.Random(seed))
    assert full.known().items() >= spec.known().items()
    assert set(full.known()) == set(ATTRIBUTES)
    assert full == spec.fill(random.Random(seed))


def test_no_training_sample_holds_a_held_out_pair():
    rng = random.Random(3)
    for _ in range(20_000):
        spec = Spec.sample(rng, training=True)
        for one, value, other, its in HELD_OUT_PAIRS:
            assert (getattr(spec, one), getattr(spec, other)) != (value, its)


def test_free_samples_do_hold_them_so_the_test_above_can_fail():
    rng = random.Random(3)
    seen = {pair for _ in range(20_000) for pair in Spec.sample(rng).held_out()}
    assert seen == set(HELD_OUT_PAIRS)


@given(specs, st.integers(0, 2**32))
def test_training_fill_avoids_the_pairs_or_says_that_it_cannot(spec, seed):
    if spec.held_out():
        with pytest.raises(UnknownName, match="held-out pair"):
            spec.fill(random.Random(seed), training=True)
    else:
        assert not spec.fill(random.Random(seed), training=True).held_out()


def test_every_held_out_pair_is_of_the_world_and_every_value_is_still_trained():
    assert len(set(HELD_OUT_PAIRS)) == len(HELD_OUT_PAIRS) >= 12
    for one, value, other, its in HELD_OUT_PAIRS:
        assert value in ATTRIBUTES[one]
        assert its in ATTRIBUTES[other]
    rng = random.Random(0)
    drawn = [Spec.sample(rng, training=True) for _ in range(3000)]
    for name, values in ATTRIBUTES.items():
        assert {getattr(spec, name) for spec in drawn} == set(values)


def test_told_keeps_the_subject_and_about_the_asked_share():
    rng = random.Random(1)
    told = [Spec.sample(rng).told(rng, keep=0.7) for _ in range(2000)]
    assert all(spec.subject for spec in told)
    share = sum(spec.scene is not None for spec in told) / len(told)
    assert 0.65 < share < 0.75
