"""Keep answers, clicks and decisions in one SQLite file.

The fields of a rating are those of Dify's POST /messages/{id}/feedbacks: rating (like, dislike or null, which takes it
back), user, content. Every event has an id of its own, so what is sent again after a crash counts once.
"""

import hashlib
import math
import random
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import regex

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, UnknownName
from aigc_kit.core.types.atoms import shown
from aigc_kit.promptlab.sqlite_file import connection, transaction

SHORT = 8.0  # seconds; who leaves sooner was not helped, as the course takes it
LONGEST = 4000  # characters of a prompt, an answer or a comment
RATINGS = ("like", "dislike", None)
_WHAT = Words("the feedback in", "反馈记录")
_TABLES = """
CREATE TABLE IF NOT EXISTS messages (id TEXT PRIMARY KEY, prompt TEXT NOT NULL, answer TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events (
  id TEXT PRIMARY KEY, message TEXT NOT NULL REFERENCES messages(id), user TEXT NOT NULL,
  kind TEXT NOT NULL, rating TEXT, seconds REAL, content TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS ratings (message TEXT, user TEXT, rating TEXT NOT NULL, PRIMARY KEY (message, user));
CREATE TABLE IF NOT EXISTS decisions (message TEXT PRIMARY KEY REFERENCES messages(id), answer TEXT);
"""


PRIVATE: Mapping[str, str] = {
    "邮箱": r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}",
    "证件号": r"(?<!\d)\d{6}(?:19|20)\d{2}(?:0\d|1[0-2])[0-3]\d\d{3}[\dXx](?!\d)",
    "卡号": r"(?<!\d)\d(?:[ -]?\d){15,18}(?!\d)",
    "手机号": r"(?<!\d)(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)",
    "座机号": r"(?<!\d)0\d{2,3}[ -]\d{7,8}(?!\d)",
}
"""What it is -> its pattern, in the order of looking."""

_READY = {name: regex.compile(pattern) for name, pattern in PRIVATE.items()}


def masked(text: str) -> str:
    """Write the kind of private data in its place.

    Numbers of orders stay. Names and addresses are not found: no pattern knows them.

    >>> masked("打 138-1234-5678，或 a.b@example.com，单号 12345678")
    '打 <手机号>，或 <邮箱>，单号 12345678'
    """
    for name, pattern in _READY.items():
        text = pattern.sub(f"<{name}>", text)
    return text


@dataclass(frozen=True)
class Case:
    """Hold one answer that a person should look at.

    Args:
        message: its id. prompt, answer: as kept.
        likes, dislikes: of different users. short, broken: visits below `SHORT`, and those broken off.
        why: "complaint", or "sample" for one that was drawn whatever was clicked.
    """

    message: str
    prompt: str
    answer: str
    likes: int
    dislikes: int
    short: int
    broken: int
    why: str


