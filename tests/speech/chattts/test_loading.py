"""Loading: every file checked first, nothing fetched, run, renamed or deleted; refusals are told."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from aigc_kit import cards
from aigc_kit.core.errors import CannotLoad, MissingExtra, NotOnDisk, WrongBytes
from aigc_kit.make.speech.engines import chattts_files
from aigc_kit.make.speech.engines.chattts import ChatTTSEngine

CARD = cards.get("chattts")


def listing(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def copy(models, tmp_path):
    return Path(shutil.copytree(models / "chattts", tmp_path / "chattts"))


@pytest.fixture
def closed(monkeypatch):
    """No network and no other program."""

    def refuse(*_, **__):
        raise AssertionError("the network or another program was asked for")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr(subprocess, "Popen", refuse)
    monkeypatch.setattr("requests.get", refuse)


def test_the_hashes_of_the_card_are_those_of_the_package():
    listed = json.loads((chattts_files.require_package() / "res" / "sha256_map.json").read_text())
    for source in CARD.sources:
        assert {chattts_files._key(file.path): file.sha256 for file in source.files} == listed


def test_loading_asks_for_custom_and_nothing_else(copy, closed, monkeypatch):
    from ChatTTS import Chat

    asked, real = [], Chat.load
    monkeypatch.setattr(Chat, "load", lambda self, **given: asked.append(given) or real(self, **given))
    before = listing(copy)
    engine = ChatTTSEngine(CARD, copy)
    assert [(given["source"], given["custom_path"]) for given in asked] == [("custom", str(copy))]
    assert listing(copy) == before
    engine.close()
    engine.close()


def test_the_way_of_the_course_would_rename_a_file_and_ours_does_not(copy):
    from ChatTTS.utils import check_all_assets

    wrong = copy / "asset" / "Decoder.safetensors"
    with wrong.open("ab") as file:
        file.write(b"x")
    before = listing(copy)
    with pytest.raises(WrongBytes, match="nothing was changed"):
        ChatTTSEngine(CARD, copy)
    assert listing(copy) == before
    # what load(source="local") does first, before it downloads a program and runs it
    hashes = json.loads((chattts_files.require_package() / "res" / "sha256_map.json").read_text())
    assert check_all_assets(copy, hashes, update=True) is False
    assert not wrong.exists()
    assert wrong.with_name("Decoder.safetensors.bak").exists()


def test_a_missing_file_is_named(copy):
    (copy / "asset" / "gpt" / "model.safetensors").unlink()
    with pytest.raises(NotOnDisk, match=r"gpt/model\.safetensors"):
        ChatTTSEngine(CARD, copy)


def test_without_a_manifest_only_the_published_files_are_taken(copy):
    (copy / chattts_files.MANIFEST).unlink()
    with pytest.raises(WrongBytes, match="77aa55e0a977949c"):
        ChatTTSEngine(CARD, copy)


def test_a_false_from_the_package_is_an_error(copy, monkeypatch):
    from ChatTTS import Chat

    monkeypatch.setattr(Chat, "load", lambda *_, **__: False)
    with pytest.raises(CannotLoad, match="returned False"):
        ChatTTSEngine(CARD, copy)


def test_files_that_do_not_fit_the_sizes_are_an_error(copy):
    path = copy / chattts_files.MANIFEST
    told = json.loads(path.read_text(encoding="utf-8"))
    told["config"]["decoder"]["hidden"] = 56
    path.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(CannotLoad, match="size mismatch"):
        ChatTTSEngine(CARD, copy)


@pytest.mark.parametrize(
    "config",
    [
        {"path": {"gpt_ckpt_path": "elsewhere"}},
        {"vocos": {"backbone": {"class_path": "os.system"}}},
        {"gpt": {"hidden_size": "64"}},
        {"gpt": 3},
        {"nothing": 1},
    ],
)
def test_a_manifest_may_set_sizes_alone(copy, config):
    path = copy / chattts_files.MANIFEST
    told = {**json.loads(path.read_text(encoding="utf-8")), "config": config}
    path.write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(CannotLoad, match="size"):
        ChatTTSEngine(CARD, copy)


@pytest.mark.parametrize("text", ["", "[]", '{"label": "", "config": {}, "sha256": {}}', '{"label": "x"}'])
def test_a_damaged_manifest(copy, text):
    (copy / chattts_files.MANIFEST).write_text(text, encoding="utf-8")
    with pytest.raises(CannotLoad, match="does not say label"):
        ChatTTSEngine(CARD, copy)


def test_another_version_and_none(monkeypatch, copy):
    from importlib.metadata import PackageNotFoundError

    monkeypatch.setattr(chattts_files, "version", lambda _: "0.1.1")
    with pytest.raises(CannotLoad, match=r"ChatTTS 0\.1\.1 is installed"):
        ChatTTSEngine(CARD, copy)

    def missing(_):
        raise PackageNotFoundError

    monkeypatch.setattr(chattts_files, "version", missing)
    with pytest.raises(MissingExtra, match="aigc-kit\\[chattts\\]"):
        ChatTTSEngine(CARD, copy)


def test_another_precision_is_refused(copy):
    with pytest.raises(CannotLoad, match="float32"):
        ChatTTSEngine(CARD, copy, dtype="float16")


def test_licences_and_random_weights_are_told(loaded):
    assert "AGPL-3.0-or-later" in loaded.labels["code_licence"]
    assert "random weights" in loaded.labels["weights"]
    assert "CC BY-NC 4.0" in CARD.licence
    assert CARD.facts.commercial is False
