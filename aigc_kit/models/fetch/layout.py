"""Where the files of a card can be, and the receipt that says what was placed there."""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from aigc_kit.core import paths
from aigc_kit.core.errors import BadInput, WrongBytes
from aigc_kit.core.types import Card, RemoteFile, Source
from aigc_kit.models.fetch import hublock
from aigc_kit.models.fetch.common import CHUNK, Fetched, Progress, sha256_of, silent

RECEIPT = "aigc-receipt.json"
FETCHED_KINDS = ("wheel", "modelscope")
State = Literal["ok", "wrong", "missing", "unknown"]


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
    """List the places where files of the card lie.

    ("own" | "shipped" | "fetched", folder) of each, in order.
    """
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
    """Where `get` places the files of the card."""
    return paths.models() / card.name


def work_folder(name: str) -> Path:
    """Name the folder where a fetch keeps what it resumes."""
    return paths.models() / ".work" / name


def shipped_folder(source: Source) -> Path | None:
    """Find the folder of a shipped source.

    None for other kinds, and where no assets are installed.
    """
    if source.kind != "shipped":
        return None
    try:
        return paths.assets() / source.ref
    except BadInput:
        return None


def holds(source: Source, folder: Path) -> bool:
    """Check that a folder has every file of the source.

    With the size that is known of it (card, else lock).
    """
    if not source.files:
        return source.kind == "shipped" and folder.is_dir() and any(folder.iterdir())
    return all(_has(folder / file.path, expected(source, file).bytes) for file in source.files)


def expected(source: Source, file: RemoteFile) -> RemoteFile:
    """Fill in size and sha256 from the lock.

    Where the card leaves them open.
    """
    if file.bytes is not None and file.sha256 is not None:
        return file
    return hublock.fill_in(source, file)


def receipt_holds(card: Card, folder: Path) -> bool:
    """Check that a folder has a receipt that holds.

    For one of the card's sources, agreeing with the card, and files of the sizes in it.
    """
    receipt = read_receipt(folder)
    source = receipt_source(card, receipt) if receipt else None
    if source is None or receipt is None:
        return False
    entries = receipt["files"]
    for file in source.files:
        entry = entries.get(file.path)
        if entry is None or (file.sha256 is not None and file.sha256 != entry["sha256"]):
            return False
        if not _has(folder / file.path, entry["bytes"]):
            return False
    return True


def receipt_source(card: Card, receipt: dict[str, Any]) -> Source | None:
    """Find the source of the card that the receipt names.

    None when the card no longer has it.
    """
    entry = receipt["source"]
    for source in card.sources:
        if (source.kind, source.ref, source.revision) == (entry["kind"], entry["ref"], entry["revision"]):
            return source
    return None


def read_receipt(folder: Path) -> dict[str, Any] | None:
    """Read the receipt of a folder.

    None when it is absent or damaged (then the files are checked and placed again).
    """
    try:
        receipt = json.loads((folder / RECEIPT).read_text(encoding="utf-8"))
        entries = receipt["files"].values()
        source = receipt["source"]
        whole = all(isinstance(e["bytes"], int) and len(e["sha256"]) == 64 and e["origin"] for e in entries)
        return receipt if whole and {"kind", "ref", "revision"} <= set(source) else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _sources_at(card: Card, kind: str, folder: Path) -> Iterator[Source]:
    for source in card.sources:
        if source.kind != "endpoint" if kind == "own" else shipped_folder(source) == folder:
            yield source


def _has(file: Path, size: int | None) -> bool:
    try:
        found = file.stat().st_size if file.is_file() else -1
    except OSError:
        return False
    return found > 0 if size is None else found == size


def copy_checked(origin: Path, target: Path, known: RemoteFile, progress: Progress) -> tuple[str, int]:
    """Copy a file; compare size and sha256 with the card's.

    Args:
        origin: the file to copy; it is only read.
        target: a temporary place; removed when the bytes are wrong.
        known: size and sha256, each None when not known.
        progress: (bytes so far, bytes in all, what).

    Returns:
        Hex sha256, and bytes, of what was copied.

    Raises:
        WrongBytes: they differ.
    """
    total, digest, size = origin.stat().st_size, hashlib.sha256(), 0
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with origin.open("rb") as stream, target.open("wb") as copy:
            while block := stream.read(CHUNK):
                copy.write(block)
                digest.update(block)
                size += len(block)
                progress(size, total, f"copy and check {known.path}")
        if known.bytes not in (None, size) or known.sha256 not in (None, digest.hexdigest()):
            raise WrongBytes(
                asked=f"{known.path}: {known.bytes or 'any'} bytes, sha256 {(known.sha256 or 'not known')[:16]}...",
                found=f"{origin} has {size} bytes, sha256 {digest.hexdigest()[:16]}...",
                todo="nothing was replaced; copy the file again from its origin, or fetch it from the network",
            )
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return digest.hexdigest(), size


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
        "source": {"kind": source.kind, "ref": source.ref, "revision": source.revision},
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "files": {f.path: {"bytes": f.bytes, "sha256": f.sha256, "origin": f.origin} for f in fetched},
        **notes,
    }
    paths.write_atomically(folder / RECEIPT, json.dumps(receipt, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
    return folder


@dataclass(frozen=True)
class FileCheck:
    """One file, read again.

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
    origin: Literal["card", "lock", "none"]
    expected: str | None
    found: str | None
    bytes: int | None

    @property
    def ok(self) -> bool:
        """The file was compared and is right."""
        return self.state == "ok"


def verify(card: Card, progress: Progress | None = None) -> list[FileCheck]:
    """Recompute the sha256 of every file on disk.

    Whether the card is complete or not.

    Returns:
        One entry per file of the card; empty when nothing of it is on disk, or it has no files.
    """
    folder, source = _where(card)
    if folder is None or source is None:
        return []
    checks, done, report = [], 0, progress or silent

    def on_bytes(label: str) -> Callable[[int], None]:
        def count(size: int) -> None:
            nonlocal done
            done += size
            report(done, None, label)

        return count

    for file in source.files:
        card_file, place = expected(source, file), folder / file.path
        origin: Literal["card", "lock", "none"] = "card" if file.sha256 else "lock" if card_file.sha256 else "none"
        if not place.is_file():
            checks.append(FileCheck(place, "missing", origin, card_file.sha256, None, None))
            continue
        digest, size = sha256_of(place, on_bytes(f"check {file.path}")), place.stat().st_size
        same = digest == card_file.sha256 and card_file.bytes in (None, size)
        state: State = "unknown" if card_file.sha256 is None else "ok" if same else "wrong"
        checks.append(FileCheck(place, state, origin, card_file.sha256, digest, size))
    return checks


def hash_origin(card: Card) -> Literal["card", "lock", "none"]:
    """Say where the hashes of a card's files come from.

    All in the "card", some only in the "lock", or "none" yet.
    """
    origins = set()
    for source in card.sources:
        for file in source.files:
            origins.add("card" if file.sha256 else "lock" if expected(source, file).sha256 else "none")
    return "none" if "none" in origins or not origins else "lock" if "lock" in origins else "card"


def _where(card: Card) -> tuple[Path | None, Source | None]:
    """The folder that `find` gives, else the first with any file of the card; and the source it came from."""
    complete = find(card)
    for kind, folder in places(card):
        if complete not in (None, folder):
            continue
        receipt = read_receipt(folder) if kind == "fetched" else None
        named = receipt_source(card, receipt) if receipt else None
        for source in [named] if named else card.sources:
            if any((folder / file.path).is_file() for file in source.files):
                return folder, source
    return None, None
