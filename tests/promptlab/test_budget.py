"""Terms are found and rewritten once, dictionaries of strangers are bounded, densities and shortenings are counted."""

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_kit.core.errors import BadInput
from aigc_kit.promptlab import ask, bounded_regex, budget
from aigc_kit.promptlab.budget import Dictionary, Term

SHOP = Dictionary.read(budget.SHOP_TERMS)
COURSE = Dictionary.read(budget.COURSE_TERMS)


def row(**values):
    return json.dumps({"terms": [values]}, ensure_ascii=False)


BAD = {
    "empty": "",
    "not JSON": "退款",
    "a list": "[]",
    "no terms": '{"terms": []}',
    "terms that are texts": '{"terms": ["退款"]}',
    "terms that are a number": '{"terms": 5}',
    "no name": row(aliases=["退钱"]),
    "an empty name": row(name=" "),
    "a long name": row(name="长" * 61),
    "a name of another type": row(name=5),
    "aliases that are a text": row(name="退款", aliases="退钱"),
    "an alias of another type": row(name="退款", aliases=[None]),
    "too many aliases": row(name="退款", aliases=[str(n) for n in range(21)]),
    "another key": row(name="退款", alias=["退钱"]),
    "its own alias": row(name="退款", aliases=["退款"]),
    "a pattern that explodes": row(name="退款", pattern="(a|aa)+$"),
    "a pattern that is none": row(name="退款", pattern="["),
    "a pattern of another type": row(name="退款", pattern=7),
    "a term twice": json.dumps({"terms": [{"name": "退款"}, {"name": "退款"}]}),
    "an alias of two terms": json.dumps(
        {"terms": [{"name": "退款", "aliases": ["退"]}, {"name": "换货", "aliases": ["退"]}]}
    ),
    "a term as alias of another": json.dumps({"terms": [{"name": "退款"}, {"name": "换货", "aliases": ["退款"]}]}),
    "too many terms": json.dumps({"terms": [{"name": f"n{k}"} for k in range(501)]}),
    "one megabyte": json.dumps({"terms": [{"name": "退款", "definition": "长" * 1_000_000}]}),
    "deep": "[" * 100_000,
    "a number": 5,
}


@pytest.mark.parametrize("name", BAD)
def test_dictionaries_that_cannot_be_kept_are_refused(name):
    with pytest.raises(BadInput) as error:
        Dictionary.read(BAD[name])
    assert error.value.told.found.zh and error.value.told.todo.zh


def test_the_advice_of_a_refusal_is_a_dictionary():
    with pytest.raises(BadInput) as error:
        Dictionary.read("[]")
    assert Dictionary.read(error.value.told.todo.zh.removeprefix("写成 ")).rewritten("我要退钱") == "我要退款"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("我们用 service  mesh。", "我们用 Service Mesh。"),
        ("服务网格里的SM", "Service Mesh里的Service Mesh"),
        ("SMS 和 ISM 都不是它", "SMS 和 ISM 都不是它"),
        ("sm", "Service Mesh"),
        ("Service Mesh", "Service Mesh"),
        ("", ""),
    ],
    ids=["pattern", "aliases", "inside a word", "case", "proper", "empty"],
)
def test_the_terms_of_the_course(text, written):
    assert COURSE.rewritten(text) == written


def test_the_longer_word_wins_and_the_proper_one_is_no_misuse():
    terms = Dictionary([Term("退款", aliases=("退钱", "全额退钱"))])
    assert [(use.written, use.proper) for use in terms.uses("全额退钱，退款，退钱")] == [
        ("全额退钱", False), ("退款", True), ("退钱", False),
    ]  # fmt: skip


words = st.text("退款钱物流快递抱怨投诉，ab ", max_size=30)


@settings(max_examples=120, deadline=None)
@given(words)
def test_rewriting_leaves_nothing_to_rewrite(text):
    uses = SHOP.uses(text)
    assert all(text[use.start : use.end] == use.written for use in uses)
    assert all(a.end <= b.start for a, b in pairwise(uses))
    written = SHOP.rewritten(text)
    assert all(alias not in written for term in SHOP.terms for alias in term.aliases)
    assert SHOP.rewritten(written) == written


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60) | st.from_regex(r'\A[\[\]{}":,a-z ]{0,50}\Z'))
def test_any_text_is_a_dictionary_or_refused(text):
    for source in (text, f'{{"terms": [{{"name": "a", "pattern": {json.dumps(text)}}}]}}'):
        try:
            terms = Dictionary.read(source)
        except BadInput as error:
            assert error.told.todo.zh
        else:
            assert terms.rewritten("aaaa bbbb") is not None


def test_prompts_list_explain_or_forbid():
    terms = Dictionary([Term("退款", "要回货款", ("退钱",)), Term("换货")])
    assert terms.prompt("判断。") == "判断。术语：退款、换货。"
    assert terms.prompt("判断。", "definitions") == "判断。术语：退款是要回货款；换货是。"
    assert terms.prompt("判断。", "aliases") == "判断。术语：退款（不说退钱）、换货。"
    with pytest.raises(BadInput, match="names, definitions, aliases"):
        terms.prompt("判断。", "all")


