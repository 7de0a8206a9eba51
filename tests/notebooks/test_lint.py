"""Every rule of the notebook linter, each broken by one notebook."""

import ast
import base64
import json

import pytest

from aigc_kit.core.errors import BadInput
from aigc_kit.teach.notebooks import cells
from aigc_kit.teach.notebooks.lint import errata_ids, lint, parse
from aigc_kit.teach.notebooks.lint_outputs import WIDGET_VIEW
from aigc_kit.teach.notebooks.refresh import stamp

from .build import code, display, good, notebook, png, prose, put, stream


def at(path):
    """An absolute path, put together here because no file of the project may name one."""
    return f"/{path}"


def too_deep():
    """Whether this Python's parser gives up on a sum of 5000 terms."""
    try:
        compile("1" + " + 1" * 5000, "sum", "exec", flags=ast.PyCF_ONLY_AST)
    except (RecursionError, MemoryError):
        return True
    return False


DEEP = too_deep()
VIEW = {WIDGET_VIEW: {"model_id": "0" * 32}, "text/plain": "控件：步数"}


@pytest.fixture
def found(tmp_path):
    """Lint one notebook, called 01_x.ipynb; returns {(rule, cell, line)} after checking that messages are there."""
    errata = tmp_path / "ERRATA.md"
    errata.write_text("# 勘误\n- **E1** a\n- **E12** b\n| E5 | c |\n\nE7 is only mentioned here.\n")

    def run(made, name="01_x.ipynb"):
        findings = lint([put(tmp_path / "nb" / name, made)], errata)
        assert all(f.message and f.rule in str(f) and f.file == name for f in findings)
        return {(f.rule, f.cell, f.line) for f in findings}

    return run


def changed(made, change):
    """Change a good notebook after it was built, and stamp it again where the sources are concerned."""
    from aigc_kit.teach.notebooks.cells import put_stamp

    change(made)
    put_stamp(made)
    return made


def test_good_notebook_has_no_finding(found):
    assert found(good()) == set()
    assert found(good(code("%matplotlib inline\nfiles = !ls\nprint?\nawait thing()", count=2))) == set()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("\n".join(f"a{i} = {i}" for i in range(20)), set()),
        ("\n".join(f"a{i} = {i}" for i in range(21)), {("cell-length", 10, None)}),
        ("\n\n".join(f"a{i} = {i}" for i in range(20)), set()),  # blank lines are free
        ("!pip install x", {("pip", 10, 1)}),
        ("x = 1\n! python3 -m pip install x", {("pip", 10, 2)}),
        ("!ls pip", set()),
        ("import sys\n!{sys.executable} -m pip install x", {("pip", 10, 2)}),
        ("!sudo pip install x", {("pip", 10, 1)}),
        ("!uv pip install x", {("pip", 10, 1)}),
        ("!conda install -y x", {("pip", 10, 1)}),
        ("said = !pip3 install x", {("pip", 10, 1)}),
        ("%sx pip install x", {("pip", 10, 1)}),
        ("import os\nos.system('pip install x')", {("pip", 10, 2)}),
        ("import subprocess, sys\nsubprocess.run([sys.executable, '-m', 'pip', 'install', 'x'])", {("pip", 10, 2)}),
        ("%%bash\ncd x\n  pip install y", {("pip", 10, 3)}),
        ("%%bash\n# pip install y\nls", set()),
        ("text = 'pip install x'\nprint(text)", set()),  # a word to the reader
        ("1" + " + 1" * 5000, {("syntax", 10, None)} if DEEP else set()),
        ("load(x, trust_remote_code=True)", {("remote-code", 10, 1)}),
        ("load(x,\n     **{'trust_remote_code': True})", {("remote-code", 10, 2)}),
        ("load(x, trust_remote_code=False)", set()),
        ("x = 1  # never trust_remote_code", set()),
        ("key = 'sk-abcdefghijklmnopqrstuv'", {("leak-key", 10, 1)}),
        (f"x = 1\nopen('{at('home/li/x.txt')}')", {("leak-path", 10, 2)}),
        (f"open('C:{at('Users/li/x.txt')}')", {("leak-path", 10, 1)}),
        ("address = 'https://hub.example/home/x/y'", set()),
        ("x = 1  # todo: better", {("todo", 10, 1)}),
        ("x = 1  # 待补", {("todo", 10, 1)}),
        ("print(problem.todo)", set()),
        ("for x in 1:\n    y", set()),
        ("x = (1,\ny = 2", {("syntax", 10, 1)}),
        ('text = ("%d"\n        % 3)', set()),
        ("%%html\n<b>not Python</b>", set()),
        ("x = 1  # TODO better", {("todo", 10, 1)}),
        ("mastodon = 1", set()),
        ("x = 1  # 见E1 和 E12", set()),
        ("E999 = 1e5 + 1E7", set()),  # names and numbers are no citations
        ("x = 1\ny = 2  # E999", {("erratum", 10, 2)}),
    ],
)
def test_code_rules(found, source, expected):
    assert found(good(code(source, count=2))) == expected


