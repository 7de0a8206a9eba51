"""The weight grammar: hand-computed weights, the rules of the web UI, printing and parsing again is the identity."""

import math
import re

import pytest
from compel_syntax import is_weighted
from hypothesis import example, given
from hypothesis import strategies as st

from aigc_kit.core.errors import BadInput
from aigc_kit.worlds.prompts import (
    Condition,
    Group,
    Text,
    Weighted,
    course_prompt,
    flatten,
    parse,
    plain,
    write,
)


def pieces(prompt):
    return [(p.text, p.weight) for p in flatten(parse(prompt).conditions[0])]


BY_HAND = [
    ("normal text", [("normal text", 1)]),
    ("an (important) word", [("an ", 1), ("important", 1.1), (" word", 1)]),
    ("((cat))", [("cat", 1.21)]),
    ("[cat]", [("cat", 1 / 1.1)]),
    ("[[cat]]", [("cat", 1 / 1.21)]),
    ("(cat:1.5)", [("cat", 1.5)]),
    ("(cat: 1.5 )", [("cat", 1.5)]),
    ("(cat:.5)", [("cat", 0.5)]),
    ("(cat:2.)", [("cat", 2)]),
    ("((cat:1.2) dog)", [("cat", 1.32), (" dog", 1.1)]),
    ("([cat])", [("cat", 1)]),
    ("([cat:fish])", [("cat:fish", 1)]),
    ("(a (b:1.5):2)", [("a ", 2), ("b", 3)]),
    ("(unnecessary)(parens)", [("unnecessaryparens", 1.1)]),
    (r"\(literal\]", [("(literal]", 1)]),
    (r"a \\ b", [("a \\ b", 1)]),
    (r"(smile \:\))", [("smile :)", 1.1)]),
    ("a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).)",
     [("a ", 1), ("house", 1.573), (" ", 1.1), ("on", 1), (" a ", 1.1),
      ("hill", 0.55), (", sun, ", 1.1), ("sky", 1.4641), (".", 1.1)]),
    ("一只(小狗:1.3)在草地上", [("一只", 1), ("小狗", 1.3), ("在草地上", 1)]),
    ("16:9", [("16:9", 1)]),
    ("a|b", [("a|b", 1)]),
    ("(a|b)", [("a|b", 1.1)]),
    ("", []),
]  # fmt: skip


@pytest.mark.parametrize(("prompt", "wanted"), BY_HAND, ids=[p for p, _ in BY_HAND])
def test_weights_multiply_as_computed_by_hand(prompt, wanted):
    found = pieces(prompt)
    assert [text for text, _ in found] == [text for text, _ in wanted]
    assert [weight for _, weight in found] == pytest.approx([weight for _, weight in wanted], rel=1e-12)


def test_and_splits_into_conditions_of_their_own():
    tree = parse("a cat :1.2 AND a (dog)  AND a bird:-0.5")
    assert [(plain(c), c.weight) for c in tree.conditions] == [("a cat", 1.2), ("a dog", 1), ("a bird", -0.5)]
    assert is_weighted(tree)
    assert "3 个独立的条件" in tree.notes[0]


def test_the_landscape_prompt_is_cut_in_two():
    """E17."""
    tree = parse(course_prompt("landscape").zh)
    assert len(tree.conditions) == 2
    assert plain(tree.conditions[0]).endswith("传统水墨画风格")
    assert plain(tree.conditions[1]).startswith("现代数字艺术")
    assert flatten(tree.conditions[0])[0].weight == pytest.approx(1.21)
    assert any("不是分隔符" in note for note in tree.notes)


def test_only_the_word_and_in_capitals_splits():
    for prompt in ("sand and sea", "ANDROID", "LAND", "风格AND现代", r"x \AND y"):
        assert len(parse(prompt).conditions) == 1, prompt
    assert plain(parse(r"x \AND y").conditions[0]) == "x AND y"


def test_what_is_read_as_text_is_said():
    assert "全角括号" in parse("（小狗：1.3）").notes[0]
    assert "末尾" in parse("a poster, 16:9").notes[0]
    assert "BREAK" in parse("a BREAK b").notes[0]
    assert parse("a (cat:1.5)").notes == ()


