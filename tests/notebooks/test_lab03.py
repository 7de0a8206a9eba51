"""Lab 03's own code, taken out of the notebook and held against the front end; its solutions pass its checks."""

from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.make.speech import normalise, syllables
from aigc_kit.teach.notebooks import cells
from tests.conftest import require_card

from .lab_notebook import functions, passed, source, unused_checks, verdicts

NOTEBOOK = cells.folder() / "03_chattts.ipynb"

by_digits, third_tones = functions(NOTEBOOK, {}, "by_digits", "third_tones")


@given(st.integers(1000, 2999))
def test_years_by_hand_are_the_front_end_s(year):
    assert by_digits(str(year)) + "年" == normalise(f"{year}年").spoken


@given(st.lists(st.sampled_from("好天来梦"), min_size=2, max_size=2).map("".join))
def test_third_tones_by_hand_are_the_front_end_s(word):
    dictionary = [s.tone for s in syllables(word, sandhi=False)]
    assert third_tones(dictionary) == [s.tone for s in syllables(word)]


def test_the_solutions_pass_every_check(tmp_path):
    require_card("baker")
    assert verdicts(NOTEBOOK, tmp_path) == passed("abcde")


def test_the_checks_of_the_notebook_are_those_of_the_lab():
    assert unused_checks(NOTEBOOK, "03") == []


def test_the_errata_of_the_lab_are_all_shown():
    said = source(NOTEBOOK)
    assert [f"E{n}" for n in range(28, 37) if f"E{n}" not in said] == []
