"""The shop's tasks as PromptTasks, for instructions of one's own."""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, UnknownName
from aigc_kit.worlds.prompt_task import TEXT, Item, Mark, share
from aigc_kit.worlds.shop import checkers, clauses, free_texts, messages, orders, sums
from aigc_kit.worlds.shop.messages import Message
from aigc_kit.worlds.shop.samples import Sample

CARRIERS = {"intent": ("意图",), "sentiment": ("情感",), "tone": ("礼貌",), "total": ("数量", "单价", "费用")}


@dataclass(frozen=True)
class ShopTask:
    """One task of the shop, as a ``PromptTask``.

    given: what the task adds behind every instruction: the fields, the rule, the glossary. It is part of the task,
    not of the wording. cue: the word before the answer of an example.
    """

    name: str
    about: str
    instruction: str
    kind: str  # of ``tasks.MAKERS``: which judge decides
    facts: Callable[[Message], dict[str, Any]]
    labels: tuple[str, ...] = ()
    given: str = ""
    cue: str = "答案"
    carrying: tuple[str, ...] = ()
    metric: str = "答对的比例"
    source: Callable[[random.Random, str], Message] = messages.draw
    answer: Callable[[Message, dict[str, Any]], str] = field(default=lambda message, facts: facts["label"])

    def items(self, count: int, *, split: str = "train", seed: int = 0) -> list[Item]:
        """Draw items, the same at every call.

        Raises BadInput for a split other than "train" and "held".
        """
        if split not in ("train", "held") or count < 0:
            raise BadInput(
                asked=Words(f"{count} items of the split {split!r}", f"{split!r} 里的 {count} 项"),
                found=Words("no such items", "没有这样的项"),
                todo=Words(
                    'split: "train" or "held"; count: 0 or more', 'split 写 "train" 或 "held"；count 是 0 或更大'
                ),
            )
        rng = random.Random(f"{self.name} {split} {seed}")
        return [self.item(self.source(rng, split), f"{self.name}-{split}-{seed}-{number}") for number in range(count)]

    def item(self, message: Message, key: str = "") -> Item:
        """Make an item of any message of the world."""
        facts = self.facts(message)
        answer = self.answer(message, facts)
        sample = Sample(self.kind, (), answer, message, facts)
        cause = ("意图",) if self.kind == "sentiment" and message.intent in clauses.FORCED else ()
        return Item(key, message.text, answer, sample, tuple(message.spans(*self.carrying, *cause)))

    def prompt(self, instruction: str, item: Item, shots: Sequence[Item] = ()) -> str:
        """Write the whole prompt.

        An instruction with "{text}" says where the message goes; else it comes last, behind the examples.
        """
        if TEXT in instruction and not shots:
            return instruction.replace(TEXT, item.text) + self.given
        head = instruction.replace(TEXT, "").rstrip("\n") + self.given
        if not shots:
            return f"{head}\n消息：{item.text}" if head else item.text
        rows = [f"\n消息：{shot.text}\n{self.cue}：{shot.answer}" for shot in shots]
        return f"{head}{''.join(rows)}\n消息：{item.text}\n{self.cue}："

    def check(self, item: Item, answer: str) -> Mark:
        """Judge an answer by the shop's checker."""
        return checkers.check(item.truth, answer)

    def score(self, marks: Sequence[Mark]) -> float:
        """Return the share of right answers."""
        return share(marks)


def labelled(kind: str, about: str, noun: str, names: tuple[str, ...]) -> ShopTask:
    """Make the task that asks for a label."""
    row = "、".join(names)
    return ShopTask(
        kind, about, f"判断下面消息的{noun}，从{row}中选一个。只输出标签。", kind,
        lambda message: {"label": getattr(message, kind), "clear": True},
        labels=names, cue="标签", carrying=CARRIERS[kind],
    )  # fmt: skip


