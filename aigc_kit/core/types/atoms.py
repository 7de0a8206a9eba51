"""Make the atoms of records: words, mappings, figures, JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from numbers import Integral, Real
from pathlib import Path
from sys import float_info
from types import MappingProxyType
from typing import Any, Literal

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, unknown_name
from aigc_kit.core.units import format_bytes, format_seconds

Tier = Literal["tiny", "full", "none"]
How = Literal["measured", "predicted", "published"]


def _in_chinese(**names: str) -> Mapping[str, Words]:
    return MappingProxyType({name: Words(name, zh) for name, zh in names.items()})


HOW = _in_chinese(measured="实测", predicted="预测", published="公开数据")
FIGURES = _in_chinese(
    weights="权重",
    kv_cache="KV 缓存",
    peak="增加的内存（峰值）",
    seconds="生成用时",
    reserved="向驱动保留的显存（峰值）",
    ram="主机内存",
)
PHASES = _in_chinese(
    **{"import": "导入库", "load": "读取权重", "prepare": "准备", "text": "文本编码"},
    **{"text_encoder": "文本编码", "text_encoder_2": "文本编码 2", "encode": "编码输入图"},
    **{"denoise": "去噪", "decode": "解码", "prefill": "预填充", "synthesise": "合成语音"},
)


class FrozenMap(Mapping[str, Any]):
    """Hold a mapping that cannot be changed, in its order.

    It can be hashed, pickled and compared.

    >>> FrozenMap(a=1) == {"a": 1}, FrozenMap({"a": 1}).put(b=2)
    (True, FrozenMap({'a': 1, 'b': 2}))
    """

    __slots__ = ("_items",)
    _items: dict[str, Any]

    def __init__(self, items: Mapping[str, Any] | None = None, /, **more: Any) -> None:
        object.__setattr__(self, "_items", {**(items or {}), **more})

    def put(self, **changes: Any) -> "FrozenMap":
        """Copy it with some values set."""
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
    """Hold a number that says where it comes from.

    Args:
        value: the number, in `unit`.
        unit: "B", "s", "tok/s", "parameters", "1" for a ratio, ...
        how: "measured" (on what: see source), "predicted" (by which rule; needs `error`), "published" (where).
        source: the machine and set-up, the rule, or the publication; a text, or one in both languages.
        error: relative half-width of the interval, 0.15 for +-15 %; None when measured or published as a point.

    Raises:
        BadInput: a prediction without an error, or a figure without a source.
    """

    value: float
    unit: str
    how: How
    source: Words | str
    error: float | None = None

    def __post_init__(self) -> None:
        if self.how not in HOW:
            raise BadInput(
                asked=Words(f"a {self.how!r} figure", f"来源为 {self.how!r} 的数字"),
                found=Words("an unknown origin", "没有这种来源"),
                todo=Words(f"use one of {list(HOW)}", f"从 {list(HOW)} 里选"),
            )
        if not isinstance(self.source, (str, Words)):  # as JSON gave it
            object.__setattr__(self, "source", Words.of(self.source))
        if not str(self.source).strip():
            raise BadInput(
                asked=Words(f"figure {self.value} {self.unit}", f"数字 {self.value} {self.unit}"),
                found=Words("no source", "没有写明来源"),
                todo=Words("say where it comes from", "用 source 写明它从哪里来"),
            )
        if self.how == "predicted" and self.error is None:
            raise BadInput(
                asked=Words(f"prediction {self.value} {self.unit}", f"预测值 {self.value} {self.unit}"),
                found=Words("no error", "没有给误差"),
                todo=Words("give error=0.15 or so", "给出误差，例如 error=0.15"),
            )

    @property
    def text(self) -> str:
        """Print the number with unit and interval, without origin."""
        if self.unit == "B":
            number = format_bytes(self.value)
        elif self.unit == "s":
            number = format_seconds(self.value)
        else:
            number = f"{self.value:,.4g}" if abs(self.value) < 1000 else f"{self.value:,.0f}"
            number += "" if self.unit == "1" else f" {self.unit}"
        return number + (f" ±{self.error:.0%}" if self.error is not None else "")

    @property
    def origin(self) -> Words:
        """Say how the number was got, and from where."""
        return Words.join(HOW[self.how], self.source, en=": ", zh="：")

    def __str__(self) -> str:
        return f"{self.text} ({self.origin})"


def as_json(value: Any) -> Any:
    """Turn a record into what `json.dumps` takes.

    Returns:
        dict, list, str, int, float, bool or None; fields marked `metadata={"json": False}` are left out.

    Raises:
        BadInput: a value that has no JSON form (a tensor, a function).
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: as_json(getattr(value, f.name)) for f in fields(value) if f.metadata.get("json", True)}
    if isinstance(value, Mapping):
        return {str(k): as_json(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(v) for v in value]
    value = plain(value)
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, Path):
        return value.as_posix()
    raise BadInput(
        asked=Words(f"JSON of a {type(value).__name__}", f"把 {type(value).__name__} 写成 JSON"),
        found=Words("no JSON form", "它没有 JSON 的写法"),
        todo=Words("pass plain values", "换成普通的值（数字、文字、列表、字典）"),
    )


def freeze(record: Any, *names: str) -> None:
    """Freeze mappings of a dataclass, in its __post_init__."""
    for name in names:
        value = getattr(record, name)
        if not isinstance(value, FrozenMap):
            object.__setattr__(record, name, FrozenMap(value))


def plain(value: Any) -> Any:
    """Turn numbers of other libraries into int or float."""
    if isinstance(value, bool):
        return value
    if isinstance(value, Integral):
        return int(value)
    return float(value) if isinstance(value, Real) else value


