"""Pack what a learner did as one archive (`aigc submit`).

No keys, nothing from outside the folders named, within limits.
"""

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aigc_kit
from aigc_kit.core import paths
from aigc_kit.core.errors import BadInput
from aigc_kit.core.paths import write_atomically
from aigc_kit.core.redact import LOOKS_SECRET, secret_names_in
from aigc_kit.core.units import format_bytes
from aigc_kit.teach import checks
from aigc_kit.teach.checks import answers
from aigc_kit.teach.classroom import submission_limits
from aigc_kit.teach.classroom.submission_limits import is_system_file, most_bytes
from aigc_kit.teach.classroom.unpack import name_problem


@dataclass(frozen=True)
class Packed:
    """Name the archive, its files, what was left out."""

    path: Path
    files: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]


def pack(person: str, target: Path, works: Sequence[Path] | None = None) -> Packed:
    """Write one learner's submission.

    Args:
        person: the learner's name, as the teacher's table shall show it.
        target: the archive (`.zip`) to write, or a folder for it; an existing file is replaced.
        works: folders with records and works; default $AIGC_OUT, else out.

    Raises:
        BadInput: no name; a named folder that is not there; nothing to pack; or a file with a key in it (it is named,
            and nothing is written).
    """
    person = " ".join(person.split())
    if not person or len(person) > submission_limits.PERSON or not person.isprintable():
        fault = f"no name of 1 to {submission_limits.PERSON} characters"
        raise BadInput(asked=f"a submission of {person[:80]!r}", found=fault, todo="aigc submit --name YOUR-NAME")
    target = Path(target)
    target = target / f"{_stem(person)}.zip" if target.is_dir() or not target.suffix else target
    files: dict[str, bytes] = {}
    left_out: list[tuple[str, str]] = []
    sources = [("answers", answers.folder())]
    folders = [paths.out()] if works is None else [Path(folder) for folder in works]
    for folder in folders if works is not None else ():  # the default may be absent: answers alone are enough
        if not folder.is_dir():
            todo = "name the folder that holds them, such as out; with no name $AIGC_OUT or out is taken"
            fault = "no such folder; nothing was packed"
            raise BadInput(asked=f"to pack the works in {folder}", found=fault, todo=todo)
    sources += [("works" if index == 0 else f"works{index + 1}", folder) for index, folder in enumerate(folders)]
    for prefix, folder in sources:
        for path in _below(folder):
            name = f"{prefix}/{path.relative_to(folder).as_posix()}"
            itself = "就是这个压缩包自己" if path.resolve() == target.resolve() else ""
            if why := name_problem(name) or _why_not(path, files) or itself:
                left_out.append((name, why))
            else:
                files[name] = path.read_bytes()
    if not files:
        where = ", ".join(str(folder) for _, folder in sources)
        raise BadInput(asked="a submission", found=f"no answers and no works in {where}", todo="do an exercise first")
    manifest = {
        "format": submission_limits.FORMAT,
        "name": person,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "kit": aigc_kit.__version__,
        "progress": checks.progress(),
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
    }
    files[submission_limits.MANIFEST] = (json.dumps(manifest, ensure_ascii=False, indent=1) + "\n").encode()
    _refuse_keys(files)
    return Packed(write_atomically(target, _zipped(files)), tuple(files), tuple(left_out))


def _below(folder: Path) -> Iterator[Path]:
    """Walk a folder without following links."""
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (
            Path(root) / name for name in sorted(names) if not name.startswith(".") and not is_system_file(name)
        )


def _why_not(path: Path, files: dict[str, bytes]) -> str:
    """Say why a file is left out, or ""."""
    if path.is_symlink() or not path.is_file():
        return "是链接，不是普通文件"
    size, most = path.stat().st_size, most_bytes(path.name)
    if size > most:
        return f"{format_bytes(size, decimal=True)}，超过上限 {format_bytes(most, decimal=True)}"
    if size + sum(map(len, files.values())) > submission_limits.TOTAL_BYTES:
        return f"全部加起来会超过 {format_bytes(submission_limits.TOTAL_BYTES, decimal=True)}"
    return f"文件超过 {submission_limits.FILES} 个" if len(files) >= submission_limits.FILES - 1 else ""


def _refuse_keys(files: dict[str, bytes]) -> None:
    for name, data in files.items():
        text = data.decode("utf-8", errors="replace")
        names = secret_names_in(text)
        looks = LOOKS_SECRET.search(text) if name.endswith((".json", ".txt", ".md", ".csv", ".html")) else None
        if names or looks:
            what = f"the value of the environment variable {names[0]}" if names else "something that looks like a key"
            todo = "take the key out (and make a new one: it was written to a file), then submit again"
            raise BadInput(asked=f"to pack {name}", found=f"it contains {what}; nothing was packed", todo=todo)


def _zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name)  # a fixed date: the same content gives the same bytes
            info.external_attr = 0o100644 << 16
            archive.writestr(info, files[name], zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _stem(person: str) -> str:
    return "".join(char if char.isalnum() or char in "-_" else "_" for char in person)
