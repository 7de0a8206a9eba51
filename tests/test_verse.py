"""The form checker against poems whose form everyone knows, and against what must hold for any text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit import verse
from aigc_kit.core.errors import BadInput, UnknownName

JINGYESI = "床前明月光，疑是地上霜。举头望明月，低头思故乡。"
GUANQUELOU = "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。"
CHUNXIAO = "春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少。"
FENGQIAO = "月落乌啼霜满天，江枫渔火对愁眠。姑苏城外寒山寺，夜半钟声到客船。"
CHUNWANG = "国破山河在，城春草木深。感时花溅泪，恨别鸟惊心。烽火连三月，家书抵万金。白头搔更短，浑欲不胜簪。"
DENGGAO = (
    "风急天高猿啸哀，渚清沙白鸟飞回。无边落木萧萧下，不尽长江滚滚来。"
    "万里悲秋常作客，百年多病独登台。艰难苦恨繁霜鬓，潦倒新停浊酒杯。"
)
KNOWN = {
    "静夜思": (JINGYESI, "五言绝句", "阳"),
    "登鹳雀楼": (GUANQUELOU, "五言绝句", "尤"),
    "春晓": (CHUNXIAO, "五言绝句", "筱"),
    "枫桥夜泊": (FENGQIAO, "七言绝句", "先"),
    "春望": (CHUNWANG, "五言律诗", "侵"),
    "登高": (DENGGAO, "七言律诗", "灰"),
}
forms = st.sampled_from(sorted(verse.FORMS))
characters = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)


@pytest.mark.parametrize("title", KNOWN)
def test_famous_poems_keep_their_form(title):
    body, form, rhyme = KNOWN[title]
    verdict = verse.check(body, form)
    assert (verdict.form_ok, verdict.rhyme_ok, verdict.reasons) == (True, True, ()) and verdict.ok
    assert rhyme in verdict.rhyme_groups


def test_rhyme_follows_the_old_table_not_todays_pronunciation():
    table = verse.load_rhymes()
    assert table["回"] & table["来"] == {"灰"}  # hui and lai
    assert not table["东"] & table["冬"]  # both dong
    assert table["看"] == {"寒", "翰"}  # level and departing tone
    assert table["發"] | table["髮"] == table["发"] == {"月"}  # two traditional characters, one simplified
    assert table["乾"] | table["幹"] <= table["干"]


def test_the_table_has_the_106_groups_in_five_tones():
    file = json.loads((verse.paths.assets() / "models" / "poem" / "rhymes.json").read_text("utf-8"))
    tones = list(file["tones"].values())
    assert [tones.count(tone) for tone in "平上去入"] == [30, 29, 30, 17]
    assert {group for group, tone in file["tones"].items() if tone == "平"} == set(verse.LEVEL_RHYMES)


@pytest.mark.parametrize(
    ("poem", "reason"),
    [
        (GUANQUELOU.replace("千里目", "千里之目"), "line 3 has 6 characters"),
        (GUANQUELOU.replace("更上一层楼。", ""), "3 lines"),
        (GUANQUELOU.replace("黄", "h"), "not Chinese characters: 'h'"),
        (GUANQUELOU.replace("黄河", "黄 河"), "line 2 has 6 characters"),
        ("", "0 lines"),
    ],
)
def test_broken_form_is_named(poem, reason):
    verdict = verse.check(poem, "五绝")
    assert not verdict.form_ok
    assert any(reason in found for found in verdict.reasons)


def test_rhyme_fails_on_another_group_and_on_one_character_twice():
    other = verse.check(GUANQUELOU.replace("一层楼", "一层台"), "五绝")
    assert other.form_ok and not other.rhyme_ok and other.rhyme_groups == ()
    same = verse.check(GUANQUELOU.replace("一层楼", "一层流"), "五绝")
    assert not same.rhyme_ok and same.rhyme_groups == ("尤",)
    assert any("twice" in reason for reason in same.reasons)


def test_a_short_poem_has_no_right_rhyme():
    assert not verse.check("床前明月光，疑是地上霜。", "五绝").rhyme_ok


def test_repetition_of_lines_and_characters():
    assert verse.check("春风春风春，" * 2 + "明月照高楼，" * 2, "五绝").repeated == (
        "春风春风春",
        "明月照高楼",
        "春",
        "风",
    )
    assert verse.check(JINGYESI, "五绝").repeated == ()  # 明 and 月 and 头 twice each are within bounds


def test_a_table_of_ones_own():
    tiny = {"流": frozenset("甲"), "楼": frozenset("乙")}
    assert not verse.check(GUANQUELOU, "五绝", tiny).rhyme_ok


def test_lines_by_line_ends_or_by_punctuation():
    assert verse.lines_of(JINGYESI) == verse.lines_of("床前明月光\n疑是地上霜\n举头望明月\r\n低头思故乡\n")


def test_prompts():
    assert verse.prompt_for("七言律诗", "登高") == verse.prompt_for("七律", "登高") == "<七律>登高<诗>"
    assert verse.prompt_for("五绝") == "<五绝><诗>"
    assert verse.prompt_for("五绝", rhyme="阳") == "<五绝><诗><韵阳>"
    assert verse.prompt_for("五绝", opening="白日依山尽") == "<五绝><诗><不限韵>白日依山尽，"
    assert verse.prompt_for("五绝", "楼", GUANQUELOU[:-2], "尤") == f"<五绝>楼<诗><韵尤>{GUANQUELOU[:-2]}"


@pytest.mark.parametrize(
    "arguments",
    [
        ("六绝",),
        ("五绝", "九个字的题目实在太长"),
        ("五绝", "moon"),
        ("五绝", "", JINGYESI),
        ("五绝", "", "moon"),
        ("五绝", "", "", "狗"),
    ],
)
def test_bad_prompts_say_what_to_do(arguments):
    with pytest.raises(BadInput, match=r"what to do: (give|choose)"):
        verse.prompt_for(*arguments)


def test_unknown_form_and_broken_table(tmp_path):
    with pytest.raises(UnknownName, match="五言绝句"):
        verse.check(JINGYESI, "俳句")
    for content in ("[]", "{", '{"groups": []}'):
        file = tmp_path / f"{len(content)}.json"
        file.write_text(content)
        with pytest.raises(BadInput, match="rhyme table"):
            verse.load_rhymes(file)
    with pytest.raises(BadInput, match="FileNotFoundError"):
        verse.load_rhymes(tmp_path / "none.json")


@given(st.text(max_size=90), forms)
def test_any_text_gets_a_verdict_that_agrees_with_itself(text, form):
    verdict = verse.check(text, form)
    wanted = verse.FORMS[form]
    assert len(verdict.line_lengths) == len(verse.lines_of(text))
    if verdict.form_ok:
        assert verdict.line_lengths == (wanted.line_length,) * wanted.line_count
    if verdict.rhyme_ok:
        assert verdict.rhyme_groups and len(verdict.line_lengths) == wanted.line_count
    assert bool(verdict.reasons) != verdict.ok


@given(st.data(), forms)
def test_lines_of_the_right_length_have_the_right_form_and_no_other_form_has(data, form):
    wanted = verse.FORMS[form]
    line = st.text(characters, min_size=wanted.line_length, max_size=wanted.line_length)
    lines = data.draw(st.lists(line, min_size=wanted.line_count, max_size=wanted.line_count))
    poem = "\n".join(lines)
    assert [name for name in verse.FORMS if verse.check(poem, name).form_ok] == [form]


@given(st.data(), forms, st.sampled_from(verse.LEVEL_RHYMES))
def test_lines_that_end_in_different_characters_of_one_group_rhyme(data, form, group):
    wanted = verse.FORMS[form]
    members = [character for character, groups in verse.load_rhymes().items() if group in groups]
    pairs = wanted.line_count // 2
    ends = data.draw(st.lists(st.sampled_from(members), min_size=pairs, max_size=pairs, unique=True))
    poem = "".join(f"{'一' * wanted.line_length}，{'一' * (wanted.line_length - 1)}{end}。" for end in ends)
    verdict = verse.check(poem, form)
    assert verdict.rhyme_ok and group in verdict.rhyme_groups


@given(st.data(), forms)
def test_the_body_of_a_prompt_is_its_opening(data, form):
    wanted = verse.FORMS[form]
    opening = data.draw(st.text(characters, max_size=wanted.line_length * wanted.line_count - 1))
    prompt = verse.prompt_for(form, "题", opening)
    assert "".join(verse.lines_of(verse.body_of(prompt))) == opening
    lines = verse.lines_of(verse.body_of(prompt))
    assert all(len(line) == wanted.line_length for line in lines[:-1])


@pytest.mark.parametrize("given", [5, None, "床前明月光".encode(), ["床前明月光"]])
def test_what_is_no_text_is_refused(given):
    for call in (lambda: verse.check(given, "五绝"), lambda: verse.lines_of(given)):
        with pytest.raises(BadInput, match=r"(?s)poem=.*not text"):
            call()
    with pytest.raises(BadInput, match=r"(?s)text=.*not text"):
        verse.body_of(given)
    for name in ("title", "opening", "rhyme"):
        with pytest.raises(BadInput, match=rf"(?s){name}=.*not text"):
            verse.prompt_for("五绝", **{name: given})


REGULAR = {  # read off by hand, after 王力《诗词格律》
    "五绝": (
        "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。",
        ("仄仄平平仄", "平平仄仄平", "仄平平仄仄", "仄仄仄平平"),
    ),
    "七绝": (
        "朝辞白帝彩云间，千里江陵一日还。两岸猿声啼不住，轻舟已过万重山。",
        ("平平仄仄仄平平", "平仄平平仄仄平", "仄仄平平平仄仄", "平平仄仄仄平平"),
    ),
}


@pytest.mark.parametrize("form", REGULAR)
def test_regular_poems_have_the_tones_of_their_form(form):
    poem, by_hand = REGULAR[form]
    tones = verse.tones(poem, form)
    assert tones.ok
    for found, expected in zip(tones.lines, by_hand, strict=True):
        assert all(one in (two, "中", "？") for one, two in zip(found, expected, strict=True)), (found, expected)


def test_an_old_style_poem_breaks_them_and_so_do_turned_lines():
    quiet_night = verse.tones("床前明月光，疑是地上霜。举头望明月，低头思故乡。", "五绝")  # 古绝
    assert not quiet_night.ok
    tower = ["白日依山尽", "黄河入海流", "欲穷千里目", "更上一层楼"]
    assert not verse.tones("，".join([tower[0], tower[1], tower[3], tower[2]]), "五绝").ok


def test_characters_that_are_wrong_are_named():
    tones = verse.tones("白日依山尽，黄河入海流。欲穷千里目，更上一层雨。", "五绝")
    assert tones.wrong == ((4, 5),) and tones.checked == 4 * 2 + 3


def test_other_lines_are_not_judged():
    tones = verse.tones("白日依山尽，黄河入海流。", "五绝")
    assert tones.checked == 0 and not tones.ok and tones.wrong == ()


def test_both_readings_and_unknown_characters_pass():
    assert verse.tones("看看看看看，看看看看看。看看看看看，看看看看看。", "五绝").ok  # 寒 and 翰
