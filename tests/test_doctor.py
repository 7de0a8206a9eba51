"""The doctor: no torch, drift named, every source has an answer, states lead to the exit code."""

import json
import socket
import subprocess
import sys
from importlib.metadata import version

import pytest

from aigc_kit import doctor
from aigc_kit.cli import main
from aigc_kit.core import paths


def by_name(findings):
    return {(finding.section, finding.name): finding for finding in findings}


def test_the_doctor_imports_no_heavy_library():
    code = (
        "import sys\nfrom aigc_kit import doctor\ndoctor.examine()\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'torch', 'diffusers', 'transformers'}))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == "[]"


def test_drift_is_named(tmp_path, monkeypatch):
    pins = tmp_path / "constraints.txt"
    pins.write_text(f"numpy==0.0.1\nJinja2=={version('jinja2')}\nimageio.ffmpeg==9.9  # spelled otherwise\n")
    monkeypatch.setattr(paths, "constraints", lambda: pins)
    assert doctor.drift() == [
        ("imageio-ffmpeg", version("imageio-ffmpeg"), "9.9"),
        ("numpy", version("numpy"), "0.0.1"),
    ]
    found = by_name(doctor.examine())
    assert found["versions", "numpy"].state == "note"
    assert found["versions", "numpy"].text == f"{version('numpy')}; tested with 0.0.1"
    assert found["versions", "jinja2"].state == "ok"


def test_a_local_build_of_the_tested_version_is_no_drift():
    assert "torch" not in {name for name, _, _ in doctor.drift()}


def test_sources_are_asked_where_the_environment_says(monkeypatch):
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            port = closed.getsockname()[1]
        monkeypatch.setenv("AIGC_OFFLINE", "0")
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{listening.getsockname()[1]}/simple")
        monkeypatch.setenv("MODELSCOPE_ENDPOINT", f"http://127.0.0.1:{port}")
        found = by_name(doctor.examine())
    assert found["sources", "package index"].state == "ok"
    assert found["sources", "ModelScope"].state == "note"
    assert "ConnectionRefusedError" in found["sources", "ModelScope"].text


def test_offline_asks_nobody(monkeypatch):
    monkeypatch.setenv("AIGC_OFFLINE", "1")
    monkeypatch.setattr(socket, "create_connection", lambda *args: pytest.fail("went to the network"))
    assert by_name(doctor.examine())["sources", "network"].text.startswith("offline")


def test_a_lab_without_a_model_is_bad_and_sets_the_exit_code(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AIGC_HOME", str(tmp_path))
    monkeypatch.delenv("AIGC_MODELS_DIR", raising=False)
    monkeypatch.setattr(doctor.fetch, "find", lambda card: None)
    assert main(["doctor", "--json"]) == 1
    found = {(row["section"], row["name"]): row for row in json.loads(capsys.readouterr().out)}
    assert found["labs", "01"]["state"] == "bad"
    assert "aigc fetch core" in found["labs", "01"]["text"]


def test_the_gpt3_card_is_listed_with_its_reason(capsys):
    main(["doctor"])
    assert "needs the package megatron_util" in capsys.readouterr().out


@pytest.mark.parametrize("address", ["http://h:abc/", "https://.bad..host/simple", "http://[::1"])
def test_an_address_that_is_none_is_told(monkeypatch, address):
    monkeypatch.setenv("AIGC_OFFLINE", "0")
    monkeypatch.setenv("PIP_INDEX_URL", address)
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", "http://127.0.0.1:9")
    assert by_name(doctor.examine())["sources", "package index"].text.startswith("not reachable (")


def test_a_local_index_is_a_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("AIGC_OFFLINE", "0")
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("PIP_INDEX_URL", str(tmp_path))
    assert by_name(doctor.examine())["sources", "package index"].state == "ok"
    monkeypatch.setenv("PIP_INDEX_URL", str(tmp_path / "gone"))
    assert "no folder" in by_name(doctor.examine())["sources", "package index"].text


def test_a_gpu_of_unknown_kind_is_listed(monkeypatch):
    gpu = {"name": "old card", "total_bytes": 1, "free_bytes": 1, "compute": "[N/A]"}
    monkeypatch.setattr(doctor.device, "gpus", lambda: [gpu])
    assert "not known" in by_name(doctor.examine())["machine", "old card"].text


def test_a_section_that_fails_does_not_silence_the_others(monkeypatch):
    monkeypatch.setattr(doctor.device, "cpu_name", lambda: 1 / 0)
    found = by_name(doctor.examine())
    assert found["machine", "problem"].state == "bad"
    assert "ZeroDivisionError" in found["machine", "problem"].text
    assert ("labs", "01") in found


def test_without_a_home_the_doctor_says_what_to_set(monkeypatch):
    from pathlib import Path

    def none():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("AIGC_HOME", raising=False)
    monkeypatch.setattr(Path, "home", none)
    assert "AIGC_HOME" in by_name(doctor.examine())["caches", "problem"].text


@pytest.mark.parametrize(("free", "state"), [(2 * 1024**3, "note"), (2 * 1024**3 + 1, "ok")])
def test_little_memory_is_noted(monkeypatch, free, state):
    monkeypatch.setattr(doctor.device, "free_ram", lambda: free)
    assert by_name(doctor.examine())["machine", "memory"].state == state


@pytest.mark.parametrize(("value", "off"), [("1", True), (" True ", True), ("on", True), ("YES", True), ("0", False)])
def test_one_reading_of_the_offline_switch(monkeypatch, value, off):
    monkeypatch.setenv("AIGC_OFFLINE", value)
    assert paths.offline() is off
