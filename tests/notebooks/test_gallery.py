"""The gallery page and the command that makes it: all escaped, nothing loaded, numbers that can be followed."""

import json
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from aigc_kit import record
from aigc_kit.cli import labs as labs_command
from aigc_kit.cli import notebook as notebook_command
from aigc_kit.core.errors import BadInput, UnknownName
from aigc_kit.core.types import Budget, Card, Cost, Figure, Phase, Plan, Request, Take
from aigc_kit.core.units import GIB, MIB
from aigc_kit.teach import labs
from aigc_kit.teach.notebooks import cells, gallery
from aigc_kit.teach.notebooks.execution import Run
from aigc_kit.teach.notebooks.exhibition import costs
from aigc_kit.teach.notebooks.pieces import LONGEST_TEXT

from .build import code, good, notebook, prose, put, stream

EVIL = "<script>alert(1)</script>"
OK = Run(
    "01_temperature", "tiny", "ok", 12.5, 700 * MIB, 1, ("01_temperature/a.png",), "01_temperature.ipynb", "01.html", ""
)


class Reader(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.addresses, self.words, self.open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in {"src", "href", "srcset", "action"}]

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def make_take(text="山高水远", predicted=2.0, **labels):
    card = Card("sample", "tiny", "text", {}, (), {}, {}, "CC0 <b>")
    budget = Budget("cpu", "Sample <CPU>", 8 * GIB, 16 * GIB, 8 * GIB, GIB)
    prediction = {"seconds": Figure(predicted, "s", "predicted", "rule", error=0.25)}
    request = Request("sample", f"提示 {EVIL}", seed=3, extra={"temperature": 0.7, "top_p": 1.0})
    plan = Plan(request, card, budget, {}, {}, "sdpa", {}, prediction)
    return Take(
        "text",
        text,
        plan,
        Cost((Phase("load", 9.0, 100 * MIB, "clock"), Phase("token", 2.2, 90 * MIB, "clock"))),
        {"tier": "tiny", **labels},
    )


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / "out"
    record.save(make_take(f"明月 {EVIL}"), folder / "01_temperature", name="one", label=f"标签 {EVIL}")
    Image.fromarray(np.zeros((4, 5, 3), np.uint8)).save(folder / "01_temperature" / "plot.png")
    return folder


def render(out, *runs):
    return Reader(gallery.write_gallery(out, runs or (OK,)).read_text(encoding="utf-8"))


def test_model_output_is_escaped_everywhere(out):
    failed = replace(OK, name=f"02_{EVIL}", status="failed", error=f"asked: x\nfound: {EVIL}\nwhat to do: y")
    page = render(out, OK, failed)
    assert "script" not in page.tags and "b" in page.tags
    assert page.text.count(EVIL) >= 5  # output, prompt, label, error, name: shown as text
    assert "Sample <CPU>" in page.text and "CC0 <b>" in page.text


def test_page_loads_nothing_and_its_links_stay_in_the_folder(out):
    page = render(out)
    assert page.addresses
    for address in page.addresses:
        assert address.startswith("data:image/png;base64,") or not (":" in address or address.startswith("/"))
    assert not {"script", "link", "iframe", "object"} & set(page.tags)
    assert "01_temperature/one.json" in page.addresses and "01_temperature.ipynb" in page.addresses


def test_the_browser_edition_is_linked_where_it_lies_beside(out):
    assert "site/index.html" not in render(out).addresses
    (out / "site").mkdir(parents=True)
    (out / "site" / "index.html").write_text("<!DOCTYPE html>", encoding="utf-8")
    assert "site/index.html" in render(out).addresses


def test_numbers_are_those_of_the_run_and_the_record(out):
    text = render(out).text
    for expected in ("12.5 s", "预算 60 s", "700 MiB", "通过", "tiny 小模型", "跳过 1 个标为 slow", "温度采样"):
        assert expected in text, expected
    assert "2.00 s ±25%" in text and "2.20 s" in text and "1.10 误差带内" in text
    assert "temperature = 0.7，seed = 3" in text  # top_p = 1 does nothing and is left out
    assert "文件与记录一致" in text and "plot.png" in text and "psutil" in text


def test_prediction_outside_its_interval_is_called_so(out):
    record.save(make_take(predicted=1.0), out / "01_temperature", name="two")
    assert "2.20 误差带外" in render(out).text