def fields(names: Sequence[str] = ("商品", "颜色", "数量", "单号")) -> ShopTask:
    """Make the task that extracts fields as JSON.

    Absent ones are null. Raises UnknownName for a field that no order has.
    """
    if unknown := [name for name in names if name not in orders.FIELDS]:
        raise UnknownName(
            asked=Words(f"the fields {unknown}", f"字段 {unknown}"),
            found=Words("no such field of an order", "订单里没有这样的字段"),
            todo=Words(f"use {list(orders.FIELDS)}", f"从 {list(orders.FIELDS)} 里选"),
        )

    def facts(message: Message) -> dict[str, Any]:
        values = {name: message.order.value(name) if name in message.fields else None for name in names}
        return {"values": values, "form": "json", "nulls": True}

    return ShopTask(
        "fields", "把订单信息写成 JSON", "提取订单信息，用JSON输出，没有的字段写null。", "fields", facts,
        given=f"字段：{'、'.join(names)}。", carrying=tuple(names),
        answer=lambda message, facts: json.dumps(facts["values"], ensure_ascii=False, separators=(",", ":")),
    )  # fmt: skip


def rule(labels: dict[str, str], *, worked: bool = False) -> ShopTask:
    """Make the task with labels of one's own for intents.

    labels: {"退款": "A", ...} for all six; else raises BadInput. worked: the answer says the intent first.
    """
    if missing := set(clauses.INTENTS) - set(labels):
        raise BadInput(
            asked=Words(f"a rule with labels for {list(labels)}", f"一条规则，标签有 {list(labels)}"),
            found=Words(f"no label for {sorted(missing)}", f"没有 {sorted(missing)} 的标签"),
            todo=Words("name all six intents", "六种意图都写上"),
        )
    rows = "，".join(f"{intent}={label}" for intent, label in labels.items())
    ask = "先写意图，再给出标签。" if worked else "只输出标签。"
    return ShopTask(
        "rule_worked" if worked else "rule", "用提示里规定的标签给消息分类", f"判断顾客的意图。{ask}", "rule",
        lambda message: {"label": labels[message.intent], "truth": message.intent, "worked": worked, "labels": labels},
        labels=tuple(labels.values()), given=f"规则：{rows}。", cue="标签", carrying=("意图",),
        answer=lambda message, facts: f"{facts['truth']}，答案{facts['label']}" if worked else facts["label"],
    )  # fmt: skip


def pairs(labels: dict[tuple[str, str], str], *, worked: bool = False) -> ShopTask:
    """Make the task with labels for intent and sentiment together.

    Its items are messages of these pairs. Raises UnknownName for a pair that no message has.
    """
    possible = {(i, s) for i in clauses.INTENTS for s in clauses.SENTIMENTS if clauses.FORCED.get(i, s) == s}
    if unknown := [pair for pair in labels if pair not in possible]:
        raise UnknownName(
            asked=Words(f"labels for {unknown}", f"{unknown} 的标签"),
            found=Words("no message is so", "没有这样的留言"),
            todo=Words("pair an intent and a sentiment", "一种意图配一种情感"),
        )
    rows = "，".join(f"{intent}+{sentiment}={label}" for (intent, sentiment), label in labels.items())
    ask = "先写意图和情感，再给出标签。" if worked else "只输出标签。"

    def facts(message: Message) -> dict[str, Any]:
        pair = (message.intent, message.sentiment)
        return {"label": labels.get(pair, ""), "truth": "，".join(pair), "worked": worked}

    def source(rng: random.Random, split: str) -> Message:
        intent, sentiment = rng.choice(list(labels))
        return messages.draw(rng, split, intent, sentiment)

    return ShopTask(
        "pairs_worked" if worked else "pairs", "按提示里规定的标签分类，意图和情感一起看",
        f"判断顾客的意图。{ask}", "pairs", facts,
        labels=tuple(labels.values()), given=f"规则：{rows}。", cue="标签", carrying=("意图", "情感"), source=source,
        answer=lambda message, facts: f"{facts['truth']}，答案{facts['label']}" if worked else facts["label"],
    )  # fmt: skip


