"""Keep every version of every template in one SQLite file.

    registry = Registry(folder / "prompts.sqlite")
    registry.save(template, note="第一版")      # its version; the same content again changes nothing
    registry.get("feynman")                     # the newest
    registry.get("feynman", "3f2a...")          # as it was then
    registry.history("feynman")                 # who came after whom

A version is the hash of its content and is checked when it is read. Writers wait for each other.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, CannotLoad, UnknownName, nearest, unknown_name
from aigc_kit.core.types.atoms import shown
from aigc_kit.promptlab.patterns.templates import Template
from aigc_kit.promptlab.sqlite_file import connection, whole

_TABLES = """
CREATE TABLE IF NOT EXISTS content (version TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS history (
  number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, version TEXT NOT NULL REFERENCES content,
  at TEXT NOT NULL, note TEXT NOT NULL, about TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS by_name ON history (name, number);
"""


@dataclass(frozen=True)
class Entry:
    """Hold one line of a template's history.

    `number` rises over the whole file; `at` is UTC, ISO 8601; `about` is the template's.
    """

    number: int
    name: str
    version: str
    at: str
    note: str
    about: str


class Registry:
    """Keep templates in a file, which is made when missing.

    Args:
        path: of the file; its folder is made too.

    Raises:
        CannotWrite: the file cannot be made or opened.
        CannotLoad: it is something else than a registry.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        with self._open() as file:
            file.executescript(_TABLES)

    def save(self, template: Template, note: str = "") -> str:
        """Keep a template, and give its version.

        What is already the newest of its name leaves no second line of history.
        """
        return self.save_all([template], note)[0]

    def save_all(self, templates: Iterable[Template], note: str = "") -> list[str]:
        """Keep several, all or none, and give their versions."""
        rows = [(each.name, each.version, each.content, each.about) for each in templates]
        at = datetime.now(UTC).isoformat(timespec="seconds")
        with self._open() as file, whole(file):  # the newest version is read under the lock by which it is written
            for name, version, body, about in rows:
                if self._newest(file, name) == version:
                    continue
                file.execute("INSERT OR IGNORE INTO content VALUES (?, ?)", (version, body))
                line = (name, version, at, note, about)
                file.execute("INSERT INTO history (name, version, at, note, about) VALUES (?, ?, ?, ?, ?)", line)
        return [version for _, version, *_ in rows]

    def get(self, name: str, version: str | None = None) -> Template:
        """Give a template, its newest version or an older one.

        Args:
            name: of the template.
            version: its first digits suffice where only one begins so.

        Raises:
            UnknownName: no template, or no version, of that name.
            BadInput: several versions begin so.
            CannotLoad: its content was changed in the file.
        """
        entries = self.history(name)
        hits = {entry.version for entry in entries if entry.version.startswith(version or "")}
        if version is not None and len(hits) != 1:
            asked = Words(f"{name} in version {version!r}", f"{name} 的版本 {version!r}")
            if hits:
                found = Words(f"{len(hits)} versions begin so", f"有 {len(hits)} 个版本这样开头")
                raise BadInput(asked=asked, found=found, todo=Words("give more of its digits", "多写几位版本号"))
            versions = [entry.version for entry in entries[-5:]]
            raise unknown_name(asked, version, versions, Words("version", "版本"))
        digest = entries[-1].version if version is None else hits.pop()
        about = next(entry.about for entry in reversed(entries) if entry.version == digest)
        with self._open() as file:
            (body,) = file.execute("SELECT body FROM content WHERE version = ?", (digest,)).fetchone() or ("",)
        try:
            template = Template.of_content(name, body, about)
        except BadInput as error:
            raise self._damaged(digest, error.told.found) from error
        if template.version != digest:
            raise self._damaged(digest, Words(f"its content is {template.version}", f"内容是 {template.version} 的"))
        return template

    def names(self) -> list[str]:
        """Name all templates, sorted."""
        with self._open() as file:
            return [name for (name,) in file.execute("SELECT DISTINCT name FROM history ORDER BY name")]

    def history(self, name: str) -> list[Entry]:
        """List what a template was, oldest first.

        Raises:
            UnknownName: no template of that name, with the nearest.
        """
        with self._open() as file:
            query = "SELECT number, name, version, at, note, about FROM history WHERE name = ? ORDER BY number"
            entries = [Entry(*row) for row in file.execute(query, (name,))]
        if not entries:
            every = self.names()
            asked = Words(f"the template {shown(name)}", f"模板 {shown(name)}")
            if not every:
                raise UnknownName(
                    asked=asked,
                    found=Words("no template was saved yet", "还没有存过模板"),
                    todo=Words("save one first: registry.save(template)", "先存一个：registry.save(template)"),
                )
            raise unknown_name(asked, name, nearest(name, every, 5) or every[:5], Words("template", "模板"))
        return entries

    def __len__(self) -> int:
        """Count the versions of all templates."""
        with self._open() as file:
            return file.execute("SELECT count(*) FROM content").fetchone()[0]

    @staticmethod
    def _newest(file: sqlite3.Connection, name: str) -> str | None:
        query = "SELECT version FROM history WHERE name = ? ORDER BY number DESC LIMIT 1"
        return (file.execute(query, (name,)).fetchone() or (None,))[0]

    def _open(self) -> AbstractContextManager[sqlite3.Connection]:
        return connection(self.path, Words("the registry", "登记簿"), isolation_level=None)

    def _damaged(self, version: str, fault: Words) -> CannotLoad:
        return CannotLoad(
            asked=Words(f"version {version} of {self.path.name}", f"{self.path.name} 里的版本 {version}"),
            found=Words("damaged: ", "坏了：") + fault,
            todo=Words(
                "take another version (history), or save the template again in a new file",
                "换一个版本（见 history），或把模板重新存进一个新文件",
            ),
        )
