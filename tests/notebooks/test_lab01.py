"""Lab 01's own code, taken out of the notebook and held against transformers; its solutions pass its checks."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import RepetitionPenaltyLogitsProcessor, TopKLogitsWarper, TopPLogitsWarper

from aigc_kit.teach.notebooks import cells

from .lab_notebook import functions, passed, unused_checks, verdicts

NOTEBOOK = cells.folder() / "01_temperature.ipynb"

NAMES = ("softmax_T", "keep_top_k", "keep_top_p", "penalise")
softmax_T, keep_top_k, keep_top_p, penalise = functions(NOTEBOOK, {"np": np}, *NAMES)  # noqa: N816

scores = st.lists(st.integers(-300, 300), min_size=2, max_size=60, unique=True).map(
    lambda values: np.array(values, dtype=np.float64) / 10
)


@given(scores, st.sampled_from([0.2, 0.7, 1.0, 1.2, 5.0]))
def test_the_softmax_by_hand_is_torchs(values, heat):
    assert np.allclose(softmax_T(values, heat), torch.softmax(torch.tensor(values) / heat, -1).numpy())


@given(scores, st.integers(1, 60))
def test_top_k_by_hand_is_transformers(values, k):
    k = min(k, len(values))
    theirs = TopKLogitsWarper(k)(None, torch.tensor(values)[None])[0].numpy()
    assert np.array_equal(keep_top_k(values, k), theirs)


@given(scores, st.sampled_from([0.123, 0.5077, 0.9013, 0.99]))
def test_top_p_by_hand_is_transformers(values, p):
    theirs = TopPLogitsWarper(p)(None, torch.tensor(values)[None])[0].numpy()
    mass = np.cumsum(np.sort(softmax_T(values))[::-1])
    if np.abs(mass - p).min() > 1e-9:  # a sum that is p itself may fall on either side
        assert np.array_equal(keep_top_p(values, p), theirs)


@given(scores, st.sampled_from([0.5, 1.0, 1.3, 2.0]), st.data())
def test_the_penalty_by_hand_is_transformers(values, penalty, data):
    seen = data.draw(st.lists(st.integers(0, len(values) - 1), min_size=1, max_size=8))
    theirs = RepetitionPenaltyLogitsProcessor(penalty)(torch.tensor([seen]), torch.tensor(values)[None])[0].numpy()
    assert np.allclose(penalise(values, seen, penalty), theirs)


def test_the_solutions_pass_every_check(tmp_path):
    assert verdicts(NOTEBOOK, tmp_path) == passed("abcde")


def test_the_checks_of_the_notebook_are_those_of_the_lab():
    assert unused_checks(NOTEBOOK, "01") == []
