"""Lab 11's own code, taken out of the notebook and held against the library; its solutions pass its checks."""

import ast
from collections import Counter

import numpy as np
import pytest

from aigc_kit import text
from aigc_kit.promptlab.alignment import exercises, syntax
from aigc_kit.teach import lab11
from aigc_kit.teach.notebooks import cells

from .lab_notebook import functions, passed, source, unused_checks, verdicts

NOTEBOOK = cells.folder() / "11_alignment.ipynb"


@pytest.mark.parametrize("exercise", exercises.every()[:6], ids=lambda exercise: exercise.name)
def test_overlap_by_hand_is_the_kits(exercise):
    space = {"ast": ast, "Counter": Counter}
    _, jaccard = functions(NOTEBOOK, space, "nodes", "jaccard")
    for way in exercise.ways:
        assert jaccard(way, exercise.reference) == syntax.jaccard(way, exercise.reference)


def test_likelihood_by_hand_is_the_engines():
    import torch

    poet = text.engine(text.plan_for("春", card="poem", engine="transformers"))
    (masked_nll,) = functions(NOTEBOOK, {"poet": poet, "torch": torch}, "masked_nll")
    poem = lab11.quatrains()[1]
    prompt = f"<五绝>{poem.title}<诗>"
    before, ids = poet.encode(prompt), poet.encode(prompt + poem.text)
    by_step = -np.mean([poet.logprobs(ids[: n + 1], n)[0] for n in range(len(before), len(ids))])
    assert masked_nll(prompt, poem.text) == pytest.approx(by_step, rel=1e-4)


def test_the_solutions_pass_every_check(tmp_path):
    assert verdicts(NOTEBOOK, tmp_path) == passed("abcdef")


def test_the_checks_of_the_notebook_are_those_of_the_lab():
    assert unused_checks(NOTEBOOK, "11") == []


def test_the_errata_of_the_lab_are_all_told():
    told = source(NOTEBOOK)
    assert [f"E{n}" for n in range(60, 67) if f"E{n}" not in told] == []


def test_the_courses_settings_are_the_defaults():
    told = source(NOTEBOOK)
    for words in (
        "交换列表中相邻元素",
        "写一个快速排序",
        "0.82",
        "620",
        "280",
        "100",
        "α = 0.3，β = 0.4",
        "0.75",
        "50",
    ):
        assert words in told
