"""A guess opens the result, is kept, and is counted; without one the result stays folded."""

import json

import IPython.display
import pytest

from aigc_kit.core.errors import BadInput
from aigc_kit.teach.show import page, plots, prediction
from aigc_kit.teach.show.markup import Html

WAYS = ("升", "降", "不变")


class Screen:
    """What is displayed: every place by its number, as it is now."""

    def __init__(self):
        self.places = []

    def display(self, content, display_id=None):
        self.places.append(content)
        at = len(self.places) - 1
        if display_id is None:
            return None
        return type("Handle", (), {"update": lambda _, new: self.places.__setitem__(at, new)})()

    def html(self):
        return [place.html for place in self.places if isinstance(place, Html)]


@pytest.fixture
def screen(monkeypatch, tmp_path):
    """A kernel that has just started, its results in a new folder."""
    monkeypatch.setenv("AIGC_OUT", str(tmp_path / "out"))
    monkeypatch.delenv("SERVER_SOFTWARE", raising=False)
    return restart(monkeypatch)


def restart(monkeypatch):
    monkeypatch.setattr(prediction, "_asked", {})
    monkeypatch.setattr(prediction, "_table", [])
    seen = Screen()
    monkeypatch.setattr(IPython.display, "display", seen.display)
    return seen


def press(box, words):
    next(child for child in box.children if getattr(child, "description", None) == words).click()


def boxes(screen):
    return [place.box for place in screen.places if not isinstance(place, Html)]


def test_a_choice_opens_what_was_measured(screen):
    asked = page.predict("熵会怎样？", WAYS)
    asked.reveal("升", "各温度的熵：1 2 3", says="T 大，分布平。")
    folded = screen.html()[-1]
    assert "<details>" in folded and "<details open" not in folded
    assert folded.index("<details>") < folded.index("T 大，分布平。") < folded.index("</details>")
    assert folded.index("<details>") < folded.index("各温度的熵") < folded.index("</details>")
    assert "实测" not in folded[: folded.index("<details>")]

    press(boxes(screen)[0], "降")
    opened = screen.html()[-1]
    assert "<details" not in opened and "各温度的熵：1 2 3" in opened and "T 大，分布平。" in opened
    assert asked.guess == "降" and asked.hit is False and "✗" in opened and "本课猜中 0/1" in opened
    assert all(button.disabled for button in boxes(screen)[0].children[:3])

    press(boxes(screen)[0], "重猜")
    assert asked.guess is None and "<details>" in screen.html()[-1]
    press(boxes(screen)[0], "升")
    assert asked.hit is True and "本课猜中 1/1" in screen.html()[-1]


def test_the_guess_may_come_before_the_result(screen):
    asked = page.predict("熵会怎样？", WAYS)
    press(boxes(screen)[0], "升")
    asked.reveal("升")
    assert "<details" not in screen.html()[-1] and "猜中了" in screen.html()[-1]


@pytest.mark.parametrize(
    ("typed", "number", "hit"),
    [("97", 97, True), (" 80% ", 80, True), ("９０", 90, True), ("1,000", 1000, False), ("-3", -3, False)],
)
def test_a_number_as_people_write_it(screen, typed, number, hit):
    asked = page.predict("第一名占多少？", unit="%")
    asked.reveal(97.1)
    boxes(screen)[0].children[0].value = typed
    assert asked.guess == number and asked.hit is hit
    assert "97.1 %" in screen.html()[-1]


@pytest.mark.parametrize("typed", ["很多", "nan", "inf", "1e999", "--"])
def test_what_is_no_number_is_not_taken(screen, typed):
    asked = page.predict("第一名占多少？", unit="%")
    asked.reveal(97.1)
    boxes(screen)[0].children[0].value = typed
    assert asked.guess is None and "<details>" in screen.html()[-1]
    assert "不是一个数" in boxes(screen)[0].children[2].value


def test_near_is_what_the_author_says(screen):
    asked = page.predict("几个？")
    asked.reveal(9, within=1)
    assert [asked.put(n) and asked.hit for n in (7, 8, 10, 11)] == [False, True, True, False]


def test_a_restarted_kernel_knows_the_guess(screen, monkeypatch):
    page.predict("熵会怎样？", WAYS).put("降")
    page.predict("几个？").put(12.5)
    screen = restart(monkeypatch)
    asked, count = page.predict("熵会怎样？", WAYS), page.predict("几个？")
    assert (asked.guess, count.guess) == ("降", 12.5)
    asked.reveal("升")
    assert "<details" not in screen.html()[-1] and "先前猜的" in boxes(screen)[0].children[3].value