def test_median_of_five_lines_is_the_limit(found):
    five, six = ("\n".join(f"a{i} = {i}" for i in range(n)) for n in (5, 6))
    outputs = [stream("x")]
    at_limit = notebook(prose(), code(five, outputs=outputs, count=1))
    above = notebook(prose(), code(six, outputs=outputs, count=1))
    assert found(at_limit, "14_x.ipynb") == set()
    assert found(above, "14_x.ipynb") == {("cell-length", None, None)}
    # cells with solutions and set-up count like all others
    tagged = notebook(prose(), code(six, "solution", outputs=outputs, count=1), code(six, "setup", count=2))
    assert found(tagged, "14_x.ipynb") == {("cell-length", None, None)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Only English here.", {("chinese", 10, None)}),
        ("温度 temperature", set()),
        ("$$p_i = \\frac{e^{z_i/T}}{\\sum_j e^{z_j/T}}$$", set()),
        ("```python\nprint(1)\n```", set()),
        ("![图](attachment:missing.png)", {("picture", 10, None)}),
        ("![图](missing.png)", {("picture", 10, None)}),
        ("![图](https://pictures.example/a.png)", {("picture", 10, None)}),
        ("<hr>", set()),
        ("见E1。", set()),
        ("见E999，以及 E7。", {("erratum", 10, 1)}),
        ("FIXME 写完", {("todo", 10, 1)}),
        ("这一节todo写完", {("todo", 10, 1)}),
        ("说明\n\n待补", {("todo", 10, 3)}),
        ("<img src='https://pictures.example/a.png'> 图", {("picture", 10, None)}),
        ('<IMG alt="图" src="//pictures.example/a.png">', {("picture", 10, None)}),
        ("<img src=missing.png> 图", {("picture", 10, None)}),
        ("写成 `<img src=missing.png>` 就行", set()),
        ("```html\n<img src=missing.png>\n```\n像这样", set()),
        ("密钥 sk-abcdefghijklmnopqrstuv", {("leak-key", 10, 1)}),
        (f"说明\n\n存到 {at('home/li/x.png')}", {("leak-path", 10, 3)}),
        ("见 https://docs.example/home/x/y", set()),
        (f"见 https://docs.example/?file={at('home/x/y')}", set()),  # of that machine, not of this one
        ("这一行没有\n写完", {("wrap", 10, 1)}),
        ("说明：\n\n- 甲，\n  **乙**", {("wrap", 10, 3)}),
        ("**甲**\n乙", {("wrap", 10, 1)}),
        ("甲 \n“乙”", {("wrap", 10, 1)}),
        ("> 甲\n> 乙", {("wrap", 10, 1)}),
        ("甲：\n> 乙", set()),  # a quotation begins
        ("甲  \n乙", set()),  # a line break that is meant
        ("## 甲\n乙", set()),
        ("甲\n\n乙", set()),
        ("甲\n- 乙\n* 丙\n1. 丁", set()),
        ("甲 T\n乙 0.1\n0.2", set()),
        ("```\n甲\n乙\n```", set()),
    ],
)
def test_prose_rules(found, text, expected):
    assert found(good(prose(text))) == expected


def test_a_picture_is_an_attachment_of_its_cell(tmp_path):
    (tmp_path / "a b.png").write_bytes(base64.b64decode(png()))
    words = "![图](../a%20b.png)"
    path = put(tmp_path / "nb" / "01_x.ipynb", good(prose(words), prose("一")))
    assert [(f.rule, f.cell) for f in lint([path])] == [("picture", 10)], "a file beside it is none in an upload"
    stamp(path)  # which is what the finding advises
    assert lint([path]) == []
    cell = cells.read(path).cells[9]
    assert cell.attachments == {"a-b.png": {"image/png": png()}}
    assert cell.source == "![图](attachment:a-b.png)"
    there = cells.read(path)
    there.cells[10].attachments = cell.attachments
    assert [(f.rule, f.cell) for f in lint([put(path, there)])] == [("picture", 11)], "which no text shows"
    stamp(path)
    assert lint([path]) == [] and "attachments" not in cells.read(path).cells[10]


