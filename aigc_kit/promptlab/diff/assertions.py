"""Assert what a prompt, or each answer, must be.

A file of them is a JSON list:

    [{"name": "说了只输出标签", "on": "prompt", "kind": "terms", "must": ["标签"]},
     {"name": "一个标签", "on": "answer", "kind": "regex", "pattern": "退款|物流|换货|咨询|投诉|表扬"},
     {"name": "短", "on": "answer", "kind": "length", "most": 4},
     {"name": "订单", "on": "answer", "kind": "schema", "schema": {"type": "object", "required": ["单号"]}}]
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types.atoms import freeze, shown

KINDS = ("regex", "schema", "length", "terms")
LONGEST = 200_000  # bytes of a file
_PATIENCE = 1.0  # seconds that a pattern may take on one text


@dataclass(frozen=True)
class Assertion:
    """Hold one rule that can be checked by a program.

    Args:
        name: of the rule.
        kind: "regex": the whole text matches `pattern`. "schema": it is JSON that `schema` accepts (JSON Schema
            2020-12, formats checked). "length": `least` to `most` characters. "terms": all of `must` are in it, none
            of `never`.
        on: "answer" or "prompt".

    Raises:
        BadInput: no such kind, or a pattern or schema that is none.
    """

    name: str
    kind: str
    on: str = "answer"
    pattern: str = ""
    schema: Mapping[str, Any] | None = None
    least: int = 0
    most: int | None = None
    must: tuple[str, ...] = ()
    never: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("must", "never"):
            terms = getattr(self, name)
            if isinstance(terms, str) or not all(isinstance(term, str) and term for term in terms):
                raise self._refused(Words(f"{name} is no list of terms", f"{name} 不是词的列表"))
            object.__setattr__(self, name, tuple(terms))
        if (
            not isinstance(self.name, str)
            or not self.name
            or self.kind not in KINDS
            or self.on not in ("answer", "prompt")
        ):
            raise self._refused(Words("no name, kind or place", "名字、kind 或 on 不对"))
        numbers = [value for value in (self.least, self.most) if value is not None]
        if any(not isinstance(value, int) or isinstance(value, bool) or value < 0 for value in numbers):
            raise self._refused(Words("least or most is no count", "least 或 most 不是个数"))
        if self.kind == "regex":
            import regex

            try:
                regex.compile(self.pattern)
            except (regex.error, TypeError) as error:
                raise self._refused(Words(f"no pattern: {error}", f"不是正则表达式（原话：{error}）")) from None
        if self.kind == "schema":
            self._check_schema()
            freeze(self, "schema")

    def _check_schema(self) -> None:
        from jsonschema import Draft202012Validator, SchemaError

        try:
            if not isinstance(self.schema, Mapping):
                raise SchemaError("no object")
            Draft202012Validator.check_schema(dict(self.schema))
        except SchemaError as error:
            raise self._refused(
                Words(f"no schema: {error.message}", f"不是 JSON Schema（原话：{error.message}）")
            ) from None

    def _refused(self, fault: Words) -> BadInput:
        return BadInput(
            asked=Words(f"the assertion {shown(self.name)}", f"断言 {shown(self.name)}"),
            found=fault,
            todo=Words(
                f"kind: {', '.join(KINDS)}; on: answer or prompt",
                f"kind 写 {'、'.join(KINDS)} 之一，on 写 answer 或 prompt",
            ),
        )

    def fault(self, text: str) -> Words | None:
        """Say what is wrong with a text, or None.

        Raises:
            BadInput: the pattern, or one within the schema, takes too long.
        """
        if self.kind == "length":
            most = len(text) if self.most is None else self.most
            return None if self.least <= len(text) <= most else Words(f"{len(text)} characters", f"有 {len(text)} 个字")
        if self.kind == "terms":
            missing = [term for term in self.must if term not in text]
            extra = [term for term in self.never if term in text]
            return (
                Words(f"missing {missing}, forbidden {extra}", f"缺 {missing}，不该有 {extra}")
                if missing or extra
                else None
            )
        return self._no_match(text) if self.kind == "regex" else self._not_valid(text)

    def _no_match(self, text: str) -> Words | None:
        import regex

        try:
            hit = regex.fullmatch(self.pattern, text, timeout=_PATIENCE)
        except TimeoutError:
            raise self._refused(Words("the pattern takes longer than a second", "这个正则一秒还没算完")) from None
        return None if hit else Words("does not match", "对不上")

    def _not_valid(self, text: str) -> Words | None:
        from aigc_kit.promptlab.schema.schemas import VALIDATOR

        schema = dict(self.schema or {})
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return Words("no JSON", "不是 JSON")
        check = VALIDATOR(schema, format_checker=VALIDATOR.FORMAT_CHECKER)
        error = next(iter(check.iter_errors(value)), None)
        return None if error is None else Words(error.message[:120], f"不合 schema（原话：{error.message[:120]}）")


def read_assertions(path: Path) -> tuple[Assertion, ...]:
    """Read a file of assertions.

    Raises:
        BadInput: it is missing, no JSON list of them, or holds one twice.
    """
    names = {field.name for field in fields(Assertion)}
    try:
        data = Path(path).read_bytes()
        rows = json.loads(data) if len(data) <= LONGEST else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) and set(row) <= names for row in rows):
            raise ValueError(f"no list of objects with {sorted(names)}")
        every = tuple(Assertion(**row) for row in rows)
        if len({each.name for each in every}) < len(every):
            raise ValueError("a name stands there twice")
        return every
    except BadInput:
        raise
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise BadInput(
            asked=Words(f"the assertions of {Path(path).name}", f"断言文件 {Path(path).name}"),
            found=Words(f"not a file of them: {error}", f"这不是断言文件（原话：{error}）"),
            todo=Words('give a JSON list of {"name", "kind", ...}', '给一个 JSON 列表，每项有 "name"、"kind" 等'),
        ) from error
