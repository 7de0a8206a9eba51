"""The review finds what a reader would stumble over, the prompt refuses holes, hidden signs become visible."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.core.errors import BadInput
from aigc_kit.media.pages import paragraphs
from aigc_kit.works import TOPOLOGY, feynman, length, review, sample, visible
from aigc_kit.works.prompts import slots

GOOD = sample()


def failed(text, **options):
    return [finding.title for finding in review(text, **options).failed]


def test_the_sample_passes_its_own_review():
    assert failed(GOOD) == []
    assert 360 <= length(GOOD) <= 440


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (GOOD[:200] + "。", "长度"),
        (GOOD * 2, "长度"),
        (GOOD.replace("洞", "圈").replace("亏格", "圈数"), "关键概念"),
        (GOOD.replace("首先，", "").replace("然后，", "").replace("接着，", "").replace("最后，", ""), "步骤"),
        (GOOD[:-1], "结尾"),
        (GOOD.rsplit("\n", 1)[0], "结尾"),
        (GOOD + "[cite_start]", "残留"),
        (GOOD.replace("现在动手", "现在动手[1](@ref)"), "残留"),
        (GOOD.replace("现在动手", "【此处配图】现在动手"), "残留"),
        (GOOD.replace("现在动手", "TODO 现在动手"), "残留"),
        (GOOD.replace("现在动手", "{topic}现在动手"), "残留"),
        (GOOD.replace("现在动手", "**现在动手**"), "残留"),
        ("## 标题\n" + GOOD, "残留"),
        ("好的，以下是文章。\n" + GOOD, "残留"),
        (GOOD.replace("是一家人", "同胚"), "术语"),
    ],
)
def test_each_fault_is_found_and_named(text, title):
    assert title in failed(text)
    assert all(finding.todo for finding in review(text).failed)
    assert title in str(review(text))


@pytest.mark.parametrize("rest", ["[1](@ref)", "[1]", "【1】", "[cite_start]", "[cite: 3]", "**", "\n---[2](@ref)"])
def test_leftovers_behind_a_finished_sentence_do_not_make_it_unfinished(rest):
    assert failed(GOOD + rest.replace("---", "")) == ["残留"]
    assert "没有说完" in str(review(GOOD[:-1] + rest.replace("---", "")))


def test_leftovers_are_counted_by_kind():
    found = {f.title: f.words for f in review(GOOD + "[1](@ref)[1](@ref)**[cite_start]**").findings}
    assert found["残留"] == "有 5 处，3 种：[cite_start]、[1](@ref)（2 处）、排版符号 **（2 处）"
    assert {f.title: f.words for f in review(GOOD + "[1]").findings}["残留"] == "有 1 处：[1]"


def test_a_word_of_the_trade_that_is_explained_is_allowed():
    assert "术语" not in failed(GOOD.replace("是一家人", "同胚（能互相捏成对方）"))
    assert "术语" not in failed(GOOD.replace("是一家人", "，这叫做同胚"))


def test_a_comparison_is_wanted():
    assert "比喻" in failed("拓扑学研究形状，洞的个数不变。")


def test_another_topic_names_its_own_words():
    text = "猫在盒子里。" * 80
    assert "关键概念" not in failed(text, must=(("猫",), ("盒子", "箱子")))
    assert "关键概念" in failed(text, must=(("猫",), ("毒药",)))


def test_no_text_is_no_review():
    with pytest.raises(BadInput, match="no text"):
        review(" \n")


@given(st.text(max_size=300))
def test_any_text_can_be_reviewed(text):
    if text.strip():
        assert len(review(text).findings) == 7


@pytest.mark.parametrize(
    ("text", "count"), [("洞", 1), ("a hole, 3 holes", 4), ("，。！", 0), ("DNA双螺旋", 4), ("3.14", 1)]
)
def test_length_counts_as_chinese_does(text, count):
    assert length(text) == count


def test_the_prompt_fills_every_slot_and_says_what_it_filled():
    made = feynman(audience="小学生")
    assert "小学生" in made.text and TOPOLOGY["analogy"] in made.text
    assert "{" not in made.text
    assert set(slots()) <= set(made.slots) and made.template == "feynman"


def test_another_concept_needs_slots_of_its_own():
    with pytest.raises(BadInput, match="nothing for analogy, must, steps, example"):
        feynman(concept="囚徒困境")
    made = feynman(
        concept="囚徒困境", analogy="抢车位", must="两个人的得失", steps="先列选择，再列后果", example="价格战"
    )
    assert "甜甜圈" not in made.text


@pytest.mark.parametrize(("values", "words"), [({"mood": "x"}, "unknown"), ({"audience": "{must}"}, "slot in it")])
def test_wrong_slots_are_refused(values, words):
    with pytest.raises(BadInput, match=words):
        feynman(**values)


def test_hidden_signs_become_visible():
    assert visible("a\u202eb\u2066c\u200bd\ufeff\x07") == "a[U+202E]b[U+2066]c[U+200B]d[U+FEFF][U+0007]"
    assert visible("一行\r\n二行\t三") == "一行\n二行\t三"
    assert paragraphs("\n\n a \n\n\u200f\n") == ["a", "[U+200F]"]


@given(st.text())
def test_nothing_that_turns_writing_round_is_left(text):
    shown = visible(text)
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\x00\x1b")
    assert visible(shown) == shown
