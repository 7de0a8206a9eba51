"""Checkers of the shop: right on held-out truths, wrong on hand-made wrong answers of each kind."""

import itertools
import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigc_kit.worlds.shop import checkers, clauses, orders, tasks
from aigc_kit.worlds.shop.samples import from_row, to_row


@pytest.mark.parametrize("task", tasks.MAKERS)
@pytest.mark.parametrize("words", ["train", "held"])
def test_the_true_answer_of_a_held_out_prompt_is_right(task, words):
    rng = random.Random(f"{task} {words}")
    for _ in range(60):  # 11 tasks x 2 x 60 = 1,320
        sample = tasks.draw(task, rng, split="held", words=words)
        mark = checkers.check(sample, sample.answer)
        assert mark, (sample.prompt, sample.answer, mark)


@pytest.mark.parametrize("task", tasks.MAKERS)
def test_the_answer_of_another_prompt_is_wrong_unless_it_says_the_same(task):
    rng = random.Random(task)
    drawn = [tasks.draw(task, rng, split="held") for _ in range(60)]
    for sample, other in itertools.pairwise(drawn):
        if sample.answer != other.answer and task != "outside":
            mark = checkers.check(sample, other.answer)
            if mark:  # other words for the same truth
                assert task in ("summary", "reply", "fields", "total", "rule"), (sample, other.answer)


@pytest.mark.parametrize("task", tasks.MAKERS)
@given(text=st.text(max_size=60))
def test_no_text_breaks_a_judge(task, text):
    sample = tasks.draw(task, random.Random(task))
    mark = checkers.check(sample, text)
    assert mark.right or mark.why


def draw(task, seed=0, when=lambda sample: True, **how):
    rng = random.Random(seed)
    while True:
        sample = tasks.draw(task, rng, **how)
        if when(sample):
            return sample


@pytest.mark.parametrize(
    "wrong", ["", "这条消息的意图是{label}。", "{label}。", "{label} {label}", "意图：{label}", "未知", "label"]
)
def test_a_label_must_stand_alone(wrong):
    sample = draw("intent", clear=True, shots=0)
    mark = checkers.check(sample, wrong.replace("{label}", sample.facts["label"]))
    assert not mark
    assert mark.why


@pytest.mark.parametrize("task", ["intent", "sentiment", "tone"])
def test_every_other_label_is_wrong(task):
    names = {"intent": clauses.INTENTS, "sentiment": clauses.SENTIMENTS, "tone": clauses.TONES}[task]
    sample = draw(task, clear=True, shots=0)
    assert [bool(checkers.check(sample, name)) for name in names].count(True) == 1


def with_values(**how):
    return draw(
        "fields",
        when=lambda s: {"数量", "日期"} <= set(s.facts["values"]) and None in s.facts["values"].values(),
        form="json",
        nulls=True,
        **how,
    )


def test_json_may_come_in_any_order_and_with_spaces():
    sample = with_values()
    values = sample.facts["values"]
    assert checkers.check(sample, json.dumps(dict(reversed(values.items())), ensure_ascii=True, indent=2))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda v: {k: w for k, w in v.items() if w is not None},
        lambda v: v | {"备注": None},
        lambda v: v | {"数量": str(v["数量"])},
        lambda v: v | {"数量": True if v["数量"] == 1 else float(v["数量"] or 0) + 0.5},
        lambda v: {k: ("" if w is None else w) for k, w in v.items()},
        lambda v: {k: ("null" if w is None else w) for k, w in v.items()},
        lambda v: [v],
        lambda v: {"订单": v},
    ],
    ids=[
        "null left out",
        "a field more",
        "text for a number",
        "another number",
        "empty for null",
        "the word null",
        "a list",
        "nested",
    ],
)
def test_wrong_json_of_each_kind(spoil):
    sample = with_values()
    mark = checkers.check(sample, json.dumps(spoil(sample.facts["values"]), ensure_ascii=False))
    assert not mark
    assert mark.why


@pytest.mark.parametrize(
    "spoil", ["```json\n{}\n```", "{}，", "好的：{}", "{}{}", '{"商品":"雨伞","商品":"水杯"}', "{", "[" * 5000]
)
def test_text_that_is_not_one_object_is_wrong(spoil):
    sample = with_values()
    assert not checkers.check(sample, spoil.replace("{}", sample.answer))


def test_sums_are_judged_by_the_number_behind_the_answer():
    sample = draw("total", mode="steps")
    total = sample.facts["total"]
    assert checkers.check(sample, f"1+1=2。答案{total}")
    assert dict(checkers.check(sample, f"1+1=3。答案{total}").parts) == {"total": True, "steps": False}
    for wrong in (
        f"{total}",
        f"答案{total + 1}",
        f"1+1=2。答案{total}0",
        f"1+1=2。答案是{total}个",
        "1+1=2。答案",
        f"1+1=2。答案-{total}",
    ):
        assert not checkers.check(sample, wrong), wrong


