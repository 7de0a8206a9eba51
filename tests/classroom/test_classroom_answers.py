"""What a learner answered, written down and read again: the same value, or a reason; never a pickle, never run."""

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.core.errors import BadInput
from aigc_kit.teach.checks import answers
from aigc_kit.teach.labs.lab01 import checks

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20).filter(str.isprintable),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(value=plain)
def test_plain_values_come_back(value):
    written = json.loads(json.dumps(answers.encode(value)))
    assert answers.decode(written) == value


@given(
    data=st.lists(st.floats(width=32, allow_nan=False), max_size=12),
    dtype=st.sampled_from(["float32", "float64", "int64", "bool", "uint8"]),
)
def test_arrays_come_back_with_type_and_shape(data, dtype):
    with np.errstate(all="ignore"):
        array = np.array(data, np.float32).astype(dtype).reshape(-1, 1)
    again = answers.decode(json.loads(json.dumps(answers.encode(array))))
    assert again.dtype == array.dtype and again.shape == array.shape and np.array_equal(again, array)


def test_numbers_that_json_does_not_have():
    assert math.isnan(answers.decode(answers.encode(float("nan"))))
    assert answers.decode(answers.encode(np.float32("inf"))) == math.inf
    assert answers.decode(answers.encode((1, (2.5, "x"), {3, 1}))) == [1, [2.5, "x"], [1, 3]]


helper_factor = 3


def helper(x):
    return x * helper_factor


def answer(x):
    return np.abs(helper(x))


def test_a_function_is_its_text_and_what_it_needs(monkeypatch):
    for function in (answer, helper):
        monkeypatch.setattr(function, "__module__", "__main__")
    written = answers.encode(answer)["function"]
    assert written["source"].startswith("def answer(x):") and written["needs"]["np"] == {"module": "numpy"}
    inner = written["needs"]["helper"]["function"]
    assert inner["needs"] == {"helper_factor": {"value": 3}}
    with pytest.raises(BadInput, match="function"):
        answers.decode({"function": written})
    assert answers.has_function([{"list": [{"function": written}]}]) and not answers.has_function({"value": 1})
    assert answers.encode(np.linalg.norm) == {"import": ["numpy.linalg", "norm"]} or "import" in answers.encode(np.sum)


class Hostile:
    def __array__(self, *args, **kwargs):
        raise SystemError("no")


@pytest.mark.parametrize(
    "value", [Hostile(), object(), np.array(["a"]), np.zeros(2_000_000)], ids=lambda v: str(type(v))
)
def test_what_has_no_such_form_says_so(value):
    written = answers.encode(value)
    assert set(written) == {"opaque"}
    with pytest.raises(BadInput, match="opaque"):
        answers.decode(written)


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {},
        {"pickle": "gASV"},
        {"value": [1]},
        {"number": "1e9"},
        {"array": {"dtype": "O", "shape": [1], "data": "AAAAAAAAAAA="}},
        {"array": {"dtype": "<f8", "shape": [10**15], "data": "AAAA"}},
        {"array": {"dtype": "<f8", "shape": [-1], "data": ""}},
        {"array": {"dtype": "<f8,(99999,99999)f8", "shape": [1], "data": ""}},
        {"array": {"dtype": "float64", "shape": "x", "data": "!"}},
        {"module": "os"},
        {"import": ["os", "system"]},
        {"value": __file__},
        {"file": "x", "sha256": "y"},
    ],
    ids=str,
)
def test_hostile_answers_are_refused(data):
    with pytest.raises(BadInput, match="asked: an answer that was kept"):
        answers.decode(data)


def test_nested_too_deeply():
    deep = {"value": 1}
    for _ in range(5000):
        deep = {"list": [deep]}
    with pytest.raises(BadInput):
        answers.decode(deep)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AIGC_PROGRESS", "1")
    return tmp_path / "home"


def test_a_check_keeps_the_answer_and_a_passed_one_stays(home, monkeypatch):
    logits = np.array([0.0, 9.0, 1.0])
    checks.c(logits, 5.0, 1)
    path = home / "answers" / "01" / "c.json"
    first = json.loads(path.read_text(encoding="utf-8"))
    assert not first["passed"] and [answers.decode(a) for a in first["answers"]][1:] == [5.0, 1]
    checks.c(logits, 0.1, 1)
    checks.c(logits, 7.0, 2)
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert kept["passed"] and answers.decode(kept["answers"][1]) == 0.1
    monkeypatch.setenv("AIGC_PROGRESS", "0")
    checks.e(logits, 0.5)
    assert not (home / "answers" / "01" / "e.json").exists()


def test_a_key_in_an_answer_is_blotted_out(home, monkeypatch):
    monkeypatch.setenv("MY_API_KEY", "abcdefgh12345678")
    answers.keep("03", "e", ("the key is abcdefgh12345678",), {}, False)
    assert "abcdefgh12345678" not in (home / "answers" / "03" / "e.json").read_text(encoding="utf-8")


def test_a_check_never_fails_because_of_the_folder(home, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("AIGC_HOME", str(tmp_path / "file"))
    result = checks.c(np.array([0.0, 9.0]), 0.1, 1)
    assert result.passed and "进度没有保存" in result.note


def test_a_file_is_its_name_and_digest(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<h1>x</h1>")
    written = answers.encode(page)
    assert written["file"] == "page.html" and answers.encode(str(page)) == written
    assert os.sep not in written["file"]
    assert answers.decode(written, file=lambda name, digest: Path(name)) == Path("page.html")