def test_ratio_is_measured_over_predicted():
    rows = costs(record.build(make_take(predicted=4.4)))
    assert rows[0]["ratio"] == "0.50" and rows[0]["verdict"] == "误差带外"
    assert rows[1] == {"name": "内存峰值", "predicted": "没有预测", "measured": "100 MiB", "ratio": "", "verdict": ""}


def test_changed_file_and_human_text_are_marked(out):
    (out / "01_temperature" / "one.txt").write_text("改过", encoding="utf-8")
    record.save(make_take(origin="人工撰写，非模型生成"), out / "01_temperature", name="human")
    text = render(out).text
    assert "文件与记录不一致" in text and "人工撰写，非模型生成" in text


def test_long_text_is_cut_and_says_so(out):
    record.save(make_take("长" * (LONGEST_TEXT + 7)), out / "01_temperature", name="long")
    assert "后面还有 7 字" in render(out).text


def test_other_json_and_broken_pictures_do_no_harm(out):
    (out / "01_temperature" / "notes.json").write_text('{"a": 1}')
    (out / "01_temperature" / "broken.png").write_text("no picture")
    page = render(out)
    assert "1 份生成记录" in page.text and "不是能读的图片" in page.text and "读不了的记录" not in page.text


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"labels": "x"}, 'labels 是 "x"，应该是对象'),
        ({"measured": {"seconds": 5}}, "measured.seconds 是 5，应该是带 value、unit、how 和 source 的数字"),
        ({"kind": EVIL}, f'kind 是 "{EVIL}"，应该是 '),
        (None, "不是 JSON"),
    ],
)
def test_a_broken_record_is_named_and_the_others_stay(out, change, why):
    path = record.save(make_take("别的"), out / "01_temperature", name="two")
    text = path.read_text(encoding="utf-8")
    broken = json.dumps({**json.loads(text), **change}) if change else text[: len(text) // 2]
    path.write_text(broken, encoding="utf-8")
    (out / "01_temperature" / "folder.json").mkdir()
    page = render(out)
    assert "1 份生成记录" in page.text and "读不了的记录" in page.text and "01_temperature/two.json" in page.text
    assert why in page.text and f"标签 {EVIL}" in page.text and "script" not in page.tags
    path.unlink()
    assert "读不了的记录" not in render(out).text


def test_a_record_without_its_keys_says_so(out):
    assert "已抹去" not in render(out).text
    record.save(make_take(note="sk-" + "a1B2" * 6), out / "01_temperature", name="two")
    assert "记录里像密钥的内容已抹去" in render(out).text


def test_pictures_of_records_are_shown_once(out):
    pixels = np.full((1, 4, 4, 3), 200, np.uint8)
    record.save(replace(make_take(), kind="image", data=pixels), out / "01_temperature", name="drawn")
    assert sum(address.startswith("data:image") for address in render(out).addresses) == 2  # with plot.png


def test_runs_of_before_keep_their_row(out):
    render(out, OK)
    page = render(out, replace(OK, name="02_other", seconds=99.0))
    assert "12.5 s" in page.text and "1 min 39 s" in page.text
    page = render(out, replace(OK, seconds=33.0))
    assert "12.5 s" not in page.text and "33.0 s" in page.text


def with_run(**changes):
    from dataclasses import asdict

    return json.dumps({"runs": [{**asdict(OK), "name": "07_old", **changes}]})


@pytest.mark.parametrize(
    "junk",
    [
        "{",
        "[]",
        '{"runs": [{"name": 1}]}',
        '{"runs": 3}',
        "[" * 100_000,
        with_run(seconds="long"),
        with_run(seconds=float("nan")),
        with_run(peak_bytes="x"),
        with_run(made=[5]),
        with_run(made="x.txt"),
        with_run(made=None),
        with_run(tier=[]),
        with_run(page=None),
    ],
)
def test_damaged_list_of_runs_starts_again(out, junk):
    (out / "labs.json").write_text(junk)
    assert "12.5 s" in render(out).text
    assert [row["name"] for row in json.loads((out / "labs.json").read_text())["runs"]] == ["01_temperature"]


def test_a_run_of_an_unknown_tier_keeps_its_row(out):
    (out / "labs.json").write_text(with_run(tier="huge"))
    assert "huge" in render(out).text and "07_old" in render(out).text


def test_empty_folder_gives_a_page(tmp_path):
    assert "还没有记录" in render(tmp_path / "new").text


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Two labs, of which the first fails."""
    folder = tmp_path / "notebooks"
    saves = "from pathlib import Path\nPath('a.txt').write_text('x')"
    put(folder / "01_bad.ipynb", notebook(prose("# 坏"), code("1 / 0")))
    put(folder / "02_good.ipynb", notebook(prose("# 好"), code(saves)))
    template = labs.every()[0]
    chosen = tuple(
        replace(template, number=name[:2], notebook=f"{name}.ipynb", core=True) for name in ("01_bad", "02_good")
    )
    monkeypatch.setattr(labs, "every", lambda: chosen)
    monkeypatch.setattr(cells, "folder", lambda: folder)
    return tmp_path


def arguments(command, *words):
    import argparse

    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    name = command.__name__.rsplit(".", 1)[1]
    return parser.parse_args([name, *map(str, words)])


def test_labs_goes_on_after_a_failure_and_says_1(course, capsys):
    out = course / "out"
    assert labs_command.run(arguments(labs_command, "--out", out)) == 1
    said = capsys.readouterr()
    rows = [line.split() for line in said.out.splitlines()]
    assert rows[0] == ["notebook", "status", "seconds", "peak", "RAM", "made"]
    assert rows[1][:2] == ["01_bad", "failed"] and rows[2][:2] == ["02_good", "ok"] and rows[2][-2:] == ["1", "text"]
    assert "cell 2, line 1: 1 / 0" in said.err and "what to do:" in said.err
    assert "psutil" in said.out and "index.html" in said.out
    page = Reader((out / "index.html").read_text(encoding="utf-8"))
    assert "出错" in page.text and "通过" in page.text
    assert labs_command.run(arguments(labs_command, "2", "--out", out)) == 0


@pytest.mark.parametrize(("said", "meant"), [("TRUE ", True), ("1", True), ("on", True), ("0", False), ("", False)])
def test_labs_hears_every_way_to_say_offline(course, monkeypatch, said, meant):
    from aigc_kit.teach.notebooks import execution as run_module

    heard = []
    monkeypatch.setenv("AIGC_OFFLINE", said)
    monkeypatch.setattr(run_module, "run_notebook", lambda path, out, **options: heard.append(options) or OK)
    assert labs_command.run(arguments(labs_command, "2", "--out", course / "out")) == 0
    assert [options["offline"] for options in heard] == [meant]


def test_labs_refuses_unknown_numbers_and_missing_notebooks_before_running(course, monkeypatch):
    with pytest.raises(UnknownName, match="no lab of that number"):
        labs_command.run(arguments(labs_command, "77", "--out", course / "out"))
    (course / "notebooks" / "02_good.ipynb").unlink()
    with pytest.raises(BadInput, match="no such file"):
        labs_command.run(arguments(labs_command, "--out", course / "out"))
    assert not (course / "out").exists()


def test_notebook_lint_command(tmp_path, capsys):
    fine, wrong = put(tmp_path / "01_a.ipynb", good()), put(tmp_path / "02_b.ipynb", good(code("x = (", count=2)))
    assert notebook_command.run(arguments(notebook_command, "lint", fine)) == 0
    assert notebook_command.run(arguments(notebook_command, "lint", fine, wrong)) == 1
    assert "02_b.ipynb, cell 10, line 1: syntax:" in capsys.readouterr().out


def test_notebook_stamp_and_student_commands(tmp_path, capsys):
    made = notebook(prose("一"), code("print(1)", outputs=[stream("1")], count=1), code("x", "solution"), stamped=False)
    path = put(tmp_path / "x.ipynb", made)
    assert notebook_command.run(arguments(notebook_command, "stamp", path)) == 0
    assert notebook_command.run(arguments(notebook_command, "stamp", path)) == 0
    assert capsys.readouterr().out == "x.ipynb: stamped\nx.ipynb: as before\n"
    assert notebook_command.run(arguments(notebook_command, "student", path, tmp_path / "copy.ipynb")) == 0
    assert len(cells.read(tmp_path / "copy.ipynb").cells) == 2


def test_notebook_refresh_takes_the_stale_ones(tmp_path, monkeypatch, capsys):
    stale = put(tmp_path / "a.ipynb", notebook(code("print(6 * 7)"), stamped=False))
    fresh = put(tmp_path / "b.ipynb", notebook(prose("一")))
    monkeypatch.setattr(cells, "all_paths", lambda: [stale, fresh])
    assert notebook_command.run(arguments(notebook_command, "refresh", "--offline")) == 0
    assert notebook_command.run(arguments(notebook_command, "refresh")) == 0
    assert capsys.readouterr().out == "a.ipynb: refreshed\nno notebook is stale\n"
    assert cells.read(stale).cells[0].outputs[0].text == "42\n"
