"""Six parts, keywords, negatives, the cookbook, and the step to English."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.core.errors import BadInput, UnknownName
from aigc_kit.worlds.prompts import (
    PARTS,
    compose,
    cookbook,
    course_prompt,
    course_prompts,
    decompose,
    good_words,
    idea,
    keywords,
    negative,
    negatives,
    part_names,
    translate,
)

HANZI = re.compile(r"[\u3400-\u9fff]")


def test_the_library_has_the_courses_words():
    lists = keywords()
    assert tuple(lists) == PARTS
    assert {part: len(group) for part, group in lists.items()} == {
        "subject": 4, "details": 4, "scene": 3, "lighting": 4, "style": 4, "technical": 4,
    }  # fmt: skip
    assert [word.zh for word in lists["lighting"]["时间"]] == ["黎明", "日落", "午夜", "黄金时刻"]
    assert [word.zh for word in lists["technical"]["渲染"]] == ["逼真", "体积光", "环境光遮蔽"]
    assert {group: len(words) for group, words in negatives().items()} == {
        "quality": 3, "anatomy": 3, "composition": 3,
    }  # fmt: skip
    assert [len(words) for words in cookbook().values()] == [4, 6, 6, 5]
    assert list(good_words()) == ["肖像", "风景"]


def all_lists():
    yield from (words for part in keywords().values() for words in part.values())
    yield from (*cookbook().values(), *good_words().values(), *negatives().values())


def test_every_word_is_there_in_both_languages():
    for words in all_lists():
        for word in words:
            assert word.en
            assert not HANZI.search(word.en)
            assert word.zh
            assert HANZI.search(word.zh) or word.zh == word.en  # 8k, 35mm
    for prompt in course_prompts():
        assert HANZI.search(prompt.zh)
        assert not HANZI.search(prompt.en)


WORDS = {part: [word for words in lists.values() for word in words] for part, lists in keywords().items()}


@given(
    st.fixed_dictionaries(
        {}, optional={part: st.lists(st.sampled_from(WORDS[part]), max_size=3, unique=True) for part in PARTS}
    ),
    st.sampled_from(["zh", "en"]),
)  # fmt: skip
def test_what_was_composed_sorts_back_into_its_parts(chosen, language):
    parts = {part: [getattr(word, language) for word in words] for part, words in chosen.items() if words}
    if not parts:
        return
    made = compose(parts)
    back = decompose(made.text)
    assert {part: list(phrases) for part, phrases in back.parts.items()} == parts
    assert back.parts == made.parts
    assert back.unassigned == ()
    assert set(made.missing) == set(PARTS) - set(parts)


def test_the_formulas_order_and_commas():
    parts = {"技术": "8k", "style": "油画", "光照": ["日落"], "场景": "森林", "细节": "", "主体": "一只猫"}
    assert compose(parts).text == "一只猫，森林，日落，油画，8k"
    assert compose({"subject": "a cat", "style": "sketch"}).text == "a cat, sketch"
    assert compose({"subject": "a cat"}).missing == ("details", "scene", "lighting", "style", "technical")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_formula_example_sorts_as_a_person_would(language):
    example = decompose(getattr(course_prompt("formula"), language))
    assert {part: len(phrases) for part, phrases in example.parts.items()} == {
        "subject": 1, "details": 1, "scene": 1, "lighting": 1, "style": 1, "technical": 3,
    }  # fmt: skip
    assert example.unassigned == ()


def test_weights_stay_with_their_phrase_and_the_unknown_is_said():
    made = decompose("一只猫，(油画，水彩:1.2)，(8k:1.3)，没人知道的词")
    assert made.parts["style"] == ("(油画，水彩:1.2)",)
    assert made.parts["technical"] == ("(8k:1.3)",)
    assert made.unassigned == ("没人知道的词",)


def test_negatives():
    assert negative("anatomy", language="en") == "bad anatomy, extra limbs, poorly drawn hands"
    assert len(negative().split("，")) == 9
    with pytest.raises(UnknownName, match="negative words 'ugly'"):
        negative("ugly")
    with pytest.raises(UnknownName, match="language='fr'"):
        negative(language="fr")


def test_ideas_take_one_word_of_each_list():
    for seed in range(20):
        for word, words in zip(idea(seed), cookbook().values(), strict=True):
            assert word in words
    assert len({idea(seed) for seed in range(20)}) > 10


@pytest.mark.parametrize(("parts", "error", "match"), [
    ({}, BadInput, "every part is empty"), ({"subject": " "}, BadInput, "every part is empty"),
    ({"mood": "x"}, UnknownName, "the part 'mood'"), ({"": "x"}, UnknownName, "the part ''"),
    ({"subject": 3}, BadInput, "not text"), ({"subject": [3]}, BadInput, "not text"),
])  # fmt: skip
def test_what_cannot_be_composed(parts, error, match):
    with pytest.raises(error, match=match):
        compose(parts)


# ---------------------------------------------------------------- English


@pytest.mark.parametrize("prompt", course_prompts(), ids=lambda prompt: prompt.name)
def test_the_courses_prompts_have_a_persons_translation(prompt):
    made = translate(prompt.zh)
    assert made.en == prompt.en
    assert made.by == "person"
    assert "人工撰写" in made.label
    assert made.unknown == ()
    assert translate(prompt.zh.replace("，", ", ")).en == prompt.en


def test_english_passes_unchanged():
    made = translate("  a Cat,  (dog:1.2) ")
    assert (made.en, made.by) == ("  a Cat,  (dog:1.2) ", "none")


@given(st.lists(st.sampled_from([w for words in all_lists() for w in words]), min_size=1, max_size=6, unique=True))
def test_every_word_of_the_library_has_english(words):
    made = translate("，".join(word.zh for word in words))
    assert made.unknown == ()
    assert not HANZI.search(made.en)
    assert len(made.en.split(", ")) == len(words)


BY_HAND = [
    ("一只可爱的小狗", "a cute puppy"),
    ("一个橙色的甜甜圈", "an orange donut"),
    ("(红色:1.3)的小狗，[模糊]", "(red:1.3) puppy, [blurry]"),
    ("夜晚的城市 AND 数字艺术 :0.8", "night city AND digital art :0.8"),
    ("一只猫，油画风格，8k超高清", "a cat, oil painting style, 8k ultra high definition"),
    ("身穿汉服的女孩，黄昏柔和的光线", "girl wearing hanfu, soft twilight light"),
    ("A 小狗 on 月球", "A puppy on the moon"),
]  # fmt: skip


@pytest.mark.parametrize(("zh", "en"), BY_HAND)
def test_words_are_replaced_as_read_by_hand(zh, en):
    made = translate(zh)
    assert made.en == en
    assert made.by in ("words", "person")


def test_what_is_unknown_is_left_out_and_shown():
    made = translate("爱因斯坦的肖像，麒麟")
    assert made.unknown == ("爱因斯坦", "麒麟")  # not: love + 因斯坦
    assert made.en == "portrait"
    assert "不是翻译" in made.label
    assert ("肖像", "portrait") in made.kept


def test_a_reader_can_add_words_and_rewrite():
    made = translate("麒麟在森林里").add({"麒麟": "a qilin"})
    assert made.en == "a qilin in forest"
    assert made.unknown == ()
    edited = made.rewrite("a qilin standing in a forest")
    assert edited.en == "a qilin standing in a forest"
    assert edited.by == "edited"
    with pytest.raises(BadInput, match="nothing to work on"):
        made.rewrite(" ")


@given(st.text(st.sampled_from("小狗猫的在花丛麒麟，。()[]:12 ab一只"), min_size=1, max_size=30))
def test_nothing_gets_lost_silently(prompt):
    if not prompt.strip():
        return
    made = translate(prompt)
    assert "".join(found.zh for found in made.found) == prompt
    assert not HANZI.search(made.en)
    hanzi = "".join(HANZI.findall(prompt))
    accounted = "".join(f.zh for f in made.found if f.how != "kept" or HANZI.search(f.zh))
    assert "".join(HANZI.findall(accounted)) == hanzi


def test_part_names_are_the_courses():
    assert list(part_names().values()) == ["主体", "细节", "场景/环境", "光照/氛围", "艺术风格", "技术参数"]
