"""Where the files of a card can be, and the receipt that says what was placed there."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aigc_kit import paths
from aigc_kit.errors import BadInput
from aigc_kit.fetch import hublock
from aigc_kit.types import Card, RemoteFile, Source

RECEIPT = "aigc-receipt.json"
FETCHED_KINDS = ("wheel", "modelscope")


def find(card: Card) -> Path | None:
    """The folder that holds all files of the card, complete by name and size; None when there is none.

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
    """("own" | "shipped" | "fetched", folder) of each place in which files of the card may lie, in order."""
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
    """Where a fetch of the card of that name keeps what it can resume from."""
    return paths.models() / ".work" / name


def shipped_folder(source: Source) -> Path | None:
    """The folder of a shipped source; None for other kinds, and where no assets are installed."""
    if source.kind != "shipped":
        return None
    try:
        return paths.assets() / source.ref
    except BadInput:
        return None


def holds(source: Source, folder: Path) -> bool:
    """The folder has every file of the source, with the size that is known of it (card, else lock)."""
    if not source.files:
        return source.kind == "shipped" and folder.is_dir() and any(folder.iterdir())
    return all(_has(folder / file.path, expected(source, file).bytes) for file in source.files)


def expected(source: Source, file: RemoteFile) -> RemoteFile:
    """The file with size and sha256 filled in from the lock where the card leaves them open."""
    if file.bytes is not None and file.sha256 is not None:
        return file
    return hublock.fill_in(source, file)


def receipt_holds(card: Card, folder: Path) -> bool:
    """The folder has a receipt for one of the card's sources, agreeing with the card, and files of the sizes in it."""
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
    """The source of the card that the receipt names; None when the card no longer has it."""
    said = receipt["source"]
    for source in card.sources:
        if (source.kind, source.ref, source.revision) == (said["kind"], said["ref"], said["revision"]):
            return source
    return None


def read_receipt(folder: Path) -> dict[str, Any] | None:
    """The receipt of a folder; None when it is absent or damaged (then the files are checked and placed again)."""
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