def reply(style: str = "正式", glossary: dict[str, str] | None = None) -> ShopTask:
    """Make the task that replies with style and terms.

    style: 正式, 活泼 or 简短; else raises UnknownName. glossary: {"退款": "安心退", ...}.
    """
    if style not in free_texts.STYLES:
        raise UnknownName(
            asked=Words(f"the style {style!r}", f"风格 {style!r}"),
            found=Words("no such style", "没有这种风格"),
            todo=Words(f"use one of {', '.join(free_texts.STYLES)}", f"从 {'、'.join(free_texts.STYLES)} 里选"),
        )
    terms = (
        glossary
        if glossary is not None
        else dict(zip(clauses.INTENTS, ["安心退", "极速查", "放心换", "贴心答", "金牌办", "阳光谢"], strict=True))
    )
    rows = "，".join(f"{intent}叫「{term}」" for intent, term in terms.items())

    def facts(message: Message) -> dict[str, Any]:
        term = f"「{terms[message.intent]}」" if message.intent in terms else ""
        item = message.order.item if "商品" in message.fields else ""
        return {"style": style, "term": term, "item": item, "glossary": terms}

    return ShopTask(
        "reply", "按语气和术语回复顾客", f"回复这位顾客，用{style}的语气。", "reply", facts,
        given=f"术语：{rows}。" if terms else "", cue="回复", carrying=("意图", "商品"),
        answer=lambda message, facts: free_texts.written_reply(message, facts["style"], facts["term"]),
    )  # fmt: skip


def total(mode: str = "steps") -> ShopTask:
    """Make the task that says what the customer pays.

    mode: "steps" or "direct"; else raises UnknownName.
    """
    if mode not in ("steps", "direct"):
        raise UnknownName(
            asked=Words(f"the mode {mode!r}", f"方式 {mode!r}"),
            found=Words("no such mode", "没有这种方式"),
            todo=Words("use steps or direct", "写 steps 或 direct"),
        )
    ask = "一步一步算。" if mode == "steps" else "直接给出答案。"
    return ShopTask(
        f"total_{mode}", "算出顾客要付多少元", f"算一下一共多少元。{ask}", "total",
        lambda message: {"mode": mode, "total": message.total}, carrying=CARRIERS["total"], source=messages.purchase,
        answer=lambda message, facts: sums.working(message) if mode == "steps" else str(message.total),
    )  # fmt: skip


def summary() -> ShopTask:
    """Make the task that sums a message up."""
    return ShopTask(
        "summary", "用一行概括消息", "用一句话概括消息。", "summary", lambda message: {}, cue="摘要",
        carrying=("意图", "商品", "颜色", "数量", "原因"),
        answer=lambda message, facts: free_texts.written_summary(message),
    )  # fmt: skip


def all_tasks() -> dict[str, ShopTask]:
    """Return the shop's tasks by name.

    Each has its usual fields, rule, glossary and style.
    """
    labels = dict(zip(clauses.INTENTS, "ABCDEF", strict=True))
    four = [(intent, sentiment) for intent in ("退款", "换货") for sentiment in ("正面", "负面")]
    both = dict(zip(four, "ABCD", strict=True))
    every = (
        labelled("intent", "判断顾客想要什么", "意图", clauses.INTENTS),
        labelled("sentiment", "判断消息的情感", "情感", clauses.SENTIMENTS),
        labelled("tone", "判断顾客说话客气不客气", "语气", clauses.TONES),
        fields(), rule(labels), rule(labels, worked=True), pairs(both), pairs(both, worked=True),
        reply(), total("steps"), total("direct"), summary(),
    )  # fmt: skip
    return {task.name: task for task in every}
