"""Headless execution with a real kernel: what arrives in it, what it leaves, and how a failure is told."""

import json
import os
import sys
from pathlib import Path

import nbformat
import pytest

from aigc_kit.core.errors import BadInput
from aigc_kit.core.units import MIB
from aigc_kit.teach.notebooks import cells
from aigc_kit.teach.notebooks.cells import is_stale
from aigc_kit.teach.notebooks.execution import execute, run_notebook
from aigc_kit.teach.notebooks.kernel import environment
from aigc_kit.teach.notebooks.refresh import refresh

from .build import code, notebook, prose, put

LOOK = """\
import os, sys, json
seen = {name: os.environ.get(name) for name in NAMES}
seen |= {"executable": sys.executable, "cwd": os.getcwd()}
print(json.dumps(seen))"""
NAMES = ("AIGC_TIER", "AIGC_OUT", "AIGC_OFFLINE", "AIGC_PROGRESS", "PYTHONHASHSEED", "SAMPLE_API_KEY", "MPLBACKEND")


@pytest.fixture(scope="module")
def good_run(tmp_path_factory):
    """One run of a notebook that looks around, takes 200 MiB, writes files, and has a slow cell."""
    folder = tmp_path_factory.mktemp("good")
    made = notebook(
        prose("# 看一看 $x^2$"),
        code(f"NAMES = {NAMES!r}\n" + LOOK, outputs=[nbformat.v4.new_output("stream", text="old")], count=9),
        code("block = bytearray(os.urandom(1)) * (200 * 1024 * 1024)\nimport time\ntime.sleep(1)"),
        code("raise SystemError('never run')", "slow"),
        code("from pathlib import Path\nPath('sub').mkdir()\nPath('sub/a.txt').write_text('x')\nimport aigc_kit"),
    )
    path = put(folder / "notebooks" / "01_look.ipynb", made)
    before = path.read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAMPLE_API_KEY", "sample-secret-value")
        patch.setenv("MPLBACKEND", "Agg")
        seen = []
        done = run_notebook(
            path, folder / "out", offline=True, tier="full", on_cell=lambda cell, of: seen.append((cell, of))
        )
    assert path.read_bytes() == before  # never into notebooks/
    return folder, done, seen


def test_kernel_is_this_interpreter_with_a_plain_environment(good_run):
    folder, done, _ = good_run
    assert (done.status, done.error, done.tier) == ("ok", "", "full")
    copy = cells.read(folder / "out" / done.executed)
    seen = json.loads(copy.cells[1].outputs[0].text)
    assert Path(seen.pop("executable")).samefile(sys.executable)
    assert Path(seen.pop("cwd")) == Path(seen["AIGC_OUT"]) == (folder / "out" / "01_look").resolve()
    assert (seen["AIGC_TIER"], seen["AIGC_OFFLINE"], seen["AIGC_PROGRESS"], seen["PYTHONHASHSEED"]) == (
        "full",
        "1",
        "0",
        "0",
    )
    assert seen["SAMPLE_API_KEY"] is None
    assert seen["MPLBACKEND"] != "Agg"  # it would swallow the figures


def test_copy_has_counts_in_order_and_slow_cells_left_out(good_run):
    folder, done, seen = good_run
    copy = cells.read(folder / "out" / done.executed)
    assert [cell.get("execution_count") for cell in copy.cells] == [None, 1, 2, None, 3]
    assert done.skipped == 1 and copy.cells[3].outputs == []
    assert seen == [(2, 5), (3, 5), (5, 5)]


def test_files_that_were_made_are_listed(good_run):
    folder, done, _ = good_run
    assert done.made == ("01_look/sub/a.txt",)
    assert (folder / "out" / "01_look" / "sub" / "a.txt").read_text() == "x"


def test_peak_memory_contains_what_the_notebook_took(good_run):
    _, done, _ = good_run
    assert 200 * MIB < done.peak_bytes < 2000 * MIB
    assert done.seconds > 0


def test_page_asks_nothing_of_the_network(good_run):
    from html.parser import HTMLParser

    folder, done, _ = good_run
    text = (folder / "out" / done.page).read_text(encoding="utf-8")
    asked = []

    class Finder(HTMLParser):
        def handle_starttag(self, tag, attrs):
            values = dict(attrs)
            asked.extend(v for k, v in values.items() if k in {"src", "srcset", "data"} and not v.startswith("data:"))
            asked.extend([tag] if tag in {"script", "link", "iframe", "object"} else [])

    Finder().feed(text)
    assert asked == [] and "@import" not in text and "url(http" not in text
    assert '<html lang="zh">' in text and "看一看" in text
    assert "<msup><mi>x</mi><mn>2</mn></msup></mrow></math>" in text


