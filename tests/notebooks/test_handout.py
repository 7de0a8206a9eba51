"""Handouts: slides by tags or headings, pages that stand still, a command that works without a browser."""

import re

import pytest
from nbformat import v4
from PIL import Image

from aigc_kit.cli import handout as handout_command
from aigc_kit.core.errors import CannotWrite
from aigc_kit.media import chromium
from aigc_kit.teach import labs
from aigc_kit.teach.notebooks import cells, handout
from aigc_kit.teach.notebooks.slides import MOST_CODE, MOST_WORDS, slides_of
from aigc_kit.teach.notebooks.still import prose, results, still

from .build import code, display, notebook, png, stream
from .build import prose as words
from .test_gallery import arguments

EVIL = "<script>alert(1)</script>"


def picture():
    return display(image__png=png(6, 4), text__plain="一条曲线")


def html(text):
    return display(text__html=text, text__plain="x")


def deck(tmp_path, *parts):
    return slides_of(notebook(*parts, stamped=False), tmp_path)


def kinds(slide):
    return [kind for kind, _ in slide.blocks]


def test_headings_begin_slides_where_nothing_is_tagged(tmp_path):
    made = deck(
        tmp_path,
        words("# 标题\n\n一句话。"),
        words("## 一 先看\n\n第一段。\n\n### 1.1 再看\n\n第二段。"),
        code("draw()", outputs=[picture()], count=1),
        code("show()", outputs=[stream("42")], count=2),
        words("只是说的话。"),
    )
    assert [(slide.title, slide.level) for slide in made] == [
        ("标题", 1),
        ("一 先看", 2),
        ("1.1 再看", 3),
        ("1.1 再看", 3),
        ("1.1 再看", 3),
    ]
    assert [kinds(slide) for slide in made] == [["prose"], ["prose"], ["prose"], ["code", "picture"], ["code", "text"]]
    assert made[3].split and not made[4].split
    assert "只是说的话" in made[-1].notes[0] and not any("只是说的话" in text for _, text in made[-1].blocks)


def test_long_code_and_what_learners_fill_in_are_left_out(tmp_path):
    long = "\n".join(f"x{n} = {n}" for n in range(MOST_CODE + 1))
    made = deck(
        tmp_path,
        words("# 标题"),
        words("## 图"),
        code(long, outputs=[picture()], count=1),
        words("## 空"),
        code("answer = ...", "exercise", outputs=[stream("○")], count=2),
        code("import os", count=3),
        code("setup()", "setup", outputs=[stream("方案")], count=4),
    )
    assert [(slide.title, kinds(slide)) for slide in made] == [("标题", []), ("图", ["picture"])]


def test_prose_that_is_too_long_goes_to_the_speaker(tmp_path):
    made = deck(tmp_path, words("# 标题"), words(f"## 长\n\n短的一段。\n\n{'很' * MOST_WORDS}\n\n再一段。"))
    assert "短的一段" in made[1].blocks[0][1] and "很很" not in made[1].blocks[0][1]
    assert "很很" in made[1].notes[0] and "再一段" in made[1].notes[0]


def test_tags_choose_where_there_are_any(tmp_path):
    made = deck(
        tmp_path,
        words("# 标题\n\n不上幻灯片。"),
        words("## 一\n\n一个想法。", "slide"),
        code("draw()", "slide-more", outputs=[picture()], count=1),
        words("这句老师来说。", "slide-notes"),
        words("## 二\n\n不选。"),
        code("\n".join(f"x{n} = {n}" for n in range(15)), "slide", outputs=[stream("1")], count=2),
    )
    assert [(slide.title, kinds(slide)) for slide in made] == [
        ("一", ["prose", "code", "picture"]),
        ("二", ["code", "text"]),
    ]
    assert "老师来说" in made[0].notes[0]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (f"<p>a{EVIL}b</p>", "<p>ab</p>"),
        ("<img src='https://x.example/a.png' alt='x'>", '<img alt="x">'),
        ("<img src=x onerror=alert(1)>", "<img>"),
        ("<iframe srcdoc='<b>x</b>'><b>in</b></iframe>after", "after"),
        ("<a href='javascript:alert(1)'>a</a>", "<a>a</a>"),
        ("<p style='background:url(https://x.example)'>a</p>", "<p>a</p>"),
        ("<p style='color:red'>1 &lt; 2 &amp; 3</p>", '<p style="color:red">1 &lt; 2 &amp; 3</p>'),
        ("<progress value=1></progress>第 3 步", "第 3 步"),
        ("<details><summary>多</summary>x</details>", "<details open><summary>多</summary>x</details>"),
        ("<video poster='data:image/webp;base64,AA' src='data:video/mp4;base64,BB'></video>!",
         '<img class="poster" src="data:image/webp;base64,AA" alt=""><p class="plays">▶ 短片：在笔记本里播放</p>!'),
    ],
)  # fmt: skip
def test_nothing_runs_plays_or_loads(given, kept):
    assert still(given) == kept


