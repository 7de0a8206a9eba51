"""Enrol users in experiments, their outcomes in one SQLite file.

    people = Enrolment(folder / "experiments.sqlite")
    people.start("回复二版", rollout=0.1, need=2089)
    people.arm("回复二版", "顾客 17")              # "A" or "B"; enrolled at first sight
    people.outcome("回复二版", "顾客 17", True)     # once
    people.raise_to("回复二版", 0.2)               # nobody leaves B
    people.result("回复二版").words

The file holds no user's name, only its hash. Raising the rollout moves some from A to B: they saw both prompts. The
result counts only those who came under the newest rollout, so no user and no day is counted under two rollouts.
"""

import sqlite3
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, UnknownName, nearest, unknown_name
from aigc_kit.core.statistics import Share
from aigc_kit.core.types.atoms import plain, shown
from aigc_kit.promptlab.experiment.assignment import NEW, OLD, checked_share, place
from aigc_kit.promptlab.experiment.verdict import Outcome, contrast, srm
from aigc_kit.promptlab.sqlite_file import connection, transaction

_TABLES = """
CREATE TABLE IF NOT EXISTS experiments (name TEXT PRIMARY KEY, need INTEGER, note TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS phases (
  number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, rollout REAL NOT NULL, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS users (
  name TEXT NOT NULL, user TEXT NOT NULL, arm TEXT NOT NULL, phase INTEGER NOT NULL, good INTEGER,
  PRIMARY KEY (name, user));
"""