@pytest.mark.parametrize(("prompt", "weight"), [
    ("(红色：1.5)", 1.5), ("(红色： 1.5 )", 1.5), ("((红色：1.5))", 1.65), ("一只(红色：.5)的猫", 0.5),
])  # fmt: skip
def test_a_wide_colon_in_a_bracket_makes_a_weight_and_is_said(prompt, weight):
    """Chinese keyboards write it; as text it would have made 红色 1.1 times as heavy, and "：1.5" a word."""
    tree = parse(prompt)
    heavy = [piece for piece in flatten(tree.conditions[0]) if piece.weight != 1]
    assert [piece.text for piece in heavy] == ["红色"]
    assert heavy[0].weight == pytest.approx(weight)
    assert "全角冒号" in tree.notes[0]


@pytest.mark.parametrize(("prompt", "weight"), [
    ("(红色:１．５)", 1.5), ("(红色：１.3)", 1.3), ("(红色:０．７)", 0.7), ("((红色:１.５))", 1.65),
    ("(红色:1．2)", 1.2),
])  # fmt: skip
def test_wide_digits_in_a_bracket_make_a_weight_and_are_said(prompt, weight):
    tree = parse(prompt)
    (piece,) = flatten(tree.conditions[0])
    assert (piece.text, piece.weight) == ("红色", pytest.approx(weight))
    assert "读作权重" in tree.notes[0]


@pytest.mark.parametrize("end", [":1,5", ":1.5x", "：1，5", ":1.2.3", ":50%"])
def test_what_looks_like_a_weight_and_is_none_is_said(end):
    tree = parse(f"(红色{end})")
    assert [(piece.text, piece.weight) for piece in flatten(tree.conditions[0])] == [(f"红色{end}", 1.1)]
    assert f"“{end}”不是数字" in tree.notes[0]


@pytest.mark.parametrize("prompt", ["cat+ on a mat", '"a cat"+ dog', "(a cat)+"])
def test_compels_single_plus_is_said(prompt):
    assert any("compel" in note for note in parse(prompt).notes)
    assert parse("A+ grade").notes == parse("1 + 1").notes == ()


def test_a_wide_colon_elsewhere_stays_text():
    assert plain(parse("国风：山水").conditions[0]) == "国风：山水"
    assert parse("(国风：山水)").conditions[0].children[0].kind == "up"
    assert parse("(国风：山水)").notes == ()
    escaped = parse(r"(比例\：1.5)")
    assert plain(escaped.conditions[0]) == "比例：1.5"
    assert [c.weight for c in parse("猫 ：0.8 AND 狗").conditions] == [0.8, 1]


@pytest.mark.parametrize(("prompt", "said"), [
    ("a cat++ on a mat", "compel"), ("一只猫++", "compel"), ("a dog--, sea", "compel"), ("(a cat)1.3", "compel"),
    ("(a cat)+", "compel"), ('("a cat", "a dog").blend(0.5, 0.5)', "compel"), ("{red|blue} cat", "花括号"),
    ("{{best quality}}", "花括号"), ("embedding:easynegative, cat", "embedding"), ("a __colour__ cat", "通配符"),
    ("a <lora:ink:0.8> cat", "lora"), ("a BREAK b", "BREAK"),
])  # fmt: skip
def test_signs_of_other_programs_are_noted(prompt, said):
    assert any(said in note for note in parse(prompt).notes), parse(prompt).notes


@pytest.mark.parametrize(
    "prompt", ["a well-known cat", "8k, f/1.8", "2-3 cats", "snow_white", "(cat:1.2), dog", "a - b"]
)
def test_plain_prompts_have_no_notes(prompt):
    assert parse(prompt).notes == ()


REFUSED = [
    ("a (cat", "this ( is never closed"),
    ("a [cat", "this [ is never closed"),
    ("a cat)", "this ) closes nothing"),
    ("(a]", "this ] closes nothing"),
    ("smile :)", "write \\) if you mean"),
    ("a () b", "nothing is in this bracket"),
    ("(:1.5)", "nothing is in this bracket"),
    ("[cat|dog]", "changes the prompt from step to step"),
    ("[cat:dog:0.5]", "switch the prompt at a step"),
    ("[cat:0.5]", "switch the prompt at a step"),
    ("[cat::0.5]", "switch the prompt at a step"),
    ("(cat:-1)", "negative prompt"),
    ("(cat:11)", "a weight of 11"),
    ("(cat:" + "9" * 400 + ")", "choose 0 to 10"),
    ("((a:9):9)", "multiply to 81"),
    ("x AND ", "nothing stands beside this AND"),
    ("AND", "nothing stands beside this AND"),
    ("(x AND y)", "a bracket cannot reach over it"),
    ("x :99 AND y", "choose -10 to 10"),
    ("(" * 30 + "x" + ")" * 30, "nested deeper than 20"),
    ("(" * 5000, "nested deeper than 20"),
]


