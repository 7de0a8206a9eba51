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
from aigc_kit.core.types import Figure, FrozenMap, Record, Request
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
    refuse = partial(BadInput, asked=f"record {path.name}")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise refuse(found="no such file", todo="give the path of a .json") from None
    except OSError as error:
        raise refuse(
            found=f"cannot be read: {error.strerror}", todo="give the path of a file that you may read"
        ) from None
    except (ValueError, RecursionError) as error:
        raise refuse(
            found=f"not JSON: {error}", todo="give a sidecar, as aigc_kit.keep.record.save writes it"
        ) from None
    names = {f.name for f in fields(Record)}
    missing = sorted(names - {"words"} - set(data)) if isinstance(data, dict) else sorted(names)
    if missing:
        todo = "give a sidecar that aigc_kit.keep.record.save wrote"
        raise refuse(found=f"no record; it lacks {', '.join(missing)}", todo=todo)
    wrong = next(_wrong_values(data), None)
    if wrong:
        raise refuse(found=wrong, todo="restore the file, or save the run again")
    record = Record(**{name: data[name] for name in names if name in data})
    for name in record.outputs:
        if not SAFE_NAME.fullmatch(name):
            raise refuse(found=f"it names files outside its folder: {name!r}", todo="do not trust this record")
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
            asked="a request from JSON",
            found=f"unknown fields {strangers}" if strangers else "no card or no prompt",
            todo=f"give some of {', '.join(sorted(names))}",
        )
    try:
        return Request(**{name: _tuples(value) for name, value in data.items()})
    except TypeError as error:  # a word where a number belongs
        raise BadInput(asked="a request from JSON", found=str(error), todo="give values of the right kind") from None


def _wrong_values(data: Mapping[str, Any]) -> Iterator[str]:
    """Name values of a record's JSON of the wrong kind."""
    yield from _unlike(_TEXTS, data, "", str, "text")
    yield from _unlike(_OBJECTS, data, "", dict, "an object")
    kinds = dict.fromkeys(card.kind for card in cards.ALL.values())
    yield from _unlike(("kind",), data, "", kinds.__contains__, f"one of {', '.join(kinds)}")
    yield from _unlike(("card", "prompt"), data["request"], "request.", str, "text")
    yield from _unlike(("extra",), {"extra": {}, **data["request"]}, "request.", dict, "an object")
    yield from _unlike(("card",), {"card": {}, **data["plan"]}, "plan.", dict, "an object")
    for name in ("versions", "outputs"):
        yield from _unlike(data[name], data[name], f"{name}.", str, "text")
    for name in ("predicted", "measured"):
        yield from _unlike(data[name], data[name], f"{name}.", _is_figure, "a figure with value, unit, how and source")


def _unlike(
    names: Iterable[str], data: Mapping[str, Any], prefix: str, test: type | Callable[[Any], bool], what: str
) -> Iterator[str]:
    for name in names:
        value = data.get(name)
        if not (isinstance(value, test) if isinstance(test, type) else test(value)):
            text = json.dumps(value, ensure_ascii=False)
            yield f"{prefix}{name} is {text if len(text) <= 60 else text[:60] + '...'}, not {what}"


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