def test_answers_are_rewritten_by_program_or_by_the_model():
    asked = []

    def asker(prompts):
        asked.append(list(prompts))
        return ["退款" if "用词不对" in prompt else "退钱" if "一" in prompt else "投诉" for prompt in prompts]

    plain = budget.anchor(SHOP, asker, ["一", "二"])
    assert plain.final == ("退钱", "投诉") and plain.wrong == 1 and plain.again == 0
    assert budget.anchor(SHOP, asker, ["一", "二"], rewrite="program").final == ("退款", "投诉")
    assert len(asked) == 2
    again = budget.anchor(SHOP, asker, ["一", "二"], rewrite="model")
    assert again.final == ("退款", "投诉") and again.again == 1 and "“退钱”应当写“退款”" in asked[-1][0]
    with pytest.raises(BadInput, match="no, program or model"):
        budget.anchor(SHOP, asker, ["一"], rewrite="yes")


def test_density_by_hand():
    found = budget.density("判断顾客的意图，从退款、物流中选一个。只输出标签。", 20)
    assert (found.entities, found.constraints, found.verbs) == (
        5,
        3,
        2,
    )  # 顾客 意图 退款 物流 标签；从 中选 只；判断 输出
    assert found.value == pytest.approx((5 + 6 + 2) / 20)
    with pytest.raises(BadInput):
        budget.density("", 0)


def test_the_claims_of_the_article():
    assert budget.risen(387, 215) == pytest.approx(0.80, abs=0.005) and budget.risen(291, 156) == pytest.approx(
        0.87, abs=0.005
    )
    assert budget.kept(387, 215, 0.62) == pytest.approx(0.90, abs=0.005)
    assert budget.kept(291, 156, 0.78) == pytest.approx(0.954, abs=0.005)


@given(st.floats(1, 1e4), st.floats(1, 1e4), st.floats(0.01, 1))
def test_what_is_kept_undoes_what_rises(before, after, share):
    assert budget.kept(before, after, budget.risen(before, after, share)) == pytest.approx(share)


@pytest.fixture(scope="module")
def engine():
    return ask.model("tinychat").backend.engine


def test_self_information_is_what_the_session_says(engine):
    before, text = "提取订单信息。\n消息：", "买了2把红色雨伞，单号A371"
    ids, bits = budget.information(engine, before, text)
    whole = engine.chat([{"role": "user", "content": before + text}])
    start = len(whole) - 1 - len(ids)
    assert whole[start:-1] == ids and engine.decode(ids) == text
    for at in (0, 3, len(ids) - 1):
        session = engine.open(whole[: start + at])
        assert bits[at] == pytest.approx(-session.candidates().logprob_of(ids[at]) / np.log(2), abs=1e-3)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.99, 1.0])
def test_the_share_that_was_asked_is_kept_in_order(engine, share):
    text = "在吗，我买了2把红色雨伞，单号A371，今天天气很热"
    ids, bits = budget.information(engine, "消息：", text)
    for short in (
        budget.keep(engine, *budget.information(engine, "消息：", text), share),
        budget.by_chance(engine, text, share, 3),
    ):
        letters = iter(text)
        assert all(letter in letters for letter in short)  # a subsequence
    best = sorted(range(len(ids)), key=lambda k: (-bits[k], k))[: max(1, round(share * len(ids)))]
    assert budget.keep(engine, *budget.information(engine, "消息：", text), share) == engine.decode(
        [ids[k] for k in sorted(best)]
    )


@pytest.mark.parametrize("share", [0, -1, 1.5, float("nan")], ids=str)
def test_other_shares_are_refused(engine, share):
    with pytest.raises(BadInput, match="share"):
        budget.by_chance(engine, "买了雨伞", share)


def test_nothing_cannot_be_shortened(engine):
    for call in (
        lambda: budget.by_chance(engine, "", 0.5),
        lambda: budget.by_rules(""),
        lambda: budget.information(engine, "a", ""),
    ):
        with pytest.raises(BadInput):
            call()


def test_rules_drop_and_keep_clauses():
    text = "在吗，我买了2把雨伞，今天天气很热，谢谢！"
    assert budget.by_rules(text, ["^在吗，", "，谢谢"]) == "我买了2把雨伞，今天天气很热！"
    assert budget.by_rules(text, clauses="[0-9]") == "我买了2把雨伞"
    assert budget.by_rules("天气很热", clauses="[0-9]") == "天气很热"  # not everything goes
    with pytest.raises(BadInput):
        budget.by_rules(text, ["(a|aa)+$"])


def test_a_search_that_does_not_end_is_stopped():
    ready = bounded_regex.regex.compile("(x+x+)+y")
    with pytest.raises(BadInput, match="no end"):
        bounded_regex.removed(ready, "x" * 5000)
    assert bounded_regex.search(bounded_regex.compiled("b"), "abab", 2).start() == 3
