"""Keep the learner's last answers to check them elsewhere.

`$AIGC_HOME/answers/01/a.json`: {"answers": [..], "named": {..}, "passed": bool, "date": UTC}. A passed answer is not
replaced by a later one that fails. Values are written as plain JSON, each in a mapping whose key names its kind:

    {"value": 3}  {"list": [..]}  {"map": {..}}  {"array": {"dtype", "shape", "data": base64}}  {"file": name, "sha256"}
    {"function": {"name", "source", "needs": {name: ..}}}  {"module": "numpy"}  {"import": [module, name]}
    {"opaque": "why it cannot be written"}

Nothing here is ever unpickled, and reading a function back gives its text, not the function.
"""

import base64
import hashlib
import inspect
import json
import math
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, echo
from aigc_kit.core.paths import home, write_atomically
from aigc_kit.core.redact import redact
from aigc_kit.core.units import MB

LARGEST = 4 * MB  # characters of one value
DEEPEST = 12
_KINDS = "biuf"  # of numpy arrays: truth values and numbers
_ITEM_BYTES = 16


def folder() -> Path:
    """Name the folder of answers, which may not exist."""
    return home() / "answers"


def keep(lab: str, name: str, answers: tuple[Any, ...], named: Mapping[str, Any], passed: bool) -> None:
    """Write the answer down, unless a passed one would go.

    Raises:
        OSError: the folder cannot be written.
    """
    path = folder() / lab / f"{name}.json"
    if not passed:
        with suppress(OSError, ValueError, KeyError, TypeError):
            if json.loads(path.read_text(encoding="utf-8"))["passed"]:
                return
    content: dict[str, Any] = {
        "answers": [encode(value) for value in answers],
        "named": {k: encode(v) for k, v in named.items()},
    }
    content |= {"passed": passed, "date": datetime.now(UTC).isoformat(timespec="seconds")}
    write_atomically(path, json.dumps(redact(content), ensure_ascii=False) + "\n")


def encode(value: Any) -> dict[str, Any]:
    """Write a value as plain JSON, else "opaque" with reason."""
    try:
        code, kind = _encode(value, 0), type(value).__name__
        return code if len(json.dumps(code)) <= LARGEST else {"opaque": f"{kind}: larger than {LARGEST // MB} MB"}
    except Exception as error:  # an object can raise anything when it is looked at
        return {"opaque": f"{type(value).__name__}: {type(error).__name__}: {error}"[:200]}


def decode(
    data: Any,
    *,
    function: Callable[[Mapping[str, Any]], Callable[..., Any]] | None = None,
    file: Callable[[str, str], Path] | None = None,
) -> Any:
    """Read what `encode` wrote, be it from anybody.

    Args:
        data: from JSON.
        function: called with {"name", "source", "needs"} for a function; None: functions are refused.
        file: called with (name, sha256) for a file; None: files are refused.

    Raises:
        BadInput: it has no value: opaque, refused, or nothing that `encode` writes.
    """
    try:
        return _decode(data, function, file, 0)
    except BadInput:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, MemoryError) as error:
        raise _unreadable(echo(error)) from None


def has_function(data: Any) -> bool:
    """Look for a function in what `encode` wrote."""
    if isinstance(data, Mapping):
        return "function" in data or any(has_function(item) for item in data.values())
    return isinstance(data, list) and any(has_function(item) for item in data)


def _encode(value: Any, depth: int) -> dict[str, Any]:  # noqa: PLR0911 - one for each kind of value
    if depth > DEEPEST:
        return {"opaque": "nested too deeply"}
    if value is None or isinstance(value, (bool, int)):
        return {"value": value}
    if isinstance(value, float):
        return {"value": value} if math.isfinite(value) else {"number": repr(float(value))}
    if isinstance(value, (str, Path)):
        if not _names_a_file(value):
            return {"value": str(value)}
        return {"file": Path(value).name, "sha256": hashlib.sha256(Path(value).read_bytes()).hexdigest()}
    if isinstance(value, Mapping):
        return {"map": {str(key): _encode(item, depth + 1) for key, item in value.items()}}
    if isinstance(value, (list, tuple, range, set, frozenset)):
        items = sorted(value) if isinstance(value, (set, frozenset)) else value
        return {"list": [_encode(item, depth + 1) for item in items]}
    if isinstance(value, ModuleType):
        return {"module": value.__name__}
    if isinstance(value, FunctionType) and not _importable(value):
        return {"function": _function(value, depth)}
    if callable(value) and _importable(value):
        return {"import": [value.__module__, value.__qualname__]}
    return _array(value, depth)