def test_formulas_pictures_and_code_in_prose(tmp_path):
    Image.new("RGB", (3, 2)).save(tmp_path / "a.png")
    lines = "公式 $p^2$ 与 `x < 1`。\n\n![图](a.png) ![外](https://x.example/b.png) ![上](../../etc/passwd)"
    made = prose(words(lines), tmp_path)
    assert "<msup>" in made and "<code>x &lt; 1</code>" in made
    assert re.findall(r'src="([^"]{0,22})', made) == ["data:image/png;base64,"]
    held = words("![内](attachment:b.png) ![恶](attachment:c.svg)")
    held["attachments"] = {"b.png": {"image/png": png()}, "c.svg": {"image/svg+xml": "PHN2Zz4="}}
    assert re.findall(r'src="([^"]*)"', prose(held, tmp_path)) == [f"data:image/png;base64,{png()}"]
    assert "外" in made and "x.example" not in made and "passwd" not in made


def test_long_texts_are_cut_and_widgets_leave_their_picture():
    widget = html("x")
    widget["data"]["application/vnd.jupyter.widget-view+json"] = {"model_id": "a" * 32}
    cell = code(
        "x",
        outputs=[
            stream("\n".join(map(str, range(9)))),
            v4.new_output("stream", name="stderr", text="坏"),
            widget,
            picture(),
        ],
        count=1,
    )
    (first, text), (second, _) = results(cell, most_lines=4)
    assert (first, second) == ("text", "picture") and "还有 5 行" in text and "坏" not in text


@pytest.fixture
def lesson(tmp_path, monkeypatch):
    """A lab of its own, whose notebook has an exercise, its solution and a hostile output."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    made = notebook(
        words("# 01 标题\n\n开头。"),
        code("show()", outputs=[html(f"<b>{EVIL}好</b>")], count=1),
        words("只给老师。", "slide-notes"),
        code("mine = ...", "exercise", outputs=[stream("○ 还没做")], count=2),
        code("secret = 42", "solution"),
        words("不上纸。", "paper-skip"),
    )
    cells.write(made, folder / "01_temperature.ipynb")
    monkeypatch.setattr(cells, "folder", lambda: folder)
    return labs.get("01")


def test_paper_has_room_for_answers_and_no_solutions(lesson, tmp_path):
    page = handout.write(lesson, "paper", tmp_path / "out").page.read_text(encoding="utf-8")
    assert page.count('class="room"') == 1 and "mine" in page and "还没做" not in page
    for absent in ("secret", "42", "只给老师", "不上纸", "alert(1)", "<script", "https://"):
        assert absent not in page, absent
    assert "default-src 'none'; script-src 'none'" in page.replace("&#39;", "'")


def test_notes_are_there_only_when_asked(lesson, tmp_path):
    plain = handout.write(lesson, "slides", tmp_path / "out").page.read_text(encoding="utf-8")
    noted = handout.write(lesson, "slides", tmp_path / "out", notes=True).page.read_text(encoding="utf-8")
    assert "只给老师" not in plain and "<aside" not in plain
    assert "<aside" in noted and "alert(1)" not in noted


def test_the_command_works_without_a_browser(lesson, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(chromium, "find", lambda: None)
    out = tmp_path / "out"
    assert handout_command.run(arguments(handout_command, "1", "--out", out)) == 0
    said = capsys.readouterr().out
    assert sorted(path.name for path in out.iterdir()) == ["01_temperature-paper.html", "01_temperature-slides.html"]
    assert "open" in said and "save as PDF" in said and str(out / "01_temperature-paper.html") in said


def test_a_browser_that_gives_up_is_told_and_the_page_stays(lesson, tmp_path):
    with pytest.raises(CannotWrite, match="in a browser"):
        handout.write(lesson, "paper", tmp_path / "out", program="/bin/false")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["01_temperature-paper.html"]


@pytest.mark.parametrize("lab", labs.every(), ids=lambda lab: lab.number)
def test_every_notebook_gives_slides_of_one_idea(lab):
    source = cells.folder() / lab.notebook
    made = slides_of(cells.read(source), source.parent)
    assert 8 <= len(made) <= 120 and made[0].level == 1
    for slide in made:
        assert len(slide.blocks) <= 4, slide.title
        assert slide.title or slide.level == 1


def test_a_slide_with_a_guess_shows_the_question_and_no_code(tmp_path):
    asked = html('<div class="aigc-question">几个？</div>')
    asked = code('size = page.predict("几个？", unit="个")', outputs=[asked], count=1)
    assert kinds(deck(tmp_path, words("# 一课"), asked)[-1]) == ["table"]
