"""A lab runs in a clone somewhere else: spaces and Chinese in its path, a home that cannot be written, locale C, no
network."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from core_models import require_card

ROOT = Path(__file__).parents[2]
MOUNT = 'mount -t tmpfs -o ro none "$0" && exec "$@"'


def sealed(home: Path) -> list[str]:
    """What makes a command run without a network and with a home that cannot be written; skips where neither goes."""
    home.mkdir()
    command = ["unshare", "--net", "--mount", "sh", "-c", MOUNT, str(home)]
    if shutil.which("unshare") and subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
        return command
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere here, and unshare is not allowed")
    home.chmod(0o555)
    alone = ["unshare", "--user", "--net", "--"]
    if shutil.which("unshare") and subprocess.run([*alone, "true"], capture_output=True, check=False).returncode == 0:
        return alone
    return []  # without a network namespace AIGC_OFFLINE alone keeps the kit off the network


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """(clone, how to run a command in it)."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("not a git checkout")
    home = require_card("baker").parents[1]
    root = tmp_path_factory.mktemp("别处 elsewhere")
    clone = root / "aigc 工具包"
    subprocess.run(["git", "clone", "-q", "--shared", str(ROOT), str(clone)], check=True)
    prefix = sealed(root / "home")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(root / "home"),
        "LC_ALL": "C",
        "AIGC_HOME": str(home),
        "AIGC_OFFLINE": "1",
        "AIGC_PROGRESS": "0",
    }

    def run(*arguments: str) -> subprocess.CompletedProcess:
        command = [*prefix, sys.executable, *arguments]
        return subprocess.run(command, cwd=clone, env=environment, capture_output=True, check=False, timeout=900)

    return clone, run


def test_the_seal_holds(elsewhere):
    clone, run = elsewhere
    code = (
        "import socket, pathlib, aigc_kit\nprint(aigc_kit.__file__)\n"
        "try:\n    socket.create_connection(('192.0.2.1', 80), 2)\n    print('network')\nexcept OSError: pass\n"
        "try:\n    (pathlib.Path.home() / 'x').write_text('x')\n    print('home')\nexcept OSError: pass\n"
    )
    done = run("-c", code)
    lines = done.stdout.decode("utf-8").splitlines()
    assert lines == [str(clone / "aigc_kit" / "__init__.py")], (lines, done.stderr)


@pytest.mark.parametrize(
    "command", [["doctor"], ["progress", "03"], ["plan", "sdxl", "--vram", "8GiB", "--lang", "zh"]]
)
def test_commands_speak_chinese_in_a_c_locale(elsewhere, command):
    _, run = elsewhere
    done = run("-m", "aigc_kit.cli", *command)
    assert b"Traceback" not in done.stderr and b"Unicode" not in done.stderr, done.stderr.decode()
    text = done.stdout.decode("utf-8")
    assert done.returncode in (0, 1) and text.strip()
    assert "课" in text or "模型" in text or command == ["doctor"]


def test_a_lab_runs_there(elsewhere):
    clone, run = elsewhere
    done = run("-m", "aigc_kit.cli", "labs", "03", "--out", "结果 文件夹")
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    assert (clone / "结果 文件夹" / "index.html").is_file()
    assert list((clone / "结果 文件夹" / "03_chattts").glob("*.wav"))
