"""Grade submissions, each in a process (`aigc grade`)."""

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aigc_kit.core.errors import BadInput
from aigc_kit.core.redact import is_secret_name
from aigc_kit.teach.classroom.submission_limits import is_system_file
from aigc_kit.teach.classroom.unpack import unpack

JUDGE_SECONDS = 300.0
RESULTS = ("grades.csv", "grades.html", "grades-moodle.csv", "grades-canvas.csv", "grades-chaoxing.csv")
"""Names written into the same folder, which are no submissions."""
ARCHIVES = (".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz")  # which only a zip can be read of
OFFICE = (".docx", ".xlsx", ".pptx", ".odt", ".ods", ".epub", ".whl")  # zip files with another purpose
RIGHT = ("passed", "ran-passed")


@dataclass(frozen=True)
class Row:
    """Tell what became of one file.

    Args:
        file: its name, relative to the folder that was graded.
        name: of the learner, as the submission says; "" when it cannot be read.
        problem: "" or why it could not be judged at all, in Chinese.
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


def handed_in(folder: Path) -> tuple[list[Path], list[tuple[str, str]]]:
    """Find the archives in a folder and below it.

    Files of the system, hidden ones and earlier results are passed over.

    Returns:
        Archives in the order of their names; (relative name, why, in Chinese) of every other file.

    Raises:
        BadInput: no such folder, or no archive in it.
    """
    archives, skipped = [], []
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and not is_system_file(name))
        links = [name for name in folders if (Path(root) / name).is_symlink()]
        for name in sorted([*names, *links]):
            path = Path(root) / name
            if name.startswith(".") or is_system_file(name) or (path.parent == folder and name in RESULTS):
                continue
            if path.is_symlink() or not path.is_file():
                skipped.append((path.relative_to(folder).as_posix(), "是链接，不是普通文件"))
            elif path.suffix.lower() in ARCHIVES or (zipfile.is_zipfile(path) and path.suffix.lower() not in OFFICE):
                archives.append(path)
            else:
                skipped.append((path.relative_to(folder).as_posix(), "不是压缩包；提交是 aigc submit 打包的 .zip"))
    if not archives:
        fault = "it holds no archive" if folder.is_dir() else "no such folder"
        fault += f"; {len(skipped)} other files, such as {skipped[0][0]}" if skipped else ""
        raise BadInput(asked=f"to grade {folder}", found=fault, todo="put the archives of `aigc submit` there")
    return sorted(archives), skipped


def grade(folder: Path, *, execute: bool = False, on_row: Callable[[int, int, Row], object] | None = None) -> list[Row]:
    """Judge every archive in a folder and below it.

    Args:
        folder: what was handed in, such as the unpacked download of a learning platform; see `handed_in`.
        execute: also run functions among the answers, in a limited process (`aigc_kit.teach.classroom.sandbox`).
        on_row: called with (files done, files in all, the row), before submissions are compared with each other.

    Raises:
        BadInput: no such folder, or no archive in it.
    """
    folder = Path(folder)
    archives, _ = handed_in(folder)
    rows, digests = [], []
    for path in archives:
        row, digest = _row(path, path.relative_to(folder).as_posix(), execute)
        rows.append(row)
        digests.append(digest)
        if on_row is not None:
            on_row(len(rows), len(archives), row)
    return [replace(row, notes=(*row.notes, *_equals(index, rows, digests))) for index, row in enumerate(rows)]


def _equals(index: int, rows: list[Row], digests: list[Mapping[str, Any]]) -> Iterator[str]:
    """Name other submissions with the same content."""
    mine = digests[index]
    for row, other in zip(rows, digests, strict=True):
        if other is mine or not mine or not other:
            continue
        if mine["all"] and mine["all"] == other["all"]:
            yield f"与 {row.file} 的全部文件逐字节相同"
        elif common := set(mine["records"]) & set(other["records"]):
            yield f"有 {len(common)} 个作品记录与 {row.file} 相同（记录里有时间，不会碰巧相同）"


def _row(path: Path, name: str, execute: bool) -> tuple[Row, Mapping[str, Any]]:
    """Judge one archive, giving its row and digests."""
    with tempfile.TemporaryDirectory(prefix="aigc-grade-") as folder:
        target = Path(folder) / "submission"
        try:
            unpacked = unpack(path, target)
        except BadInput as error:
            return Row(name, problem=error.found), {}
        target.mkdir(exist_ok=True)  # an archive of strays alone
        verdict = _judged(target, execute)
    if "error" in verdict:
        return Row(name, problem=verdict["error"]), {}
    digest = verdict.pop("digests")
    left_out = [f"没有收 {member[:60]}：{why}" for member, why in unpacked.left_out]
    return Row(name, **{**verdict, "notes": (*verdict["notes"], *left_out)}), digest


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
        return {"error": f"{JUDGE_SECONDS:.0f} 秒内没有批完"}
    try:
        return json.loads(process.stdout)
    except ValueError:
        last = (process.stderr.decode("utf-8", errors="replace").strip().splitlines() or ["没有说明"])[-1]
        return {"error": f"批改的进程以状态 {process.returncode} 结束：{last[:200]}"}
