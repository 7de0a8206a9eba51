"""Hard written forms and sentences, right readings written by hand: a floor per kind."""

import pytest

from tests.speech.readings import FILES, cases, counts

FLOORS = {
    ("written", "number"): 0.96,
    ("written", "date"): 0.95,
    ("written", "math"): 0.95,
    ("written", "code"): 0.96,
    ("written", "unit"): 0.95,
    ("written", "letters"): 0.95,
    ("written", "two"): 0.95,
}
"""A share that a kind does not fall below: about one case may be lost to a mended library."""


@pytest.mark.parametrize(("name", "kind"), FLOORS)
def test_most_cases_of_each_kind_are_read_right(name, kind):
    right, every = counts(name)[kind]
    assert right / every >= FLOORS[name, kind]


@pytest.mark.parametrize("name", FILES)
def test_each_case_has_its_source_and_a_reading(name):
    for case in cases(name):
        assert case["source"]
        assert case.get("reading") or case["targets"]
