"""Conversion happens once, whole or not at all, whoever else converts the same file."""

import errno

import pytest

from aigc_kit import cards
from aigc_kit.core.errors import FetchError, NoSpace
from aigc_kit.make.text.engines import dequantise

CARD = cards.get("smollm2-135m")


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_HOME", str(tmp_path / "home"))
    made = tmp_path / "x.gguf"
    made.write_bytes(b"GGUF and more")
    return made


def shelf(tmp_path):
    return sorted(path.name for path in (tmp_path / "home" / "converted").iterdir())


def test_made_once_and_named_after_the_bytes(file, tmp_path):
    calls = []

    def make(folder):
        calls.append(folder)
        (folder / "tokenizer.json").write_text("{}")

    places = [dequantise._once(CARD, file, "v1", make, lambda _: None) for _ in range(2)]
    assert places[0] == places[1] and len(calls) == 1
    file.write_bytes(b"GGUF of other bytes")
    assert dequantise._once(CARD, file, "v1", make, lambda _: None) != places[0] and len(calls) == 2
    assert len(shelf(tmp_path)) == 2


def test_an_interrupted_conversion_leaves_nothing(file, tmp_path):
    def make(folder):
        (folder / "model.safetensors").write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dequantise._once(CARD, file, "v1", make, lambda _: None)
    assert shelf(tmp_path) == []


def test_another_process_that_was_faster_wins(file, tmp_path):
    def make(folder):
        (folder / "tokenizer.json").write_text("mine")
        place = folder.parent / first.name
        place.mkdir()
        (place / "tokenizer.json").write_text("theirs")

    first = dequantise._once(
        CARD, file, "v1", lambda folder: (folder / "tokenizer.json").write_text("x"), lambda _: None
    )
    (first / "tokenizer.json").unlink()
    first.rmdir()
    assert dequantise._once(CARD, file, "v1", make, lambda _: None) == first
    assert (first / "tokenizer.json").read_text() == "theirs" and shelf(tmp_path) == [first.name]


def test_a_home_that_cannot_be_written(file, tmp_path, monkeypatch):
    blocker = tmp_path / "a-file"
    blocker.write_text("no folder")
    for home in (blocker, blocker / "deeper"):
        monkeypatch.setenv("AIGC_HOME", str(home))
        with pytest.raises(FetchError, match=r"(?s)unpack x\.gguf.*cannot be read or written.*set AIGC_HOME"):
            dequantise._once(CARD, file, "v1", lambda folder: None, lambda _: None)


def test_a_disk_that_fills_up_during_the_conversion(file, tmp_path):
    def make(folder):
        (folder / "model.safetensors").write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(NoSpace, match="is full"):
        dequantise._once(CARD, file, "v1", make, lambda _: None)
    assert shelf(tmp_path) == []