def test_a_direct_sum_is_a_number_alone():
    sample = draw("total", mode="direct")
    total = sample.facts["total"]
    assert checkers.check(sample, str(total))
    assert checkers.check(sample, f"{total}元")
    for wrong in (sample.answer + "1", f"一共{total}", f"答案{total}", "一百", "²"):
        assert not checkers.check(sample, wrong), wrong


def test_the_steps_of_all_truths_hold():
    rng = random.Random(4)
    for _ in range(500):
        sample = tasks.draw("total", rng, mode="steps")
        assert dict(checkers.check(sample, sample.answer).parts) == {"total": True, "steps": True}, sample.answer


def summarised():
    return draw("summary", when=lambda s: {"颜色", "数量"} <= set(s.message.fields) and s.message.reason)


def test_a_summary_may_use_other_words():
    message = summarised().message
    order = message.order
    sample = summarised()
    assert checkers.check(
        sample, f"因为{message.reason}，要{message.intent}，{order.quantity}个{order.colour}的{order.item}"
    )


@pytest.mark.parametrize("kind", ["intent", "item", "colour", "reason", "count", "two intents", "two lines", "long"])
def test_wrong_summaries_of_each_kind(kind):
    sample = summarised()
    message, right = sample.message, sample.answer
    other = next(i for i in clauses.INTENTS if i != message.intent)
    item = next(i for i in orders.ITEMS if i != message.order.item)
    colour = next(c for c in orders.COLOURS if c != message.order.colour)
    count = str(message.order.quantity % 9 + 1)
    wrong = {
        "intent": right.replace(message.intent, other),
        "item": right.replace(message.order.item, item),
        "colour": right.replace(message.order.colour, colour),
        "reason": right.replace(f"，{message.reason}", ""),
        "count": right.replace(str(message.order.quantity), count),
        "two intents": right + other,
        "two lines": right.replace("：", "：\n"),
        "long": right + "，" + "请尽快" * 10,
    }[kind]
    assert not checkers.check(sample, wrong)


@pytest.mark.parametrize(
    "kind", ["no term", "no quotes", "another term", "both terms", "another style", "both styles", "another item"]
)
def test_wrong_replies_of_each_kind(kind):
    sample = draw(
        "reply",
        when=lambda s: s.facts["style"] == "正式" and s.facts["item"] and len(s.facts["glossary"]) > 1,
        terms=True,
    )
    facts, right = sample.facts, sample.answer
    term, item = facts["term"], facts["item"]
    other = next(f"「{t}」" for t in facts["glossary"].values() if f"「{t}」" != term)
    wrong = {
        "no term": right.replace(term, "退款"),
        "no quotes": right.replace(term, term.strip("「」")),
        "another term": right.replace(term, other),
        "both terms": right + other,
        "another style": right.replace("尊敬的顾客，您好。", "亲亲～"),
        "both styles": "亲亲～" + right,
        "another item": right.replace(item, next(i for i in orders.ITEMS if i != item)),
    }[kind]
    assert checkers.check(sample, right)
    assert not checkers.check(sample, wrong)


def test_a_worked_rule_needs_the_intent_first():
    sample = draw("rule", worked=True, shots=0)
    label, truth = sample.facts["label"], sample.facts["truth"]
    assert checkers.check(sample, f"{truth}，答案{label}")
    for wrong in (label, f"答案{label}", f"{truth}，{label}", f"{truth}，答案{truth}"):
        assert not checkers.check(sample, wrong), wrong


def test_a_mark_says_which_part_is_wrong():
    sample = draw("rule", worked=True, shots=0)
    mark = checkers.check(sample, f"不知道，答案{sample.facts['label']}")
    assert dict(mark.parts) == {"intent": False, "label": True}


def test_the_frozen_prompts_are_enough_balanced_and_have_right_answers():
    file = Path(__file__).parents[3] / "assets" / "prompts" / "chat_eval.json"
    sets = json.loads(file.read_text("utf-8"))
    rows = [row for name in ("seen", "messages", "wordings") for row in sets[name]]
    assert len(rows) >= 600
    assert len({row["prompt"] for row in rows}) == len(rows)
    assert len(sets["wordings"]) * 2 == len(rows)
    assert {row["task"] for row in rows} == set(tasks.MAKERS)
    assert all(checkers.check(from_row(row), row["answer"]) for row in rows)
    assert len(sets["instructions"]) > 30
    assert len(sets["handwritten"]) == 30


def test_a_sample_read_back_is_judged_alike():
    rng = random.Random(9)
    for task in tasks.MAKERS:
        sample = tasks.draw(task, rng, split="held")
        again = from_row(json.loads(json.dumps(to_row(sample))))
        assert again.prompt == sample.prompt
        for answer in (sample.answer, sample.answer + "。", ""):
            assert checkers.check(again, answer) == checkers.check(sample, answer)
