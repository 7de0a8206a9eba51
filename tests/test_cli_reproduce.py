"""`aigc reproduce`: a record that a command wrote is run again, and every difference is named."""

import json

import pytest

from aigc_kit.cli import main


@pytest.fixture
def sidecar(tmp_path, monkeypatch, capsys):
    """The record of a short poem, as `aigc generate --save` leaves it."""
    monkeypatch.setenv("AIGC_OUT", str(tmp_path / "out"))
    assert main(["generate", "poem", "春风", "--seed", "5", "--max-new-tokens", "6", "--save"]) == 0
    capsys.readouterr()
    (path,) = (tmp_path / "out").glob("*.json")
    return path


def changed(path, edit):
    """The same record with other content."""
    data = json.loads(path.read_text(encoding="utf-8"))
    edit(data)
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def test_the_same_bytes_are_status_0_and_can_be_kept(sidecar, tmp_path, capsys):
    assert main(["reproduce", str(sidecar), "--to", str(tmp_path / "again")]) == 0
    lines = capsys.readouterr().out.splitlines()
    (text,) = sidecar.parent.glob("*.txt")
    assert lines[0].startswith(f"{sidecar.name}: text of poem, made 2")
    assert lines[1] == f"{text.name}: equal, byte for byte"
    assert lines[2] == "equal: request, device, versions, dtypes, placement, attention"
    (kept,) = (tmp_path / "again").glob("*.txt")
    assert kept.read_bytes() == text.read_bytes() and str(tmp_path / "again") in lines[3]


def test_what_differs_is_named_and_other_bytes_are_status_1(sidecar, capsys):
    def edit(data):
        (name,) = data["outputs"]
        data["outputs"][name] = "0" * 64
        data["versions"]["torch"] = "1.0"

    assert main(["reproduce", str(changed(sidecar, edit))]) == 1
    said = capsys.readouterr().out
    assert "differs: sha256 000000000000... -> " in said and "differs: versions.torch: 1.0 -> " in said
    assert "equal: request, device, dtypes" in said


def test_files_that_one_of_both_lacks_are_named(sidecar, capsys):
    assert main(["reproduce", str(changed(sidecar, lambda data: data["outputs"].clear()))]) == 1
    assert "file 1: differs: sha256 none -> " in capsys.readouterr().out


def test_what_is_no_record_is_status_2(sidecar, tmp_path, capsys):
    for path in (tmp_path / "none.json", sidecar.with_suffix(".txt")):
        assert main(["reproduce", str(path)]) == 2
        assert [line.split(":")[0] for line in capsys.readouterr().err.splitlines()] == ["asked", "found", "what to do"]
