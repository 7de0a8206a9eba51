"""What the encoders read: the tiny world's phrase, English for English models, weights in the embeddings."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_plans import SMALL, plan_of

from aigc_kit import cards, image
from aigc_kit.core.errors import BadInput
from aigc_kit.make.image.job import weighted
from aigc_kit.worlds.prompts import Piece, budget, course_prompt, flatten, parse, translate
from aigc_kit.worlds.prompts.read_words import read_for_picture

TINY = cards.get("tinysdxl")


@pytest.fixture(scope="module")
def clip(models):
    from transformers import CLIPTokenizer

    return CLIPTokenizer.from_pretrained(models / "small" / "tokenizer")


def read(prompt, card=SMALL, tokenizer=None, **settings):
    return read_for_picture(prompt, card, tokenizer, **settings)


# ---------------------------------------------------------------- English models


def test_chinese_is_replaced_for_an_english_model_and_said():
    made = read(course_prompt("ab").zh)
    assert made.read == course_prompt("ab").en
    assert (made.english, made.translated_by, made.unknown) == (made.read, "person", ())
    assert not made.cut
    half = read("红色的麒麟")
    assert half.read == "red"
    assert half.unknown == ("麒麟",)


def test_what_would_happen_without_can_be_seen():
    made = read(course_prompt("workshop").zh, translate=False)
    assert made.read == course_prompt("workshop").zh
    assert made.tokens == 132
    assert made.cut.endswith("艺术站热门作品")


def test_ones_own_english_wins():
    made = read("小狗", english="a small (dog:1.2)")
    assert made.read == "a small dog"
    assert made.weights[1] == ("dog", 1.2)
    assert made.translated_by == "edited"


def test_nothing_to_translate_is_an_error_not_an_empty_picture():
    with pytest.raises(BadInput, match="the word list holds nothing of it"):
        read("麒麟")


@pytest.mark.parametrize(("prompt", "english", "said"), [
    ("一只猫，不要文字", "a cat", "不要文字"),
    ("没有狗的街道，夜晚", "street, night", "没有狗"),
    ("小狗，无水印", "puppy", "无水印"),
    ("不是狗是猫", "cat", "不是狗"),
    ("小狗，文字不要", "puppy", "文字不要"),
    ("一只猫，(不要文字:1.2)", "a cat", "不要文字"),
])  # fmt: skip
def test_what_is_not_wanted_is_never_asked_for_and_is_said(prompt, english, said):
    """不要文字 gave "text", 没有狗 "with dog"."""
    made = read(prompt)
    assert made.read == english
    assert said in made.notes[-1] and "负面提示词" in made.notes[-1]


def test_in_a_negative_prompt_it_is_named():
    for card, wanted in ((SMALL, "text"), (TINY, "一只小狗")):
        prompt = "不要文字" if card is SMALL else "不要狗"
        assert read_for_picture(prompt, card, None, negative=True).read == wanted


def test_a_prompt_of_noes_alone_is_refused_and_its_advice_works():
    with pytest.raises(BadInput, match="only what must not be there") as caught:
        read("不要文字")
    assert caught.value.todo == "write what shall be seen, and the rest as negative='...'"
    assert read("小狗").read == "puppy" and read_for_picture("文字", SMALL, None, negative=True).read == "text"


def test_an_english_no_is_said_to_be_read_all_the_same():
    assert "no text" in read("a cat, no text").notes[-1]
    assert read("a cat, no text").read == "a cat, no text"
    assert read("a cat on a mat").notes == ()


@pytest.mark.parametrize(("prompt", "english"), [
    ("2只猫", "2 cat"), ("三只小狗", "three puppy"), ("12朵花", "12 flower"), ("画2只猫和3只小狗", "2 cat and 3 puppy"),
])  # fmt: skip
def test_numbers_keep_their_noun(prompt, english):
    assert read(prompt).read.removeprefix("painting ").removeprefix("draw ") == english


def test_a_bracket_whose_words_are_unknown_goes_with_them():
    made = read("(麒麟:1.3)的小狗")
    assert (made.read, made.unknown) == ("puppy", ("麒麟",))


def test_weights_survive_the_translation():
    made = read("(红色:1.3)的小狗")
    assert list(made.weights) == [("red", 1.3), (" puppy", 1.0)]


def test_tokens_are_counted_as_the_encoder_reads_them(clip):
    assert read("a ((red)) cat", tokenizer=clip).tokens == 3
    assert read("a ((red)) cat", tokenizer=clip, weights=False).tokens == 5  # E16: "((" and "))" are tokens


@pytest.mark.parametrize("card", [SMALL, TINY], ids=["sdxl", "tiny"])
def test_and_is_refused_with_the_reason(card):
    with pytest.raises(BadInput, match=r"AND makes 2 conditions.*one call of the pipeline makes one"):
        read(course_prompt("landscape").zh, card)
    with pytest.raises(BadInput, match="is never closed"):
        read("a (cat", card)


# ---------------------------------------------------------------- the tiny world


def test_the_tiny_model_is_given_its_own_words():
    from aigc_kit.worlds.tinyworld.vocab import phrase

    prompt = course_prompt("ab").zh
    made, wanted = read(prompt, TINY), phrase(prompt)
    assert made.read == wanted.phrase
    assert made.weights == ()
    assert made.phrase == wanted.phrase
    assert [text for text, _, _ in made.kept] == [k.text for k in wanted.kept]
    assert [text for text, _ in made.dropped] == [d.text for d in wanted.dropped]


def test_a_weight_stays_with_its_word():
    made = read("在花丛中的(红色:1.4)[小狗]，(8k:1.2)", TINY)
    weights = dict(made.weights)
    assert weights["红色"] == 1.4
    assert weights["小狗"] == pytest.approx(1 / 1.1)
    assert made.read == "".join(text for text, _ in made.weights)
    assert 1.2 not in weights.values()  # 8k is not of this world
    assert all(w == 1 for text, w in weights.items() if text not in ("红色", "小狗"))


def test_the_phrase_is_the_same_with_and_without_weights():
    assert read("((夜晚))的(红色:1.4)小狗", TINY).read == read("夜晚的红色小狗", TINY).read


def test_an_unknown_prompt_gives_an_empty_phrase_that_is_said():
    made = read("量子纠缠", TINY)
    assert made.read == ""
    assert made.dropped == (("量子纠缠", "unknown"),)
    assert made.notes == ("提示词里没有小世界认识的词，画面与它无关",)
    assert read("一隻紅色的小貓", TINY).notes[-1] == "有繁体字：隻紅貓。小世界只认识简体字，请改写成简体"
    assert read("一只红色的小猫", TINY).notes == ()
    avoid = read_for_picture("量子纠缠", TINY, None, negative=True)
    assert avoid.notes == ("负面提示词里没有小世界认识的词",)
    assert "不是分隔符" in read("红色|小狗", TINY).notes[0]


@settings(max_examples=40)
@given(st.text(st.sampled_from("红色小狗猫的在花丛(:1.4)[] ,，夜晚a dog"), min_size=1, max_size=20))
def test_any_prompt_is_read_or_refused(prompt):
    if not prompt.strip():
        return
    for card in (TINY, SMALL):
        try:
            made = read(prompt, card)
        except BadInput:
            continue
        assert not made.weights or "".join(text for text, _ in made.weights) == made.read


# ---------------------------------------------------------------- embeddings


@pytest.fixture
def pipe(here):
    plan = plan_of()
    return image.engine(plan).view(plan).pipe


def test_no_weights_give_the_pipelines_own_embeddings(pipe):
    import torch

    ours = weighted(pipe, (Piece("a red cat", 1.0),))
    theirs = pipe.encode_prompt("a red cat", do_classifier_free_guidance=False)[0]
    assert torch.allclose(ours, theirs, atol=1e-6)
    assert ours.shape == (1, 77, 32 + 48)


def test_a_weight_stretches_its_word_in_both_encoders(pipe):
    """By hand, as compel says: empty + weight x (prompt - empty) at the word, nothing elsewhere."""
    import torch

    base = weighted(pipe, (Piece("a red cat", 1.0),))
    empty = pipe.encode_prompt("", do_classifier_free_guidance=False)[0]
    made = weighted(pipe, flatten(parse("a (red:1.5) cat").conditions[0]))
    ids = pipe.tokenizer("a red cat").input_ids
    at = ids.index(pipe.tokenizer("red", add_special_tokens=False).input_ids[0])
    wanted = base.clone()
    wanted[:, at] = empty[:, at] + 1.5 * (base[:, at] - empty[:, at])
    assert torch.allclose(made, wanted, atol=1e-5)
    for part in (slice(0, 32), slice(32, 80)):
        assert (made[:, at, part] - base[:, at, part]).abs().max() > 0.05


def test_compels_own_parser_gives_the_same(pipe):
    """Through the string as well: what a learner would write for compel."""
    import torch
    from compel import CompelForSDXL
    from compel_syntax import to_compel

    condition = parse("a (red:1.5) [cat], sea").conditions[0]
    theirs = CompelForSDXL(pipe, device="cpu")(to_compel(condition)).embeds
    assert torch.allclose(weighted(pipe, flatten(condition)), theirs, atol=1e-4)


def test_long_weighted_prompts_are_cut_as_unweighted_ones(pipe):
    long = ", ".join(["a red cat"] * 40)
    pieces = (Piece(long, 1.0), Piece("(dog)", 0.5), Piece(long, 1.3))
    assert weighted(pipe, pieces).shape == (1, 77, 80)
    assert budget([p.text for p in pieces]).cut


@pytest.mark.parametrize("weight", ["0", "0.5", "1.5"])
def test_weights_change_the_picture_and_one_does_not(here, weight):
    plain = image.run(plan_of("a red cat"))
    one, other = plan_of("a (red:1.0) cat"), plan_of(f"a (red:{weight}) cat")
    assert np.array_equal(image.run(one).data, plain.data)
    changed = image.run(other)
    assert not np.array_equal(changed.data, plain.data)
    assert changed.words[0].weights[1] == ("red", float(weight))
    assert changed.words[0].read == "a red cat"


def test_negative_prompts_can_be_weighted_too(here):
    plain, strong = plan_of(negative="blurry"), plan_of(negative="(blurry:1.8)")
    one, two = image.run(plain), image.run(strong)
    assert not np.array_equal(one.data, two.data)
    assert two.words[1].weights == (("blurry", 1.8),)


def test_the_limit_is_told(here):
    prompt = translate(course_prompt("workshop").zh).source
    plan = plan_of(prompt, translate=False)
    take = image.run(plan)
    (words,) = take.words
    assert words.tokens == 132
    assert words.limit == 75
    assert words.cut.endswith("艺术站热门作品")
    assert "只读前 75 个" in take.labels["notes"][0]


def test_a_negative_prompt_without_guidance_does_nothing_and_that_is_said(here):
    with_it, without = plan_of(negative="blurry", guidance=1.0), plan_of(guidance=1.0)
    one, two = image.run(with_it), image.run(without)
    assert np.array_equal(one.data, two.data)
    assert "负面提示词不起作用" in one.labels["notes"][0]
    assert two.labels["notes"] == ()
