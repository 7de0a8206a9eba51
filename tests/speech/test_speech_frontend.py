"""The front end against a table written by hand, cn2an, and properties that hold for any text."""

import unicodedata

import cn2an
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.core.errors import BadInput
from aigc_kit.make.speech.frontend import Unspoken, normalise, syllables
from aigc_kit.make.speech.frontend.symbols import digits, quantity, telephone

SAID = {
    # numbers
    "0": "零",
    "7": "七",
    "10": "十",
    "105": "一百零五",
    "一共1024个": "一共一千零二十四个",
    "12,000人": "一万二千人",
    "3.14": "三点一四",
    "0.05": "零点零五",
    "-8": "负八",
    "温度是-3.5": "温度是负三点五",
    "007": "零零七",
    "13.5亿": "十三点五亿",
    "第3名": "第三名",
    "2个苹果": "两个苹果",
    "第2个": "第二个",
    "2号": "二号",
    "12个": "十二个",
    "１２３": "一百二十三",
    "90年代": "九十年代",
    "30年后": "三十年后",
    # dates and times
    "2024年": "二零二四年",
    "2024年3月5日": "二零二四年三月五日",
    "2024-03-05": "二零二四年三月五日",
    "2024/12/31": "二零二四年十二月三十一日",
    "2024.1.2": "二零二四年一月二日",
    "3月15日": "三月十五日",
    "8:30": "八点三十分",
    "08:05": "八点零五分",
    "9:00开会": "九点开会",
    "14:20:05": "十四点二十分五秒",
    "2:15": "两点十五分",
    "3:2": "三比二",
    # units
    "5km": "五千米",
    "2kg": "两千克",
    "60 km/h": "六十千米每小时",
    "37.5℃": "三十七点五摄氏度",
    "-5℃": "零下五摄氏度",
    "-5~3°C": "零下五到零上三摄氏度",
    "120m²": "一百二十平方米",
    "16GB": "十六吉字节",
    "24kHz": "二十四千赫兹",
    "500mL": "五百毫升",
    "1.5h": "一点五小时",
    "30°": "三十度",
    # percent, money, ranges, fractions, sums
    "50%": "百分之五十",
    "3.5％": "百分之三点五",
    "-2%": "负百分之二",
    "10%-20%": "百分之十到百分之二十",
    "10~20%": "百分之十到百分之二十",
    "3‰": "千分之三",
    "¥99": "九十九元",
    "$3.5": "三点五美元",
    "¥3.5万": "三点五万元",
    "€20-30": "二十到三十欧元",
    "3-5天": "三到五天",
    "10～20个": "十到二十个",
    "5-8kg": "五到八千克",
    "1/2": "二分之一",
    "3/4": "四分之三",
    "½": "二分之一",
    "1+1=2": "一加一等于二",
    "5-3=2": "五减三等于二",
    "3×4": "三乘四",
    "1920x1080": "一千九百二十乘一千零八十",
    "1.2.3": "一点二点三",
    # telephone
    "13812345678": "幺三八幺二三四五六七八",
    "138-1234-5678": "幺三八，幺二三四，五六七八",
    "010-12345678": "零幺零，幺二三四五六七八",
    "拨打110": "拨打幺幺零",
    "110元": "一百一十元",
    # letters
    "AI": "诶艾",
    "我爱Python": "我爱派森",
    "OK": "欧凯",
    "5G网络": "五寄网络",
    "α粒子": "阿尔法粒子",
    # addresses
    "a@b.cn": "诶艾特必点西恩",
    "www.x.com": "达不溜达不溜达不溜点艾克斯点西欧艾姆",
    # signs
    "≈3": "约等于三",
    "A&B": "诶和必",
    "COVID-19": "西欧维艾弟十九",
    "2020-2024年": "二零二零到二零二四年",
    "20:00-22:00": "二十点到二十二点",
    "2^10": "二的十次方",
    "No.1": "第一",
    "QQ：123456789": "扣扣：一二三四五六七八九",
    "123456789人": "一亿二千三百四十五万六千七百八十九人",
    "①": "一",
    "Ⅻ": "十二",
    "100m³": "一百立方米",
    # two of something: 两 before measures and coins, and before 千, 万, 亿 at the head; 二十, 二百 and ordinals stay
    "¥2": "两元",
    "$2": "两美元",
    "¥2-3": "两到三元",
    "¥2.5": "二点五元",
    "¥12": "十二元",
    "¥200": "二百元",
    "¥2万": "两万元",
    "2元": "两元",
    "2块钱": "两块钱",
    "2欧元": "两欧元",
    "2万": "两万",
    "2万人": "两万人",
    "2亿": "两亿",
    "2千": "两千",
    "2百": "二百",
    "2.2万": "二点二万",
    "22万": "二十二万",
    "20000": "两万",
    "22000": "两万二千",
    "200000000人": "两亿人",
    "2024个": "两千零二十四个",
    "2,000人": "两千人",
    "-2000": "负两千",
    "2200米": "两千二百米",
    "200": "二百",
    "200万": "二百万",
    "20": "二十",
    "12000": "一万二千",
    "第2000名": "第二千名",
    "第2万名": "第二万名",
    "2000年": "二零零零年",
    "2小时": "两小时",
    "2分钟": "两分钟",
    "2分": "二分",
    "2月": "二月",
    "2-3个": "两到三个",
    "2元一次方程": "二元一次方程",
    "2元钱": "两元钱",
    "第2-3个": "第二到三个",
    "第2~3万": "第二到三万",
}


