"""A folder of cells and a log of what was really run."""

from pathlib import Path

import pytest


@pytest.fixture
def log(tmp_path, monkeypatch):
    """The seeds that were run, in order, as a function; worker processes inherit its address."""
    path = tmp_path / "log"
    monkeypatch.setenv("SWEEP_LOG", str(path))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    return lambda: [int(line) for line in path.read_text().splitlines()] if path.exists() else []
