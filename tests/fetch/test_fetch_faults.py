"""Each fault of the table: the first call does what the table says, the next one succeeds, no good file is lost."""

import importlib
from pathlib import Path

import pytest
from fetch_faults import FAULTS, FILES, SUCCEEDS, World, as_markdown, earlier_card
from fetch_hub import Hub

from aigc_kit import fetch
from aigc_kit.core import errors, paths
from aigc_kit.models.fetch import hublock

DOCUMENT = Path(__file__).parents[2] / "docs" / "FAULTS.md"


@pytest.fixture
def world(home, tmp_path, monkeypatch):
    """A hub, a library that makes one attempt per request, and an earlier model on disk."""
    pytest.importorskip("modelscope_hub")
    download = importlib.import_module("modelscope_hub._download")
    legacy = importlib.import_module("modelscope_hub._legacy_api")
    monkeypatch.setattr(download, "DOWNLOAD_RETRY_TIMES", 0)
    monkeypatch.setattr(download, "DOWNLOAD_INTEGRITY_RETRY_BACKOFF", 0.0)
    monkeypatch.setattr(legacy, "REPO_TREE_PAGE_MAX_ATTEMPTS", 1)
    monkeypatch.setenv("MODELSCOPE_HOME", str(tmp_path / "modelscope"))
    monkeypatch.setenv("MODELSCOPE_DOWNLOAD_INTRA_CLOUD", "false")
    monkeypatch.setenv("AIGC_OFFLINE", "")
    hub = Hub(dict(FILES))
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", hub.endpoint)
    fetch.get(earlier_card())
    hub.asked.clear()
    yield World(hub, monkeypatch)
    hub.close()


def is_whole(card) -> bool:
    return [check.state for check in fetch.verify(card)] == ["ok"] * len(card.sources[0].files)


def no_wrong_model_counts(world) -> None:
    """What `find` gives (and a loader would take) is right to the last byte."""
    assert fetch.find(world.card) is None or is_whole(world.card)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.replace(" ", "-"))
def test_survived(fault, world, faults_survived):
    entry = hublock.read()
    fault.inject(world)
    if fault.first == SUCCEEDS:
        fault.attempt(world)
    else:
        kind = getattr(errors, fault.first, KeyboardInterrupt)
        with pytest.raises(kind, match=f"(?s){fault.says}") as caught:
            fault.attempt(world)
        assert type(caught.value) is kind, "the table names the exact class"
        no_wrong_model_counts(world)
        if kind is not KeyboardInterrupt:
            assert "what to do: " in str(caught.value)
    world.hub.faults.clear()
    world.mend()
    world.patch.setenv("MODELSCOPE_ENDPOINT", world.hub.endpoint)
    folder = fetch.get(world.card)
    assert {file.path: (folder / file.path).read_bytes() for file in world.card.sources[0].files} == {
        file.path: FILES[file.path] for file in world.card.sources[0].files
    }
    assert is_whole(world.card) and is_whole(earlier_card())
    assert (paths.models() / "before" / "before.json").read_bytes() == b"{}"
    locked = hublock.read()
    assert all(locked[name][path] == known for name, files in entry.items() for path, known in files.items())
    assert not (paths.models() / ".work" / "table").exists() and not list(paths.home().parent.rglob("escaped.json"))
    faults_survived.append(fault.name)


def test_the_document_is_the_table():
    assert len(FAULTS) >= 25 and len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert DOCUMENT.read_text(encoding="utf-8") == as_markdown(), "python tests/fetch/fetch_faults.py > docs/FAULTS.md"