class FeedbackStore:
    """Hold feedback in a file, which is made when missing.

    Several programs may write at the same time; each call is written whole or not at all.

    Args:
        path: of the file.

    Raises:
        CannotWrite: it cannot be made or opened. CannotLoad: it is something else.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        with connection(self.path, _WHAT, isolation_level=None) as file:
            file.executescript(_TABLES)

    def answered(self, message: str, prompt: str, answer: str) -> bool:
        """Keep an answer under its id, private data masked.

        Returns:
            False where it was kept already.

        Raises:
            BadInput: an empty or endless text, or another answer under the same id.
        """
        row = tuple(masked(_text(name, value)) for name, value in (("prompt", prompt), ("answer", answer)))
        with self._write() as file:
            old = file.execute("SELECT prompt, answer FROM messages WHERE id = ?", (_text("id", message),)).fetchone()
            if old is not None and old != row:
                raise BadInput(
                    asked=Words(f"to keep the message {message!r}", f"记下消息 {message!r}"),
                    found=Words("another answer has this id", "这个编号下已经有另一个回答"),
                    todo=Words("give every answer an id of its own, such as uuid4", "每个回答用自己的编号，例如 uuid4"),
                )
            return file.execute("INSERT OR IGNORE INTO messages VALUES (?, ?, ?)", (message, *row)).rowcount == 1

    def rate(self, message: str, rating: str | None, *, user: str, event: str, content: str = "") -> bool:
        """Record a rating, of which a user's last one counts.

        Returns:
            False where the event was recorded already.

        Raises:
            UnknownName: no such message. BadInput: another rating, or empty texts.
        """
        if rating not in RATINGS:
            raise BadInput(
                asked=Words(f"the rating {shown(rating)}", f"评价 {shown(rating)}"),
                found=Words("none that is known", "没有这种评价"),
                todo=Words('give "like", "dislike", or None to take it back', '写 "like"、"dislike"；None 是收回'),
            )
        with self._event(message, user, event, "rating", rating=rating, content=content) as file:
            if file is None:
                return False
            key = (message, _hash(user))
            file.execute("DELETE FROM ratings WHERE message = ? AND user = ?", key)
            if rating is not None:
                file.execute("INSERT INTO ratings VALUES (?, ?, ?)", (*key, rating))
            return True

    def dwell(self, message: str, seconds: float, *, user: str, event: str) -> bool:
        """Record how long an answer was looked at.

        Raises:
            BadInput: no finite time from 0 on. UnknownName: no such message.
        """
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds < math.inf:
            raise BadInput(
                asked=Words(f"a visit of {shown(seconds)} s", f"停留 {shown(seconds)} 秒"),
                found=Words("no time", "这不是时间"),
                todo=Words("give seconds, 0 or more", "给秒数，不小于 0"),
            )
        with self._event(message, user, event, "dwell", seconds=float(seconds)) as file:
            return file is not None

    def broken(self, message: str, *, user: str, event: str) -> bool:
        """Record that a user broke the answer off."""
        with self._event(message, user, event, "broken") as file:
            return file is not None

    def counts(self) -> dict[str, int]:
        """Count messages, events of each kind, and decisions."""
        with self._write() as file:
            kinds = dict(file.execute("SELECT kind, count(*) FROM events GROUP BY kind"))
            every = {
                name: file.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("messages", "decisions")
            }
        return {**every, **{kind: kinds.get(kind, 0) for kind in ("rating", "dwell", "broken")}}

    def queue(self, count: int, *, sample: float = 0.25, seed: int = 0) -> list[Case]:
        """List answers that a person should look at, undecided ones.

        Most complaints first; a share is drawn from all others, since those who say nothing are not all content, and
        only a fair draw tells how often the model is right.

        Args:
            count: cases at most.
            sample: share that is drawn.
            seed: of the draw.
        """
        with self._write() as file:
            cases = [Case(*[*row, "complaint"]) for row in file.execute(_CASES, (SHORT,))]
        trouble = sorted((c for c in cases if _badness(c) > 0), key=lambda c: (-_badness(c), c.message))
        others = [Case(**{**vars(c), "why": "sample"}) for c in cases if _badness(c) <= 0]
        drawn = random.Random(seed).sample(others, min(len(others), round(sample * count)))
        return [*trouble[: count - len(drawn)], *drawn]

    def decide(self, message: str, answer: str | None) -> None:
        """Keep what a person says the answer should be.

        Args:
            message: its id.
            answer: right for this prompt; None: no answer is, leave it out of the rows.

        Raises:
            UnknownName: no such message. BadInput: it was decided otherwise already.
        """
        value = None if answer is None else masked(_text("answer", answer))
        with self._write() as file:
            self._known(file, message)
            old = file.execute("SELECT answer FROM decisions WHERE message = ?", (message,)).fetchone()
            if old is not None and old[0] != value:
                raise BadInput(
                    asked=Words(f"to decide on {message!r}", f"给 {message!r} 定答案"),
                    found=Words(f"decided already: {old[0]!r}", f"已经定过：{old[0]!r}"),
                    todo=Words("keep the first decision", "保留第一次的决定"),
                )
            file.execute("INSERT OR IGNORE INTO decisions VALUES (?, ?)", (message, value))

    def rows(self) -> list[tuple[str, str]]:
        """List (prompt, right answer) of what was decided."""
        query = (
            "SELECT prompt, d.answer FROM decisions d JOIN messages m ON m.id = d.message WHERE d.answer IS NOT NULL"
        )
        with self._write() as file:
            return file.execute(query + " ORDER BY m.id").fetchall()

    def liked(self) -> list[tuple[str, str]]:
        """List (prompt, answer) that users liked and nobody disliked."""
        query = (
            "SELECT prompt, answer FROM messages m WHERE"
            " EXISTS (SELECT 1 FROM ratings WHERE message = m.id AND rating = 'like')"
            " AND NOT EXISTS (SELECT 1 FROM ratings WHERE message = m.id AND rating = 'dislike') ORDER BY m.id"
        )
        with self._write() as file:
            return file.execute(query).fetchall()

    @contextmanager
    def _event(
        self, message: str, user: str, event: str, kind: str, **more: Any
    ) -> Iterator[sqlite3.Connection | None]:
        """Write an event and yield the file, None if known."""
        content = masked(_text("content", more.get("content", ""), empty=True))
        values = (_text("event", event), _text("id", message), _hash(_text("user", user)), kind)
        with self._write() as file:
            self._known(file, message)
            row = (*values, more.get("rating"), more.get("seconds"), content)
            fresh = file.execute("INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", row).rowcount
            yield file if fresh else None

    @staticmethod
    def _known(file: sqlite3.Connection, message: str) -> None:
        if file.execute("SELECT 1 FROM messages WHERE id = ?", (message,)).fetchone() is None:
            raise UnknownName(
                asked=Words(f"feedback on the message {shown(message)}", f"给消息 {shown(message)} 的反馈"),
                found=Words("no such message was kept", "没有记过这条消息"),
                todo=Words(
                    "keep the answer first: answered(id, prompt, answer)", "先记下回答：answered(编号, 提示词, 回答)"
                ),
            )

    def _write(self) -> AbstractContextManager[sqlite3.Connection]:
        """Hold the file, what is written all or nothing."""
        return transaction(self.path, _WHAT)


_CASES = """
SELECT m.id, prompt, m.answer,
  (SELECT count(*) FROM ratings r WHERE r.message = m.id AND rating = 'like'),
  (SELECT count(*) FROM ratings r WHERE r.message = m.id AND rating = 'dislike'),
  (SELECT count(*) FROM events e WHERE e.message = m.id AND kind = 'dwell' AND seconds < ?),
  (SELECT count(*) FROM events e WHERE e.message = m.id AND kind = 'broken')
FROM messages m LEFT JOIN decisions d ON d.message = m.id WHERE d.message IS NULL ORDER BY m.id
"""


def _badness(case: Case) -> float:
    return case.dislikes + 0.5 * (case.short + case.broken) - 0.5 * case.likes


def _hash(user: str) -> str:
    return hashlib.blake2b(user.encode(), digest_size=12, person=b"aigc-feedback").hexdigest()


def _text(name: str, value: Any, *, empty: bool = False) -> str:
    if isinstance(value, str) and len(value) <= LONGEST and (empty or value.strip()):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            pass
        else:
            return value
    raise BadInput(
        asked=Words(f"to keep {name}={shown(value)[:60]}", f"记下 {name}={shown(value)[:60]}"),
        found=Words(f"no text of 1 to {LONGEST} characters", f"不是 1 到 {LONGEST} 个字符的文字"),
        todo=Words("give such a text", "给这样的文字"),
    )
