"""Read a sidecar back, every value checked."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Figure, FrozenMap, Record, Request, Words
from aigc_kit.models import cards

SAFE_NAME = re.compile(r"[^\s/\\:*?\"<>|.][^/\\:*?\"<>|\x00-\x1f]*")

_TEXTS = ("created", "kind", "label", "device", "licence")
_OBJECTS = ("request", "plan", "predicted", "measured", "versions", "outputs", "labels")


def load(path: Path) -> Record:
    """Read a sidecar.

    Raises:
        BadInput: no such file, not a record, one with values of the wrong kind, or one that names files outside its
            folder.
    """
    path = Path(path)
    refuse = partial(BadInput, asked=Words(f"record {path.name}", f"记录 {path.name}"))
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise refuse(
            found=Words("no such file", "没有这个文件"), todo=Words("give the path of a .json", "给一个 .json 的路径")
        ) from None
    except OSError as error:
        raise refuse(
            found=Words(f"cannot be read: {error.strerror}", f"读不了（原话：{error.strerror}）"),
            todo=Words("give the path of a file that you may read", "给一个你有权读的文件的路径"),
        ) from None
    except (ValueError, RecursionError) as error:
        raise refuse(
            found=Words(f"not JSON: {error}", f"不是 JSON（原话：{error}）"),
            todo=Words(
                "give a sidecar, as aigc_kit.keep.record.save writes it", "给 aigc_kit.keep.record.save 写出的 .json"
            ),
        ) from None
    names = {f.name for f in fields(Record)}
    missing = sorted(names - {"words"} - set(data)) if isinstance(data, dict) else sorted(names)
    if missing:
        todo = Words("give a sidecar that aigc_kit.keep.record.save wrote", "给 aigc_kit.keep.record.save 写出的 .json")
        raise refuse(
            found=Words(f"no record; it lacks {', '.join(missing)}", f"不是记录：缺少 {'、'.join(missing)}"), todo=todo
        )
    wrong = next(_wrong_values(data), None)
    if wrong:
        raise refuse(
            found=wrong, todo=Words("restore the file, or save the run again", "恢复这个文件，或重新保存一次运行")
        )
    record = Record(**{name: data[name] for name in names if name in data})
    for name in record.outputs:
        if not SAFE_NAME.fullmatch(name):
            raise refuse(
                found=Words(f"it names files outside its folder: {name!r}", f"里面写着文件夹以外的文件：{name!r}"),
                todo=Words("do not trust this record", "不要信任这份记录"),
            )
    return record


def request_from_json(data: Mapping[str, Any]) -> Request:
    """Rebuild the Request that `as_json` wrote, with its tuples.

    Raises:
        BadInput: unknown fields, or values that a Request refuses.
    """
    names = {f.name for f in fields(Request)}
    strangers = sorted(set(data) - names)
    if strangers or "card" not in data or "prompt" not in data:
        raise BadInput(
            asked=Words("a request from JSON", "从 JSON 读出请求"),
            found=Words(f"unknown fields {strangers}", f"不认识的项 {strangers}")
            if strangers
            else Words("no card or no prompt", "没有模型卡或没有提示词"),
            todo=Words(f"give some of {', '.join(sorted(names))}", f"从 {'、'.join(sorted(names))} 里给"),
        )
    try:
        return Request(**{name: _tuples(value) for name, value in data.items()})
    except TypeError as error:  # a word where a number belongs
        raise BadInput(
            asked=Words("a request from JSON", "从 JSON 读出请求"),
            found=error.told.found if isinstance(error, BadInput) else Words(str(error), f"出错了（原话：{error}）"),
            todo=Words("give values of the right kind", "给出种类正确的值"),
        ) from None


_TEXT, _OBJECT = Words("text", "文字"), Words("an object", "对象")
_FIGURE = Words("a figure with value, unit, how and source", "带 value、unit、how 和 source 的数字")


def _wrong_values(data: Mapping[str, Any]) -> Iterator[Words]:
    """Name values of a record's JSON of the wrong kind."""
    yield from _unlike(_TEXTS, data, "", str, _TEXT)
    yield from _unlike(_OBJECTS, data, "", dict, _OBJECT)
    kinds = dict.fromkeys(card.kind for card in cards.ALL.values())
    yield from _unlike(
        ("kind",), data, "", kinds.__contains__, Words(f"one of {', '.join(kinds)}", f" {'、'.join(kinds)} 之一")
    )
    yield from _unlike(("card", "prompt"), data["request"], "request.", str, _TEXT)
    yield from _unlike(("extra",), {"extra": {}, **data["request"]}, "request.", dict, _OBJECT)
    yield from _unlike(("card",), {"card": {}, **data["plan"]}, "plan.", dict, _OBJECT)
    for name in ("versions", "outputs"):
        yield from _unlike(data[name], data[name], f"{name}.", str, _TEXT)
    for name in ("predicted", "measured"):
        yield from _unlike(data[name], data[name], f"{name}.", _is_figure, _FIGURE)


def _unlike(
    names: Iterable[str], data: Mapping[str, Any], prefix: str, test: type | Callable[[Any], bool], what: Words
) -> Iterator[Words]:
    for name in names:
        value = data.get(name)
        if not (isinstance(value, test) if isinstance(test, type) else test(value)):
            text = json.dumps(value, ensure_ascii=False)
            short = text if len(text) <= 60 else text[:60] + "..."
            yield Words(f"{prefix}{name} is {short}, not {what}", f"{prefix}{name} 是 {short}，应该是{what.zh}")


def _is_figure(value: Any) -> bool:
    try:
        figure = Figure(**value)
    except (TypeError, ValueError, AttributeError):
        return False
    numbers = [figure.value, *([] if figure.error is None else [figure.error])]
    return isinstance(figure.unit, str) and all(
        isinstance(number, int | float) and not isinstance(number, bool) and isfinite(number) for number in numbers
    )


def _tuples(value: Any) -> Any:
    if isinstance(value, Mapping):
        return FrozenMap({key: _tuples(item) for key, item in value.items()})
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
