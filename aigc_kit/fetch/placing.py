"""Put whole, checked files where they belong, in one move each; the receipt comes last."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aigc_kit import paths
from aigc_kit.errors import WrongBytes
from aigc_kit.fetch.common import CHUNK, Fetched, Progress
from aigc_kit.fetch.layout import RECEIPT
from aigc_kit.types import RemoteFile, Source


def copy_checked(origin: Path, target: Path, known: RemoteFile, progress: Progress) -> tuple[str, int]:
    """Copy a file and compare size and sha256 with what is known of it.

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
