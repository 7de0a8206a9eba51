"""Printed output: merged as nbclient merges it, but in linear time, and cut with a note where it is too long."""

import re

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_kit.teach.notebooks.copies import LONGEST_LINE, LONGEST_TEXT, merged, overwritten, shortened, tidy
from aigc_kit.teach.notebooks.execution import execute

from .build import code, display, notebook, stream

NBCLIENT_RULE = re.compile(r".*\r(?=[^\n])")  # nbclient's own, quadratic: the truth for short texts


def error_stream(text):
    return nbformat.v4.new_output("stream", name="stderr", text=text)


@settings(max_examples=300, derandomize=True)
@given(st.text("ab\r\n", max_size=30))
def test_carriage_returns_are_applied_as_nbclient_does(text):
    assert overwritten(text) == NBCLIENT_RULE.sub("", text)


def test_streams_are_merged_at_the_first_place_and_stdout_comes_first():
    figure = display(text__plain="figure")
    items = [error_stream("e1 "), stream("a\r"), figure, stream("b\n"), error_stream("e2")]
    kept = merged(items)
    assert [(item.output_type, item.get("name"), item.get("text")) for item in kept] == [
        ("stream", "stdout", "b\n"),
        ("stream", "stderr", "e1 e2"),
        ("display_data", None, None),
    ]
    assert [item.get("name") for item in merged([error_stream("e"), figure, stream("a")])] == ["stderr", None, "stdout"]


def test_what_is_too_long_is_cut_and_says_how_much():
    exact = "x" * LONGEST_LINE
    assert shortened(exact) == exact and shortened(f"{exact}\n{exact}") == f"{exact}\n{exact}"
    cut = shortened(f"a\n{exact}yyy\nb")
    assert cut == f"a\n{exact} ……（这一行还有 3 个字符，没有保存）\nb"
    lines = "".join(f"{number:06d}\n" for number in range(LONGEST_TEXT // 7 + 1000))
    cut = shortened(lines)
    head, note, tail = re.split(r"\n……（中间 ([\d,]+) 个字符没有保存）……\n", cut)
    assert lines.startswith(head) and lines.endswith(tail) and len(head) + len(tail) == LONGEST_TEXT
    assert int(note.replace(",", "")) == len(lines) - LONGEST_TEXT


@pytest.mark.parametrize(
    "output",
    [
        stream("x" * 50_000),
        display(text__plain="x" * 50_000),
        nbformat.v4.new_output("error", ename="E", evalue="x" * 50_000, traceback=["x" * 50_000]),
    ],
)
def test_every_kind_of_text_is_cut(output):
    made = notebook(code("1", outputs=[output], count=1))
    tidy(made)
    assert len(nbformat.writes(made)) < 2 * LONGEST_LINE + 3000 and "没有保存" in nbformat.writes(made)
    nbformat.validate(made)


def test_pictures_are_never_cut():
    picture = "A" * 500_000
    made = notebook(code("1", outputs=[display(image__png=picture)], count=1))
    tidy(made)
    assert made.cells[0].outputs[0].data["image/png"] == picture


def test_a_line_of_megabytes_leaves_a_small_copy(tmp_path):
    sources = ("print('x' * 8_000_000)", "import sys\nprint(1); print(2, file=sys.stderr); print(3, end='\\r4')")
    done = execute(notebook(*map(code, sources)), tmp_path, timeout=100)
    assert done.status == "ok"
    long, short = (cell.outputs for cell in done.notebook.cells)
    assert len(long) == 1 and "还有 7,990,000 个字符" in long[0].text and len(long[0].text) < 11_000
    assert [(item.name, item.text) for item in short] == [("stdout", "1\n4"), ("stderr", "2\n")]
