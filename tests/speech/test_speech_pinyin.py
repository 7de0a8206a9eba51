"""Readings and tone sandhi against what a dictionary and a teacher say (written by hand)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.make.speech.frontend import syllables
from aigc_kit.make.speech.frontend.pinyin import boundaries, words

SPOKEN = {
    # third tones
    "你好": "ni2 hao3",
    "老虎": "lao2 hu3",
    "展览馆": "zhan2 lan2 guan3",
    "我很好": "wo2 hen2 hao3",
    "很好，你来": "hen2 hao3 ni3 lai2",
    # 不
    "不是": "bu2 shi4",
    "不好": "bu4 hao3",
    "不来": "bu4 lai2",
    "不错": "bu2 cuo4",
    "是不是": "shi4 bu5 shi4",
    "我不": "wo3 bu4",
    # 一
    "一样": "yi2 yang4",
    "一天": "yi4 tian1",
    "一年": "yi4 nian2",
    "一起": "yi4 qi3",
    "一个": "yi2 ge5",
    "第一天": "di4 yi1 tian1",
    "十一": "shi2 yi1",
    "看一看": "kan4 yi5 kan4",
    "一百": "yi4 bai3",
    "一万": "yi2 wan4",
    "一月一日": "yi1 yue4 yi1 ri4",
    "统一": "tong3 yi1",
    # polyphones
    "银行行长": "yin2 hang2 hang2 zhang3",
    "重庆很重要": "chong2 qing4 hen3 zhong4 yao4",
    "还钱还有": "huan2 qian2 hai2 you3",
    "跑得快": "pao3 de5 kuai4",
    "得到": "de2 dao4",
    "慢慢地走": "man4 man4 de5 zou3",
    "音乐快乐": "yin1 yue4 kuai4 le4",
    "统一的": "tong3 yi1 de5",
    "同一天": "tong2 yi4 tian1",
    "说得对": "shuo1 de5 dui4",
    "高兴地跳": "gao1 xing4 de5 tiao4",
    "重庆市长江大桥": "chong2 qing4 shi4 chang2 jiang1 da4 qiao2",
    "为了了解": "wei4 le5 liao2 jie3",
    "长大": "zhang3 da4",
    "长城": "chang2 cheng2",
    "绿色": "lv4 se4",
    "二〇": "er4 ling2",
}


@pytest.mark.parametrize(("text", "said"), SPOKEN.items(), ids=list(SPOKEN))
def test_syllables(text, said):
    assert " ".join(s.text for s in syllables(text)) == said


def test_without_sandhi_the_dictionary_tones_stay():
    assert [s.text for s in syllables("你好不是", sandhi=False)] == ["ni3", "hao3", "bu4", "shi4"]


@given(st.text(alphabet="今天的天气真不错一二三，。得地了着abc 𠮷儿嗯", max_size=30))
def test_each_syllable_names_its_character(text):
    for syllable in syllables(text):
        assert text[syllable.index] == syllable.character
        assert 1 <= syllable.tone <= 5


@given(st.text(max_size=30))
def test_words_joined_are_the_text(text):
    assert "".join(words(text)) == text
    assert all(0 < at < len(text) for at in boundaries(text))


HAN = st.one_of(
    st.characters(min_codepoint=0x3400, max_codepoint=0x9FFF),
    st.characters(min_codepoint=0xF900, max_codepoint=0xFAFF),
    st.characters(min_codepoint=0x20000, max_codepoint=0x2FFFF, exclude_categories=("Cs",)),
    st.sampled_from("〇不一的地得着个儿你好"),
)


@given(st.text(HAN, max_size=20))
def test_no_run_of_characters_crashes_or_shifts_the_syllables(text):
    said = syllables(text)
    assert [s.index for s in said] == sorted({s.index for s in said})
    assert all(text[s.index] == s.character for s in said)
