"""Grade submissions, each in a process (`aigc grade`)."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aigc_kit.core.errors import BadInput
from aigc_kit.core.redact import is_secret_name
from aigc_kit.teach.classroom.unpack import unpack

JUDGE_SECONDS = 300.0
RESULTS = ("grades.csv", "grades.html")  # written into the same folder, and no submissions
RIGHT = ("passed", "ran-passed")


@dataclass(frozen=True)
class Row:
    """Tell what became of one file.

    Args:
        file: its name.
        name: of the learner, as the submission says; "" when it cannot be read.
        problem: "" or why it could not be judged at all.
        checks: lab -> check -> {"state", "hint"}; see `judge`.
        works: counts of artefacts: "same", "changed", "missing", "unreadable".
        notes: what is odd about it, in Chinese.
        created, kit: as the submission says.
    """

    file: str
    name: str = ""
    problem: str = ""
    checks: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    works: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    created: str = ""
    kit: str = ""

    @property
    def right(self) -> int:
        """Count the answers that were right when checked here."""
        return sum(check["state"] in RIGHT for lab in self.checks.values() for check in lab.values())


def grade(folder: Path, *, execute: bool = False, on_row: Callable[[int, int, Row], object] | None = None) -> list[Row]:
    """Judge every file of a folder as a submission.

    Args:
        folder: what was handed in; folders in it, hidden files and earlier results are passed over.
        execute: also run functions among the answers, in a limited process (`aigc_kit.teach.classroom.sandbox`).
        on_row: called with (files done, files in all, the row).

    Raises:
        BadInput: no such folder, or nothing in it.
    """
    folder = Path(folder)
    places = sorted(folder.iterdir()) if folder.is_dir() else []
    files = [p for p in places if not p.name.startswith(".") and p.name not in RESULTS and not p.is_dir()]
    if not files:
        fault = "it holds no file" if folder.is_dir() else "no such folder"
        raise BadInput(asked=f"to grade {folder}", found=fault, todo="put the archives of `aigc submit` there")
    rows = []
    for path in files:
        rows.append(_row(path, execute))
        if on_row is not None:
            on_row(len(rows), len(files), rows[-1])
    return rows


def _row(path: Path, execute: bool) -> Row:
    if path.is_symlink() or not path.is_file():
        return Row(path.name, problem="a link or no plain file")
    with tempfile.TemporaryDirectory(prefix="aigc-grade-") as name:
        target = Path(name) / "submission"
        try:
            unpack(path, target)
        except BadInput as error:
            return Row(path.name, problem=error.found)
        verdict = _judged(target, execute)
    if "error" in verdict:
        return Row(path.name, problem=verdict["error"])
    return Row(path.name, **{**verdict, "notes": tuple(verdict["notes"])})


def _judged(target: Path, execute: bool) -> dict[str, Any]:
    """Judge in a process that may hang or die alone."""
    command = [sys.executable, "-I", "-m", "aigc_kit.teach.classroom.judge", str(target)]
    command += ["--execute"] if execute else []
    environment = {name: value for name, value in os.environ.items() if not is_secret_name(name)}
    environment |= {"AIGC_PROGRESS": "0", "AIGC_OFFLINE": "1"}
    limits: dict[str, Any] = {"stdin": subprocess.DEVNULL, "timeout": JUDGE_SECONDS}
    try:
        process = subprocess.run(command, capture_output=True, check=False, cwd=target, env=environment, **limits)
    except subprocess.TimeoutExpired:
        return {"error": f"not judged within {JUDGE_SECONDS:.0f} s"}
    try:
        return json.loads(process.stdout)
    except ValueError:
        last = (process.stderr.decode("utf-8", errors="replace").strip().splitlines() or ["no word"])[-1]
        return {"error": f"judging ended with status {process.returncode}: {last[:200]}"}
