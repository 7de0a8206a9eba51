"""Sentences join back to the text, keep to the limit, and end where a reader would end them."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.core.errors import BadInput
from aigc_kit.make.speech import split

MIXED = st.lists(
    st.one_of(
        st.sampled_from("。！？；…，、：“”‘’（）.!?;,\"'\n \t"),
        st.sampled_from(["今天", "天气", "3.14", "Dr. ", "e.g. ", "https://a.com/x?y=1&z;", "[uv_break]", "[laugh]"]),
        st.sampled_from(["Hello world", "a.b@c.com", "😀", "é", "第1.", "\u3000", "...", "x" * 40]),
        st.text(max_size=6),
    ),
    max_size=40,
).map("".join)


@given(MIXED, st.integers(16, 120))
def test_joined_they_are_the_text_and_none_is_too_long(text, longest):
    parts = split.sentences(text, longest)
    assert "".join(parts) == text
    assert all(0 < len(part) <= longest for part in parts)


@given(MIXED, st.integers(16, 60))
def test_inline_tokens_stay_whole(text, longest):
    count = len(re.findall(r"\[(?:uv_break|laugh)\]", text))
    assert sum(len(re.findall(r"\[(?:uv_break|laugh)\]", part)) for part in split.sentences(text, longest)) == count


@given(MIXED)
def test_every_part_of_a_speakable_text_has_something_to_say(text):
    parts = split.sentences(text, 1000)
    if any(c.isalnum() for c in re.sub(r"\[[a-z_]+\]", "", text)) and len(text) <= 1000:
        assert all(any(c.isalnum() for c in re.sub(r"\[[a-z_]+\]", "", part)) for part in parts)


@given(st.lists(st.text("好，。", min_size=1, max_size=40), max_size=20), st.integers(1, 60))
def test_packing_and_batching_keep_everything_in_order(parts, most):
    packed = split.pack(parts, most)
    assert "".join(packed) == "".join(parts)
    assert all(len(part) <= most or part in parts for part in packed)
    assert all(len(a) + len(b) > most for a, b in pairwise(packed))
    groups = split.batches(parts, most)
    assert [part for group in groups for part in group] == parts
    assert all(group for group in groups)
    assert all(sum(map(len, group)) <= most or len(group) == 1 for group in groups)


@given(MIXED)
def test_halves_are_the_text_in_two(text):
    both = split.halves(text)
    if both is not None:
        assert "".join(both) == text
        assert len(text) // 4 <= len(both[0]) <= len(text) - len(text) // 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("今天天气好。我们走吧！去哪？", ["今天天气好。", "我们走吧！", "去哪？"]),
        ("真的？！好……走；来", ["真的？！", "好……", "走；", "来"]),
        ("他说：“走吧！”然后走了。", ["他说：“走吧！”", "然后走了。"]),
        ("（完。）下一段", ["（完。）", "下一段"]),
        ("圆周率是 3.14，约 22/7。对。", ["圆周率是 3.14，约 22/7。", "对。"]),
        ("Dr. Li came, e.g. today. Then he left.", ["Dr. Li came, e.g. today. ", "Then he left."]),
        ("看 https://a.com/x.y?q=1;z! 好吗", ["看 https://a.com/x.y?q=1;z! ", "好吗"]),
        ("看 https://a.com/b。好", ["看 https://a.com/b。", "好"]),
        ("用 Python3.11 和 v2.0.1。装好", ["用 Python3.11 和 v2.0.1。", "装好"]),
        ("写信给 a.b@c.com.", ["写信给 a.b@c.com."]),
        ("第一行\n第二行\n\n第三行", ["第一行\n", "第二行\n\n", "第三行"]),
        ("1. 苹果\n2. 梨", ["1. 苹果\n", "2. 梨"]),
        ("OK. Next. Wait... what?", ["OK. ", "Next. ", "Wait... ", "what?"]),
        ("你好.世界", ["你好.", "世界"]),
        ("……好。……", ["……好。……"]),
        ("好。[lbreak]", ["好。[lbreak]"]),
        ("？！", ["？！"]),
        ("", []),
    ],
)
def test_where_sentences_end(text, expected):
    assert split.sentences(text) == expected


def test_long_sentences_are_cut_at_commas_into_even_parts():
    text = "春天来了，" * 10
    parts = split.sentences(text, 20)
    assert [len(part) for part in parts] == [15, 20, 15]
    assert all(part.endswith("，") for part in parts)
    assert [len(part) for part in split.sentences("好" * 100, 80)] == [50, 50]


def test_words_and_numbers_are_not_cut_where_there_is_another_place():
    text = "参数量是1234567.89个单位measured in megabytes然后继续说下去"
    for longest in range(16, 40):
        for part in split.sentences(text, longest)[:-1]:
            assert not re.search(r"[A-Za-z0-9]$", part) or not re.match(
                r"[A-Za-z0-9]", text[text.index(part) + len(part) :]
            )


def test_a_long_word_alone_is_cut_to_the_limit():
    assert [len(part) for part in split.sentences("x" * 50, 20)] == [17, 17, 16]


def test_a_thousand_characters_go_into_batches():
    text = "今天的天气真不错，我们去公园走走吧。" * 120
    parts = split.sentences(text)
    groups = split.batches(parts, 1000)
    assert sum(len(part) for group in groups for part in group) == len(text) == 2160
    assert len(groups) == 3


@pytest.mark.parametrize("bad", [15, 0, -1, True, 40.0, "80"])
def test_bad_limits_are_refused(bad):
    with pytest.raises(BadInput, match="not a whole number"):
        split.sentences("好", bad)


def test_only_texts_are_split():
    with pytest.raises(BadInput, match="not a text"):
        split.sentences(b"abc")
