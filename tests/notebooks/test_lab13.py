"""Lab 13's own code, taken out of the notebook and held against the kit; its solutions pass its checks."""

import numpy as np
import pytest

from aigc_kit.promptlab.inspect import attributions
from aigc_kit.teach.notebooks import cells

from .lab_notebook import functions, passed, source, unused_checks, verdicts

NOTEBOOK = cells.folder() / "13_inspectors.ipynb"
occlusion, shapley = functions(NOTEBOOK, {"np": np}, "occlusion", "shapley")


class Sum:
    words, evaluations = ("甲", "乙", "丙"), 0

    @staticmethod
    def value(keeps):
        return np.asarray(keeps, bool) @ np.array([3.0, -1.0, 0.5]) + 2.0 * (keeps[:, 0] & keeps[:, 1])


def test_occlusion_by_hand_is_the_kits():
    assert occlusion(Sum.value, 3) == pytest.approx(attributions.occlusion(Sum))


def test_shapley_by_hand_tends_to_the_exact_one():
    scores = shapley(Sum.value, 3, 400)
    assert scores.sum() == pytest.approx(4.5)
    assert scores == pytest.approx(attributions.exact_shapley(Sum), abs=0.2)  # 400 orders: five standard errors


def test_all_errata_are_cited():
    assert all(f"（E{number}）" in source(NOTEBOOK) for number in (61, 69, 78, 80, 81, 94, 95))


def test_the_solutions_pass_every_check(tmp_path):
    assert verdicts(NOTEBOOK, tmp_path) == passed("abcdef")


def test_the_checks_of_the_notebook_are_those_of_the_lab():
    assert unused_checks(NOTEBOOK, "13") == []
