"""The tests of `chattts/` with the real package, which is not in the base environment."""

import re
import subprocess
import sys
from importlib.util import find_spec

import pytest

from tests.speech.chattts_env import ROOT, require_packages


@pytest.mark.skipif(
    find_spec("ChatTTS") is not None, reason="ChatTTS is installed here: chattts/ is collected directly"
)
def test_chattts_with_the_real_package():
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/speech/chattts", "-q", "--no-header", "-p", "no:cacheprovider"],
        env={**require_packages(), "OMP_NUM_THREADS": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]


def test_the_folder_has_what_the_tested_set_pins():
    listed = (ROOT / "tests/speech/chattts/requirements.txt").read_text(encoding="utf-8")
    pins = set(re.findall(r"^[\w.-]+==\S+$", listed, re.M))
    tested = set(re.findall(r"^[\w.-]+==\S+$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.M))
    assert len(pins) == 11
    assert pins <= tested