def shown(value: Any) -> str:
    """Print a value for an error text, cut to 80."""
    try:
        text = repr(value)
    except ValueError:  # Python refuses to print more than 4300 digits
        return f"{type(value).__name__}({f'{value.bit_length()} bits' if isinstance(value, int) else '...'})"
    return text if len(text) <= 80 else text[:80] + "..."


def check_int(record: Any, name: str, low: int, high: int | None = None, *, optional: bool = False) -> None:
    """Refuse a field that is no integer in [low, high].

    Integers of other libraries become int.

    Args:
        record: a frozen dataclass (called from __post_init__).
        name: of its field.
        low, high: both included.
        optional: None is allowed.

    Raises:
        BadInput: it is out of range, or no integer.
    """
    value = plain(getattr(record, name))
    object.__setattr__(record, name, value)
    if value is None and optional:
        return
    if not isinstance(value, int) or isinstance(value, bool) or value < low or (high is not None and value > high):
        limit = f">= {low}" + (f" and <= {high}" if high is not None else "")
        limit_zh = f"大于等于 {low} 的" if high is None else f" {low} 到 {high} 的"
        todo = Words(
            f"choose an integer, such as {name}={_near(value, low, high)}",
            f"改成整数，例如 {name}={_near(value, low, high)}",
        )
        raise BadInput(
            asked=f"{name}={shown(value)}", found=Words(f"not an integer {limit}", f"不是{limit_zh}整数"), todo=todo
        )


def _near(value: Any, low: int, high: int | None) -> int:
    """Find the integer in [low, high] that was meant, perhaps."""
    try:
        meant = int(value) if isinstance(value, int) else round(float(value))
    except (TypeError, ValueError, OverflowError):
        return max(low, 1)
    return max(low, meant if high is None else min(meant, high))


def check_number(record: Any, name: str) -> None:
    """Refuse a field other than None or numbers >= 0.

    Numbers of other libraries become int or float.

    Raises:
        BadInput: it is so, or not finite.
    """
    value = plain(getattr(record, name))
    object.__setattr__(record, name, value)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if value is not None and not (number and 0 <= value <= float_info.max):
        todo = Words(f"choose a number, such as {name}={_meant(value):g}", f"改成一个数，例如 {name}={_meant(value):g}")
        raise BadInput(
            asked=f"{name}={shown(value)}",
            found=Words("not a finite number >= 0", "不是大于等于 0 的有限的数"),
            todo=todo,
        )


def _meant(value: Any) -> float:
    """Read a positive number in a text, else 1."""
    try:
        number = float(value) if isinstance(value, str) else 1.0
    except ValueError:
        return 1.0
    return number if 0 < number <= float_info.max else 1.0


def check_text(name: str, value: Any) -> None:
    """Refuse what is not text that UTF-8 can write.

    Such as bytes of another encoding on a command line.

    Raises:
        BadInput: it is not.
    """
    if not isinstance(value, str):
        raise BadInput(
            asked=f"{name}={shown(value)}",
            found=Words("not text", "不是文字"),
            todo=Words(f"give a text as {name}", f"{name} 要给一段文字（str）"),
        )
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise BadInput(
            asked=f"{name}={ascii(value)[:80]}",
            found=Words("bytes that are not text in UTF-8", "这些字节不是 UTF-8 编码的文字"),
            todo=Words(
                "write it in UTF-8, the encoding of this kit and of most systems",
                "用 UTF-8 编码来写：本项目和多数系统都用它",
            ),
        )


def check_prompt(prompt: Any) -> None:
    """Refuse a prompt without a word by a BadInput."""
    if isinstance(prompt, (list, tuple)):
        first = next((item for item in prompt if isinstance(item, str) and item.strip()), "a cat")
        todo = Words(
            f"give one text, such as {first!r}, and call once for each",
            f"只给一段文字，例如 {first!r}；有几段就调用几次",
        )
        raise BadInput(
            asked=Words(f"prompt {shown(prompt)}", f"提示词 {shown(prompt)}"),
            found=Words(f"a {type(prompt).__name__}, no text", f"这是 {type(prompt).__name__}，不是一段文字"),
            todo=todo,
        )
    if not isinstance(prompt, str) or not prompt.strip():
        raise BadInput(
            asked=Words(f"prompt {shown(prompt)}", f"提示词 {shown(prompt)}"),
            found=Words("nothing to work on", "里面什么也没有"),
            todo=Words("write at least one word", "至少写一个词"),
        )
    check_text("prompt", prompt)


def check_language(lang: Any) -> None:
    """Refuse what is neither "en" nor "zh", naming the nearest."""
    if lang not in ("en", "zh"):
        raise unknown_name(f"lang={shown(lang)}", language_code(lang) or lang, ("zh", "en"), Words("language", "语言"))


def language_code(name: Any) -> str | None:
    """Give the code of a language that is written otherwise.

    >>> language_code("Chinese"), language_code("zh-CN"), language_code("英文"), language_code("fr")
    ('zh', 'zh', 'en', None)
    """
    names = {"zh": ("chinese", "mandarin", "中文", "汉语", "cn"), "en": ("english", "英文", "英语")}
    return next((code for code, more in names.items() if str(name).lower().startswith((code, *more))), None)


def check_switches(settings: Any, *switches: str) -> None:
    """Refuse what is neither True nor False by a BadInput."""
    for name in switches:
        value = getattr(settings, name)
        if not isinstance(value, bool):
            todo = Words(f"say {name}=True or {name}=False", f"写 {name}=True 或 {name}=False")
            raise BadInput(
                asked=f"{name}={shown(value)}", found=Words("not True or False", "不是 True 或 False"), todo=todo
            )
