"""Keep parts from anywhere in a folder, until tomorrow."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from aigc_kit.core.errors import BadInput
from aigc_kit.core.paths import write_atomically
from aigc_kit.core.redact import redact, secret_names_in
from aigc_kit.core.types import Take, Words, as_json
from aigc_kit.keep import record
from aigc_kit.works.part_from import from_take, make
from aigc_kit.works.parts import Origin, Part, PartKind
from aigc_kit.works.rubric import check_mark

FILE = "work.json"
FORMAT = 1
LONGEST_TITLE = 200
_PART = re.compile(r"(?:text|image|audio|video)-[0-9a-f]{16}\.[a-z0-9]{3,4}")
_OWN = re.compile(rf"{_PART.pattern}(?:\.record\.json)?")
_SETTINGS = {"negative": "负面提示词", "seed": "种子", "steps": "步数", "guidance": "CFG"}
_ROUND = ("when", "what", "model", "prompt", "answer")
_WORDS = ("title", "alt", "credit", "prompt")


class Work:
    """Gather the parts of one work on a topic.

    The page's title is by default the topic.

    Raises:
        BadInput: no topic, or a title of more than 200 characters.

    >>> work = Work("甜甜圈与咖啡杯")
    >>> work.add("text", "它们都有一个洞。", "person").label
    '人工撰写，非模型生成'
    """

    def __init__(self, topic: str, title: str = "") -> None:
        self.topic, self.title = topic.strip(), title.strip() or topic.strip()
        if not self.topic or len(self.title) > LONGEST_TITLE:
            fault = (
                Words(f"a title of {len(self.title)} characters", f"标题有 {len(self.title)} 个字")
                if self.topic
                else Words("no topic", "没有主题")
            )
            todo = Words(
                f"give a topic, and a title of at most {LONGEST_TITLE} characters",
                f"写上主题，标题最多 {LONGEST_TITLE} 个字",
            )
            raise BadInput(
                asked=Words(f"a work on {topic[:40]!r}", f"关于 {topic[:40]!r} 的作品"), found=fault, todo=todo
            )
        self.parts: list[Part] = []
        self.rounds: list[dict[str, str]] = []
        self.marks: dict[str, dict[str, Any]] = {}
        self.created = _now()

    def add(self, kind: PartKind, content: Any, origin: Origin, *, keep: bool = False, **words: Any) -> Part:
        """Put in a part, made by `part_from.make`.

        One of the same kind is replaced, unless `keep` is true.
        """
        return self.put(make(kind, content, origin, **words), keep=keep)

    def take(self, take: Take, *, keep: bool = False, **words: Any) -> Part:
        """Put in a take (`words`: title, alt, credit)."""
        return self.put(from_take(take, **words), keep=keep)

    def put(self, part: Part, *, keep: bool = False) -> Part:
        """Put in a part, as `add` does.

        Raises:
            BadInput: a text or prompt with the value of an environment variable that holds a key.
        """
        names = secret_names_in("\n".join((part.text, part.title, part.alt, part.credit, part.asked)))
        if names:
            fault = Words(
                f"it contains the value of the environment variable {names[0]}, which holds a key",
                f"里面有环境变量 {names[0]} 的值，那是一个密钥",
            )
            todo = Words("take the key out first; nothing was put in", "先把密钥去掉；什么也没有放进去")
            raise BadInput(
                asked=Words(f"to put in a {part.kind}", f"放进一个 {part.kind} 部分"), found=fault, todo=todo
            )
        if not keep:
            self.remove(part.kind)
        self.parts = [*self.parts, part]
        return part

    def remove(self, kind: PartKind) -> None:
        """Take out all parts of a kind."""
        self.parts = [part for part in self.parts if part.kind != kind]

    def of(self, kind: PartKind) -> tuple[Part, ...]:
        """List the parts of a kind, in order."""
        return tuple(part for part in self.parts if part.kind == kind)

    @property
    def text(self) -> str:
        """Join all texts, one after the other."""
        return "\n\n".join(part.text for part in self.of("text"))

    def log(self, what: str, prompt: str, model: str, answer: str = "") -> None:
        """Note a prompt that the records do not hold."""
        self.rounds.append(dict(zip(_ROUND, (_now(), what, model, prompt, answer), strict=True)))

    def prompts(self) -> list[dict[str, str]]:
        """List every prompt, then the noted rounds, keys blotted out."""
        rows = []
        for part in filter(lambda part: part.asked, self.parts):
            run, settings = part.record, []
            if run is not None:
                phrase = run.words[0].get("phrase") if run.words else None
                settings = [f"模型读到的是“{phrase}”"] if phrase else []
                settings += [f"{zh} {run.request[k]}" for k, zh in _SETTINGS.items() if run.request.get(k) is not None]
            values = (run.created if run else "", part.kind, part.maker, part.asked, "；".join(settings))
            rows.append(dict(zip(_ROUND, values, strict=True)))
        return redact([*rows, *self.rounds])

    def mark(self, criterion: str, points: int, note: str = "") -> None:
        """Note the learner's own mark for one line.

        Raises:
            BadInput: no such line, or not 1 to 5 points.
        """
        check_mark(criterion, points)
        self.marks[criterion] = {"points": points, "note": note}

    def save(self, folder: Path | str) -> Path:
        """Write the work into a folder, `work.json` last, returned."""
        folder = Path(folder)
        rows = []
        for part in self.parts:
            digest = sha256(part.data).hexdigest()
            row = {"file": part.name, "sha256": digest, "kind": part.kind, "media": part.media, "origin": part.origin}
            row |= {name: getattr(part, name) for name in _WORDS} | {"facts": as_json(part.facts), "record": None}
            write_atomically(folder / part.name, part.data)
            if part.record is not None:
                row["record"] = f"{part.name}.record.json"
                note = as_json(replace(part.record, outputs={part.name: digest}))
                write_atomically(folder / row["record"], _text(note))
            rows.append(row)
        data = {"format": FORMAT, "topic": self.topic, "title": self.title, "created": self.created, "changed": _now()}
        data |= {"parts": rows, "rounds": self.rounds, "marks": self.marks}
        path = write_atomically(folder / FILE, _text(redact(data)))
        names = {name for row in rows for name in (row["file"], row["record"])}
        for old in folder.iterdir():
            if _OWN.fullmatch(old.name) and old.name not in names:
                old.unlink(missing_ok=True)
        return path

    @classmethod
    def load(cls, folder: Path | str) -> "Work":
        """Read a work back from its folder.

        Raises:
            BadInput: no work there, a file of it is gone or changed, or one that names files outside the folder.
        """
        folder = Path(folder)
        data = _read(folder)
        try:
            work = cls(data["topic"], data["title"])
            work.created = str(data["created"])
            work.parts = [_part(folder, row) for row in data["parts"]]
            work.rounds = [{name: str(row[name]) for name in _ROUND} for row in data["rounds"]]
            for name, row in data["marks"].items():
                work.mark(name, row["points"], str(row["note"]))
        except (KeyError, TypeError, AttributeError) as error:
            raise _broken(
                Words(f"{FILE} lacks or garbles something: {error}", f"{FILE} 缺了或乱了（原话：{error}）")
            ) from None
        return work


def _part(folder: Path, row: Mapping[str, Any]) -> Part:
    name, note = row["file"], row["record"]
    if not isinstance(name, str) or not _PART.fullmatch(name) or note not in (None, f"{name}.record.json"):
        raise _broken(
            Words(
                f"it names files that no work has: {str(name)[:60]!r}", f"里面写着作品不会有的文件：{str(name)[:60]!r}"
            )
        )
    for path in (folder / file for file in (name, note) if file):
        if path.is_symlink() or not path.is_file():
            raise _broken(Words(f"{path.name} is not there, or is a link", f"{path.name} 不在，或只是一个链接"))
    data = (folder / name).read_bytes()
    if sha256(data).hexdigest() != row["sha256"]:
        raise _broken(
            Words(
                f"{name} was changed; put the new version in with add(...) instead",
                f"{name} 被改动过；新的版本要用 add(...) 放进来",
            )
        )
    run = record.load(folder / note) if note else None
    words = {word: str(row[word]) for word in _WORDS}
    return Part(row["kind"], data, row["media"], row["origin"], record=run, facts=row["facts"], **words)


def _read(folder: Path) -> dict[str, Any]:
    try:
        data = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput(
            asked=Words(f"a work in {folder}", f"{folder} 里的作品"),
            found=Words(f"no {FILE}", f"没有 {FILE}"),
            todo=Words("give the folder of save(...)", "给 save(...) 写出的文件夹"),
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise _broken(Words(f"{FILE} is not JSON: {error}", f"{FILE} 不是 JSON（原话：{error}）")) from None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise _broken(Words(f"{FILE} is of another format", f"{FILE} 是另一种格式"))
    return data


def _broken(fault: Words) -> BadInput:
    return BadInput(
        asked=Words("a saved work", "读取保存的作品"),
        found=fault,
        todo=Words("restore the folder from a copy, or begin anew", "用备份恢复这个文件夹，或重新开始"),
    )


def _text(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
