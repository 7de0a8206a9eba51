"""Keep answers, in memory or in a SQLite file."""

import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from aigc_kit.core.bilingual import Words
from aigc_kit.promptlab.sqlite_file import connection

_MANY = 500  # keys in one question to the file


class AnswerCache:
    """Keep JSON values by the hash of what decides them.

    Args:
        path: a file, made when missing, which later sessions read too; None keeps them in memory alone.

    Raises:
        CannotWrite: the file cannot be made. CannotLoad: it is no cache.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = None if path is None else Path(path)
        self._memory: dict[str, Any] = {}
        if self.path is not None:
            with self._open() as file:
                file.execute("CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, value TEXT NOT NULL)")

    def find(self, keys: Sequence[str]) -> dict[str, Any]:
        """Give the values of those keys that are kept."""
        hits = {key: self._memory[key] for key in keys if key in self._memory}
        rest = [key for key in dict.fromkeys(keys) if key not in hits]
        if self.path is not None and rest:
            with self._open() as file:
                for at in range(0, len(rest), _MANY):
                    some = rest[at : at + _MANY]
                    marks = ",".join("?" * len(some))
                    rows = file.execute(f"SELECT key, value FROM answers WHERE key IN ({marks})", some)
                    hits |= {key: json.loads(value) for key, value in rows}
        return hits

    def keep(self, values: Mapping[str, Any]) -> None:
        """Keep values; what is in the file already stays."""
        self._memory |= values
        if self.path is not None:
            rows = [(key, json.dumps(value, ensure_ascii=False)) for key, value in values.items()]
            with self._open() as file, file:
                file.executemany("INSERT OR IGNORE INTO answers VALUES (?, ?)", rows)

    def _open(self) -> AbstractContextManager[sqlite3.Connection]:
        assert self.path is not None
        return connection(self.path, Words("the answers in", "答案的缓存"))


def key_of(**decides: Any) -> str:
    """Hash what decides an answer: hex sha256."""
    return hashlib.sha256(json.dumps(decides, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
