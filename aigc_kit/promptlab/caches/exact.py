"""Keep answers to the very same question.

The key holds all that decides an answer: the text, the version of the template, the model's bytes and the settings. A
key without the template's version goes on giving the old prompt's answers after a release.
"""

import hashlib
import json
import re
import unicodedata
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, CannotLoad
from aigc_kit.core.paths import write_atomically
from aigc_kit.core.types.atoms import as_json, check_prompt, plain, shown

_FORMAT = "aigc-kit exact cache 1"


def normal(text: str) -> str:
    """Write what is the same question in one way.

    NFKC (full-width signs become plain), one space for each gap, none at the ends. Capitals stay: "it" is not "IT".

    >>> normal("  快递　到哪了？ ")
    '快递 到哪了?'
    """
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip()


def key(prompt: str, *, template: str, model: Any, **settings: Any) -> str:
    """Hash all that decides an answer: hex sha256.

    Args:
        prompt: the text, which `normal` writes.
        template: version of the template that it was filled from; of a prompt without one, any fixed text.
        model: what names its bytes, such as `asker.backend.identity`; no name alone, which newer bytes may have too.
        settings: temperature, seed, tokens and whatever else changes the answer.

    Raises:
        BadInput: an empty prompt, no version, or something without a JSON form.
    """
    check_prompt(prompt)
    if not isinstance(template, str) or not template or not model:
        raise BadInput(
            asked=Words(
                f"a key with template {shown(template)} and model {shown(model)}",
                f"键：模板 {shown(template)}，模型 {shown(model)}",
            ),
            found=Words("one of them is missing", "有一样是空的"),
            todo=Words(
                "give the version of both: filled.version, asker.backend.identity",
                "两样的版本都要给：filled.version、asker.backend.identity",
            ),
        )
    decides = {"text": normal(prompt), "template": template, "model": as_json(model), "settings": as_json(settings)}
    return hashlib.sha256(json.dumps(decides, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@dataclass
class Tally:
    """Count hits, misses, and entries that had to leave."""

    hits: int = 0
    misses: int = 0
    dropped: int = 0

    @property
    def rate(self) -> float:
        """Share of hits, in [0, 1], 0 before any question."""
        return self.hits / (self.hits + self.misses) if self.hits + self.misses else 0.0


class _Pending:
    """Hold the lock of a key being made."""

    def __init__(self) -> None:
        self.lock, self.waiting = Lock(), 0


class ExactCache:
    """Keep the values that were used last, safe for threads.

    Args:
        size: most entries, >= 1.

    Raises:
        BadInput: no such size.
    """

    def __init__(self, size: int) -> None:
        number = plain(size)
        if not isinstance(number, int) or isinstance(number, bool) or number < 1:
            raise BadInput(
                asked=Words(f"a cache of {shown(size)} entries", f"能放 {shown(size)} 条的缓存"),
                found=Words("not an integer >= 1", "不是大于等于 1 的整数"),
                todo=Words("give one, such as 1024", "给一个，例如 1024"),
            )
        self.size, self.tally = number, Tally()
        self._values: OrderedDict[str, Any] = OrderedDict()
        self._lock = Lock()
        self._pending: dict[str, _Pending] = {}

    def __len__(self) -> int:
        with self._lock:
            return len(self._values)

    def __contains__(self, name: str) -> bool:
        with self._lock:
            return name in self._values

    @property
    def names(self) -> list[str]:
        """List the keys, who leaves first at the front."""
        with self._lock:
            return list(self._values)

    def get(self, name: str, default: Any = None) -> Any:
        """Give a value, which becomes the newest."""
        with self._lock:
            if name not in self._values:
                self.tally.misses += 1
                return default
            self.tally.hits += 1
            self._values.move_to_end(name)
            return self._values[name]

    def put(self, name: str, value: Any) -> None:
        """Keep a value as the newest; the oldest may leave."""
        with self._lock:
            self._values[name] = value
            self._values.move_to_end(name)
            while len(self._values) > self.size:
                self._values.popitem(last=False)
                self.tally.dropped += 1

    def fetch(self, name: str, make: Callable[[], Any]) -> Any:
        """Give a value, made once however many threads ask.

        Whoever comes while it is made waits for it. Where making fails, the error goes to who made it, and the next one
        tries again.
        """
        missing = object()
        value = self.get(name, missing)
        if value is not missing:
            return value
        with self._lock:
            pending = self._pending.setdefault(name, _Pending())
            pending.waiting += 1
        try:
            with pending.lock:
                with self._lock:
                    if name in self._values:  # another thread made it meanwhile
                        self.tally.misses, self.tally.hits = self.tally.misses - 1, self.tally.hits + 1
                        self._values.move_to_end(name)
                        return self._values[name]
                value = make()
                self.put(name, value)
                return value
        finally:
            with self._lock:
                pending.waiting -= 1
                if not pending.waiting:
                    self._pending.pop(name, None)

    def save(self, path: Path) -> Path:
        """Write all entries, oldest first, at once.

        Raises:
            BadInput: a value without a JSON form.
        """
        with self._lock:
            rows = [[name, as_json(value)] for name, value in self._values.items()]
        body = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        head = {"format": _FORMAT, "size": self.size, "entries": len(rows), "sha256": _digest(body)}
        return write_atomically(Path(path), f"{json.dumps(head)}\n{body}\n")

    @classmethod
    def read(cls, path: Path) -> "ExactCache":
        """Read a file back, whole or not at all.

        Raises:
            CannotLoad: it is missing, cut short, changed or something else.
        """
        asked = Words(f"the cache {Path(path).name}", f"缓存文件 {Path(path).name}")
        try:
            first, _, body = Path(path).read_text(encoding="utf-8").partition("\n")
            head = json.loads(first)
            if not isinstance(head, dict) or head.get("format") != _FORMAT:
                raise ValueError("no cache of this kit")
            body = body.removesuffix("\n")
            if _digest(body) != head["sha256"]:
                raise ValueError("cut short or changed: its sum does not fit")
            cache = cls(head["size"])
            for line in body.splitlines():
                cache.put(*json.loads(line))
            return cache
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise CannotLoad(
                asked=asked,
                found=Words(f"it cannot be trusted: {error}", f"这个文件不能用（原话：{error}）"),
                todo=Words(
                    "delete it: an empty cache only costs time, ExactCache(1024)",
                    "删掉它，从空的开始，只是慢一点：ExactCache(1024)",
                ),
            ) from error


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
