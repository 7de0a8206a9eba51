"""Read an answer as JSON: strictly, or mended with marks.

Strictly, the whole answer is one value. The lenient way takes fences and prose away, and mends what a field allows only
one reading of; each mending is told, since a mended answer is a guess.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from aigc_kit.core.bilingual import Words
from aigc_kit.promptlab.schema.schemas import Schema
from aigc_kit.promptlab.schema.strict_json import LONGEST, STRICT, Fault, loaded

_FENCE = re.compile(r"```(?:json)?[ \t]*\n?(.*?)```", re.DOTALL)
NOT_JSON = Words("not JSON", "不是 JSON")


@dataclass(frozen=True)
class Reading:
    """Hold an answer as a value.

    Args:
        value: None where nothing could be read.
        faults: what it breaks; empty when it fits.
        repairs: in Chinese, what was mended to read it; empty when it was read strictly.
    """

    value: Any
    faults: tuple[Fault, ...]
    repairs: tuple[str, ...] = ()


def read(schema: Schema, answer: str, *, lenient: bool = False) -> Reading:
    """Read an answer by a schema.

    Args:
        schema: that it shall fit.
        answer: any text.
        lenient: mend it where it does not fit, and say how.
    """
    unread = (Fault("", "json", NOT_JSON),)
    try:
        value = loaded(answer)
    except (ValueError, RecursionError):
        if not lenient:
            return Reading(None, unread)
        value, how = _within(answer)
        if how is None:
            return Reading(None, unread)
        mended, more = _mended(schema, value)
        return Reading(mended, tuple(schema.faults(mended)), (how, *more))
    faults = tuple(schema.faults(value))
    if not faults or not lenient:
        return Reading(value, faults)
    mended, repairs = _mended(schema, value)
    return Reading(mended, tuple(schema.faults(mended)), repairs)


def _within(answer: str) -> tuple[Any, str | None]:
    """Find an object in fences or prose."""
    for fenced in _FENCE.findall(answer[:LONGEST]):
        try:
            return loaded(fenced), "去掉了代码围栏"
        except (ValueError, RecursionError):
            continue
    decoder = json.JSONDecoder(**STRICT)
    start = answer[:LONGEST].find("{")
    if start >= 0:
        try:
            value, end = decoder.raw_decode(answer[:LONGEST], start)
        except (ValueError, RecursionError):
            return None, None
        return value, f"只取了其中的 JSON，去掉了前后 {start + len(answer) - end} 个字"
    return None, None


def _mended(schema: Schema, value: Any) -> tuple[Any, tuple[str, ...]]:
    """Mend fields of an object that have one reading only."""
    if not isinstance(value, dict):
        return value, ()
    mended, repairs = dict(value), []
    for field in [name for name in value if name not in schema.fields]:
        if schema.document.get("additionalProperties") is False:
            del mended[field]
            repairs.append(f"去掉了多余的字段“{field}”")
    for field in schema.fields:
        if field not in mended and field in schema.document.get("required", ()) and schema.nullable(field):
            mended[field] = None
            repairs.append(f"补上了“{field}”：null")
        elif isinstance(text := mended.get(field), str) and any(fault.path == field for fault in schema.faults(mended)):
            number = int(text) if re.fullmatch(r"-?[0-9]{1,15}", text.strip(), re.ASCII) else None
            tries = [text.strip(), *([number] if number is not None else [])]
            other = next((each for each in tries if not _wrong(schema, {**mended, field: each}, field)), None)
            if other is not None:
                mended[field] = other
                repairs.append(f"“{field}”：{text!r} 读作 {other!r}")
    return mended, tuple(repairs)


def _wrong(schema: Schema, value: dict[str, Any], field: str) -> bool:
    return any(fault.path.split("/")[0] == field for fault in schema.faults(value))
