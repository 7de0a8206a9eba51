"""Where the packages of ChatTTS are for tests: a folder beside the base environment, made by `make test`."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = Path(sys.prefix) / "chattts"


def require_packages() -> dict[str, str]:
    """The environment of a process that can import ChatTTS; without the packages the test skips, or fails in CI."""
    if find_spec("ChatTTS"):
        return {**os.environ}
    if not (PACKAGES / ".ready").is_file():
        reason = f"no packages of ChatTTS in {PACKAGES.name}/ of this environment; make test installs them"
        if os.environ.get("AIGC_REQUIRE_CORE") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(PACKAGES), str(ROOT)])}


def build_models(folder: Path) -> dict[str, str]:
    """Build the random checkpoint below a folder; the environment of a process in which the card "chattts" is there.

    Its sound is noise. A notebook that runs with it must not keep its outputs.
    """
    environment = require_packages()
    command = [sys.executable, str(Path(__file__).parent / "chattts" / "tiny.py"), str(folder)]
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=600, cwd=ROOT)
    return {**environment, "AIGC_MODELS_DIR": str(folder)}
