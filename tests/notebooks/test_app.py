"""A lab as an app: what Voilà is told and given, without Voilà. In a browser: tests/browser, tests/security."""

import base64
import os
import socket
import sys
import types
import urllib.parse
from pathlib import Path

import nbformat
import pytest

from aigc_kit.cli import main
from aigc_kit.teach import labs
from aigc_kit.teach.notebooks import app, cells


@pytest.fixture
def voila(monkeypatch):
    """A Voilà that notes what it is asked to run, and ends at once."""
    asked = types.SimpleNamespace()

    def launch_instance(arguments, config):
        (asked.path,) = map(str, arguments)
        asked.notebook, asked.config = cells.read(asked.path), config

    module = types.ModuleType("voila.app")
    module.Voila = types.SimpleNamespace(launch_instance=launch_instance)
    monkeypatch.setitem(sys.modules, "voila", types.ModuleType("voila"))
    monkeypatch.setitem(sys.modules, "voila.app", module)
    return asked


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """The command sets these for its kernel; they end with the test."""
    for name in ("AIGC_OUT", "OMP_WAIT_POLICY", "TORCH_CPP_LOG_LEVEL"):
        monkeypatch.setenv(name, os.environ.get(name, ""))


def test_it_serves_a_copy_on_loopback_with_the_token_that_it_prints(voila, tmp_path, capsys):
    assert main(["app", "01", "--no-browser", "--out", str(tmp_path)]) == 0
    (address,) = [word for word in capsys.readouterr().out.split() if word.startswith("http://")]
    found = urllib.parse.urlsplit(address)
    told = voila.config["Voila"]
    assert (found.hostname, found.port) == ("127.0.0.1", told["port"]) == (told["ip"], told["port"])
    assert found.query == f"token={told['token']}" and len(told["token"]) >= 40
    assert told["port_retries"] == 0 and told["config_file_paths"] == [] and not told["open_browser"]
    assert voila.config["VoilaConfiguration"]["strip_sources"] is True
    assert not any(cell.get("outputs") for cell in voila.notebook.cells)
    assert not Path(voila.path).exists(), "the copy stays behind"


def test_every_run_has_a_token_of_its_own(voila, tmp_path):
    tokens = set()
    for _ in range(2):
        app.serve(cells.folder() / labs.get("03").notebook, browser=False)
        tokens.add(voila.config["Voila"]["token"])
    assert len(tokens) == 2


def test_the_page_may_ask_nothing_of_another_machine():
    policy = app.settings(8123, "secret")["Voila"]["tornado_settings"]["headers"]["Content-Security-Policy"]
    rule, *sources = policy.split()
    assert rule == "default-src" and ";" not in policy
    assert {source for source in sources if not source.startswith("'")} == {"data:", "blob:", "ws://127.0.0.1:8123"}


def test_without_voila_the_extra_is_named(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "voila", None)
    assert main(["app", "01"]) == 1
    assert "pip install 'aigc-kit[app]'" in capsys.readouterr().err


def test_a_port_that_is_taken_or_none_is_refused(voila, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["app", "01", "--no-browser", "--port", str(port)]) == 2
    assert f"asked: port {port}" in capsys.readouterr().err
    assert main(["app", "01", "--no-browser", "--port", "70000"]) == 2
    assert not hasattr(voila, "path")


def test_an_unknown_lab_is_refused(voila, capsys):
    assert main(["app", "99"]) == 2
    assert "choose from" in capsys.readouterr().err


@pytest.mark.parametrize("lab", labs.every(), ids=lambda lab: lab.number)
def test_the_copy_holds_its_pictures_and_no_slow_cell(lab):
    path = cells.folder() / lab.notebook
    notebook = cells.read(path)
    copy = app.prepared(notebook, path.parent)
    assert notebook == cells.read(path), "the notebook was changed"
    assert [cell.id for cell in copy.cells] == [c.id for c in notebook.cells if "slow" not in cells.tags(c)]
    assert "](../" not in "".join(cell.source for cell in copy.cells if cell.cell_type == "markdown")
    (name, kinds), *_ = [one for cell in copy.cells for one in cell.get("attachments", {}).items()]
    assert base64.b64decode(kinds["image/webp"]) == (path.parent / "../assets/readme" / name).read_bytes()


def test_a_picture_that_is_not_there_stays_as_it_was_written(tmp_path):
    cell = nbformat.v4.new_markdown_cell("![a](no.png) ![b](https://x/y.png) ![c](notes.txt)")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    assert app.prepared(notebook, tmp_path).cells == notebook.cells