@pytest.mark.parametrize(("written", "said"), SAID.items(), ids=list(SAID))
def test_what_is_written_is_said_as_a_person_would(written, said):
    assert normalise(written).spoken == said


@pytest.mark.parametrize("written", SAID)
def test_no_digit_and_no_letter_is_left(written):
    assert not any(c.isdigit() or (c.isascii() and c.isalpha()) for c in normalise(written).spoken)


def test_english_is_kept_for_a_voice_that_knows_it():
    assert normalise("我用Python写了3行code", english="keep").spoken == "我用Python写了三行code"


def test_marks_become_pauses_and_quotes_are_reported():
    made = normalise("他说:“好(真的)……”")
    assert made.spoken == "他说：好，真的，"
    assert [u.text for u in made.unspoken] == ["“", "”"]


@pytest.mark.parametrize("emoji", ["😀", "👍🏽", "👨‍👩‍👧", "🇨🇳", "❤️", "1️⃣", "☀"])
def test_an_emoji_is_one_thing_and_is_reported(emoji):
    made = normalise(f"好{emoji}的")
    assert made.spoken == "好的"
    assert made.unspoken == (Unspoken(emoji, "表情符号不发音"),)


def test_other_scripts_and_invisible_signs_are_reported_with_their_reason():
    made = normalise("你好\u200bпривет")
    assert made.spoken == "你好"
    assert made.unspoken[0] == Unspoken("\u200b", "看不见的字符")
    assert all("Cyrillic" in u.why for u in made.unspoken[1:])
    assert "".join(u.text for u in made.unspoken[1:]) == "привет"


@given(st.text(max_size=40))
def test_every_character_is_accounted_for(text):
    made = normalise(text)
    assert "".join(part.before for part in made.parts) == text
    assert "".join(part.after for part in made.parts) == made.spoken
    for part in made.parts:
        kept = part.before == part.after or (part.after and part.why)
        assert kept or (not part.heard and part.why) or (part.after == "" and part.why)
        assert part.heard or part.after == ""


@given(st.text(alphabet="0123456789.,-~%/:：年月日¥$km℃ aA@个+=x", max_size=24))
def test_no_mixture_of_digits_and_signs_crashes_or_loses_a_digit_silently(text):
    made = normalise(text)
    assert not any(c.isdigit() for c in made.spoken)
    for part in made.parts:
        if any(c.isdigit() for c in part.before):
            assert part.heard
            assert part.after


@given(st.text(max_size=30))
def test_normalising_again_changes_no_words(text):
    said = normalise(text).spoken
    letters = [c for c in said if unicodedata.category(c)[0] == "L"]
    assert [c for c in normalise(said).spoken if unicodedata.category(c)[0] == "L"] == letters


@given(st.integers(0, 10**15))
def test_quantities_are_read_back_by_cn2an(number):
    assert cn2an.cn2an(quantity(str(number)), "smart") == number


@given(st.integers(0, 10**9).map(str))
def test_digits_and_telephone_numbers_keep_every_digit(number):
    assert len(digits(number)) == len(telephone(number)) == len(number)
    assert telephone(number).replace("幺", "一") == digits(number)


@pytest.mark.parametrize("given", [None, 5, "你好".encode(), ["你好"]])
def test_what_is_no_text_is_refused(given):
    for call in (normalise, syllables):
        with pytest.raises(BadInput, match=r"(?s)text=.*not text.*give a text"):
            call(given)


def test_english_is_said_in_one_of_two_ways():
    with pytest.raises(BadInput, match=r"(?s)english='loud'.*letters or keep"):
        normalise("AI", english="loud")


def test_the_dictionary_has_the_tone_of_a_measure_word_that_is_light_in_speech():
    apart = [(s.character, s.pinyin, s.tone) for s in syllables("一个和三个", sandhi=False)]
    assert apart == [("一", "yi", 1), ("个", "ge", 4), ("和", "he", 2), ("三", "san", 1), ("个", "ge", 4)]
    said = [(s.character, s.pinyin, s.tone) for s in syllables("一个和三个")]
    assert said == [("一", "yi", 2), ("个", "ge", 5), ("和", "he", 2), ("三", "san", 1), ("个", "ge", 5)]
