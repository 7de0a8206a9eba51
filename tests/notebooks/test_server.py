"""`aigc lab`: what JupyterLab is told, which notebooks it trusts, and what to run where something is missing."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nbformat.sign import NotebookNotary

from aigc_kit.cli import main
from aigc_kit.core import paths
from aigc_kit.models import fetch
from aigc_kit.teach.notebooks import cells, server

from .build import good, put

ROOT = Path(__file__).parents[2]
OVERRIDES = ROOT / "assets" / "jupyter" / "labconfig" / "default_setting_overrides.json"
BARE = Path(getattr(sys, "_base_executable", sys.executable))  # the Python of this environment, without its packages


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A clone with two notebooks and a solution, and a home of its own."""
    root = tmp_path / "clone"
    for name in ("01_a.ipynb", "02_b.ipynb", "solutions/01_a.ipynb"):
        put(root / "notebooks" / name, good())
    (root / "assets" / "data").mkdir(parents=True)
    monkeypatch.setenv("AIGC_ASSETS", str(root / "assets"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    return root


def git(root: Path, *command: str) -> None:
    named = ["git", "-c", "user.name=a", "-c", "user.email=a@localhost", *command]
    subprocess.run(named, cwd=root, check=True, capture_output=True)


def delivered(root: Path) -> list[str]:
    return [path.relative_to(root / "notebooks").as_posix() for path in server.delivered(root)]


def test_with_git_what_was_changed_is_not_trusted(clone):
    git(clone, "init", "-q")
    git(clone, "add", ".")
    git(clone, "commit", "-qm", "one")
    everything = ["01_a.ipynb", "02_b.ipynb", "solutions/01_a.ipynb"]
    assert delivered(clone) == delivered(clone) == everything
    put(clone / "notebooks" / "中文 名.ipynb", good())
    changed = cells.read(clone / "notebooks" / "02_b.ipynb")
    changed.cells[0].source += "!"
    put(clone / "notebooks" / "02_b.ipynb", changed)
    assert delivered(clone) == ["01_a.ipynb", "solutions/01_a.ipynb"]


def test_without_git_the_notebooks_are_trusted_once(clone):
    assert delivered(clone) == ["01_a.ipynb", "02_b.ipynb", "solutions/01_a.ipynb"]
    put(clone / "notebooks" / "03_from_somebody.ipynb", good())
    assert delivered(clone) == []


def test_trusted_is_what_jupyter_itself_calls_trusted(clone):
    first, second, _ = cells.all_paths()
    server.trust([first])
    assert NotebookNotary().check_signature(cells.read(first))
    changed = cells.read(first)
    changed.cells[-1].outputs = [{"output_type": "stream", "name": "stdout", "text": "another"}]
    assert not NotebookNotary().check_signature(changed)
    server.trust([first, second])
    assert NotebookNotary().check_signature(cells.read(second))


def test_a_users_settings_stand_above_those_of_the_kit(monkeypatch):
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "mine")
    monkeypatch.setenv("AIGC_OUT", "there")
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    values = server.environment(ROOT)
    assert values["JUPYTER_CONFIG_PATH"].split(os.pathsep) == ["mine", str(paths.assets() / "jupyter")]
    assert values["AIGC_OUT"] == "there" and values["OMP_WAIT_POLICY"] == "PASSIVE"
    monkeypatch.delenv("AIGC_OUT")
    assert server.environment(ROOT)["AIGC_OUT"] == str(ROOT / "out")


def test_every_default_of_the_kit_is_a_setting_of_jupyterlab():
    jsonschema = pytest.importorskip("jsonschema")
    jupyterlab = pytest.importorskip("jupyterlab")
    here = (Path(jupyterlab.__file__).parents[4], Path(sys.prefix))
    schemas = next(filter(Path.is_dir, (folder / "share/jupyter/lab/schemas" for folder in here)))
    for name, values in json.loads(OVERRIDES.read_text(encoding="utf-8")).items():
        plugin, part = name.split(":")
        schema = json.loads((schemas / plugin / f"{part}.json").read_text(encoding="utf-8"))
        assert values.keys() <= schema["properties"].keys(), name
        jsonschema.validate(values, schema)


def test_the_lab_that_was_asked_for_opens_with_all_options(monkeypatch, capsys):
    calls = []
    monkeypatch.setattr(server, "serve", lambda *given: calls.append(given))
    monkeypatch.setattr(fetch, "find", lambda card: None)
    assert main(["lab"]) == main(["lab", "3", "--jupyter=--no-browser", "--jupyter=--ServerApp.port=8123"]) == 0
    assert calls == [("01_temperature.ipynb", []), ("03_chattts.ipynb", ["--no-browser", "--ServerApp.port=8123"])]
    said = capsys.readouterr().err
    assert "labs 01, 11, 15 want it: aigc fetch core" in said and "baker" in said and "tinysdxl" not in said
    assert main(["lab", "99"]) == 2 and len(calls) == 2


def test_an_option_takes_the_place_of_the_kits_own():
    plain = server.arguments(ROOT, "01_a.ipynb")
    assert [line for line in plain if "root_dir" in line] == [f"--ServerApp.root_dir={ROOT}"]
    other = server.arguments(ROOT, "01_a.ipynb", ["--ServerApp.root_dir=there", "--no-browser"])
    assert other == [*(line for line in plain if "root_dir" not in line), "--ServerApp.root_dir=there", "--no-browser"]


def test_the_makefile_starts_the_same(monkeypatch):
    from lab_server import arguments_of_make_lab

    assert arguments_of_make_lab() == ["lab"]


@pytest.fixture
def bare_clone(tmp_path):
    """A clone whose .venv is this environment, for a Python that has no packages."""
    if Path(sys.executable) == BARE:
        pytest.skip("no Python here without the packages")
    root = tmp_path / "clone"
    root.mkdir()
    shutil.copytree(ROOT / "aigc_kit", root / "aigc_kit", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("assets", "notebooks", "docs"):
        (root / name).symlink_to(ROOT / name)
    return root


def advice(said: str) -> list[str]:
    head, _, steps = said.partition("what to do: run, in this order:\n")
    assert head.startswith("asked: aigc ") and "\nfound: this Python (" in head
    return [line.strip() for line in steps.splitlines()]


def run(python: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess:
    plain = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    plain["PYTHONNOUSERSITE"] = "1"
    return subprocess.run([python, *arguments], cwd=cwd, env=plain, capture_output=True, text=True, check=False)


def test_a_python_without_the_packages_is_told_of_the_clones_environment(bare_clone):
    (bare_clone / ".venv").symlink_to(sys.prefix)
    process = run(str(BARE), "-m", "aigc_kit", "notebook", "lint", "03", cwd=bare_clone)
    assert process.returncode == 1 and "Traceback" not in process.stderr
    *_, last = advice(process.stderr)
    assert last.split()[1:] == ["-m", "aigc_kit", "notebook", "lint", "03"]
    followed = run(*last.split(), cwd=bare_clone)
    assert "Traceback" not in followed.stderr and followed.stderr.startswith("1 notebooks, ")


def test_without_an_environment_the_steps_are_those_of_the_makefile(bare_clone):
    venv, pip, again = advice(run(str(BARE), "-m", "aigc_kit", "lab", cwd=bare_clone).stderr)
    assert venv.split()[1:] == ["-m", "venv", ".venv"]
    made = re.search(
        r"\$\(BIN\)/python (-m pip install .*--editable) '\.\[dev\]'", (ROOT / "Makefile").read_text("utf-8")
    )
    assert pip.split()[1:] == [*made[1].replace("$(PIP_FLAGS)", "").replace("--quiet", "").split(), "."]
    assert again.split()[0] == pip.split()[0]
    subprocess.run([str(BARE), *venv.split()[1:], "--without-pip"], cwd=bare_clone, check=True)
    assert (bare_clone / pip.split()[0]).exists(), "the next step's Python is not where the first one puts it"
