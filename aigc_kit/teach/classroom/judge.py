"""Judge one unpacked submission in a process of its own.

python -I -m aigc_kit.teach.classroom.judge FOLDER [--execute]    prints the verdict as JSON
"""

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from aigc_kit.core.errors import AigcError, BadInput, UnknownName
from aigc_kit.keep import record
from aigc_kit.teach.checks import Check, checks_of
from aigc_kit.teach.checks.answers import decode, has_function
from aigc_kit.teach.classroom import submission_limits
from aigc_kit.teach.classroom.sandbox import Sandbox

HINT = 200  # characters of a hint in the table


def judge(folder: Path, *, execute: bool = False) -> dict[str, Any]:
    """Judge one submission.

    Args:
        folder: as `unpack` wrote it.
        execute: also run functions among the answers, in a `Sandbox`.

    Returns:
        {"name", "created", "kit": as the submission says, cut to size; "checks": {lab: {check: {"state", "hint"}}};
        "works": {"same", "changed", "missing", "unreadable"}: counts; "notes": [..],
        "digests": {"records": {sha256: name}, "all": sha256 of every file but the manifest}}. A state is "passed",
        "failed" (recomputed here from values), "ran-passed", "ran-failed" (its function was run here), "claimed",
        "not-claimed" (a function that was not run; what its progress says), "broken" (an answer that cannot be read).

    Raises:
        BadInput: no submission in this folder.
    """
    manifest = _manifest(folder)
    notes = list(_altered(folder, manifest))
    verdicts: dict[str, dict[str, Any]] = {}
    for path in sorted((folder / "answers").glob("*/*.json")):
        lab, name = path.parent.name, path.stem
        check = _check(lab, name)
        if check is None:
            notes.append(f"没有第 {lab[:20]} 课练习 {name[:20]}")
        else:
            verdicts.setdefault(lab, {})[name] = _again(check, path, folder, execute)
    return {
        "name": _words(manifest.get("name"), submission_limits.PERSON),
        "created": _words(manifest.get("created"), 40),
        "kit": _words(manifest.get("kit"), 20),
        "checks": verdicts,
        "works": _works(folder),
        "notes": notes,
        "digests": _digests(folder),
    }


def _manifest(folder: Path) -> Mapping[str, Any]:
    manifest = _read(folder / submission_limits.MANIFEST)
    if not isinstance(manifest, dict) or manifest.get("format") != submission_limits.FORMAT:
        fault = f"里面没有格式 {submission_limits.FORMAT} 的 {submission_limits.MANIFEST}，不是用 aigc submit 打包的"
        raise BadInput(asked="一份提交", found=fault, todo="请学生用 aigc submit 重新打包再交")
    return manifest


def _read(path: Path) -> Any:
    """Read JSON of a file, None where there is none."""
    try:
        if path.stat().st_size > submission_limits.JSON_BYTES:
            return None
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def _altered(folder: Path, manifest: Mapping[str, Any]) -> Iterator[str]:
    """Name files that differ from the manifest's list."""
    table = manifest.get("files")
    digests = table if isinstance(table, dict) else {}
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    there.pop(submission_limits.MANIFEST, None)
    for name in sorted(set(there) | set(digests)):
        if name not in there:
            yield f"缺少文件 {_words(name, 60)}"
        elif digests.get(name) != hashlib.sha256(there[name].read_bytes()).hexdigest():
            yield f"文件在打包后改过：{_words(name, 60)}"


def _check(lab: str, name: str) -> Check | None:
    if not re.fullmatch(r"\d\d[a-z]?", lab):
        return None
    try:
        return next((check for check in checks_of(lab) if check.name == name), None)
    except UnknownName:
        return None


def _again(check: Check, path: Path, folder: Path, execute: bool) -> dict[str, str]:
    """Judge one answer again."""
    entry = _read(path)
    positional, by_name = (entry.get(key) if isinstance(entry, dict) else None for key in ("answers", "named"))
    if not isinstance(positional, list) or not isinstance(by_name, dict):
        return {"state": "broken", "hint": "答案文件读不懂"}
    runs = any(map(has_function, [*positional, *by_name.values()]))
    if runs and not execute:
        return {"state": "claimed" if entry.get("passed") is True else "not-claimed", "hint": "答案是函数，没有运行"}
    with ExitStack() as stack:
        try:
            tools: dict[str, Any] = {
                "function": lambda spec: stack.enter_context(Sandbox(spec)),
                "file": lambda name, sha256: _work(folder, name, sha256),
            }
            answers = [decode(value, **tools) for value in positional]
            keywords = {str(key): decode(value, **tools) for key, value in by_name.items()}
            result = check.judge(*answers, **keywords)
        except AigcError as error:
            return {"state": "broken", "hint": _words(error.told.found.zh, HINT)}
        except (RuntimeError, TypeError, ValueError) as error:  # the function does not start; a wrong number of answers
            return {"state": "ran-failed" if runs else "failed", "hint": _words(error, HINT)}
    state = "passed" if result.passed else "failed"
    return {"state": f"ran-{state}" if runs else state, "hint": _words(result.hint, HINT)}


def _work(folder: Path, name: str, sha256: str) -> Path:
    """Find the submitted file that an answer names."""
    for path in sorted(folder.glob("works*/**/*")):
        if path.is_file() and path.name == name and hashlib.sha256(path.read_bytes()).hexdigest() == sha256:
            return path
    raise BadInput(asked=f"the work {name[:80]!r}", found="这个文件没有一起交上来", todo="submit it too")


def _works(folder: Path) -> dict[str, int]:
    """Count records' artefacts by how their sha256 compares."""
    count = {"same": 0, "changed": 0, "missing": 0, "unreadable": 0}
    for path in sorted(folder.glob("works*/**/*.json")):
        content = _read(path)
        if isinstance(content, dict) and not {"request", "outputs"} & set(content):
            continue  # whole, and no record
        try:
            for state in record.verify(path).values():
                count[state] += 1
        except BadInput:
            count["unreadable"] += 1
    return count


def _is_record(content: Any) -> bool:
    """Tell whether JSON is a record, which names its second."""
    return isinstance(content, dict) and {"request", "created"} <= set(content)


def _digests(folder: Path) -> dict[str, Any]:
    """Tell files by content, to find equal submissions."""
    digests = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != folder / submission_limits.MANIFEST
    }
    jsons = {sha: name for name, sha in digests.items() if name.startswith("works") and name.endswith(".json")}
    records = {sha: name for sha, name in jsons.items() if _is_record(_read(folder / name))}
    together = hashlib.sha256(json.dumps(sorted(digests.items())).encode()).hexdigest() if digests else ""
    return {"records": records, "all": together}


def _words(value: Any, most: int) -> str:
    """Cut a stranger's text to one short line."""
    text = " ".join("".join(char if char.isprintable() else " " for char in str(value or "")).split())
    return text if len(text) <= most else text[: most - 1] + "…"


def _main(arguments: list[str]) -> int:
    with os.fdopen(os.dup(1), "wb") as answer:
        os.dup2(2, 1)  # what libraries print on the way is no part of the verdict
        try:
            verdict = judge(Path(arguments[0]), execute="--execute" in arguments[1:])
        except BadInput as error:
            verdict = {"error": error.found}
        answer.write(json.dumps(verdict).encode())
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
