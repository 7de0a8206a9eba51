"""What the records are made of: frozen mappings, figures that name their origin, JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from aigc_kit.errors import BadInput
from aigc_kit.units import format_bytes, format_seconds

Kind = Literal["text", "image", "speech", "video", "music", "font"]
Tier = Literal["tiny", "full", "none"]
How = Literal["measured", "predicted", "published"]

HOW_ZH: Mapping[str, str] = MappingProxyType({"measured": "实测", "predicted": "预测", "published": "公开数据"})


class FrozenMap(Mapping[str, Any]):
    """A mapping that cannot be changed, can be hashed, pickled and compared; keeps its order.

    >>> FrozenMap(a=1) == {"a": 1}, FrozenMap({"a": 1}).put(b=2)
    (True, FrozenMap({'a': 1, 'b': 2}))
    """

    __slots__ = ("_items",)
    _items: dict[str, Any]

    def __init__(self, items: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        object.__setattr__(self, "_items", {**(items or {}), **more})

    def put(self, **changes: Any) -> "FrozenMap":
        """A copy with some values set."""
        return FrozenMap(self._items, **changes)

    def __getitem__(self, key: str) -> Any:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("a FrozenMap cannot be changed; .put(...) returns a changed copy")

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __repr__(self) -> str:
        return f"FrozenMap({self._items!r})"

    def __reduce__(self):
        return FrozenMap, (self._items,)


@dataclass(frozen=True)
class Figure:
    """A number that says where it comes from.

    Args:
        value: the number, in `unit`.
        unit: "B", "s", "tok/s", "parameters", "1" for a ratio, ...
        how: "measured" (on what: see source), "predicted" (by which rule; needs `error`), "published" (where).
        source: the machine and set-up, the rule, or the publication.
        error: relative half-width of the interval, 0.15 for +-15 %; None when measured or published as a point.

    Raises:
        BadInput: a prediction without an error, or a figure without a source.
    """

    value: float
    unit: str
    how: How
    source: str
    error: float | None = None

    def __post_init__(self) -> None:
        if self.how not in HOW_ZH:
            raise BadInput(asked=f"a {self.how!r} figure", found="an unknown origin", todo=f"use one of {list(HOW_ZH)}")
        if not self.source.strip():
            raise BadInput(asked=f"figure {self.value} {self.unit}", found="no source", todo="say where it comes from")
        if self.how == "predicted" and self.error is None:
            raise BadInput(asked=f"prediction {self.value} {self.unit}", found="no error", todo="give error=0.15 or so")

    @property
    def text(self) -> str:
        """The number with its unit and interval, without its origin."""
        if self.unit == "B":
            number = format_bytes(self.value)
        elif self.unit == "s":
            number = format_seconds(self.value)
        else:
            number = f"{self.value:,.4g}" if abs(self.value) < 1000 else f"{self.value:,.0f}"
            number += "" if self.unit == "1" else f" {self.unit}"
        return number + (f" ±{self.error:.0%}" if self.error is not None else "")

    def __str__(self) -> str:
        return f"{self.text} ({self.how}: {self.source})"


def as_json(value: Any) -> Any:
    """Turn a record of this module into what `json.dumps` takes: dict, list, str, int, float, bool, None.

    Raises:
        BadInput: a value that has no JSON form (a tensor, a function).
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: as_json(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(k): as_json(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(v) for v in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, Path):
        return value.as_posix()
    raise BadInput(asked=f"JSON of a {type(value).__name__}", found="no JSON form", todo="pass plain values")


def freeze(record: Any, *names: str) -> None:
    """Turn the named mappings of a frozen dataclass into FrozenMaps (called from __post_init__)."""
    for name in names:
        value = getattr(record, name)
        if not isinstance(value, FrozenMap):
            object.__setattr__(record, name, FrozenMap(value))


def check_int(name: str, value: Any, low: int, high: int | None = None) -> None:
    """Refuse a value that is neither None nor an integer in [low, high].

    Raises:
        BadInput: it is not.
    """
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool) or value < low or (high is not None and value > high):
        limit = f">= {low}" + (f" and <= {high}" if high is not None else "")
        raise BadInput(asked=f"{name}={value!r}", found=f"not an integer {limit}", todo=f"choose {name} {limit}")
