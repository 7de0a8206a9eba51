"""Lab 03 with the real package ChatTTS on random weights: it runs to its end; its sound is noise and is dropped."""

from aigc_kit.teach.notebooks import cells, execution
from tests.conftest import require_card
from tests.speech.chattts_env import build_models

NOTEBOOK = cells.folder() / "03_chattts.ipynb"


def test_the_lab_runs_with_chattts(tmp_path, monkeypatch):
    require_card("baker")  # the lab looks inside the embedded voice, whatever speaks
    for name, value in build_models(tmp_path / "models").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    done = execution.execute(cells.read(NOTEBOOK), tmp_path / "out", tier="full", offline=True, timeout=1800)
    assert done.status == "ok", done.failure
    shown = "\n".join(str(output) for cell in done.notebook.cells for output in cell.get("outputs", []))
    assert "chattts" in shown
    assert "CC BY-NC 4.0" in shown
