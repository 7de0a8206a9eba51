"""Shorten messages, and count what is still answered."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from aigc_kit.core.statistics import Share
from aigc_kit.promptlab import budget
from aigc_kit.promptlab.ask.asking import Asker
from aigc_kit.teach.labs.lab10.extraction import NAMES, WITH_NULL
from aigc_kit.worlds.prompt_task import Item
from aigc_kit.worlds.shop import orders
from aigc_kit.worlds.shop.prompt_tasks import fields

COUNT = 70  # messages that name three fields or four: more than 200 questions
SHARES = (0.8, 0.65, 0.5, 0.35)
BEFORE = f"{WITH_NULL}字段：{'、'.join(NAMES)}。\n消息："
THREE_PARTS = f"提取：{'、'.join(NAMES)}。没有的写null。输出：JSON。"
ENGLISH = f"EXTRACT {', '.join(NAMES)} WHERE missing = null; OUTPUT: JSON"
POLITE = (
    "^(你好|您好|在吗|亲|客服(在吗|您好|你好)?|请问|(麻烦|打扰)(您|一下|看一下)?|别再拖了|先说这些)+，",
    "，?(谢谢(你|您)?|给您添麻烦了|请尽快回复|辛苦了|先说这些|赶紧的|给个说法)(?=[，。！]|$)",
)
_CATALOGUE = "|".join([*orders.ITEMS, *orders.COLOURS])
ORDER = r"[0-9]|单号|订单|买|订|拍|下单"
SMALL_WORDS = ("在你们店", "我", "的(?!是)", "了", r"[0-9]{1,2}月[0-9]{1,2}日", "，(每.|单价)[0-9]+元|，[0-9]+块钱一.")


@dataclass(frozen=True)
class Point:
    """Hold one way of shortening, measured.

    Args:
        method: its name in Chinese; at: how strong, in words.
        message, prompt: tokens kept, as shares of the uncut ones.
        answers: one for each question: answered rightly.
        strings: whether the value still stands in the text.
        example: the first message, shortened; answer: what was said to it.
    """

    method: str
    at: str
    message: float
    prompt: float
    answers: tuple[bool, ...]
    strings: tuple[bool, ...]
    example: str
    answer: str

    @property
    def answered(self) -> Share:
        """Share of questions that are answered, with interval."""
        return Share.of(f"{self.method}，{self.at}", self.answers, self.message)

    @property
    def standing(self) -> Share:
        """Share of values that still stand in the text."""
        return Share.of(f"{self.method}，{self.at}", self.strings, self.message)


@cache
def items(count: int = COUNT) -> tuple[Item, ...]:
    """Draw messages that name three fields or four."""
    pool = fields(NAMES).items(8 * count + 40, split="held", seed=3)
    return tuple([item for item in pool if len(set(item.truth.message.fields) & set(NAMES)) >= 3][:count])


def by_hand(item: Item) -> str:
    """Write the message anew, knowing what is asked.

    A program writes it from the facts; it stands for a person's rewriting, at its best.
    """
    order, named = item.truth.message.order, item.truth.message.fields
    thing = f"{order.quantity}{orders.ITEMS[order.item]}" if "数量" in named else ""
    thing += (order.colour if "颜色" in named else "") + order.item
    return (f"单号{order.number}，" if "单号" in named else "") + f"买了{thing}"


def key_words(item: Item) -> str:
    """Keep nothing but the words that carry an answer."""
    return "，".join(item.text[start:end] for start, end in item.carriers)


def points(asker: Asker, count: int = COUNT) -> list[Point]:
    """Shorten in every way, ask, and judge."""
    engine = asker.backend.engine  # type: ignore[attr-defined]
    some = items(count)

    def each(method: str, at: str, write: Callable[[Item], str], head: str = BEFORE) -> Point:
        return _point(asker, (method, at), some, [write(item) for item in some], head)

    def rules(drop: Sequence[str], keep: str = "") -> Callable[[Item], str]:
        return lambda item: budget.by_rules(item.text, drop, keep)

    known = {item.key: budget.information(engine, BEFORE, item.text) for item in some}
    seeds = {item.key: seed for seed, item in enumerate(some)}

    def surprising(share: float) -> Callable[[Item], str]:
        return lambda item: budget.keep(engine, *known[item.key], share)

    def drawn(share: float) -> Callable[[Item], str]:
        return lambda item: budget.by_chance(engine, item.text, share, seeds[item.key])

    rows = [each("不压缩", "全文", lambda item: item.text)]
    rows += [
        each("规则", "去客气话", rules(POLITE)),
        each("规则", "只留讲订单的分句", rules(POLITE, f"{ORDER}|{_CATALOGUE}")),
        each("规则", "再去虚词、日期、单价", rules((*POLITE, *SMALL_WORDS), f"{ORDER}|{_CATALOGUE}")),
    ]
    rows += [each("自信息", f"留 {share:.0%}", surprising(share)) for share in SHARES]
    rows += [each("随机", f"留 {share:.0%}", drawn(share)) for share in SHARES]
    rows += [
        each("手写", "重写成一句话", by_hand),
        each("手写", "只留关键词", key_words),
        each("三段式", "中文，消息不动", lambda item: item.text, f"{THREE_PARTS}\n消息："),
        each("三段式", "中文，消息手写", by_hand, f"{THREE_PARTS}\n消息："),
        each("三段式", "英文，消息不动", lambda item: item.text, f"{ENGLISH}\n消息："),
    ]
    return rows


def _point(asker: Asker, name: tuple[str, str], some: Sequence[Item], texts: Sequence[str], head: str) -> Point:
    engine = asker.backend.engine  # type: ignore[attr-defined]
    replies = asker([head + text for text in texts])
    answers, strings = [], []
    for item, text, reply in zip(some, texts, replies, strict=True):
        value = _object(reply)
        for field, truth in item.truth.facts["values"].items():
            if truth is not None:
                answers.append(type(value.get(field)) is type(truth) and value[field] == truth)
                strings.append(str(truth) in text or (field == "数量" and orders.NUMERALS[truth] in text))
    whole = [budget.count(engine, item.text) for item in some]
    message = sum(budget.count(engine, text) for text in texts) / sum(whole)
    asked = sum(budget.count(engine, head + text) for text in texts)
    prompt = asked / sum(budget.count(engine, BEFORE + item.text) for item in some)
    return Point(*name, message, prompt, tuple(answers), tuple(strings), texts[0], replies[0])


def _object(reply: str) -> Mapping[str, object]:
    try:
        value = json.loads(reply)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
