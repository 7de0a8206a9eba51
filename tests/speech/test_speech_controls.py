"""Control tokens: the place of every fault is named, printing and parsing are inverse, nothing crashes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.core.errors import AigcError, BadInput
from aigc_kit.make.speech import controls

BRACKETED = st.lists(
    st.one_of(
        st.sampled_from([*controls.INLINE, "[oral_2]", "[laugh_2]", "[break_8]", "[speed_5]", "[oral]", "[Laugh]"]),
        st.sampled_from(["[", "]", "[[", "[]", "[music]", "[oral_٣]", "[speed_-1]", "[break_" + "9" * 5000 + "]"]),
        st.text(max_size=4),
    ),
    max_size=6,
).map("".join)


@given(
    st.fixed_dictionaries(
        {
            "oral": st.none() | st.integers(0, 9),
            "laugh": st.none() | st.integers(0, 2),
            "breaks": st.none() | st.integers(0, 7),
            "speed": st.none() | st.integers(0, 9),
        }
    )
)
def test_printing_and_parsing_are_inverse(levels):
    kept = {name: level for name, level in levels.items() if level is not None}
    printed = controls.show(levels)
    assert controls.parse(printed) == kept
    assert controls.show(controls.parse(printed)) == printed
    assert controls.show(levels, "refine") + controls.show(levels, "code") == printed
    assert list(controls.parse(controls.show(levels, "code"), "code")) == [n for n in kept if n == "speed"]


@given(st.integers(0, 9), st.integers(0, 2), st.integers(0, 7))
def test_the_refine_prompt_is_the_one_of_the_readme(oral, laugh, pause):
    prompt = f"[oral_{oral}][laugh_{laugh}][break_{pause}]"
    assert controls.show({"breaks": pause, "laugh": laugh, "oral": oral}, "refine") == prompt


@given(BRACKETED)
def test_random_strings_end_in_levels_or_in_an_error_that_names_the_place(text):
    for reading in (controls.parse, controls.check_inline, controls.without_tokens):
        try:
            reading(text)
        except AigcError as error:
            at = int(re.search(r"at character (\d+)", error.asked)[1])
            assert 0 <= at < len(text)
            assert error.todo


@given(BRACKETED)
def test_pieces_join_back_and_accept_exactly_the_three_tokens(text):
    try:
        cut = controls.pieces(text)
    except BadInput:
        left = re.sub(r"\[(uv_break|laugh|lbreak)\]", "", text)
        assert "[" in left or "]" in left
        return
    assert "".join(piece for piece, _ in cut) == text
    assert {piece for piece, is_token in cut if is_token} <= set(controls.INLINE)
    assert "[" not in controls.without_tokens(text)
    assert "]" not in controls.without_tokens(text)


@pytest.mark.parametrize(
    ("prompt", "layer", "place", "found"),
    [
        ("[oral_10]", None, 0, "levels of 'oral' go from 0 to 9"),
        ("[oral_2][laugh_3]", None, 8, "levels of 'laugh' go from 0 to 2"),
        ("[break_8]", None, 0, "levels of 'break' go from 0 to 7"),
        ("[speed_-1]", None, 0, "levels of 'speed' go from 0 to 9"),
        ("[oral_03]", None, 0, "levels of 'oral' go from 0 to 9"),
        ("[oral]", None, 0, "no level"),
        ("[speed_5]", "refine", 0, "prompt of the speaking step"),
        ("[oral_5]", "code", 0, "prompt of the refining step"),
        ("[oral_2][uv_break]", None, 8, "it belongs in the text itself"),
        ("[oral_2][oral_3]", None, 8, "set twice"),
        ("[oral_2] 你好 [laugh_0]", None, 9, "words between control tokens"),
        ("[orall_2]", None, 0, r"close: \[oral_2\]"),
        ("[music]", None, 0, "no token of that name"),
        ("[oral_2", None, 0, "not closed"),
        ("oral_2]", None, 6, "closing bracket without an opening"),
    ],
)
def test_faults_of_a_prompt(prompt, layer, place, found):
    with pytest.raises(BadInput, match=found) as caught:
        controls.parse(prompt, layer)
    assert f"at character {place}" in caught.value.asked
    assert prompt[place : place + 6] in caught.value.asked


@pytest.mark.parametrize(
    ("text", "place", "found", "todo"),
    [
        ("今天[oral_3]真好", 2, "refining step", "set oral=3"),
        ("今天[laugh_0]真好", 2, "refining step", r"a laugh at this place is \[laugh\]"),
        ("停[break_4]一下", 1, "refining step", r"set breaks=4; a pause at this place is \[uv_break\]"),
        ("快[speed_7]点", 1, "speaking step", "set speed=7"),
        ("快[speed_12]点", 1, "go from 0 to 9", "speed_0"),
        ("哈[Laugh]哈", 1, r"close: \[laugh\]", r"write \[laugh\]"),
        ("[1] 见文献", 0, "no token of that name", "（ ）"),
        ("你好[uv_break", 2, "ChatTTS would drop what follows", "close it"),
        ("你好uv_break]", 10, "without an opening", "］"),
        ("[[laugh]]", 0, "not closed", "close it"),
    ],
)
def test_faults_of_a_text(text, place, found, todo):
    with pytest.raises(BadInput, match=found) as caught:
        controls.check_inline(text)
    assert f"at character {place}," in caught.value.asked
    assert re.search(todo, caught.value.todo)


def test_the_excerpt_marks_the_place():
    with pytest.raises(BadInput, match="…八九十一二三四五▸"):
        controls.check_inline("一二三四五六七八九十一二三四五[oral_3]六七八九十一二三四五六七八九十")


@pytest.mark.parametrize("levels", [{"oral": 10}, {"laugh": 3}, {"breaks": -1}, {"speed": True}, {"speed": "5"}])
def test_levels_out_of_range_are_not_printed(levels):
    with pytest.raises(BadInput, match="not a whole number from 0 to"):
        controls.show(levels)


def test_an_unknown_control_is_named():
    with pytest.raises(BadInput, match="'pitch'"):
        controls.show({"pitch": 1})
    with pytest.raises(BadInput, match="not a text"):
        controls.parse(None)