def test_the_file_holds_questions_and_guesses_only(screen, tmp_path):
    page.predict("熵会怎样？", WAYS).put("降")
    assert json.loads((tmp_path / "out" / prediction.FILE).read_text(encoding="utf-8")) == {"熵会怎样？": "降"}
    page.predict("熵会怎样？", WAYS).put(None)
    assert json.loads((tmp_path / "out" / prediction.FILE).read_text(encoding="utf-8")) == {}


@pytest.mark.parametrize("content", ["", "[1]", '{"熵会怎样？": "横"}', '{"熵会怎样？": 3}', "\x00"])
def test_a_file_that_makes_no_sense_is_no_guess(screen, tmp_path, content):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / prediction.FILE).write_text(content)
    assert page.predict("熵会怎样？", WAYS).guess is None


def test_two_labs_write_one_file(screen, monkeypatch):
    first = page.predict("熵会怎样？", WAYS)
    restart(monkeypatch)
    page.predict("几个？").put(3)
    first.put("升")
    assert prediction._stored() == {"几个？": 3.0, "熵会怎样？": "升"}


def test_a_folder_that_cannot_be_written_costs_the_memory_only(screen, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("AIGC_OUT", str(tmp_path / "file" / "out"))
    asked = page.predict("熵会怎样？", WAYS)
    press(boxes(screen)[0], "升")
    assert asked.guess == "升" and "没能存到磁盘" in boxes(screen)[0].children[3].value


def test_the_same_question_again_is_the_same(screen):
    first = page.predict("熵会怎样？", WAYS)
    first.reveal("升")
    second = page.predict("熵会怎样？", WAYS)  # the cell is run again, the result below is not
    press(boxes(screen)[-1], "升")
    assert second is first and any("猜中了" in html for html in screen.html())


def test_hits_count_every_question_and_hide_what_was_not_guessed(screen):
    entropy, count = page.predict("熵会怎样？", WAYS), page.predict("几个？")
    entropy.reveal("升")
    count.reveal(12345)
    page.hits()
    assert "12,345" in screen.html()[-2] and "12,345" not in screen.html()[-1]
    assert "还没有猜过" in screen.html()[-1]
    press(boxes(screen)[0], "升")
    assert "本课猜中 1/1" in screen.html()[-1] and screen.html()[-1].count("✓") == 1


def test_a_picture_is_folded_with_the_result(screen):
    figure, (axis,) = plots.canvas(1, 1)
    axis.bar([0], [1])
    asked = page.predict("几个？")
    asked.reveal(3, plots.Picture(figure, "一根条"), page.table([("甲", 1)], ("名", "数")))
    html = screen.html()[-1]
    start, end = html.index("<details>"), html.index("</details>")
    assert start < html.index('<img alt="一根条"') < html.index("<table>") < end


def test_what_is_shown_is_escaped(screen):
    asked = page.predict("<b>谁？</b>", ("<i>甲</i>", "乙"))
    asked.put("<i>甲</i>")
    asked.reveal("乙", "<script>1</script>", says="<u>x</u>")
    for html in screen.html():
        assert not any(mark in html for mark in ("<i>甲", "<b>谁", "<script", "<u>"))


def test_wrong_questions_and_answers_are_refused(screen):
    for choices in (["升"], ["升", "升"]):
        with pytest.raises(BadInput, match="two or more"):
            page.predict("熵会怎样？", choices)
    asked, count = page.predict("熵会怎样？", WAYS), page.predict("几个？")
    with pytest.raises(BadInput, match="升"):
        asked.reveal("上升")
    with pytest.raises(BadInput, match="升"):
        asked.put("上升")
    for value in (float("nan"), float("inf")):
        with pytest.raises(BadInput, match="finite"):
            count.reveal(value)


@pytest.mark.parametrize(("kind", "word"), prediction.KINDS.items())
def test_an_answer_says_how_it_came_about(screen, kind, word):
    others = set(prediction.KINDS.values()) - {word}
    for asked, answer in ((page.predict("多少？", unit="个"), 4.0), (page.predict("怎么变？", WAYS), "升")):
        asked.reveal(answer, kind=kind)
        told = screen.places[-1]
        assert f"{word}：{asked.words(answer)}" in told.text and word in told.html
        assert not any(other in told.html + told.text for other in others)
    with pytest.raises(BadInput, match="guessed"):
        asked.reveal("升", kind="guessed")
