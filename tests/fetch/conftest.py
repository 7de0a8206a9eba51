"""A home of a test's own, and a pip that sees only a folder."""

import logging

import pytest


@pytest.fixture
def home(tmp_path, monkeypatch):
    """AIGC_HOME of this test; nothing of the caller's settings reaches it."""
    for name in ("AIGC_OFFLINE", "AIGC_MODELS_DIR", "MODELSCOPE_ENDPOINT", "MODELSCOPE_DOMAIN", "MODELSCOPE_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("AIGC_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def local_pip(tmp_path, monkeypatch):
    """pip that sees only a folder of wheels; returns the folder."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL", "PIP_CONSTRAINT", "PIP_DEFAULT_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture(autouse=True)
def _quiet_log():
    """Warnings about passed-over sources are expected here."""
    logger = logging.getLogger("aigc_kit.models.fetch")
    level = logger.level
    logger.setLevel(logging.ERROR)
    yield
    logger.setLevel(level)


_survived: list[str] = []


@pytest.fixture
def faults_survived():
    """Names of the faults that were injected and survived; counted at the end of the run."""
    return _survived


def pytest_terminal_summary(terminalreporter):
    if _survived:
        terminalreporter.write_line(f"{len(_survived)} faults injected and survived: {', '.join(_survived)}")