class Enrolment:
    """Keep experiments in a file, which is made when missing.

    Several programs may write at the same time.

    Args:
        path: of the file; its folder is made too.

    Raises:
        CannotWrite: the file cannot be made or opened. CannotLoad: it is something else.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        with connection(self.path, Words("the experiments in", "实验记录"), isolation_level=None) as file:
            file.executescript(_TABLES)

    def start(self, name: str, rollout: float = 0.1, need: int | None = None, note: str = "") -> None:
        """Start an experiment.

        Args:
            name: of the experiment, which salts the assignment; never used before.
            rollout: share of the new prompt, within (0, 1).
            need: users with an outcome that the old arm is to have (`needed`), decided now; None gives no verdict ever.
            note: what is compared.

        Raises:
            BadInput: a name that is taken, or no share.
        """
        place("user", name)
        rollout = checked_share("rollout", rollout, inside=True)
        number = plain(need)
        if number is not None and (not isinstance(number, int) or isinstance(number, bool) or number < 1):
            raise BadInput(
                asked=f"need={shown(need)}",
                found=Words("no number of users", "这不是人数"),
                todo=Words("give needed(old, new), or None", "写 needed(旧, 新) 的结果，或 None"),
            )
        with self._write() as file:
            if file.execute("SELECT 1 FROM experiments WHERE name = ?", (name,)).fetchone():
                raise BadInput(
                    asked=Words(f"to start the experiment {name!r}", f"开始实验 {name!r}"),
                    found=Words("it was started before, and has users", "以前开始过，已经有用户"),
                    todo=Words(
                        "take a new name: users are assigned anew by it", "换一个名字：名字变了，用户会重新分组"
                    ),
                )
            file.execute("INSERT INTO experiments VALUES (?, ?, ?)", (name, number, note))
            self._phase(file, name, rollout)

    def raise_to(self, name: str, rollout: float) -> None:
        """Raise the share of the new prompt.

        Raises:
            BadInput: it is no higher than now: that would move users out of B.
        """
        rollout = checked_share("rollout", rollout, inside=True)
        with self._write() as file:
            _, now = self._newest(file, name)
            if rollout <= now:
                raise BadInput(
                    asked=Words(f"a rollout of {rollout:g} in {name!r}", f"{name!r} 的比例改成 {rollout:g}"),
                    found=Words(
                        f"it is {now:g} now: users would lose the new prompt",
                        f"现在是 {now:g}：有的用户会从新版退回旧版",
                    ),
                    todo=Words(
                        f"give more than {now:g}, or start another experiment", f"给大于 {now:g} 的数，或者另开一个实验"
                    ),
                )
            self._phase(file, name, rollout)

    def arm(self, name: str, user: str) -> str:
        """Tell a user's arm now, and enrol who is new.

        Raises:
            UnknownName: no such experiment. BadInput: no name of a user.
        """
        where = place(user, name)
        with self._write() as file:
            phase, rollout = self._newest(file, name)
            now = NEW if where < rollout else OLD
            file.execute("INSERT OR IGNORE INTO users VALUES (?, ?, ?, ?, NULL)", (name, _key(name, user), now, phase))
        return now

    def outcome(self, name: str, user: str, good: bool) -> None:
        """Record a user's outcome, once.

        Raises:
            UnknownName: the user was never enrolled. BadInput: it has another outcome already, or `good` is no bool.
        """
        value = plain(good)
        if value not in (0, 1):
            raise BadInput(
                asked=f"good={shown(good)}",
                found=Words("neither true nor false", "不是真，也不是假"),
                todo=Words("give True or False", "写 True 或 False"),
            )
        place(user, name)
        with self._write() as file:
            self._newest(file, name)
            at = (name, _key(name, user))
            row = file.execute("SELECT good FROM users WHERE name = ? AND user = ?", at).fetchone()
            asked = Words(f"an outcome of {shown(user)} in {name!r}", f"{shown(user)} 在 {name!r} 里的结果")
            if row is None:
                raise UnknownName(
                    asked=asked,
                    found=Words("this user was never assigned", "这个用户没有分过组"),
                    todo=Words("ask for the arm first: arm(name, user)", "先问分到哪一组：arm(实验, 用户)"),
                )
            if row[0] is not None and row[0] != int(value):
                raise BadInput(
                    asked=asked,
                    found=Words("another outcome is recorded already", "已经记过一个不同的结果"),
                    todo=Words("keep the first: one user counts once", "保留第一个：一个用户只算一次"),
                )
            file.execute("UPDATE users SET good = ? WHERE name = ? AND user = ?", (int(value), *at))

    def result(self, name: str) -> Outcome:
        """Count who came under the newest rollout.

        Raises:
            UnknownName: no such experiment, with the nearest. BadInput: nobody came yet.
        """
        with self._write() as file:
            phase, rollout = self._newest(file, name)
            (need,) = file.execute("SELECT need FROM experiments WHERE name = ?", (name,)).fetchone()
            query = "SELECT arm, count(*), count(good), coalesce(sum(good), 0) FROM users WHERE name = ? AND phase = ?"
            rows = {row[0]: row[1:] for row in file.execute(query + " GROUP BY arm", (name, phase))}
            earlier = "SELECT count(*) FROM users WHERE name = ? AND phase != ?"
            (left_out,) = file.execute(earlier, (name, phase)).fetchone()
        (n1, m1, k1), (n2, m2, k2) = rows.get(OLD, (0, 0, 0)), rows.get(NEW, (0, 0, 0))
        if not n1 + n2:
            raise BadInput(
                asked=Words(f"the result of {name!r}", f"{name!r} 的结果"),
                found=Words("nobody came since the rollout was set", "这个比例定下以后，还没有人来"),
                todo=Words("assign users first: arm(name, user)", "先给用户分组：arm(实验, 用户)"),
            )
        gain, low, high, p = contrast((k1, k2), (m1, m2))
        old = Share.of(OLD, [True] * k1 + [False] * (m1 - k1))
        new = Share.of(NEW, [True] * k2 + [False] * (m2 - k2))
        ratio = srm((n1, n2), (1 - rollout, rollout))
        return Outcome(name, old, new, rollout, (n1, n2), ratio, gain, low, high, p, need, left_out)

    def _newest(self, file: sqlite3.Connection, name: str) -> tuple[int, float]:
        query = "SELECT number, rollout FROM phases WHERE name = ? ORDER BY number DESC LIMIT 1"
        row = file.execute(query, (name,)).fetchone()
        if row is None:
            names = [each for (each,) in file.execute("SELECT name FROM experiments ORDER BY name")]
            asked = Words(f"the experiment {shown(name)}", f"实验 {shown(name)}")
            if not names:
                raise UnknownName(
                    asked=asked,
                    found=Words("none was started in this file", "这个文件里还没有实验"),
                    todo=Words("start one: start(name)", "先开始一个：start(名字)"),
                )
            raise unknown_name(asked, name, nearest(name, names, 5) or names[:5], Words("experiment", "实验"))
        return row

    @staticmethod
    def _phase(file: sqlite3.Connection, name: str, rollout: float) -> None:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        file.execute("INSERT INTO phases (name, rollout, at) VALUES (?, ?, ?)", (name, rollout, at))

    def _write(self) -> AbstractContextManager[sqlite3.Connection]:
        """Hold the file, what is written all or nothing."""
        return transaction(self.path, Words("the experiments in", "实验记录"))


def _key(name: str, user: str) -> str:
    return blake2b(f"{len(name)}:{name}:{user}".encode(), digest_size=16, person=b"aigc-user").hexdigest()
