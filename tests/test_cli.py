"""The command line: errors print three lines and no traceback; numbers go in as the plan takes them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from aigc_kit import cli
from aigc_kit.cli import main, parser

ALWAYS = {
    "app", "calibrate", "diff", "doctor", "fetch", "generate", "grade", "handout", "lab", "labs",
    "notebook",
    "plan", "prefetch", "progress", "reproduce", "site", "submit", "xray",
}  # fmt: skip


def commands() -> dict:
    """Name of a command -> its parser."""
    (choices,) = [action.choices for action in parser()._actions if isinstance(action.choices, dict)]
    return choices


def test_every_command_has_a_parser_and_a_run():
    assert set(commands()) == ALWAYS
    assert all(callable(command.get_default("run")) for command in commands().values())
    assert parser().format_help().isascii()


def test_a_command_is_found_by_its_file(tmp_path, monkeypatch, capsys):
    (tmp_path / "hello.py").write_text(
        "def add_parser(subparsers):\n"
        "    subparsers.add_parser('hello').set_defaults(run=lambda args: print('good day') or 3)\n"
    )
    monkeypatch.setattr(cli, "__path__", [*cli.__path__, str(tmp_path)])
    assert set(commands()) == {*ALWAYS, "hello"}
    assert main(["hello"]) == 3 and capsys.readouterr().out == "good day\n"


def test_every_command_of_the_readme_exists():
    for name in ("README.md", "README.zh-CN.md"):
        text = (Path(__file__).parents[1] / name).read_text(encoding="utf-8")
        assert set(re.findall(r"^aigc (\w+)", text, re.M)) <= ALWAYS
        assert "aigc reproduce" in text


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


def test_what_does_not_fit_can_be_asked_for_as_the_error_says(capsys):
    asked = ["plan", "smollm2-135m", "--memory", "1GiB"]
    assert main(asked) == 1
    assert "engine='llama.cpp'" in capsys.readouterr().err
    assert main([*asked, "--engine", "llama.cpp"]) == 0
    assert main([*asked, "--engine", "gpt"]) == 2


def test_an_ambiguous_size_is_refused(capsys):
    assert main(["plan", "smollm2-135m", "--memory", "4G"]) == 2
    assert "4GiB (1024**3)" in capsys.readouterr().err


@pytest.mark.parametrize("given", ["8", "", " "])
@pytest.mark.parametrize(
    "command",
    [
        ["plan", "sdxl", "--vram"],
        ["plan", "sdxl", "--gpu", "T4", "--vram"],
        ["plan", "sdxl", "--gpu", "T4", "--ram"],
        ["plan", "poem", "--memory"],
        ["xray", "sdxl", "--vram"],
    ],
)
def test_a_size_without_a_unit_or_without_anything_is_refused(command, given, capsys):
    assert main([*command, given]) == 2
    said = capsys.readouterr().err
    assert f"asked: size {given!r}" in said and "8GiB" in said


@pytest.mark.parametrize("command", [["plan", "sdxl", "--gpu"], ["xray", "sdxl", "--gpu"], ["xray", "sdxl", "--dtype"]])
def test_an_empty_name_is_no_name_left_out(command, capsys):
    assert main([*command, ""]) == 2
    assert "''" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--vram", "8GiB", "--memory", "4GiB"], "--memory 4GiB"),
        (["--gpu", "T4", "--memory", "4GiB"], "--memory 4GiB"),
        (["--ram", "4GiB"], "--ram 4GiB"),
    ],
)
def test_memory_of_a_machine_that_is_not_planned_for_is_refused(arguments, words, capsys, monkeypatch):
    from aigc_kit import device
    from aigc_kit.core.types import Budget

    monkeypatch.setattr(device, "probe", lambda **_: Budget("cpu", "CPU", 2**34, 2**34, 2**34, 2**36))
    assert main(["plan", "sdxl", *arguments]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"asked: {words}") and said.count("\n") == 3


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


def test_a_bare_title_becomes_the_poem_models_own_prompt_and_says_so(capsys):
    from aigc_kit import verse

    settings = ["--seed", "5", "--temperature", "0"]
    assert main(["generate", "poem", "春夜", *settings]) == 0
    bare = capsys.readouterr()
    assert "五言绝句" in bare.err and verse.prompt_for("五言绝句", "春夜") in bare.err
    assert main(["generate", "poem", verse.prompt_for("五言绝句", "春夜"), *settings]) == 0
    assert bare.out == capsys.readouterr().out
    assert verse.check(verse.body_of(bare.out), "五言绝句").form_ok


def test_a_prompt_that_cannot_be_a_title_is_refused_and_says_the_form(capsys):
    assert main(["generate", "poem", "write me a poem"]) == 2
    assert "<五绝>" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("languages", "prompt", "noted"),
    [(("en",), "你好", True), (("en",), "hello", False), (("zh", "en"), "你好", False), (("zh", "en"), "hi", False)],
)
def test_a_prompt_in_a_language_that_the_model_does_not_speak_gets_a_note(languages, prompt, noted):
    from dataclasses import replace

    from aigc_kit import cards
    from aigc_kit.make.text.settings import note_of_language

    card = cards.get("smollm2-135m")
    card = replace(card, facts=replace(card.facts, languages=languages))
    note = note_of_language(card, prompt)
    assert (note is not None) == noted
    assert not noted or ("zh" in note and "en" in note and card.name in note)


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


THREE_LINES = ["asked", "found", "what to do"]


def said_in_three_lines(capsys) -> str:
    err = capsys.readouterr().err
    assert [line.split(":")[0] for line in err.splitlines()] == THREE_LINES
    return err


@pytest.mark.parametrize(
    "command",
    [["labs", "01", "--out"], ["submit", "--name", "Li", "--to"], ["grade", "class", "--to"]],
    ids=lambda command: command[0],
)
def test_a_folder_that_is_a_file_is_three_lines(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AIGC_HOME", str(tmp_path / "home"))
    for name in ("out/work.txt", "class/Li.zip", "file"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("here", encoding="utf-8")
    where = tmp_path / "file" / "x.zip" if command[0] == "submit" else tmp_path / "file"
    assert main([*command, str(where)]) == 1
    err = capsys.readouterr().err.splitlines()[-3:]  # behind what grade says of its one broken archive
    assert [line.split(":")[0] for line in err] == THREE_LINES
    assert str(tmp_path / "file") in err[1] and "choose another folder" in err[2]


@pytest.mark.parametrize(("model", "ending"), [("tinysdxl", ".png"), ("tinywan", ".mp4")])
def test_generate_makes_pictures_and_clips_too(model, ending, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("AIGC_OUT", str(tmp_path))
    assert main(["generate", model, "一只红色的小猫"]) == 0
    said = capsys.readouterr()
    (file,) = said.out.split()
    assert Path(file).suffix == ending and Path(file).stat().st_size > 1000
    assert Path(file).with_suffix(".json").is_file()
    assert "[read: 一只红色的小猫]" in said.err and "denoise" in said.err and "measured on" in said.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["generate", "poem", "春", "--voice", "baker"],
        ["generate", "poem", "春", "--controls", "[speed_5]"],
        ["generate", "baker", "你好", "--temperature", "2"],
        ["generate", "baker", "你好", "--chat"],
        ["generate", "baker", "你好", "--top-k", "0"],
        ["plan", "smollm2-135m", "--dtype", "fp17"],
        ["plan", "smollm2-135m", "--height", "512"],
        ["plan", "baker", "--frames", "5"],
        ["plan", "tinysdxl", "--max-new-tokens", "5"],
        ["xray", "sdxl", "--steps", "5"],
    ],
)
def test_an_option_that_would_do_nothing_is_refused(arguments, capsys):
    assert main(arguments) == 2
    assert f"asked: {next(word for word in arguments if word.startswith('--'))}" in said_in_three_lines(capsys)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["xray", ""], "X-ray of ''"),
        (["xray", "sdxl", "--lora", "0"], "lora_rank=0"),
        (["labs", "01", "--timeout", "0"], "--timeout 0"),
        (["submit", "--name", "Li", "nowhere"], "works in nowhere"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, match, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert match in said_in_three_lines(capsys)
    assert not list(tmp_path.iterdir())


def test_notebook_takes_a_labs_number_or_a_path(capsys):
    from aigc_kit.teach.notebooks import cells

    assert main(["notebook", "lint", "03"]) == 0
    assert main(["notebook", "lint", str(cells.folder() / "03_chattts.ipynb")]) == 0
    assert capsys.readouterr().err.count("1 notebooks, 0 findings") == 2
    with pytest.raises(SystemExit):
        main(["notebook", "lint", "77"])
    assert "no lab of that number" in capsys.readouterr().err
