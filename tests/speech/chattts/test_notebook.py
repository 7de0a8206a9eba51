"""Lab 03, cell by cell, with the real package on random weights; nothing of it is kept, the sound is noise."""

import pytest

from aigc_kit import load, speech
from aigc_kit.notebooks import cells


@pytest.fixture
def here(models, tmp_path, monkeypatch):
    (models / "baker").exists() or (models / "baker").symlink_to(_baker(), target_is_directory=True)
    monkeypatch.setenv("AIGC_MODELS_DIR", str(models))
    monkeypatch.setenv("AIGC_TIER", "full")
    monkeypatch.setenv("AIGC_OUT", str(tmp_path / "out"))
    monkeypatch.setenv("AIGC_PROGRESS", "0")
    yield
    load.free()


def _baker():
    from tests.conftest import require_card

    return require_card("baker")


def test_every_cell_runs_in_the_full_tier(here):
    names = {"__name__": "lab03", "display": lambda *what, **more: None}
    sources = [c.source for c in cells.read(cells.folder() / "03_chattts.ipynb").cells if c.cell_type == "code"]
    for source in sources:
        exec(compile(source, "03_chattts.ipynb", "exec"), names)
    assert names["plan"].card.name == "chattts"
    assert names["engine"].kind == "chattts"
    assert names["voice"].kind == "fastspeech2"  # the look inside is always at the embedded voice
    assert names["story"].labels["engine"] == "chattts"
    assert "random weights: noise" in names["story"].labels["weights"]
    assert "".join(t for t, _, _ in names["story"].labels["segments"]) == names["LONG"]
    assert len(names["drama"].labels["roles"]) == 3
    assert speech.plan_for("好").card.name == "chattts"
