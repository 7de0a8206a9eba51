"""Read a JSON Schema, and refuse what promises nothing.

JSON Schema lets much pass in silence: a keyword that is misspelt, a `format` that nobody checks, a field that is
required and never described. All of it is refused here, before a model is asked.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import extend

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, nearest
from aigc_kit.core.types.atoms import shown
from aigc_kit.promptlab import bounded_regex
from aigc_kit.promptlab.schema.strict_json import Fault, loaded
from aigc_kit.worlds.shop import orders

LONGEST = 20_000  # characters of a schema
DEEPEST = 16  # levels
LARGEST_ENUM = 300
FORMATS = ("date", "email", "ipv4", "ipv6", "uuid")  # checked without further packages
KEYWORDS = frozenset(
    [
        "$schema",
        "$defs",
        "$ref",
        "title",
        "description",
        "type",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "minItems",
        "maxItems",
        "uniqueItems",
        "enum",
        "const",
        "anyOf",
        "oneOf",
        "allOf",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "pattern",
        "format",
        "default",
        "examples",
    ]
)
_NAMED, _LISTED, _SINGLE = ("properties", "$defs"), ("anyOf", "oneOf", "allOf"), ("items", "additionalProperties")
_PAIRS = (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems"))
_RULES_ZH: Mapping[str, str] = {
    "required": "缺少字段“{missing}”",
    "additionalProperties": "多了字段",
    "type": "类型应当是 {wanted}",
    "enum": "不在允许的值里",
    "const": "应当正好是 {wanted}",
    "format": "不合格式 {wanted}",
    "pattern": "不合正则 {wanted}",
    "minimum": "小于 {wanted}",
    "maximum": "大于 {wanted}",
    "anyOf": "几种写法一种也不合",
}


class Schema:
    """Hold a JSON Schema to ask for and to check.

    Args:
        source: JSON text, or what it says as a mapping. An object at its root.

    Raises:
        BadInput: no JSON, too long, too deep; a keyword or format that nobody checks; a `$ref` that leads elsewhere or
            back to itself; a pattern that explodes in time; a field that is required and not described.
    """

    def __init__(self, source: str | Mapping[str, Any]) -> None:
        self.document: dict[str, Any] = _document(source)
        nodes = list(_nodes(self.document, ""))
        _check_meaning(self.document)
        for path, node in nodes:
            _check_node(path, node)
        _check_references(self.document, nodes)
        self.text = json.dumps(self.document, ensure_ascii=False, separators=(",", ":"))
        self.version = hashlib.sha256(self.text.encode()).hexdigest()[:16]

    @property
    def fields(self) -> tuple[str, ...]:
        """Name the fields of the object."""
        return tuple(self.document["properties"])

    def faults(self, value: Any) -> list[Fault]:
        """List what a value breaks, formats checked too."""
        return [_fault(error) for error in self._validator.iter_errors(value)]

    def valid(self, value: Any) -> bool:
        """Tell whether a value fits."""
        return not self.faults(value)

    def nullable(self, field: str) -> bool:
        """Tell whether a field may be null."""
        rest = {"$schema": Draft202012Validator.META_SCHEMA["$id"], "$defs": self.document.get("$defs", {})}
        return bool(VALIDATOR({**rest, **self.document["properties"][field]}).is_valid(None))

    def prompt(self, instruction: str, text: str, example: Any = None, *, whole: bool = True) -> str:
        """Write a prompt that asks for this form.

        Args:
            instruction: what to do.
            text: what it is about.
            example: an answer to show; None shows none.
            whole: the schema itself stands in it; else the fields' names do, for a model that reads no schema.

        Raises:
            BadInput: the example does not fit the schema.
        """
        if example is not None and (wrong := self.faults(example)):
            raise BadInput(
                asked=Words("an example in the prompt", "提示词里的例子"),
                found=Words("it breaks the schema that the prompt asks for: ", "它自己就不合提示词要求的格式：")
                + Words.join(*(fault.words for fault in wrong[:3])),
                todo=Words("mend the example or the schema", "改例子，或者改 Schema"),
            )
        if whole:
            instruction += f"\n只输出一个 JSON 对象，符合这个 JSON Schema：\n{self.text}"
        else:
            instruction += f"字段：{'、'.join(self.fields)}。"
        shot = "" if example is None else f"\n例如：{json.dumps(example, ensure_ascii=False, separators=(',', ':'))}"
        return f"{instruction}{shot}\n消息：{text}"

    @cached_property
    def _validator(self) -> Any:
        return VALIDATOR(self.document, format_checker=_FORMATS)


TICKET: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "status"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "status": {"enum": ["pending", "processed", "failed"]},
    },
}
"""The course's schema: both fields required."""


