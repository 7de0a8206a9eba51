"""Show refusals, answers, engines, terms, densities and calls as tables."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aigc_kit.core.errors import BadInput
from aigc_kit.core.statistics import Share
from aigc_kit.core.units import format_seconds
from aigc_kit.promptlab import budget, schema
from aigc_kit.promptlab.budget.terms import Dictionary
from aigc_kit.promptlab.schema.mask_engines import TWELVE, Row
from aigc_kit.promptlab.schema.requests import Result
from aigc_kit.teach.labs.lab10.extraction import Way, items
from aigc_kit.teach.labs.lab10.squeezing import Point
from aigc_kit.teach.show.page import Html, table

if TYPE_CHECKING:
    from aigc_kit.promptlab.ask.asking import Asker, Ledger

BROKEN: Mapping[str, str] = {
    "拼错的关键字": '{"type": "object", "properties": {"n": {"type": "integer", "minumum": 1}}}',
    "没有人检查的格式": '{"type": "object", "properties": {"t": {"type": "string", "format": "phone"}}}',
    "要求了没有描述的字段": '{"type": "object", "required": ["id"], "properties": {"n": {"type": "integer"}}}',
    "什么值都不合": '{"type": "object", "properties": {"n": {"minimum": 9, "maximum": 1}}}',
    "绕回自己": '{"type": "object", "properties": {"a": {"$ref": "#/$defs/t"}}, '
    '"$defs": {"t": {"type": "object", "properties": {"a": {"$ref": "#/$defs/t"}}}}}',
    "时间爆炸的正则": '{"type": "object", "properties": {"s": {"type": "string", "pattern": "^(a|aa)+$"}}}',
    "同一个名字写两次": '{"type": "object", "properties": {"n": {"minimum": 1}, "n": {"maximum": 5}}}',
}
"""What JSON Schema lets pass, or what runs for ever; the kit refuses it."""


def refusals(sources: Mapping[str, Any] = BROKEN) -> Html:
    """Show which schemas are refused, and what the kit says.

    Rows: {"name", "refused", "found"}.
    """
    rows = []
    for name, source in sources.items():
        try:
            schema.Schema(source)
            rows.append({"name": name, "refused": False, "found": ""})
        except BadInput as problem:
            rows.append({"name": name, "refused": True, "found": problem.told.found.zh})
    lines = [(row["name"], "拒绝" if row["refused"] else "收下", row["found"]) for row in rows]
    return table(lines, ("Schema", "", "发现"), "还没有问模型（实测：0 次调用）", rows)


def examples(ways: Sequence[Way], numbers: Sequence[int] = (0, 1)) -> Html:
    """Show the same messages, answered in each way.

    Rows: {"item", "way", "text", "valid", "right"}.
    """
    lines, rows = [], []
    for number in numbers:
        message = items(len(ways[0].texts))[number].text
        for way in ways:
            row = {"item": message, "way": way.name, "text": way.texts[number]}
            rows.append(row | {"valid": way.valid[number], "right": way.right[number]})
            marks = ("✓" if way.valid[number] else "✗", "✓" if way.right[number] else "✗")
            lines.append((message if way is ways[0] else "", way.name, way.texts[number] or "（空）", *marks))
    return table(lines, ("消息", "问法", "回答", "合格式", "答对"), "每种问法答的是同样的消息（实测）", rows)


def asked_twice(results: Sequence[Result], count: int = 3) -> Html:
    """Show results that were asked again or mended.

    Rows: those shown.
    """
    some = [result for result in results if result.how != "asked"][:count]
    how = {"retried": "重试", "lenient": "宽松（标记）", "failed": "仍然不合"}
    lines = [
        (r.prompt.rpartition("\n消息：")[2], how[r.how], r.tries, r.answer, "；".join(r.repairs) or "—") for r in some
    ]
    return table(lines, ("消息", "怎么得到的", "答了几次", "最后的回答", "补了什么"), "", some)


def engines(rows: Sequence[Row], where: str) -> Html:
    """Show valid texts of each engine on each schema.

    Rows: those given.
    """
    names = list(dict.fromkeys(row.engine for row in rows))
    cells = {(row.schema, row.engine): row for row in rows}

    def cell(name: str, engine: str) -> str:
        row = cells[name, engine]
        if not row.count:
            return "拒绝"
        return f"{row.valid} / {row.count}" + (f"（{row.why}）" if row.why else "")

    lines = [(name, *(cell(name, engine) for engine in names)) for name in TWELVE]
    caption = f"什么也不懂的模型（每个字节等概率）写的，合格式的份数；括号里是不合的规则（实测：{where}）"
    return table(lines, ("Schema", *names), caption, rows)


def terms(dictionary: Dictionary, texts: Sequence[str]) -> Html:
    """Show what a dictionary finds in texts, and rewrites.

    Rows: {"text", "uses", "rewritten"}.
    """
    rows: list[dict[str, Any]] = [
        {"text": text, "uses": dictionary.uses(text), "rewritten": dictionary.rewritten(text)} for text in texts
    ]
    lines = [
        (row["text"], "、".join(f"{use.written}→{use.term}" for use in row["uses"]) or "—", row["rewritten"])
        for row in rows
    ]
    return table(lines, ("文字", "找到的", "改写成"), "", rows)


def shortened(points: Sequence[Point]) -> Html:
    """Show one message in every shortening, and what is left.

    Rows: the points.
    """
    lines = [(p.method, p.at, p.example, f"{p.prompt:.0%}", _share(p.standing), _share(p.answered)) for p in points]
    head = ("方法", "力度", "第一条消息变成", "提示词的词元", "字还在", "答对（95% 区间）")
    return table(lines, head, f"每行 {points[0].answered.count} 个问题（实测）", points)


def densities(prompts: Mapping[str, str], engine: Any) -> Html:
    """Show how dense prompts are. Rows: {"prompt", "density"}."""
    rows = [
        {"prompt": name, "density": budget.density(text, budget.count(engine, text))} for name, text in prompts.items()
    ]
    lines = [
        (row["prompt"], d.entities, d.constraints, d.verbs, d.tokens, f"{d.value:.2f}")
        for row in rows
        if (d := row["density"])
    ]
    return table(
        lines, ("提示词", "实体", "约束", "动词", "词元", "密度"), "词表是小店的；词元按 tinychat 数（实测）", rows
    )


def calls(asker: "Asker", first: "Ledger", second: "Ledger") -> Html:
    """Show what was asked, seconds predicted beside measured.

    Rows: {"name", "value"}.

    Args:
        asker: with its ledger.
        first, second: the ledger at two moments, from whose pace the rest is predicted.
    """
    end = asker.ledger
    pace = (second.seconds - first.seconds) / max(1, second.tokens - first.tokens)
    predicted, measured = pace * (end.tokens - second.tokens), end.seconds - second.seconds
    values = {
        "现场调用": f"{end.live} 次（预算 {asker.calls}，还剩 {asker.left}）",
        "缓存里取的": f"{end.cached} 次，不算调用",
        "写出的词元": f"{end.tokens} 个",
        "用时：按开头每个词元的速度预测": f"{format_seconds(predicted)}（预测）",
        "用时：实测": f"{format_seconds(measured)}（实测），是预测的 {measured / max(predicted, 1e-9):.2f} 倍",
    }
    rows = [{"name": name, "value": value} for name, value in values.items()]
    return table(list(values.items()), (asker.model, ""), "掩码后面的模型另有账本，不在其中", rows)


def _share(share: Share) -> str:
    return f"{share.share:.0%}（{share.low:.0%}–{share.high:.0%}）"
