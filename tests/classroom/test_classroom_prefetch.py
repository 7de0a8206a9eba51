"""A teacher's folder: models whole and checked, wheels named, sums that another tool confirms."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aigc_kit import cards, fetch
from aigc_kit.cli import main
from aigc_kit.core import paths
from aigc_kit.core.errors import FetchError, NoSpace
from aigc_kit.core.types import Card, FrozenMap, RemoteFile, Source
from aigc_kit.teach.classroom import prefetch

ROOT = Path(__file__).parents[2]
DATA = bytes(range(256)) * 40


def card_on_disk(home) -> Card:
    """A card whose file lies in the home folder, as a fetch leaves it."""
    file = RemoteFile("sub/model.gguf", len(DATA), hashlib.sha256(DATA).hexdigest())
    source = Source("wheel", "test wheels", files=(file,))
    empty = FrozenMap()
    card = Card("thing", "tiny", "text", empty, (source,), empty, empty, "none", notes=("测试。",))
    place = home / "models" / "thing" / "sub"
    place.mkdir(parents=True)
    (place / "model.gguf").write_bytes(DATA)
    fetch.get(card)  # adopts it and writes the receipt
    return card


@pytest.fixture
def card(tmp_path, monkeypatch):
    monkeypatch.setenv("AIGC_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("AIGC_OFFLINE", raising=False)
    monkeypatch.delenv("AIGC_MODELS_DIR", raising=False)
    return card_on_disk(tmp_path / "home")


def quiet(*_):
    pass


@pytest.mark.parametrize("base", ["", "models"])
def test_what_was_prefetched_is_fetched_from_the_folder(card, tmp_path, monkeypatch, base):
    stick = tmp_path / "教室 U盘"
    assert prefetch.models([card, cards.get("poem")], stick, quiet) == [stick / "models" / "thing"], "poem is shipped"
    monkeypatch.setenv("AIGC_HOME", str(tmp_path / "other"))
    monkeypatch.setenv("AIGC_OFFLINE", "1")
    folder = fetch.get(card, from_dir=stick / base)
    assert folder.is_relative_to(tmp_path / "other") and (folder / "sub" / "model.gguf").read_bytes() == DATA
    assert fetch.verify(card)[0].ok


def test_a_second_time_copies_nothing_and_mends_what_is_wrong(card, tmp_path):
    stick = tmp_path / "stick"
    (place,) = prefetch.models([card], stick, quiet)
    file = place / "sub" / "model.gguf"
    before = file.stat().st_mtime_ns
    prefetch.models([card], stick, quiet)
    assert file.stat().st_mtime_ns == before
    file.write_bytes(DATA[::-1])
    prefetch.models([card], stick, quiet)
    assert file.read_bytes() == DATA and not list(stick.rglob("*.part"))


def test_a_stick_that_is_too_small_or_no_folder(card, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    with pytest.raises(FetchError, match="copy thing"):
        prefetch.models([card], tmp_path / "file", quiet)
    monkeypatch.setattr("aigc_kit.models.fetch.costs.disk_free", lambda folder=None: 1000)
    with pytest.raises(NoSpace, match="copy thing"):
        prefetch.models([card], tmp_path / "stick", quiet)


def test_the_sums_are_those_of_sha256sum(card, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(cards, "ALL", {**cards.ALL, "thing": card})
    stick = tmp_path / "stick"
    assert main(["prefetch", str(stick), "--models", "thing"]) == 0
    out, err = capsys.readouterr()
    assert "sha256sum -c SHA256SUMS" in out and f"make labs OFFLINE={stick}" in err
    lines = (stick / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    assert [line.split("  ", 1)[1] for line in lines] == [
        "models/thing/aigc-receipt.json",
        "models/thing/sub/model.gguf",
    ]
    if shutil.which("sha256sum"):
        subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=stick, check=True, capture_output=True)
        (stick / "models" / "thing" / "sub" / "model.gguf").write_bytes(b"x")
        assert subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=stick, check=False, capture_output=True).returncode


def test_the_wheels_are_those_that_make_labs_installs():
    wanted = prefetch.requirements(ROOT / "pyproject.toml")
    assert {"torch>=2.13", "nbconvert>=7.17", "hatchling>=1.25", "editables"} <= set(wanted)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "--no-index --find-links '$(OFFLINE)/wheels'" in makefile and "--from '$(OFFLINE)/models'" in makefile


def test_pip_that_fails_says_its_last_line(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    with pytest.raises(FetchError, match="pip failed: ERROR"):
        prefetch.wheels(tmp_path / "stick")
    assert sys.executable and paths.constraints()
