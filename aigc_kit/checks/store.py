"""Which exercises were passed, on this machine only: `$AIGC_HOME/progress.json`.

{"01": {"a": {"passed": true, "tries": 2, "first_passed": "2026-01-31T08:00:00+00:00"}}}
"""

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aigc_kit.paths import home, write_atomically


def progress_file() -> Path:
    """The file; it may not exist yet."""
    return home() / "progress.json"


def progress() -> dict[str, dict[str, dict[str, Any]]]:
    """Lab -> check -> {"passed": bool, "tries": int, "first_passed": UTC time or None}; empty when nothing is known."""
    return _read()[0]


def reset_progress() -> None:
    """Forget everything."""
    progress_file().unlink(missing_ok=True)


def add(lab: str, name: str, passed: bool) -> str:
    """Count one try.

    Returns:
        "" when all went well, else a note in Chinese for the learner; a check never fails because of this file.
    """
    try:
        known, note = _read()
        entry = known.setdefault(lab, {}).setdefault(name, {"passed": False, "tries": 0, "first_passed": None})
        entry["tries"] += 1
        if passed and not entry["passed"]:
            entry.update(passed=True, first_passed=datetime.now(UTC).isoformat(timespec="seconds"))
        write_atomically(progress_file(), json.dumps(known, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
    except OSError as error:
        return f"进度没有保存（{type(error).__name__}），不影响检查结果。"
    return note


def _read() -> tuple[dict[str, dict[str, dict[str, Any]]], str]:
    path = progress_file()
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        if _sound(known):
            return known, ""
    except FileNotFoundError:
        return {}, ""
    except ValueError:  # not JSON, not UTF-8
        pass
    kept = path.with_name("progress.damaged.json")
    with contextlib.suppress(OSError):  # a folder that cannot be written
        path.replace(kept)
    return {}, f"原来的进度文件读不懂，已改名为 {kept.name}，从头记录。"


def _sound(known: Any) -> bool:
    entries = [e for lab in known.values() for e in lab.values()] if _is_table(known) else [None]
    return all(isinstance(e, dict) and isinstance(e.get("tries"), int) and "passed" in e for e in entries)


def _is_table(known: Any) -> bool:
    return isinstance(known, dict) and all(isinstance(lab, dict) for lab in known.values())