def test_an_attachment_is_renewed_from_the_pictures_of_the_project(tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_ASSETS", str(tmp_path))
    (tmp_path / "data").mkdir()
    (tmp_path / "readme").mkdir()
    (tmp_path / "readme" / "a.webp").write_bytes(b"old")
    path = put(tmp_path / "nb" / "01_x.ipynb", good(prose("![图](../readme/a.webp)")))
    errata = tmp_path / "ERRATA.md"
    stamp(path)
    assert lint([path], errata) == []
    (tmp_path / "readme" / "a.webp").write_bytes(b"new")
    assert [(f.rule, f.cell) for f in lint([path], errata)] == [("picture", 10)]
    stamp(path)
    assert lint([path], errata) == []
    assert base64.b64decode(cells.read(path).cells[9].attachments["a.webp"]["image/webp"]) == b"new"


def test_errata_are_found_only_when_they_are_defined(tmp_path):
    project = tmp_path / "ERRATA.md"
    project.write_text("- **E1** x\n* E2 y\n| **E3** | z |\nsee E4\n")
    assert errata_ids(project) == {"E1", "E2", "E3"}
    assert errata_ids(tmp_path / "none.md") is None
    path = put(tmp_path / "14_x.ipynb", notebook(prose("见E1"), code("print(1)", outputs=[stream("1")], count=1)))
    assert [f.message for f in lint([path], tmp_path / "none.md")] == ["E1 is cited, but there is no docs/ERRATA.md"]


def test_language_and_kernel(found):
    def wrong(made):
        made.metadata.kernelspec.name = "my-env"
        made.metadata.language_info.name = "julia"

    assert found(changed(good(), wrong)) == {("language", None, None)}
    assert found(changed(good(), lambda made: made.metadata.pop("kernelspec"))) == {("language", None, None)}


def test_stale_when_a_source_changes_and_not_when_an_output_does(found):
    made = good()
    made.cells[8].outputs = [stream("2\n")]
    assert found(made) == set()
    made.cells[8].source = "x = 2\nprint(x)"
    assert found(made) == {("stale", None, None)}
    made = good()
    made.cells[0].metadata.tags = ["step-1", "setup"]
    assert found(made) == {("stale", None, None)}
    assert found(notebook(prose(), stamped=False), "14_x.ipynb") == {("stale", None, None)}


def test_rhythm_is_for_part_one(found):
    missing = changed(good(), lambda made: made.cells.pop(2))
    assert found(missing) == {("rhythm", None, None)}
    assert found(missing, "06_x.ipynb") == set()
    swapped = changed(good(), lambda made: made.cells.insert(0, made.cells.pop(1)))
    assert found(swapped) == {("rhythm", None, None)}
    twice = changed(good(), lambda made: made.cells[1].metadata.tags.append("step-1"))
    assert found(twice) == {("rhythm", None, None)}


def test_a_definition_lives_in_one_notebook(tmp_path):
    function = "def softmax(z):\n    return z"
    one = put(tmp_path / "01_a.ipynb", good(code(function, count=2)))
    two = put(tmp_path / "02_b.ipynb", good(code("x = 1\nasync def softmax(z): ...", count=2)))
    nested = put(tmp_path / "03_c.ipynb", good(code("def f():\n    def softmax(z): ...", count=2)))
    answer = put(tmp_path / "solutions" / "01_a.ipynb", good(code(function, count=2)))
    findings = lint([one, two, nested, answer])
    assert [(f.file, f.cell, f.line, f.rule) for f in findings] == [("02_b.ipynb", 10, 2, "shared-def")]
    assert "01_a.ipynb" in findings[0].message


def test_execution_counts(found):
    assert found(changed(good(), lambda made: made.cells[9].update(execution_count=5))) == {("executed", 10, None)}
    assert found(changed(good(), lambda made: made.cells[9].update(execution_count=None))) == {("executed", 10, None)}
    assert found(changed(good(), lambda made: made.cells[8].update(outputs=[]))) == {("executed", None, None)}
    assert found(good(code("", count=None), code("y = 1", count=3))) != set()
    empty = good()
    empty.cells.insert(9, code(""))
    assert found(changed(empty, lambda made: made.cells[9].update(id="empty"))) == set()  # an empty cell is not run


def test_errors_are_only_where_they_are_meant(found):
    from nbformat import v4

    error = v4.new_output("error", ename="ValueError", evalue="no", traceback=["ValueError: no"])
    assert found(good(code("f()", outputs=[error], count=2))) == {("error-output", 10, None)}
    assert found(good(code("f()", "raises-exception", outputs=[error], count=2))) == set()
    assert found(good(code("f()", "raises-exception", count=2))) == {("error-output", 10, None)}


def test_file_size(found):
    at_limit = good(code("y = 1", outputs=[stream("a" * 900_000)], count=2))
    above = good(code("y = 1", outputs=[stream("a" * 1_000_000)], count=2))
    assert found(at_limit) == set() and found(above) == {("size", None, None)}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (f"saved {at('home/li/x.png')}", "leak-path"),
        (f"存到{at('tmp/x.png')}", "leak-path"),
        ("\x1b[32m/usr/lib/python3/x.py\x1b[0m", "leak-path"),
        (r"C:\Users\li\x.png", "leak-path"),
        (f"file://{at('home/alice/x')}", "leak-path"),
        (f"path:{at('home/alice/x')}", "leak-path"),
        (f"C:{at('Users/alice/x')}", "leak-path"),
        (at("Volumes/disk/x"), "leak-path"),
        (at("content/drive/x"), "leak-path"),
        (at("kaggle/input/x"), "leak-path"),
        ("<script src=//evil.example/x.js></script>", "leak-host"),
        ("<b style='background: url(//evil.example/x)'>", "leak-host"),
        ("HTTPS://registry.example/home/x", "leak-host"),
        ("a // b", None),
        ("<img src='data:image/png;base64,AAAA'>", None),
        ("from https://registry.example/simple", "leak-host"),
        ("key sk-abcdefghijklmnopqrstuv", "leak-key"),
        ("Authorization: Bearer abcdefghijklmnop1234", "leak-key"),
        ("saved out/x.png and ~/x.png", None),
        (f"half and/or{at('tmp/x')}", None),
        ("see http://127.0.0.1:8888/lab", None),
        ("<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        ("p = 0.5 / 1", None),
    ],
)
def test_outputs_show_nothing_of_the_machine(found, text, rule):
    expected = {(rule, 10, None)} if rule else set()
    assert found(good(code("y = 1", outputs=[stream(text)], count=2))) == expected
    assert found(good(code("y = 1", outputs=[display(text__html=f"<p>{text}</p>")], count=2))) == expected


