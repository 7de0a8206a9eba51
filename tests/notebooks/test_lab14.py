"""Lab 14's own code, taken out of the notebook and held against the kit; its solutions pass its checks."""

import hashlib
import re
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from aigc_kit.promptlab import diff, experiment
from aigc_kit.teach.notebooks import cells

from .lab_notebook import functions, passed, source, unused_checks, verdicts

NOTEBOOK = cells.folder() / "14_versions.ipynb"
SPACE = {"hashlib": hashlib, "re": re, "unicodedata": unicodedata, "np": np, "chi2": chi2}

fingerprint, facts, place, srm = functions(NOTEBOOK, SPACE, "fingerprint", "facts", "place", "srm")
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(texts)
def test_the_fingerprint_by_hand_is_the_kits(text):
    assert fingerprint(text) == diff.fingerprint(text)


@given(texts.filter(str.strip), texts.filter(str.strip))
def test_the_place_by_hand_is_the_kits(user, name):
    assert place(user, name) == experiment.place(user, name)


@given(st.integers(1, 10_000), st.integers(1, 10_000), st.floats(0.05, 0.95))
def test_srm_by_hand_is_the_kits(old, new, rollout):
    assert srm(old, new, rollout) == pytest.approx(
        experiment.srm([old, new], [1 - rollout, rollout]), rel=1e-6, abs=1e-12
    )


def test_facts_by_hand_see_numbers_and_negation():
    assert facts("总结成三句话") != facts("总结成十三句话") and facts("不要解释")[1] and not facts("解释一下")[1]


def test_all_errata_are_cited():
    assert all(f"（E{number}）" in source(NOTEBOOK) for number in (71, 72, 79, 82, 92))


def test_the_solutions_pass_every_check(tmp_path):
    assert verdicts(NOTEBOOK, tmp_path) == passed("abcde")


def test_the_checks_of_the_notebook_are_those_of_the_lab():
    assert unused_checks(NOTEBOOK, "14") == []
