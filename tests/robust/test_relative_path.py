"""What `make` makes sure of: Python starts in a C locale below a Chinese path; pip leaves the system's Python alone."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def recipe() -> str:
    """The Python of RELATIVE_PTH in the Makefile, as make hands it to the shell."""
    found = re.search(
        r"^define RELATIVE_PTH\n(.*?)^endef", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M | re.S
    )
    return found[1].replace("$(VENV)", ".venv")


@pytest.fixture
def clone(tmp_path):
    """A clone below a Chinese path, with an environment whose .pth file names it by its absolute path."""
    clone = tmp_path / "教室 一" / "aigc kit"
    clone.mkdir(parents=True)
    (clone / "aigc_sample.py").write_text("")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(clone / ".venv")], check=True)
    (place,) = (clone / ".venv").glob("lib/python3*/site-packages")
    (place / "_editable_impl_aigc_kit.pth").write_text(f"{clone}\n", encoding="utf-8")
    return clone


def starts(clone: Path) -> subprocess.CompletedProcess:
    command = [str(clone / ".venv" / "bin" / "python"), "-c", "import aigc_sample; print('started')"]
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    return subprocess.run(command, cwd="/", env=environment, capture_output=True, check=False)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX locales")
def test_python_starts_in_a_c_locale_below_a_chinese_path(clone):
    if sys.version_info < (3, 12):
        assert b"UnicodeDecodeError" in starts(clone).stderr, "the trap works"
    subprocess.run([str(clone / ".venv" / "bin" / "python"), "-S", "-c", recipe()], cwd=clone, check=True)
    done = starts(clone)
    assert done.stdout == b"started\n", done.stderr


def test_pip_refuses_to_install_outside_an_environment():
    """A venv that lost its pyvenv.cfg is the system's Python: everything would go there."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    name, value = re.search(r"^export (PIP_REQUIRE_VIRTUALENV) := (\d)$", makefile, re.M).groups()
    system = getattr(sys, "_base_executable", sys.executable)
    command = [system, "-m", "pip", "install", "--dry-run", "--no-index", "nothing-of-this-name"]
    environment = {"PATH": os.environ["PATH"], name: value}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if "No module named pip" in done.stderr:
        pytest.skip("the system's Python has no pip")
    assert done.returncode and "virtualenv" in done.stderr + done.stdout
