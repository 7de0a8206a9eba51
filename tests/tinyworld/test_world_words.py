"""Captions and the way back from any prompt to the world's own words."""

import random
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aigc_kit.core.errors import BadInput, UnknownName
from aigc_kit.worlds.tinyworld import ATTRIBUTES, Spec, canonical, caption, vocab
from aigc_kit.worlds.tinyworld.scan import scan
from aigc_kit.worlds.tinyworld.synonyms import GRAMMAR, NOT_OURS, SYNONYMS
from aigc_kit.worlds.tinyworld.words import MEASURE, TERMS, WHERE_EN, WHERE_ZH

specs = st.builds(Spec, **{name: st.sampled_from([None, *values]) for name, values in ATTRIBUTES.items()})
languages = st.sampled_from(["zh", "en"])
LEXICON = sorted(
    {word for values in SYNONYMS.values() for text in values.values() for word in text.replace("|", " ").split()}
    | {word for values in TERMS.values() for zh, en in values.values() for word in (*zh, *en)}
    | set(GRAMMAR.replace("|", " ").split())
    | set(NOT_OURS.replace("|", " ").split())
    | {"大", "小", "不要", "no", "，", "|", "((", "1.5", "可爱", "very cute", "8k"}
)
prompts = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from(LEXICON), max_size=12).flatmap(
        lambda words: st.sampled_from(["", " ", "，", ", "]).map(lambda mark: mark.join(words))
    ),
)
COURSE = {
    "一张可爱小狗在花丛中玩耍的照片": Spec(subject="puppy", scene="flowers"),
    "一位白须飘飘的智慧老法师的肖像，超精细，写实照片风格，戏剧性的影棚灯光，8k分辨率，艺术站热门作品": Spec(
        subject="wizard"
    ),
    "一只穿着宇航服的柴犬在月球表面跳舞，电影级光照，超现实主义": Spec(subject="puppy", scene="moon"),
    "conceptual visualization of topology, a glowing torus smoothly and continuously transforming into a coffee cup, "
    "intermediate stages, translucent blue and gold energy lines": Spec(subject="donut", style="neon", colour="blue"),
    "城市夜景中的无人机编队表演": Spec(scene="city", light="night"),
    "水墨": Spec(style="ink"),
    "油画风格": Spec(style="oil"),
    "像素艺术": Spec(style="pixel"),
    "霓虹": Spec(style="neon"),
    "黑白素描": Spec(style="sketch"),
}
RULES = {
    "红色的小狗和蓝色的猫": Spec(subject="puppy", colour="red"),
    "小狗是红色的，夜里": Spec(subject="puppy", colour="red", light="night"),
    "在蓝色的大海边，一只大白猫": Spec(subject="cat", colour="white", scene="sea", size="large"),
    "a puppy with a red ball on the blue sea": Spec(subject="puppy", scene="sea"),
    "a large purple cat": Spec(subject="cat", colour="purple", size="large"),
    "a purple large cat": Spec(subject="cat", colour="purple", size="large"),
    "画一只猫，不要狗": Spec(subject="cat"),
    "a beach without a dog": Spec(scene="sea"),
    "街道上的热狗和熊猫": Spec(scene="city"),
    "two hot dogs": Spec(),
    "starfish": Spec(),
    "three little cats": Spec(subject="cat", size="small"),
    "STAR　ｌｅｆｔ": Spec(subject="star", position="left"),
    "🐶 at night": Spec(subject="puppy", light="night"),
    "小狗": Spec(subject="puppy"),
    "小方块": Spec(subject="square", size="small"),
    "白天的大花": Spec(subject="flower", light="day", size="large"),
}


@pytest.mark.parametrize("prompt", COURSE | RULES)
def test_known_prompts_are_read_as_a_person_would(prompt):
    assert vocab.spec_of(prompt) == (COURSE | RULES)[prompt]


@pytest.mark.parametrize("prompt", ["", "   ", "，。！", "hello world", "无人机", "⁂"])
def test_nothing_known_gives_an_empty_phrase(prompt):
    read = vocab.phrase(prompt)
    assert (read.phrase, read.kept, read.spec) == ("", (), Spec())


def test_only_texts_are_prompts():
    with pytest.raises(BadInput, match="NoneType"):
        vocab.phrase(None)


@settings(max_examples=400)
@given(prompts)
@example("ﬁsh ǆ İ ㍿")
def test_kept_and_dropped_hold_all_text_once_and_in_order(prompt):
    read = vocab.phrase(prompt)
    pieces = sorted([*read.kept, *read.dropped], key=lambda piece: piece.start)
    covered = [False] * len(prompt)
    for piece in pieces:
        assert prompt[piece.start : piece.end] == piece.text
    for before, after in pairwise(pieces):
        assert before.end <= after.start
    for piece in pieces:
        covered[piece.start : piece.end] = [True] * (piece.end - piece.start)
    for character, inside in zip(prompt, covered, strict=True):
        plain = unicodedata.normalize("NFKC", character)
        letters = [unicodedata.category(c)[0] in "LN" for c in plain]
        if letters and all(letters):
            assert inside, character


