"""Lab 15's own code, taken out of the notebook and held against the kit; its solutions pass its checks."""

from itertools import combinations

import numpy as np
import pytest

from aigc_kit.teach.notebooks import cells
from aigc_kit.works.evaluation import si_sdr
from aigc_kit.works.together import Reading, fidelity

from .lab_notebook import functions, passed, source, unused_checks, verdicts

NOTEBOOK = cells.folder() / "15_audit.ipynb"
faithful, small_team, by_hand = functions(
    NOTEBOOK, {"np": np, "combinations": combinations}, "faithful", "small_team", "by_hand"
)


def test_fidelity_by_hand_is_the_kits():
    facts = {"light": "night", "subject": "cat"}
    for reading in (Reading({}), Reading(facts), Reading(facts, {"light": ("day",)}), None):
        assert faithful(reading, facts) == fidelity(reading, facts)
    assert faithful(Reading({}), {}) is None


def test_the_team_of_eight_lines_stops_for_a_person():
    project = small_team(lambda asks: "short" if asks else "long", len)
    assert next(project) == ("long", 4) and project.send(["shorter"]) == ("short", 5)
    with pytest.raises(StopIteration) as end:
        project.send([])
    assert end.value.value == "short"


def test_si_sdr_by_hand_is_the_kits():
    wave, reference = np.random.default_rng(0).normal(size=(2, 500))
    assert by_hand(wave, reference) == pytest.approx(si_sdr(wave, reference))


def test_all_errata_are_cited():
    assert all(f"E{number}）" in source(NOTEBOOK) for number in (40, 43, 51, 57, 76, 90))


def test_the_solutions_pass_every_check(tmp_path):
    assert verdicts(NOTEBOOK, tmp_path) == passed("abcdef")


def test_the_checks_of_the_notebook_are_those_of_the_lab():
    assert unused_checks(NOTEBOOK, "15") == []