def order(*, null: bool = True) -> Schema:
    """Describe an order of the shop.

    Args:
        null: a field that the text does not name may be null.
    """
    kinds: dict[str, dict[str, Any]] = {
        "商品": {"enum": list(orders.ITEMS)},
        "颜色": {"enum": list(orders.COLOURS)},
        "数量": {"type": "integer", "minimum": 1, "maximum": 9},
        "单号": {"type": "string", "pattern": "^[A-Z][0-9]{3}$"},
    }
    if null:
        kinds = {name: {"anyOf": [kind, {"type": "null"}]} for name, kind in kinds.items()}
    rest = {"additionalProperties": False, "required": list(kinds)}
    return Schema({"type": "object", "properties": kinds, **rest})


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """Check a pattern within a time."""
    if isinstance(instance, str) and bounded_regex.search(bounded_regex.compiled(pattern), instance) is None:
        yield ValidationError(f"{instance[:40]!r} does not match {pattern!r}")


_FORMATS = FormatChecker(FORMATS)
VALIDATOR: Any = extend(Draft202012Validator, {"pattern": _pattern})
"""JSON Schema 2020-12 whose patterns end in time."""


def _refusal(found: Words, todo: Words) -> BadInput:
    return BadInput(asked=Words("a JSON Schema", "一份 JSON Schema"), found=found, todo=todo)


def _document(source: Any) -> dict[str, Any]:
    try:
        text = source if isinstance(source, str) else json.dumps(source, allow_nan=False)
        if len(text) > LONGEST:
            raise _refusal(
                Words(f"{len(text):,} characters", f"有 {len(text):,} 个字符"),
                Words(f"write at most {LONGEST:,}", f"最多写 {LONGEST:,} 个"),
            )
        document = loaded(text)
    except (ValueError, TypeError, RecursionError) as error:
        if isinstance(error, BadInput):
            raise
        raise _refusal(
            Words(f"not JSON: {str(error)[:120]}", f"不是 JSON（原话：{str(error)[:120]}）"),
            Words("write JSON: names in double quotes, none twice", "写成 JSON：名字用英文双引号，不重复"),
        ) from None
    if not isinstance(document, dict) or document.get("type") != "object" or not document.get("properties"):
        raise _refusal(
            Words("no object with properties at its root", "最外层不是带 properties 的对象"),
            Words(
                'begin with {"type": "object", "properties": {...}}', '开头写 {"type": "object", "properties": {...}}'
            ),
        )
    return document


