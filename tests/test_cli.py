"""The command line: errors print three lines and no traceback; numbers go in as the plan takes them."""

import json
import subprocess
import sys

import pytest

from aigc_kit.cli import COMMANDS, main, parser


def test_every_command_has_a_parser_and_a_run():
    from importlib import import_module

    assert all(callable(import_module(f"aigc_kit.cli.{name}").run) for name in COMMANDS)
    assert {"doctor", "fetch", "plan", "xray", "calibrate", "generate", "labs", "notebook"} < set(COMMANDS)
    assert parser().format_help().isascii()


def test_an_unknown_model_is_three_lines_and_status_2(capsys):
    assert main(["plan", "smolm"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in said] == ["asked", "found", "what to do"]


def test_a_plan_in_json_says_how_each_number_is_known(capsys):
    assert main(["plan", "smollm2-135m", "--json", "--memory", "4GiB", "--max-new-tokens", "9"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["budget"]["origin"] == "assumed"
    assert plan["budget"]["free_bytes"] == 4 * 1024**3
    assert plan["request"]["extra"]["max_new_tokens"] == 9
    assert {figure["how"] for figure in plan["prediction"].values()} == {"predicted"}


def test_a_plan_that_does_not_fit_is_status_1(capsys):
    assert main(["plan", "smollm2-135m", "--memory", "100MiB"]) == 1
    assert "MiB more, or ask for engine='llama.cpp'" in capsys.readouterr().err


def test_an_ambiguous_size_is_refused(capsys):
    assert main(["plan", "smollm2-135m", "--memory", "4G"]) == 2
    assert "4GiB (1024**3)" in capsys.readouterr().err


def test_generate_streams_the_text_and_keeps_its_record(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AIGC_OUT", str(tmp_path))
    prompt = "<五绝>春晓<诗>"
    assert main(["generate", "poem", prompt, "--seed", "5", "--temperature", "0.7", "--save"]) == 0
    printed = capsys.readouterr()
    (sidecar,) = tmp_path.glob("*.json")
    record = json.loads(sidecar.read_text(encoding="utf-8"))
    assert record["request"]["prompt"] == prompt
    assert record["request"]["seed"] == 5
    (text,) = tmp_path.glob("*.txt")
    assert printed.out.strip() in text.read_text(encoding="utf-8")
    assert "measured on" in printed.err


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["--temperature", "-1"], "T >= 0"),
        (["--top-p", "0"], "0 < p <= 1"),
        (["--top-k", "0"], "k >= 1"),
        (["--max-new-tokens", "0"], "max_new_tokens"),
    ],
)
def test_bad_settings_are_refused(arguments, match, capsys):
    assert main(["generate", "poem", "春", *arguments]) == 2
    assert match in capsys.readouterr().err


def test_an_empty_prompt_is_refused(capsys):
    assert main(["generate", "poem", " "]) == 2
    assert "at least one word" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell's pipe")
def test_a_reader_that_has_seen_enough_is_no_error():
    pipe = f"{sys.executable} -m aigc_kit.cli fetch --list | true; echo ${{PIPESTATUS[0]}}"
    ran = subprocess.run(["bash", "-c", pipe], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.strip() in {"0", "141"}
    assert ran.stderr == ""
