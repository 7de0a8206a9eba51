"""Ask for orders as JSON: valid and right apart."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from aigc_kit.core.statistics import Share
from aigc_kit.promptlab import ask, schema
from aigc_kit.promptlab.ask.asking import Asker
from aigc_kit.promptlab.schema.requests import Result
from aigc_kit.promptlab.schema.schemas import Schema
from aigc_kit.promptlab.schema.strict_json import Fault
from aigc_kit.worlds.prompt_task import Item
from aigc_kit.worlds.shop.prompt_tasks import fields

NAMES = ("商品", "颜色", "数量", "单号")
PLAIN = "提取订单信息。"
AS_JSON = "提取订单信息，用JSON输出。"
WITH_NULL = "提取订单信息，用JSON输出，没有的字段写null。"
RECORDED = "提取订单信息，没有的字段写null。"  # with the whole schema behind it, for models that read one
COUNT = 60


@dataclass(frozen=True)
class Way:
    """Hold one way of asking for JSON.

    Args:
        name: in Chinese.
        valid, right: one for each item: the answer fits the schema; every field is as the text says.
        invented: for each item whose text names no number: whether the answer gives one.
        calls: of the model.
        texts: the answers, mended ones as JSON.
    """

    name: str
    valid: tuple[bool, ...]
    right: tuple[bool, ...]
    invented: tuple[bool, ...]
    calls: int
    texts: tuple[str, ...]

    @property
    def valid_share(self) -> Share:
        """Share of valid answers, with its 95 % interval."""
        return Share.of(f"{self.name}：合格式", self.valid)

    @property
    def right_share(self) -> Share:
        """Share of right answers, with its 95 % interval."""
        return Share.of(f"{self.name}：答对", self.right)


@cache
def items(count: int = COUNT) -> tuple[Item, ...]:
    """Draw messages of kinds that the tiny model never saw."""
    return tuple(fields(NAMES).items(count, split="held"))


def prompts(form: Schema, instruction: str, count: int = COUNT, *, whole: bool = False) -> list[str]:
    """Write one prompt for each message."""
    return [form.prompt(instruction, item.text, whole=whole) for item in items(count)]


def in_short(prompt: str, answer: str, faults: Sequence[Fault]) -> str:
    """Ask again in words that the tiny model knows."""
    head, _, message = prompt.rpartition("\n消息：")
    missing = [fault.path for fault in faults if fault.rule == "required"]
    return (
        f"{head}缺少{'、'.join(missing)}，没有的写null。\n消息：{message}"
        if missing
        else f"{head}用JSON输出。\n消息：{message}"
    )


def judged(name: str, form: Schema, answers: Sequence[str], calls: int) -> Way:
    """Judge answers: by the schema, and by what is true."""
    values = [schema.read(form, answer) for answer in answers]
    return _way(name, [(reading.value, not reading.faults) for reading in values], calls, answers)


def of_results(name: str, results: Sequence[Result]) -> Way:
    """Judge results of `schema.ask`."""
    pairs = [(result.value, result.valid) for result in results]
    return _way(name, pairs, sum(result.tries for result in results), [result.answer for result in results])


def ways(asker: Asker, count: int = COUNT) -> list[Way]:
    """Ask plainly, for JSON, for null, again, and leniently."""
    form = schema.order()
    plain = {"只问": PLAIN, "说“用JSON”": AS_JSON, "再说“没有写null”": WITH_NULL}
    rows = [judged(name, form, asker(prompts(form, words, count)), count) for name, words in plain.items()]
    some = prompts(form, AS_JSON, count)
    once = schema.ask(form, asker, some, retries=1, again=in_short)
    mended = schema.ask(form, asker, some, lenient=True)
    return [*rows, of_results("说“用JSON”，不合就重试一次", once), of_results("说“用JSON”，宽松地补", mended)]


def behind_mask(form: Schema, name: str, instruction: str = AS_JSON, count: int = COUNT, **how: Any) -> Way:
    """Ask the tiny model behind a mask."""
    asker = schema.masked("tinychat", form, calls=count, **{"max_new_tokens": 60, **how})
    return judged(name, form, asker(prompts(form, instruction, count)), count)


def by_chance(form: Schema, name: str, count: int = COUNT) -> Way:
    """Let a model that knows nothing write behind the mask."""
    return judged(name, form, schema.random_texts(form.document, count, limit=300), 0)


def elsewhere(model: str, count: int = 20) -> list[Way]:
    """Judge recorded answers: asked, masked, masked without null."""
    form, strict = schema.order(), schema.order(null=False)
    asked = schema.ask(form, ask.recorded(f"json-{model}"), prompts(form, RECORDED, count, whole=True), retries=1)
    rows = [of_results("问，不合就重试一次", asked)]
    for name, kind, which in (("掩码", "mask", form), ("掩码，不许null", "strict-mask", strict)):
        answers = ask.recorded(f"{kind}-{model}")(prompts(which, RECORDED, count, whole=True))
        rows.append(judged(name, which, answers, count))
    return rows


def caps(document: Mapping[str, Any], limits: Sequence[int], count: int = 40) -> list[Share]:
    """Cut random texts at several lengths, and count the valid.

    Args:
        document: a JSON Schema.
        limits: bytes of a text.
        count: texts for each.
    """
    form = Schema(document)
    return [
        Share.of(str(limit), [not schema.read(form, text).faults for text in texts], limit)
        for limit in limits
        if (texts := schema.random_texts(document, count, limit=limit))
    ]


def _way(name: str, pairs: Sequence[tuple[Any, bool]], calls: int, answers: Sequence[str]) -> Way:
    task, truths = fields(NAMES), items(len(pairs))
    texts = [json.dumps(value, ensure_ascii=False) for value, _ in pairs]
    right = [bool(task.check(item, text)) for item, text in zip(truths, texts, strict=True)]
    nameless = [item.truth.facts["values"]["单号"] is None for item in truths]
    invented = [
        isinstance(value, dict) and value.get("单号") is not None
        for (value, _), without in zip(pairs, nameless, strict=True)
        if without
    ]
    return Way(name, tuple(valid for _, valid in pairs), tuple(right), tuple(invented), calls, tuple(answers))
