"""`verify`: read every byte again and compare it with card or lock."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from aigc_kit.fetch.common import Progress, sha256_of, silent
from aigc_kit.fetch.layout import expected, find, places, read_receipt, receipt_source
from aigc_kit.types import Card, Source

State = Literal["ok", "wrong", "missing", "unknown"]


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
    """Recompute the sha256 of every file of the card that is on disk, complete or not.

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
        known, place = expected(source, file), folder / file.path
        origin: Literal["card", "lock", "none"] = "card" if file.sha256 else "lock" if known.sha256 else "none"
        if not place.is_file():
            checks.append(FileCheck(place, "missing", origin, known.sha256, None, None))
            continue
        found, size = sha256_of(place, on_bytes(f"check {file.path}")), place.stat().st_size
        same = found == known.sha256 and known.bytes in (None, size)
        state: State = "unknown" if known.sha256 is None else "ok" if same else "wrong"
        checks.append(FileCheck(place, state, origin, known.sha256, found, size))
    return checks


def hash_origin(card: Card) -> Literal["card", "lock", "none"]:
    """Where the hashes of a card's files come from: all in the "card", some only in the "lock", or "none" yet."""
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