def test_error_is_told_with_cell_line_and_what_to_do(tmp_path):
    made = notebook(
        prose("# 出错"),
        code("1 / 0", "raises-exception"),
        code("from aigc_kit import BadInput\n\n\ndef f(x):\n    raise BadInput(asked='a', found='b', todo='do c')"),
        code("y = 1\nf(\n    y)  # here"),
        code("print('never')"),
    )
    done = run_notebook(put(tmp_path / "nb" / "02_bad.ipynb", made), tmp_path / "out")
    assert done.status == "failed" and done.made == ()
    assert done.error.splitlines() == [
        "asked: run 02_bad.ipynb (cell 4, line 2: f()",
        "found: BadInput: asked: a; found: b",
        "what to do: do c",
    ]
    copy = cells.read(tmp_path / "out" / "02_bad.ipynb")
    assert copy.cells[1].outputs[0].ename == "ZeroDivisionError"  # meant, so it went on
    assert copy.cells[4].outputs == []


def test_syntax_error_names_its_line(tmp_path):
    done = execute(notebook(code("x = 1\ny = = 2")), tmp_path)
    assert done.status == "failed" and done.failure.error.startswith("SyntaxError: ")
    assert (done.failure.cell, done.failure.line, done.failure.source) == (1, 2, "y = = 2")


def test_cell_that_takes_too_long_is_stopped(tmp_path):
    done = execute(notebook(code("x = 1"), code("import time\ntime.sleep(60)")), tmp_path, timeout=2)
    assert done.status == "timeout" and done.failure.cell == 2 and "not done after 2 s" in done.failure.error
    assert done.seconds < 50


def test_kernel_that_dies_is_told(tmp_path):
    done = execute(notebook(code("import os\nos._exit(3)")), tmp_path)
    assert done.status == "died" and done.failure.cell == 1 and "the kernel died" in done.failure.error


def test_output_folder_is_never_the_notebooks_own(tmp_path):
    path = put(tmp_path / "01_x.ipynb", notebook(code("1")))
    before = path.read_bytes()
    with pytest.raises(BadInput, match="its own folder"):
        run_notebook(path, tmp_path)
    assert path.read_bytes() == before


def test_secrets_are_handed_on_only_when_asked(tmp_path, monkeypatch):
    monkeypatch.setenv("SAMPLE_API_KEY", "x")
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false")
    plain = environment(tmp_path, "tiny")
    assert "SAMPLE_API_KEY" not in plain and plain["TOKENIZERS_PARALLELISM"] == "false"
    assert environment(tmp_path, "tiny", keep_secrets=True)["SAMPLE_API_KEY"] == "x"


@pytest.mark.parametrize("name", ["AIGC_HOME", "AIGC_MODELS_DIR", "AIGC_ASSETS", "PYTHONPATH"])
def test_folders_named_relative_to_here_are_the_same_for_a_kernel_elsewhere(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    for given, meant in (("mine", tmp_path / "mine"), ("~/mine", tmp_path / "me" / "mine"), (str(tmp_path), tmp_path)):
        monkeypatch.setenv(name, given)
        assert environment(tmp_path / "out", "tiny")[name].split(os.pathsep)[-1] == str(meant)
    monkeypatch.setenv(name, "")
    assert "" not in environment(tmp_path / "out", "tiny")[name].split(os.pathsep) or name != "PYTHONPATH"


def test_refresh_twice_gives_the_same_bytes_without_traces_of_the_machine(tmp_path):
    made = notebook(
        prose("# 更新"),
        code("import os, aigc_kit\nprint(os.environ['AIGC_OUT'] + '/a.png', aigc_kit.__file__)\nobject()"),
        code("import ipywidgets\nipywidgets.IntSlider()", "widget"),
        code("1 / 0", "raises-exception"),
        code("print('slow')", "slow"),
        stamped=False,
    )
    path = put(tmp_path / "14_x.ipynb", made)
    assert refresh(path, offline=True) is True
    first = path.read_bytes()
    kept = cells.read(path)
    assert not is_stale(kept) and [c.id for c in kept.cells] == [c.id for c in made.cells]
    assert [c.get("execution_count") for c in kept.cells] == [None, 1, 2, 3, 4]
    assert kept.cells[1].outputs[0].text == "a.png aigc_kit/__init__.py\n"
    assert kept.cells[1].outputs[1].data["text/plain"] == "<object at 0x...>"
    assert kept.cells[4].outputs[0].text == "slow\n"
    assert kept.metadata.language_info == {"name": "python"}
    assert refresh(path, offline=True) is False and path.read_bytes() == first
    assert str(Path.home()) not in first.decode() and str(tmp_path) not in first.decode()


def test_refresh_that_fails_leaves_the_notebook_as_it_was(tmp_path):
    path = put(tmp_path / "01_x.ipynb", notebook(code("x = 1\nx.nothing")))
    before = path.read_bytes()
    with pytest.raises(BadInput, match=r"cell 1, line 2: x.nothing[\s\S]*AttributeError"):
        refresh(path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_an_output_that_no_notebook_can_hold_fails_its_cell_and_nothing_else(tmp_path):
    bad = "from IPython.display import publish_display_data\npublish_display_data({'text/plain': 5})"
    done = run_notebook(put(tmp_path / "nb" / "03_x.ipynb", notebook(code("x = 1"), code(bad))), tmp_path / "out")
    assert done.status == "failed" and "cell 2" in done.error and "an output that no notebook can hold" in done.error
    assert "5 is not" in done.error and (tmp_path / "out" / "03_x.html").is_file()
