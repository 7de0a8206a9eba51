"""Judges of answers: exact, whatever words the training used.

``check`` takes a Sample and any text and returns a Mark: right or not, and why not. A judge never raises on an
answer; it may be empty, cut off, or in another language.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from aigc_kit.worlds.prompt_task import Mark
from aigc_kit.worlds.shop import clauses, free_texts, orders
from aigc_kit.worlds.shop.samples import Sample

RIGHT = Mark(True)


def check(sample: Sample, answer: str) -> Mark:
    """Judge an answer by the rules of the sample's task."""
    answer = answer.strip()
    if not answer:
        return Mark(False, "没有回答")
    return JUDGES[sample.task](sample, answer)


def same_label(sample: Sample, answer: str) -> Mark:
    """Judge an answer that must be exactly the label."""
    label = sample.facts["label"] if sample.facts.get("clear", True) else sample.answer
    if answer == label:
        return RIGHT
    if label in answer:
        return Mark(False, f"应当只写“{label}”")
    return Mark(False, f"应当是“{label}”")


def defined_label(sample: Sample, answer: str) -> Mark:
    """Judge a label that the prompt defines.

    Where the prompt wants steps, the label stands behind 答案.
    """
    label, steps = sample.facts["label"], sample.facts.get("worked", False)
    if not steps:
        return same_label(sample, answer)
    head, divider, last = answer.rpartition("答案")
    if not divider or not head:
        return Mark(False, "没有先写意图，再写“答案”")
    parts = (("intent", sample.facts["truth"] in head), ("label", last.strip("：: ") == label))
    return Mark(parts[1][1], "" if parts[1][1] else f"答案应当是“{label}”", parts)


def no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object of JSON.

    Raises ValueError when a key comes twice.
    """
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key comes twice")
    return dict(pairs)


def same_values(sample: Sample, answer: str) -> Mark:
    """Judge the fields of an order.

    As JSON: the same keys, values and types in any order. Else: the same line of text.
    """
    truth = sample.facts["values"]
    if sample.facts["form"] != "json":
        return RIGHT if answer == sample.answer else Mark(False, f"应当是“{sample.answer}”")
    try:
        fields = json.loads(answer, object_pairs_hook=no_twice)
    except (ValueError, RecursionError):
        return Mark(False, "不是合法的 JSON")
    if not isinstance(fields, dict):
        return Mark(False, "不是一个 JSON 对象")
    same = {
        key: key in fields and type(fields[key]) is type(value) and fields[key] == value for key, value in truth.items()
    }
    parts = tuple(same.items())
    if more := [key for key in fields if key not in truth]:
        return Mark(False, f"多了字段：{'、'.join(map(str, more))}", parts)
    if wrong := [key for key, right in parts if not right]:
        return Mark(False, f"字段不对：{'、'.join(wrong)}", parts)
    return Mark(True, "", parts)


EQUATION = re.compile(r"(\d+)([×+\-])(\d+)=(\d+)")


def true_steps(text: str) -> bool:
    """Tell whether the text has equations and all hold."""
    rows = EQUATION.findall(text)
    values: dict[str, Callable[[int, int], int]] = {
        "×": lambda a, b: a * b,
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
    }
    return bool(rows) and all(values[sign](int(a), int(b)) == int(c) for a, sign, b, c in rows)


def same_total(sample: Sample, answer: str) -> Mark:
    """Judge a sum of money.

    It is the number behind 答案, or the whole answer. "元" may follow.
    """
    amount, mode = sample.facts["total"], sample.facts["mode"]
    head, divider, last = answer.rpartition("答案")
    number = (last if divider else answer).strip("：: 。").removesuffix("元")
    right = number.isascii() and number.isdigit() and int(number) == amount
    if mode == "direct" and divider:
        return Mark(False, "应当只写数字")
    if mode == "steps" and not EQUATION.search(head):
        return Mark(False, "没有写出步骤")
    parts = (("total", right), ("steps", true_steps(head))) if divider else (("total", right),)
    return Mark(right, "" if right else f"应当是 {amount}", parts)


def one_line(sample: Sample, answer: str) -> Mark:
    """Judge a summary: one short line.

    It names the intent, the thing and the reason, and no others of them.
    """
    message = sample.message
    assert message is not None
    if "\n" in answer or len(answer) > 40:
        return Mark(False, "应当是短短的一行")
    fields = set(message.fields)
    truths = {
        "意图": ({message.intent}, clauses.INTENTS),
        "商品": ({message.order.item} if "商品" in fields else set(), orders.ITEMS),
        "颜色": ({message.order.colour} if "颜色" in fields else set(), orders.COLOURS),
        "原因": ({message.reason} if message.reason else set(), clauses.REASONS),
    }
    parts = [(name, {word for word in words if word in answer} == truth) for name, (truth, words) in truths.items()]
    count = re.findall(r"\d+", answer)
    parts.append(("数量", count == ([str(message.order.quantity)] if "数量" in fields else [])))
    wrong = [name for name, right in parts if not right]
    return Mark(not wrong, f"不对：{'、'.join(wrong)}" if wrong else "", tuple(parts))


def styled_reply(sample: Sample, answer: str) -> Mark:
    """Judge a reply by style, term and item.

    It has the style's mark and no other's, the term in 「」 and no other term.
    """
    facts = sample.facts
    style, term = facts["style"], facts["term"]
    quotes = re.findall("「[^「」]*」", answer)
    if not term:
        term_right = sample.message is not None and free_texts.ACTIONS[sample.message.intent] in answer and not quotes
    else:
        term_right = quotes == [term]
    others = {item for item in orders.ITEMS if item in answer} - {facts["item"]}
    parts = (
        ("语气", all((mark in answer) == (name == style) for name, mark in free_texts.MARKS.items())),
        ("术语", term_right),
        ("商品", not others and (style == "简短" or facts["item"] in answer)),
    )
    wrong = [name for name, right in parts if not right]
    return Mark(not wrong, f"不对：{'、'.join(wrong)}" if wrong else "", parts)


def refused(sample: Sample, answer: str) -> Mark:
    """Judge a refusal of what is outside the shop."""
    return RIGHT if "不会" in answer else Mark(False, "应当说不会")


JUDGES: dict[str, Callable[[Sample, str], Mark]] = {
    "intent": same_label,
    "sentiment": same_label,
    "tone": same_label,
    "rule": defined_label,
    "pairs": defined_label,
    "examples": same_label,
    "fields": same_values,
    "total": same_total,
    "summary": one_line,
    "reply": styled_reply,
    "outside": refused,
}
