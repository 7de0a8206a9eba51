"""The checks framework, on two sample checks that a lab could have."""

import json
import os

import numpy as np
import pytest

from aigc_kit.core.errors import BadInput, UnknownName
from aigc_kit.teach import checks


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """A registry with one sample lab, and a progress file of its own."""
    monkeypatch.setenv("AIGC_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("AIGC_PROGRESS", raising=False)
    monkeypatch.setattr(checks, "_REGISTRY", {})

    @checks.check("77", "a", title="概率之和为 1", expects="一维数组")
    def sums_to_one(probs):
        return abs(np.sum(probs) - 1) < 1e-6 or f"加起来是 {np.sum(probs):.2f}，分母漏了什么？"

    @checks.check("77", "b", title="熵随温度上升")
    def rises(cold, hot):
        return True if hot > cold else "温度高的那一个更平，还是更尖？"

    return {"a": sums_to_one, "b": rises}


def test_right_answer_passes_and_wrong_one_gets_the_hint(lab):
    good, bad = lab["a"]([0.25, 0.75]), lab["a"]([0.25, 0.5])
    assert good and good.passed and good.hint == ""
    assert not bad and bad.hint == "加起来是 0.75，分母漏了什么？"
    assert "✓" in repr(good) and "✗" in repr(bad) and bad.hint in repr(bad)


def test_numpy_true_counts_as_true(lab):
    assert isinstance(np.sum([1.0]) < 2, np.bool_)
    assert lab["a"](np.array([1.0])).passed


def test_ellipsis_is_not_yet_tried_and_counts_no_try(lab):
    result = lab["a"](...)
    assert result.state == "todo" and not result and "一维数组" in result.hint
    assert lab["a"]().state == "todo"
    assert not checks.progress_file().exists()


def test_wrong_type_gives_a_hint_and_keeps_the_exception(lab):
    result = lab["a"]("not numbers")
    assert not result.passed and "str" in result.hint and "一维数组" in result.hint
    assert result.detail.startswith(type(result.error).__name__ + ": ") and "Traceback" not in repr(result)
    assert os.sep not in result.detail.rsplit("(", 1)[1]  # a file name, no path of this machine


def test_exception_of_our_own_is_named_in_the_detail(lab):
    @checks.check("77", "broken", title="坏的")
    def broken(answer):
        return {}["missing"]

    result = broken(1)
    assert not result.passed and result.detail.startswith("KeyError: 'missing' (test_checks.py:")
    with pytest.raises(KeyError):
        raise result.error


@pytest.mark.parametrize("value", [None, False, 1, "", "  ", np.bool_(False)])
def test_check_that_returns_neither_true_nor_a_hint_is_refused(lab, value):
    @checks.check("77", "forgot", title="忘了 return")
    def forgot(answer):
        return value

    with pytest.raises(TypeError, match="must return True or a hint"):
        forgot(3)


def test_html_is_escaped(lab):
    @checks.check("77", "x", title="<i>标题</i>")
    def evil(answer):
        return f"你写的是 {answer}"

    html = evil("<script>alert(1)</script>")._repr_html_()
    assert "<script" not in html and "&lt;script&gt;" in html and "<i>" not in html


def test_run_checks_spreads_tuples_and_lists_what_is_missing(lab):
    report = checks.run_checks("77", {"b": (1.0, 2.0)})
    assert [(r.name, r.state) for r in report.results] == [("a", "todo"), ("b", "passed")]
    assert not report and "通过 1 / 2" in repr(report) and "通过 1 / 2" in report._repr_html_()
    assert checks.run_checks("77", {"a": [1.0], "b": (1.0, 2.0)}).passed


def test_unknown_names_are_refused(lab):
    with pytest.raises(UnknownName, match="its checks are a, b"):
        checks.run_checks("77", {"z": 1})
    with pytest.raises(UnknownName, match="checks of lab '78'"):
        checks.run_checks("78", {})


def test_two_functions_cannot_share_a_name(lab):
    with pytest.raises(BadInput, match="choose another name"):

        @checks.check("77", "a", title="again")
        def other(answer):
            return True


def test_progress_counts_tries_and_keeps_the_first_pass(lab):
    lab["a"]([0.5])
    lab["a"]([1.0])
    first = checks.progress()["77"]["a"]
    lab["a"]([0.3])
    last = checks.progress()["77"]["a"]
    assert first["passed"] and first["tries"] == 2 and first["first_passed"].endswith("+00:00")
    assert last == {**first, "tries": 3}
    checks.reset_progress()
    assert checks.progress() == {}


def test_headless_runs_leave_no_progress(lab, monkeypatch):
    monkeypatch.setenv("AIGC_PROGRESS", "0")
    assert lab["a"]([1.0]).passed and not checks.progress_file().exists()


@pytest.mark.parametrize("junk", [b"{", b"\xff\xfe", b"[1]", b'{"77": {"a": 3}}', b'{"77": {"a": {"tries": "x"}}}'])
def test_damaged_progress_file_is_kept_aside_with_a_note(lab, junk):
    path = checks.progress_file()
    path.parent.mkdir(parents=True)
    path.write_bytes(junk)
    result = lab["a"]([1.0])
    assert result.passed and "progress.damaged.json" in result.note and result.note in repr(result)
    assert path.with_name("progress.damaged.json").read_bytes() == junk
    assert json.loads(path.read_text())["77"]["a"]["tries"] == 1
    assert lab["a"]([1.0]).note == ""


def test_progress_that_cannot_be_saved_does_not_fail_the_check(lab, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("AIGC_HOME", str(tmp_path / "file"))
    result = lab["a"]([1.0])
    assert result.passed and "进度没有保存" in result.note
