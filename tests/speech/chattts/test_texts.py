"""Nothing of a text is lost without a word: against the package's own normaliser and tokenizer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.core.errors import AigcError, BadInput
from aigc_kit.make.speech import Segment, Settings, controls
from aigc_kit.make.speech.engines.chattts_files import require_package
from aigc_kit.make.speech.engines.chattts_text import check, fit, homophones_of, ready

HOMOPHONES = homophones_of(require_package())
WRITTEN = st.lists(
    st.one_of(
        st.sampled_from("。！？；…，、：“”‘’（）.!?;,\"'<>-—～ \n\t"),
        st.sampled_from(["今天", "天气", "2024", "Don't", "hello world", "OK", "[laugh]", "[uv_break]", "😀", "粡"]),
        st.text(max_size=4),
    ),
    max_size=12,
).map("".join)
KEPT = st.text("今天气好的我abcXYZ ，。、,.！；：（）【】:;!()-", min_size=1, max_size=20)


@given(WRITTEN)
def test_its_normaliser_finds_nothing_left_to_change(chat, text):
    try:
        fitted = fit(text, HOMOPHONES)
    except AigcError:
        return
    assert chat.normalizer(fitted.text) == fitted.text


@given(KEPT)
def test_what_it_keeps_is_read_as_it_would_read_it(chat, text):
    try:
        fitted = fit(text, HOMOPHONES)
    except BadInput:
        assert not any(c.isalpha() for c in text)
        return
    assert fitted.text == chat.normalizer(text)
    assert not fitted.unspoken


@given(WRITTEN)
def test_every_character_is_kept_or_told(text):
    try:
        fitted = fit(text, {})
    except AigcError:
        return
    told = {c.before for c in fitted.changes} | {u.text for u in fitted.unspoken}
    for character in controls.without_tokens(text):
        assert character in fitted.text or character in told or character in "\n\t\r\u3000\u00a0,."


@pytest.mark.parametrize(
    ("text", "by_package", "told"),
    [
        ("2024", "", None),
        ("今年是2024年", "今年是年", {"2", "0", "4"}),
        ("好吗？", "好吗", {"？"}),
        ("他说“好”", "他说好", {"“", "”"}),
        ("笑😀了", "笑了", {"😀"}),
        ("it's ok", "its ok", {"'"}),
    ],
)
def test_what_it_deletes_silently_is_told(chat, text, by_package, told):
    assert chat.normalizer(text, do_homophone_replacement=False) == by_package
    if told is None:
        with pytest.raises(BadInput, match="nothing of it is in its alphabet"):
            fit(text, {})
        return
    fitted = fit(text, {})
    assert {c.before for c in fitted.changes} | {u.text for u in fitted.unspoken} == told


def test_an_open_bracket_drops_the_rest_there_and_is_refused_here(chat):
    assert "world" not in chat.normalizer("hello [laugh world!")
    with pytest.raises(BadInput, match=r"at character 6, in 'hello ▸\[laugh world!'"):
        fit("hello [laugh world!", {})


def test_homophones_are_its_own_and_told(chat):
    a, b = next((a, b) for a, b in HOMOPHONES.items() if "\u4e00" <= a <= "\u9fff" and a != b)
    fitted = fit(f"好{a}", HOMOPHONES)
    assert fitted.text == chat.normalizer(f"好{a}")
    assert (fitted.changes[0].before, fitted.changes[0].after) == (a, b)


def test_characters_that_the_tokenizer_does_not_know_are_told(chat):
    (one,) = ready(chat, {}, [Segment("鿿好", "鿿好")], Settings(refine=False), 0)
    assert [(u.text, u.why) for u in one.unspoken] == [("鿿", "不在 ChatTTS 的词表里，模型认不出")]


def test_a_question_mark_becomes_a_stop(chat):
    fitted = fit("真的吗？太好了！", {})
    assert fitted.text == "真的吗。太好了。"
    assert [(c.before, c.after) for c in fitted.changes] == [("？", "。"), ("！", "。")]


@pytest.mark.parametrize(
    ("settings", "text", "found"),
    [
        ({"refine": True}, "好[laugh]", "may move or drop yours"),
        ({"refine": False, "oral": 2}, "好", "switched off"),
        ({"refine": False, "breaks": 0}, "好", "switched off"),
        ({"pitch": 1.2}, "好", "no such control"),
        ({"refine": False}, "好[oral_2]", "refining step"),
    ],
)
def test_controls_at_the_wrong_layer(settings, text, found):
    with pytest.raises(BadInput, match=found):
        check(Settings(**settings), [text])


def test_controls_at_the_right_layer_pass():
    check(Settings(oral=2, laugh=0, breaks=6, speed=5, pitch=1.0), ["好"])
    check(Settings(refine=False, speed=5), ["好[laugh]，[uv_break]走[lbreak]"])
