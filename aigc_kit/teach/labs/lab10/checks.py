"""Check a schema, a reader, terms, claims, a compressor.

Each check recomputes the truth by a way of its own, or asks the tiny model about messages that the lab did not use.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aigc_kit.core.errors import BadInput
from aigc_kit.promptlab import budget, schema
from aigc_kit.promptlab.budget.terms import Dictionary
from aigc_kit.promptlab.schema.schemas import Schema
from aigc_kit.teach.checks import check

GOOD: tuple[Mapping[str, Any], ...] = (
    {"单号": "A371", "件数": 1, "原因": "破损"},
    {"单号": "T048", "件数": 9, "原因": None},
    {"单号": "C999", "件数": 5, "原因": "买错"},
)
BAD: Mapping[str, Mapping[str, Any]] = {
    "单号是小写": {"单号": "a371", "件数": 1, "原因": "破损"},
    "单号后面还有字": {"单号": "A3715", "件数": 1, "原因": "破损"},
    "单号前面还有字": {"单号": "单A371", "件数": 1, "原因": "破损"},
    "件数是 0": {"单号": "A371", "件数": 0, "原因": "破损"},
    "件数是 10": {"单号": "A371", "件数": 10, "原因": "破损"},
    "件数是文字": {"单号": "A371", "件数": "1", "原因": "破损"},
    "原因不在五种里": {"单号": "A371", "件数": 1, "原因": "不喜欢"},
    "少了原因": {"单号": "A371", "件数": 1},
    "多了字段": {"单号": "A371", "件数": 1, "原因": None, "备注": "急"},
}
ANSWERS: Mapping[str, Any] = {
    '{"n": 1}': {"n": 1},
    ' {"n": [1, null]}\n': {"n": [1, None]},
    '好的：{"n": 1}': None,
    '```json\n{"n": 1}\n```': None,
    '{"n": 1, "n": 2}': None,
    '{"n": NaN}': None,
    '{"n": 1': None,
    "": None,
    "[" * 5000: None,
}
SAID: Mapping[str, str] = {
    "请求先到API gateway。": "请求先到API 网关。",
    "api Gateway 和网关是一回事": "API 网关 和API 网关是一回事",
    "我们的 API 网关很稳": "我们的 API 网关很稳",
    "GW 挂了": "API 网关 挂了",
    "GWP 是保费": "GWP 是保费",
    "没有说到它": "没有说到它",
}
CLAIMS = ((387, 215, 0.62), (291, 156, 0.78))  # tokens before and after, rise of the density (E67)
ROUNDED = (72.3, 96.8, 18.5, 2.1)  # per cent (E93)
MESSAGES, LEAST, MOST = 40, 0.97, 0.60  # share of answers that are right, share of the message's tokens


@check("10", "a", title="自己的 Schema", expects="一个 Schema：schema.Schema({...})")
def a(form: Schema) -> bool | str:
    """Hold it against values that fit or do not."""
    if not isinstance(form, Schema):
        return f"需要一个 Schema，收到的是 {type(form).__name__}。schema.Schema({{...}}) 会返回一个。"
    for value in GOOD:
        if wrong := form.faults(value):
            return f"{json.dumps(value, ensure_ascii=False)} 应当合格式，你的 Schema 说：{wrong[0].words.zh}。"
    let_in = [name for name, value in BAD.items() if form.valid(value)]
    return True if not let_in else f"有 {len(let_in)} 种不该收的收下了，其中一种：{let_in[0]}。"


@check("10", "b", title="严格地读", expects="一个函数 f(文字)：是一个严格的 JSON 值就返回它，否则返回 None")
def b(function: Callable[[str], Any]) -> bool | str:
    """Read strings that are JSON, or only look so."""
    for text, truth in ANSWERS.items():
        shown = text if len(text) < 40 else f"{text[:3]}…（{len(text)} 个字符）"
        try:
            value = function(text)
        except Exception as error:
            return f"读 {shown!r} 时出错了：{type(error).__name__}。读不了应当返回 None。"
        if value != truth:
            hint = (
                "json.loads 有 object_pairs_hook 和 parse_constant 两个参数。" if "n" in text and truth is None else ""
            )
            return f"读 {shown!r} 应当得到 {truth!r}，你得到 {str(value)[:60]!r}。{hint}"
    return True


@check("10", "c", title="一条术语", expects="一段 JSON 文字，或者一本 Dictionary")
def c(source: str | Dictionary) -> bool | str:
    """Rewrite sentences by it."""
    try:
        terms = source if isinstance(source, Dictionary) else Dictionary.read(source)
    except BadInput as problem:
        return f"词典没有收下：{problem.told.found.zh}。{problem.told.todo.zh}。"
    for text, truth in SAID.items():
        if terms.rewritten(text) != truth:
            return f"“{text}”应当改写成“{truth}”，现在是“{terms.rewritten(text)}”。别名和正则都可以写不止一个。"
    return True


@check("10", "d", title="密度的两个说法", expects="两个数：各留下了几成事实，例如 (0.8, 0.7)")
def d(shares: Sequence[float]) -> bool | str:
    """Solve risen density for what is left of the facts."""
    numbers = [float(share) for share in shares]
    if len(numbers) != len(CLAIMS):
        return f"要两个数，收到 {len(numbers)} 个。"
    for number, (before, after, rise) in zip(numbers, CLAIMS, strict=True):
        truth = (after / before) / (1 / (1 + rise))
        if abs(number - truth) > 0.006:
            extra = "你算的是事实全留下时密度升多少。" if abs(number - (before / after - 1)) < 0.01 else ""
            words = f"{before} → {after}、密度 +{rise:.0%}：{number:.2f} 不对。{extra}"
            return f"{words}密度 = 事实 ÷ 词元；前后两个密度之比是 {1 + rise:.2f}。"
    return True


@check("10", "e", title="至少问了几题", expects="一个整数")
def e(count: int) -> bool | str:
    """Find the least count that gives all four percentages."""
    n = int(count)
    misses = [p for p in ROUNDED if not any(f"{100 * k / n:.1f}" == f"{p:.1f}" for k in range(n + 1))] if n > 0 else [0]
    if misses:
        return f"{n} 题里，没有哪个答对的题数给得出 {misses[0]}%。"
    truth = next(
        m
        for m in range(1, n + 1)
        if all(any(f"{100 * k / m:.1f}" == f"{p:.1f}" for k in range(m + 1)) for p in ROUNDED)
    )
    return True if n == truth else f"{n} 题可以，但还有更小的。从 1 开始试，四个百分数都要给得出。"


@check("10", "f", title="自己的压缩", expects="一个函数 f(消息) -> 更短的消息")
def f(function: Callable[[str], str]) -> bool | str:
    """Shorten new messages, ask the tiny model, count."""
    from aigc_kit.promptlab import ask
    from aigc_kit.teach.labs.lab10 import squeezing
    from aigc_kit.worlds.shop.prompt_tasks import fields

    task = fields(squeezing.NAMES)
    some = task.items(MESSAGES, split="held", seed=77)
    asker = ask.model("tinychat", calls=MESSAGES, max_new_tokens=60)
    engine: Any = asker.backend.engine  # type: ignore[attr-defined]
    texts = [function(item.text) for item in some]
    if not all(isinstance(text, str) and text.strip() for text in texts):
        return "有的消息变成了空的：至少要留下一个字。"
    tokens = sum(budget.count(engine, text) for text in texts) / sum(budget.count(engine, item.text) for item in some)
    replies = asker([squeezing.BEFORE + text for text in texts])
    held = [_fields_right(item.truth.facts["values"], reply) for item, reply in zip(some, replies, strict=True)]
    share = sum(map(sum, held)) / sum(map(len, held))
    if tokens <= MOST and share >= LEAST:
        return True
    words = f"{MESSAGES} 条新消息：词元留下 {tokens:.0%}（最多 {MOST:.0%}），字段答对 {share:.0%}（至少 {LEAST:.0%}）。"
    return words + ("还能再短：哪些分句和订单无关？" if share >= LEAST else "删过头了：看看答错的那些，少了什么？")


def _fields_right(truth: Mapping[str, Any], reply: str) -> list[bool]:
    reading = schema.read(schema.order(), reply, lenient=True)
    value = reading.value if isinstance(reading.value, dict) else {}
    return [value.get(name) == right for name, right in truth.items()]
