"""A lab is a folder and a notebook: whoever adds both edits nothing else."""

import sys

import nbformat
import pytest

from aigc_kit import doctor
from aigc_kit.cli import main
from aigc_kit.core.errors import UnknownName
from aigc_kit.teach import checks, labs
from aigc_kit.teach.notebooks import cells, execution

from .build import code, notebook

RECORD = """
from aigc_kit.core.lazy import lazily
from aigc_kit.teach.labs import Lab

LAB = Lab("98", "98_dummy.ipynb", "加出来的一课", cards=("poem",), full=(), core=True, budget_seconds=9)
__getattr__, __dir__ = lazily(__name__, {"checks": ()})
"""
CHECKS = """
from aigc_kit.teach.checks import check


@check("98", "a", title="一加一", expects="整数")
def a(answer):
    return answer == 2 or "再数一次"
"""


@pytest.fixture
def dummy(tmp_path, monkeypatch):
    """A lab 98 in a temporary folder, beside those of the package."""
    folder = tmp_path / "package" / "lab98"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(RECORD, encoding="utf-8")
    (folder / "checks.py").write_text(CHECKS, encoding="utf-8")
    nbformat.write(notebook(code("print('made by the dummy')")), tmp_path / "98_dummy.ipynb")
    monkeypatch.setattr(labs, "__path__", [*labs.__path__, str(folder.parent)])
    monkeypatch.setattr(cells, "folder", lambda: tmp_path)
    labs.every.cache_clear()
    yield tmp_path
    labs.every.cache_clear()
    checks._REGISTRY.pop("98", None)
    for name in [name for name in sys.modules if "lab98" in name]:
        del sys.modules[name]


def test_a_lab_is_found_by_command_gallery_doctor_and_checks(dummy, capsys, monkeypatch):
    assert [lab.number for lab in labs.every()][-1] == "98"
    assert main(["labs", "98", "--out", str(dummy / "out")]) == 0
    assert "98_dummy" in capsys.readouterr().out
    page = (dummy / "out" / "index.html").read_text(encoding="utf-8")
    assert "加出来的一课" in page and "9 s" in page
    assert "98" in {finding.name for finding in doctor.examine() if finding.section == "labs"}
    assert [one.name for one in checks.checks_of("98")] == ["a"]
    assert main(["progress", "98"]) == 0 and "第 98 课 加出来的一课" in capsys.readouterr().out


def test_a_number_asks_for_every_part_and_a_letter_for_one():
    assert [lab.number for lab in labs.numbered("2")] == ["02a", "02b"] == [lab.number for lab in labs.numbered("02")]
    assert labs.get("2b") == labs.get("02b") == labs.numbered("02b")[0]
    assert labs.get("1") == labs.numbered("01")[0]
    with pytest.raises(UnknownName, match=r"02a.*02b"):
        labs.get("02")
    with pytest.raises(UnknownName, match="no lab of that number"):
        labs.numbered("2c")


def test_labs_with_a_number_runs_every_part_once(monkeypatch, tmp_path):
    ran = []

    def run(path, out, **options):
        ran.append(path.name)
        return execution.Run(path.stem, "tiny", "ok", 1.0, None, 0, (), path.name, "", "")

    monkeypatch.setattr(execution, "run_notebook", run)
    assert main(["labs", "02", "02b", "--out", str(tmp_path)]) == 0
    assert ran == ["02a_sdxl.ipynb", "02b_memory.ipynb"]


def test_a_part_of_a_lab_is_progress_of_its_own(capsys):
    assert main(["progress", "02"]) == 0
    shown = capsys.readouterr().out
    assert "第 02a 课" in shown and "第 02b 课" in shown
    main(["notebook", "lint", "02"])
    assert "2 notebooks" in capsys.readouterr().err
