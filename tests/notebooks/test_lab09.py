"""Lab 09's own code, taken out of the notebook and held against the kit; its solutions pass its checks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.core.statistics import paired
from aigc_kit.core.statistics import wilson as kits
from aigc_kit.teach.notebooks import cells

from .lab_notebook import functions, passed, source, unused_checks, verdicts

NOTEBOOK = cells.folder() / "09_prompts.ipynb"

wilson, sign_test, S, joint = functions(
    NOTEBOOK, {"np": np, "comb": __import__("math").comb}, "wilson", "sign_test", "S", "joint"
)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_by_hand_is_the_kits(pair):
    assert np.allclose(np.clip(wilson(*pair), 0, 1), kits(*pair)[1:])


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=50))
def test_the_sign_test_by_hand_is_the_kits(pairs):
    one, two = zip(*pairs, strict=True)
    assert sign_test(one, two) == pytest.approx(paired(one, two).p)


def test_gloves_stay_below_two_and_particles_do_not():
    hidden = np.random.default_rng(1).uniform(0, 2 * np.pi, 50_000)
    gloves = S(lambda a, b: -np.mean(np.sign(np.cos(hidden - a)) * np.sign(np.cos(hidden - b))))
    assert gloves <= 2.02 and S(lambda a, b: -np.cos(a - b)) == pytest.approx(2 * 2**0.5)
    for a in (0, 0.7, 2):  # one side alone never tells what the other did
        assert np.allclose(joint(a, 0.3).sum(axis=0), 0.5) and np.allclose(joint(a, 0.3).sum(axis=1), 0.5)


def test_both_errata_are_cited():
    assert "（E7）" in source(NOTEBOOK) and "（E83）" in source(NOTEBOOK)


def test_the_solutions_pass_every_check(tmp_path):
    assert verdicts(NOTEBOOK, tmp_path) == passed("abcde")


def test_the_checks_of_the_notebook_are_those_of_the_lab():
    assert unused_checks(NOTEBOOK, "09") == []
