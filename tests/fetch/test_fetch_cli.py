"""`aigc fetch` as a command: its table, its groups, its exit codes."""

import argparse
import sys

import pytest
from fetch_making import Split, card_of

from aigc_kit import cards
from aigc_kit.cli import fetch as command
from aigc_kit.core import paths
from aigc_kit.core.errors import AigcError, BadInput, UnknownName

DATA = bytes(range(256)) * 8


@pytest.fixture
def registry(home, tmp_path, monkeypatch):
    """Two cards of this test's own, the second of them the font; their wheels lie in a folder."""
    stick = tmp_path / "stick"
    stick.mkdir()
    model = card_of(Split(stick, DATA, 2).source, name="tiny-model")
    font = card_of(Split(stick, DATA, 1, stem="aigc-font").source, name="font-cjk")
    monkeypatch.setattr(cards, "ALL", {"tiny-model": model, "font-cjk": font, "old": cards.ALL["gpt3-chinese-base"]})
    monkeypatch.setattr(cards, "ALIASES", {"core": ("tiny-model", "font-cjk")})
    monkeypatch.setattr("aigc_kit.media.fonts.system_font", lambda: None)
    return stick


def aigc(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers(dest="command"))
    return command.run(parser.parse_args(["fetch", *arguments]))


def test_a_group_from_a_stick_then_the_table(registry, capsys):
    assert aigc("core", "--from", str(registry)) == 0
    out, err = capsys.readouterr()
    assert f"tiny-model: {paths.models() / 'tiny-model'}" in out
    assert "font-cjk" in out
    assert "tiny-model: join and check model.gguf" in err, "one line for each file where stderr is no terminal"
    assert aigc("--list") == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split() == ["name", "tier", "kind", "size", "on", "disk", "sha256", "from", "licence"]
    assert rows[0].split()[:7] == ["tiny-model", "tiny", "text", "2.05", "kB", "yes", "card"]
    assert rows[2].split()[:5] == ["gpt3-chinese-base", "none", "text", "-", "-"]


def test_the_real_registry_prints_as_a_table(home, capsys):
    assert aigc("--list") == 0
    out = capsys.readouterr().out
    assert all(name in out for name in cards.ALL) and "hub, on first use" in out


def test_the_font_is_left_out_where_one_is_installed(registry, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("aigc_kit.media.fonts.system_font", lambda: tmp_path / "SimHei.ttf")
    assert aigc("core", "--from", str(registry)) == 0
    out, err = capsys.readouterr()
    assert "font-cjk" not in out and "SimHei.ttf is installed" in err
    assert aigc("core", "--all-core", "--from", str(registry)) == 0
    assert "font-cjk" in capsys.readouterr().out


def test_a_failure_prints_three_lines_and_the_rest_goes_on(registry, capsys, tmp_path):
    for wheel in registry.glob("aigc_test_part1*"):
        wheel.unlink()
    assert aigc("core", "--from", str(registry)) == 1
    out, err = capsys.readouterr()
    lines = [line for line in err.splitlines() if line.startswith(("asked:", "found:", "what to do:"))]
    assert [line.split(":")[0] for line in lines] == ["asked", "found", "what to do"]
    assert "aigc-test-part1==1.0" in err and "Traceback" not in err
    assert "font-cjk" in out


def test_offline_and_absent(registry, capsys):
    assert aigc("tiny-model", "--offline") == 1
    assert "aigc fetch tiny-model --from DIR" in capsys.readouterr().err


def test_names_are_checked_before_anything_is_fetched(registry):
    with pytest.raises(UnknownName, match=r"(?s)'tiny-modle'.*tiny-model"):
        aigc("tiny-model", "tiny-modle", "--from", str(registry))
    assert not (paths.models() / "tiny-model").exists()
    with pytest.raises(AigcError, match="megatron_util"):
        aigc("old")
    with pytest.raises(BadInput, match="aigc fetch core"):
        aigc()


def test_verify(registry, capsys):
    assert aigc("tiny-model", "--verify") == 0
    assert "nothing on disk to check" in capsys.readouterr().out
    aigc("tiny-model", "--from", str(registry))
    assert aigc("--verify") == 0
    assert "tiny-model: model.gguf: ok (sha256 of the card)" in capsys.readouterr().out
    (paths.models() / "tiny-model" / "model.gguf").write_bytes(DATA[::-1])
    assert aigc("--verify") == 1
    out, err = capsys.readouterr()
    assert "model.gguf: wrong" in out and "what to do: delete" in err


def test_on_a_terminal_there_is_a_bar(registry, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert aigc("tiny-model", "--from", str(registry)) == 0
    err = capsys.readouterr().err
    assert "tiny-model: join and check model.gguf: 100%" in err and "2.05k/2.05k" in err