def _names_a_file(value: str | Path) -> bool:
    try:
        return len(str(value)) < 500 and Path(value).is_file()
    except (OSError, ValueError):  # no path that this system knows
        return False


def _array(value: Any, depth: int) -> dict[str, Any]:
    import numpy as np

    if hasattr(value, "detach"):  # a tensor
        value = value.detach().cpu().numpy()
    array = np.asarray(value)
    if array.dtype.kind not in _KINDS:
        return {"opaque": f"{type(value).__name__}, which is neither number, text, list nor function"}
    if array.ndim == 0:
        return _encode(array.item(), depth + 1)
    array = np.ascontiguousarray(array)
    data = base64.b64encode(array.tobytes()).decode()
    return {"array": {"dtype": array.dtype.str, "shape": list(array.shape), "data": data}}


def _function(value: FunctionType, depth: int) -> dict[str, Any]:
    """Describe a function: its text, and what it uses."""
    source = textwrap.dedent(inspect.getsource(value))
    names = {name for name in _names(value.__code__) if name in value.__globals__ and name != value.__name__}
    needs = {name: _encode(value.__globals__[name], depth + 1) for name in sorted(names)}
    return {"name": value.__name__, "source": source, "needs": needs}


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _importable(value: Any) -> bool:
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", "")
    return bool(module) and module != "__main__" and name.isidentifier()


def _decode(data: Any, function: Any, file: Any, depth: int) -> Any:  # noqa: PLR0911 - one for each kind
    if depth > DEEPEST + 2 or not isinstance(data, Mapping):
        raise _unreadable(
            Words("nested too deeply", "嵌套太深") if isinstance(data, Mapping) else Words("no mapping", "不是映射")
        )
    kind = next(iter(data), "nothing")
    inner: Any = data.get(kind)
    if kind == "value":
        return _plain(inner)
    if kind == "number":
        return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[inner]
    if kind == "list" and isinstance(inner, list):
        return [_decode(item, function, file, depth + 1) for item in inner]
    if kind == "map" and isinstance(inner, Mapping):
        return {key: _decode(item, function, file, depth + 1) for key, item in inner.items()}
    if kind == "array" and isinstance(inner, Mapping):
        return _read_array(inner)
    if kind == "function" and function is not None and isinstance(inner, Mapping):
        return function(inner)
    if kind == "file" and file is not None:
        return file(str(inner), str(data.get("sha256")))
    said = f"{kind}: {inner}"[:200]
    raise _unreadable(Words(said, f"它没有能读回来的写法（原话：{said}）"))


def _plain(value: Any) -> Any:
    if not (value is None or isinstance(value, (bool, int, float, str))):
        raise _unreadable(Words("no plain value", "不是普通的值"))
    if isinstance(value, str) and _names_a_file(value):  # a check that reads files is not led to one of this machine
        raise _unreadable(Words("a text that names a file of this machine", "文字里写着这台机器上的文件"))
    return value


def _read_array(data: Mapping[str, Any]) -> Any:
    import numpy as np

    dtype, shape = np.dtype(str(data["dtype"])), tuple(int(size) for size in data["shape"])
    raw = base64.b64decode(data["data"], validate=True)
    if dtype.kind not in _KINDS or dtype.itemsize > _ITEM_BYTES or len(shape) > 8 or min(shape, default=0) < 0:
        raise _unreadable(Words("an array of another kind", "别的种类的数组"))
    if math.prod(shape) * dtype.itemsize != len(raw):
        raise _unreadable(
            Words(f"an array whose shape does not fit {len(raw)} bytes", f"数组的形状和 {len(raw)} 字节对不上")
        )
    return np.frombuffer(raw, dtype=dtype).reshape(shape).copy()


def _unreadable(found: Words) -> BadInput:
    return BadInput(
        asked=Words("an answer that was kept", "保存下来的一个答案"),
        found=found,
        todo=Words("run the check again where the answer was made", "在写答案的地方再运行一次检查"),
    )
