"""Keep a project's states and memory.

Every step is one file, written whole or not at all; what was remembered is a table whose rows are named by their step,
so that a step that is run again adds nothing.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, CannotLoad
from aigc_kit.core.paths import write_atomically
from aigc_kit.promptlab.sqlite_file import transaction

FORMAT = 1
_NAME = re.compile(r"step-(\d{4})\.json")
_MEMORY = Words("the team's memory", "团队的记忆")
ANSWERS, NOTES = "answers.sqlite", "memory.sqlite"


def steps(folder: Path) -> list[Path]:
    """List the checkpoints of a project, oldest first."""
    return sorted(path for path in folder.glob("step-*.json") if _NAME.fullmatch(path.name))


def save(folder: Path, state: dict[str, Any]) -> Path:
    """Write a state as the checkpoint of its step."""
    body = json.dumps(state, ensure_ascii=False, sort_keys=True)
    whole = {"format": FORMAT, "sha256": _digest(body), "state": state}
    return write_atomically(folder / f"step-{state['step']:04}.json", json.dumps(whole, ensure_ascii=False, indent=1))


def load(folder: Path) -> dict[str, Any]:
    """Read the newest checkpoint.

    Raises:
        BadInput: none there. CannotLoad: it is cut or changed; delete it to go on from the one before.
    """
    paths = steps(folder)
    if not paths:
        raise BadInput(
            asked=Words(f"to go on with the project in {folder.name}", f"接着做 {folder.name} 里的项目"),
            found=Words("no checkpoint there", "那里没有检查点"),
            todo=Words("start it: set_goal(...), start_project()", "先开始：set_goal(...)，再 start_project()"),
        )
    newest = paths[-1]
    try:
        whole = json.loads(newest.read_text(encoding="utf-8"))
        state = whole["state"]
        body = json.dumps(state, ensure_ascii=False, sort_keys=True)
        if whole["format"] == FORMAT and whole["sha256"] == _digest(body):
            return dict(state)
        fault = Words("its sum does not fit", "校验和不对")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        fault = Words(f"it does not open: {error}", f"打不开（原话：{error}）")
    before = Words(f"from {paths[-2].name}", f"从 {paths[-2].name}") if len(paths) > 1 else Words("anew", "从头")
    raise CannotLoad(
        asked=Words(f"the checkpoint {newest.name}", f"检查点 {newest.name}"),
        found=fault,
        todo=Words(f"delete {newest.name}: the project goes on ", f"删掉 {newest.name}：项目")
        + before
        + Words("", "接着做"),
    )


def remember(folder: Path, step: int, role: str, notes: Sequence[str]) -> None:
    """Note once what a role learnt in a step."""
    with transaction(folder / NOTES, _MEMORY) as file:
        file.execute(
            "CREATE TABLE IF NOT EXISTS notes (step INTEGER, number INTEGER, role TEXT, words TEXT, "
            "PRIMARY KEY (step, number))"
        )
        rows = [(step, number, role, words) for number, words in enumerate(notes)]
        file.executemany("INSERT OR IGNORE INTO notes VALUES (?, ?, ?, ?)", rows)


def remembered(folder: Path) -> list[tuple[int, str, str]]:
    """Read the memory: (step, role, words), in order."""
    if not (folder / NOTES).exists():
        return []
    with transaction(folder / NOTES, _MEMORY) as file:
        return [tuple(row) for row in file.execute("SELECT step, role, words FROM notes ORDER BY step, number")]


def spent(folder: Path) -> int:
    """Count the model calls whose answers are kept."""
    if not (folder / ANSWERS).exists():
        return 0
    with transaction(folder / ANSWERS, _MEMORY) as file:
        return int(file.execute("SELECT count(*) FROM answers").fetchone()[0])


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()