@settings(max_examples=400)
@given(prompts)
def test_the_phrase_of_a_phrase_is_itself(prompt):
    once = vocab.phrase(prompt)
    again = vocab.phrase(once.phrase)
    assert again.phrase == once.phrase
    assert again.spec == once.spec


@settings(max_examples=300)
@given(specs, languages, st.integers(0, 2**32))
def test_a_caption_says_its_spec_and_nothing_else(spec, language, seed):
    text = caption(spec, random.Random(seed), language)
    assert vocab.spec_of(text) == spec
    assert bool(text) == (spec != Spec())
    assert "".join(vocab.split(text)) == text.replace(" ", "")


@given(specs, languages)
def test_canonical_words_are_a_fixed_point(spec, language):
    text = canonical(spec, language)
    assert vocab.phrase(text).phrase == text
    assert vocab.spec_of(text) == spec


def test_captions_vary():
    spec = Spec("puppy", "red", "sea", "oil", "night", "small", "left")
    for language in ("zh", "en"):
        assert len({caption(spec, random.Random(k), language) for k in range(200)}) > 80


def test_another_language_is_refused():
    with pytest.raises(UnknownName, match="zh or en"):
        caption(Spec("cat"), random.Random(0), "fr")


def test_the_words_are_few_and_all_used():
    assert 100 <= len(vocab.WORDS) <= 150
    rng = random.Random(2)
    used = set()
    for k in range(2500):
        used |= set(vocab.split(caption(Spec.sample(rng).told(rng, 0.7), rng, ("zh", "en")[k % 2])))
    used |= set(vocab.split("一个东西 thing"))
    assert set(vocab.WORDS) - used == {"with"}  # the tokenizer knows it, the captions do not say it


def test_split_refuses_what_is_not_of_the_world():
    assert vocab.split("一只小小的红色小狗在花丛里") == ["一只", "小小的", "红色", "小狗", "在", "花丛", "里"]
    with pytest.raises(BadInput, match="cats"):
        vocab.split("red cats")


def test_every_attribute_value_has_words_in_both_languages():
    for table in (TERMS, SYNONYMS):
        assert {name: tuple(values) for name, values in table.items()} == ATTRIBUTES
    assert set(MEASURE) == set(ATTRIBUTES["subject"])
    assert set(WHERE_ZH) == set(WHERE_EN) == set(ATTRIBUTES["scene"])


def test_no_word_stands_for_two_things():
    seen = {}
    for name, values in SYNONYMS.items():
        for value, text in values.items():
            own = [word.replace(" ", "-") for words in TERMS[name][value] for word in words]
            for word in [*own, *text.replace("|", " ").split()]:
                assert seen.setdefault(word, (name, value)) == (name, value), word
    assert not set(seen) & set(NOT_OURS.replace("|", " ").split())


@pytest.mark.parametrize(("name", "value", "word"), [
    (name, value, word.replace("-", " "))
    for name, values in SYNONYMS.items()
    for value, text in values.items()
    for word in text.replace("|", " ").split()
])  # fmt: skip
def test_each_synonym_alone_is_read(name, value, word):
    assert [(hit.attribute, hit.value) for hit in scan(word)] == [(name, value)]


@pytest.mark.parametrize("word", ["扁平", "水墨", "油画", "像素", "霓虹", "素描", "水墨画"])
def test_a_style_is_heard_whole_with_or_without_the_word_for_style(word):
    for said in (word + "风", word + "风格", word + "风格的猫"):
        heard = vocab.phrase(said)
        assert len([kept for kept in heard.kept if kept.attribute == "style"]) == 1, said
        assert [one.text for one in heard.dropped if one.why == "unknown"] == [], said


def test_a_small_face_is_promised_at_medium_size():
    read = vocab.phrase("一只小小的红色小狗，在花丛里")
    fit = vocab.promised(read)
    assert fit.spec == Spec("puppy", "red", "flowers", size="medium")
    assert fit.phrase == canonical(fit.spec, "zh") and vocab.phrase(fit.phrase).spec == fit.spec
    assert [(piece.text, piece.why) for piece in fit.dropped if piece.why == "coarse"] == [("小小的", "coarse")]
    assert all(hit.attribute != "size" for hit in fit.kept)


@given(specs, languages)
def test_what_is_promised_changes_nothing_but_small_faces(spec, language):
    read = vocab.phrase(canonical(spec, language))
    small = spec.size == "small" and spec.subject in {"puppy", "cat", "fish", "wizard"}
    fit = vocab.promised(read)
    assert fit.spec == (Spec(**spec.known() | {"size": "medium"}) if small else spec)
    assert fit == read or small
    assert vocab.promised(fit) == fit