@pytest.mark.parametrize(("prompt", "match"), REFUSED, ids=[p[:20] for p, _ in REFUSED])
def test_what_cannot_be_meant_is_refused(prompt, match):
    with pytest.raises(BadInput, match=re.escape(match)):
        parse(prompt)


def test_an_error_points_at_the_place():
    with pytest.raises(BadInput) as caught:
        parse("一只可爱的(小狗在花丛中玩耍")
    line, caret = caught.value.asked.splitlines()[1:]
    assert line.strip() == "一只可爱的(小狗在花丛中玩耍"
    assert caret.index("^") - 2 == 2 * len("一只可爱的")  # a Chinese character is two columns wide
    assert "没有闭合" in caret


LETTERS = st.text(st.sampled_from("ab ()[]\\:：|.15AND小，"), max_size=40)


@given(prompt=LETTERS)
@example(prompt="x\\ AND y\\")
@example(prompt="\\ a AND b\\ ")
@example(prompt="a\\\\AND b")
@example(prompt="(a\\:1.5)")
@example(prompt="a \\:2 AND b")
def test_no_text_crashes_and_what_is_read_prints_back(prompt):
    try:
        tree = parse(prompt)
    except BadInput:
        return
    again = parse(write(tree))
    assert again.conditions == tree.conditions
    assert write(again) == write(tree)


texts = st.text(st.sampled_from("ab ()[]\\:：|1.5AND小"), min_size=1, max_size=8).map(Text)


def apart(children):
    """Neighbouring texts are one text."""
    out = []
    for child in children:
        if out and isinstance(child, Text) and isinstance(out[-1], Text):
            out[-1] = Text(out[-1].value + child.value)
        else:
            out.append(child)
    return tuple(out)


def groups(children):
    inside = st.lists(children, min_size=1, max_size=3).map(apart)
    weights = st.floats(0, 1.4).filter(lambda w: w == 0 or w > 1e-9)
    return st.one_of(
        inside.map(lambda c: Group("up", c, 1.1)),
        inside.map(lambda c: Group("down", c, 1 / 1.1)),
        st.builds(lambda c, w: Group("set", c, w), inside, weights),
    )


nodes = st.recursive(texts, groups, max_leaves=6)
filled = st.lists(nodes, min_size=1, max_size=4).map(apart)
several = st.lists(
    st.builds(Condition, filled, st.floats(-10, 10).filter(lambda w: w == 0 or abs(w) > 1e-9)), min_size=2, max_size=3
).map(tuple)
trees = st.one_of(filled.map(lambda c: (Condition(c),)), several).map(Weighted)


def product(children, weight=1.0):
    """The weights, in the plainest way: letter by letter."""
    for child in children:
        if isinstance(child, Text):
            yield from ((letter, weight) for letter in child.value)
        else:
            yield from product(child.children, weight * child.weight)


@given(tree=trees)
def test_any_tree_prints_and_parses_to_itself(tree):
    blank = any(not plain(c).strip() for c in tree.conditions)
    printed = write(tree)
    if blank and len(tree.conditions) > 1:
        return
    assert parse(printed).conditions == tree.conditions


@given(tree=trees)
def test_flat_weights_are_the_product_of_the_brackets(tree):
    for condition in tree.conditions:
        letters = [(letter, piece.weight) for piece in flatten(condition) for letter in piece.text]
        wanted = list(product(condition.children))
        assert [letter for letter, _ in letters] == [letter for letter, _ in wanted]
        assert all(math.isclose(a, b, rel_tol=1e-12) for (_, a), (_, b) in zip(letters, wanted, strict=True))
        assert plain(condition) == "".join(letter for letter, _ in wanted)