def _nodes(node: Any, path: str, depth: int = 0) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every schema within a schema, with its path."""
    if depth > DEEPEST:
        raise _refusal(
            Words(f"more than {DEEPEST} levels", f"超过 {DEEPEST} 层"),
            Words("flatten it, or use $defs", "写平一些，或者用 $defs"),
        )
    if not isinstance(node, dict):
        return
    yield path, node
    for key in _NAMED:
        inner = node.get(key)
        for name, child in inner.items() if isinstance(inner, dict) else ():
            yield from _nodes(child, f"{path}/{key}/{name}", depth + 1)
    for key in _LISTED:
        inner = node.get(key)
        for number, child in enumerate(inner if isinstance(inner, list) else ()):
            yield from _nodes(child, f"{path}/{key}/{number}", depth + 1)
    for key in _SINGLE:
        yield from _nodes(node.get(key), f"{path}/{key}", depth + 1)


def _check_meaning(document: dict[str, Any]) -> None:
    try:
        Draft202012Validator.check_schema(document)
    except SchemaError as error:
        path, message = "/".join(map(str, error.path)) or "/", error.message[:160]
        raise _refusal(
            Words(f"at {path}: {message}", f"{path} 处写错了（原话：{message}）"),
            Words("mend this place; `type` is one of object, string, ...", "改这一处；type 写 object、string 等"),
        ) from None


def _check_node(path: str, node: dict[str, Any]) -> None:
    where = Words(f"at {path or '/'}: ", f"{path or '/'} 处：")
    if unknown := sorted(set(node) - KEYWORDS):
        near = (nearest(unknown[0], KEYWORDS) or ["description"])[0]
        raise _refusal(
            where + Words(f"the keyword {unknown[0]!r}, which nobody checks", f"没有人检查的关键字 {unknown[0]!r}"),
            Words(f"write {near!r} if that is meant, else leave it out", f"要写的是 {near!r} 就改成它，不是就去掉"),
        )
    kind = node.get("format", FORMATS[0])
    if kind not in FORMATS:
        raise _refusal(
            where + Words(f"the format {shown(kind)}, which nobody checks", f"没有人检查的 format {shown(kind)}"),
            Words(f"use one of {', '.join(FORMATS)}, or a pattern", f"从 {'、'.join(FORMATS)} 里选，或者用 pattern"),
        )
    if "pattern" in node:
        bounded_regex.compiled(node["pattern"])
    values = node.get("enum", ())
    if len(values) > LARGEST_ENUM:
        raise _refusal(
            where + Words(f"{len(values)} values", f"enum 有 {len(values)} 个值"),
            Words(f"list at most {LARGEST_ENUM}", f"最多列 {LARGEST_ENUM} 个"),
        )
    for low, high in _PAIRS:
        least, most = node.get(low), node.get(high)
        if least is not None and most is not None and least > most:
            raise _refusal(
                where + Words(f"{low} above {high}: nothing fits", f"{low} 比 {high} 大：什么值都不合"),
                Words(f"let {low} be at most {most}", f"让 {low} 不超过 {most}"),
            )
    missing = [name for name in node.get("required", ()) if name not in node.get("properties", {})]
    if missing:
        raise _refusal(
            where
            + Words(f"{shown(missing[0])} is required and not described", f"要求了 {shown(missing[0])}，却没有描述它"),
            Words("describe it in properties", "在 properties 里描述它"),
        )


def _check_references(document: dict[str, Any], nodes: list[tuple[str, dict[str, Any]]]) -> None:
    """Refuse references that lead elsewhere or in a circle."""
    homes = {f"#/$defs/{name}": f"/$defs/{name}" for name in document.get("$defs", {})}
    uses: dict[str, set[str]] = {target: set() for target in homes}
    for path, node in nodes:
        if "$ref" not in node:
            continue
        if node["$ref"] not in homes:
            raise _refusal(
                Words(f"$ref {shown(node['$ref'])[:80]}", f"$ref 指向 {shown(node['$ref'])[:80]}"),
                Words("point to #/$defs/NAME in the same schema", "只能指向同一份里的 #/$defs/名字"),
            )
        for target, home in homes.items():
            if path == home or path.startswith(home + "/"):
                uses[target].add(node["$ref"])
    while free := [target for target, others in uses.items() if not others & set(uses)]:
        for target in free:
            del uses[target]
    if uses:
        raise _refusal(
            Words(f"{sorted(uses)[0]} leads back to itself", f"{sorted(uses)[0]} 绕回了自己"),
            Words(
                "unfold it to as many levels as you need: an answer must end",
                "需要几层就写几层：答案总要有个头",
            ),
        )


def _fault(error: ValidationError) -> Fault:
    rule, path = str(error.validator), "/".join(map(str, error.absolute_path))
    missing = ""
    if rule == "required" and isinstance(error.instance, dict):
        missing = next((name for name in error.validator_value if f"'{name}'" in error.message), "")
        path = "/".join(filter(None, [path, missing]))
    chinese = _RULES_ZH.get(rule, "不合规则 {rule}").format(missing=missing, wanted=error.validator_value, rule=rule)
    return Fault(path, rule, Words(error.message[:160], f"{path}：{chinese}" if path and not missing else chinese))
