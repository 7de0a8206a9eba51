"""Lab 10's own code, taken out of the notebook and held against the kit; its solutions pass its checks."""

import json
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_kit.promptlab import schema
from aigc_kit.teach.notebooks import cells

from .lab_notebook import functions, passed, source, unused_checks, verdicts

NOTEBOOK = cells.folder() / "10_structured.ipynb"
FORM = schema.order()

(check,) = functions(NOTEBOOK, {"re": re, "form": FORM}, "check")
words = st.sampled_from(["雨伞", "红色", "A371", "a371", "A3715", "飞机", ""])
values = st.none() | st.integers(-1, 11) | st.booleans() | words
orders = st.dictionaries(st.sampled_from(["商品", "颜色", "数量", "单号", "备注"]), values, max_size=5)


@settings(deadline=None)
@given(orders | values | st.fixed_dictionaries(dict.fromkeys(("商品", "颜色", "数量", "单号"), values)))
def test_the_check_by_hand_is_the_kits(value):
    assert check(value) == FORM.valid(value)


def test_what_is_fixed_by_the_course_stands_there():
    told = source(NOTEBOOK)
    assert "（E67）" in told and "（E93）" in told
    assert all(words in told for words in ("387 → 215", "291 → 156", "72.3 %", "96.8 %", "18.5 %", "2.1 %"))
    status = schema.TICKET["properties"]["status"]["enum"]
    assert status == ["pending", "processed", "failed"] and schema.TICKET["required"] == ["id", "status"]
    assert json.dumps(schema.TICKET).count("uuid") == 1


def test_the_solutions_pass_every_check(tmp_path):
    assert verdicts(NOTEBOOK, tmp_path) == passed("abcdef")


def test_the_checks_of_the_notebook_are_those_of_the_lab():
    assert unused_checks(NOTEBOOK, "10") == []