def test_a_key_is_not_repeated_in_the_finding(tmp_path):
    key = "sk-abcdefghijklmnopqrstuv"
    path = put(tmp_path / "01_x.ipynb", good(code("y = 1", outputs=[stream(key)], count=2)))
    assert key not in "".join(map(str, lint([path])))


def test_a_key_in_a_source_is_not_repeated_either(tmp_path):
    key = "sk-abcdefghijklmnopqrstuv"
    path = put(tmp_path / "01_x.ipynb", good(code(f"key = '{key}'", count=2), prose(f"密钥 {key}")))
    said = "".join(map(str, lint([path])))
    assert said.count("leak-key") == 2 and key not in said


def test_pictures_are_not_searched_for_paths(found):
    junk = f"iVBORw0KGgo{at('tmp/abc')}{at('home/x')}"
    made = good(code("y = 1", outputs=[display(image__png=junk)], count=2))
    html = good(code("y = 1", outputs=[display(text__html=f"<img src='data:image/png;base64,{junk}'>")], count=2))
    assert found(made) == found(html) == set()


def test_paths_in_the_widget_state_are_seen(found):
    made = good()
    made.metadata.widgets = {"application/vnd.jupyter.widget-state+json": {"state": {"a": {"value": at("root/x")}}}}
    assert found(made) == {("leak-path", None, None)}


def test_widgets_leave_a_picture(found):
    def cell(*data, tag=True):
        made = [display() for _ in data]
        for output, item in zip(made, data, strict=True):
            output.data = item
        return good(code("y = 1", *(["widget"] if tag else []), outputs=made, count=2))

    picture = {"image/png": png(), "text/plain": "<Figure>"}
    inline = {"text/html": "<img src='data:image/png;base64,AAAA'>"}
    assert found(cell(VIEW, picture)) == found(cell(VIEW, inline)) == set()
    assert found(cell(VIEW)) == {("widget", 10, None)}
    assert found(cell(VIEW, picture, tag=False)) == {("widget", 10, None)}
    assert found(cell(picture)) == {("widget", 10, None)}
    code_of_it = {**VIEW, "text/plain": "VBox(children=(IntSlider(value=0),))"}
    assert found(cell(code_of_it, picture)) == {("widget", 10, None)}


def test_parse_keeps_line_numbers():
    with pytest.raises(SyntaxError) as caught:
        parse("%magic\nx = 1\ny = = 2")
    assert caught.value.lineno == 3


@pytest.mark.parametrize(
    ("text", "why"),
    [("{", "not a notebook"), ('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 2}', "format 4.2")],
)
def test_what_is_no_notebook_is_refused(tmp_path, text, why):
    path = tmp_path / "x.ipynb"
    path.write_text(text)
    with pytest.raises(BadInput, match=why):
        cells.read(path)
    with pytest.raises(BadInput, match="no such file"):
        cells.read(tmp_path / "none.ipynb")


def test_invalid_notebook_is_refused(tmp_path):
    made = good()
    made.cells[0].cell_type = "poem"
    path = tmp_path / "x.ipynb"
    path.write_text(json.dumps(made))
    with pytest.raises(BadInput, match=r"not a notebook|not valid"):
        cells.read(path)
