"""Count what a fetch would cost, without the network."""

from dataclasses import dataclass
from pathlib import Path

from aigc_kit.core import paths
from aigc_kit.core.errors import NoSpace
from aigc_kit.core.paths import disk_free
from aigc_kit.core.types import Card, Figure, Source, Words
from aigc_kit.core.units import KB, MB, format_bytes
from aigc_kit.models.fetch.common import pieces_of, sum_known, tree_bytes
from aigc_kit.models.fetch.hublock import fill_in
from aigc_kit.models.fetch.layout import FETCHED_KINDS, RECEIPT, find, read_receipt, work_folder

ASSUMED_RATE = 4 * MB  # bytes per second
MARGIN = 50 * MB


@dataclass(frozen=True)
class Preflight:
    """Say what it takes to fetch a card.

    Args:
        card: its name.
        on_disk: the folder, when nothing has to be fetched.
        bytes: what the network carries for the first source; None when only the hub knows.
        disk_bytes: what must be free while it is fetched, from whichever source; None likewise.
        disk_free: bytes free where it would go.
        seconds: predicted; None when the bytes are not known, or nothing has to be fetched.
        rate: bytes per second that the prediction assumes.
        kept: bytes that an interrupted try has left; the prediction does not count on them.
        sources: in order, in words.
    """

    card: str
    on_disk: Path | None
    bytes: int | None
    disk_bytes: int | None
    disk_free: int
    seconds: Figure | None
    rate: float
    kept: int
    sources: tuple[str, ...]

    @property
    def text(self) -> str:
        """Say it in one line."""
        if self.on_disk:
            return f"{self.card}: on disk in {self.on_disk}, nothing to fetch"
        if not self.sources:
            return f"{self.card}: no files to fetch"
        free = f"{format_bytes(self.disk_free, decimal=True)} free"
        if self.kept:
            free += f"; {format_bytes(self.kept, decimal=True)} are here from an earlier try"
        where = ", else ".join(self.sources)
        if self.bytes is None or self.seconds is None or self.disk_bytes is None:
            return f"{self.card}: from {where}; how many bytes, the hub says first; {free}"
        return (
            f"{self.card}: {format_bytes(self.bytes, decimal=True)} from {where}; about {self.seconds.text} "
            f"(predicted: {self.seconds.source}); needs {format_bytes(self.disk_bytes, decimal=True)} of disk, {free}"
        )


def preflight(card: Card) -> Preflight:
    """Count bytes, disk and seconds of a fetch, offline."""
    here = find(card)
    sources = [source for source in card.sources if source.kind in FETCHED_KINDS]
    size = 0 if here or not sources else network_bytes(sources[0])
    rate, error, origin = _rate()
    amount = format_bytes(size or 0, decimal=True)
    seconds = Figure(size / rate, "s", "predicted", f"{amount} at {origin}", error) if size else None
    disk = [0] if here or not sources else [disk_bytes(source) for source in sources]
    return Preflight(
        card=card.name,
        on_disk=here,
        bytes=size,
        disk_bytes=None if None in disk else max(size or 0 for size in disk),
        disk_free=disk_free(paths.home()),
        seconds=seconds,
        rate=rate,
        kept=0 if here else tree_bytes(work_folder(card.name)),
        sources=tuple(_words(source) for source in sources),
    )


def network_bytes(source: Source) -> int | None:
    """Count what the network carries, or None when not known."""
    if source.kind in ("wheel", "npm"):
        return sum_known(piece.wheel_bytes for piece in pieces_of(source))
    return sum_known(fill_in(source, file).bytes for file in source.files)


def disk_bytes(source: Source) -> int | None:
    """Count what must be free during the fetch.

    Wheels stay until their file is joined; pip holds one of them twice.
    """
    network = network_bytes(source)
    if network is None or source.kind not in ("wheel", "npm"):
        return network
    largest = max(piece.wheel_bytes or 0 for piece in pieces_of(source))
    return network + largest + (sum_known(file.bytes for file in source.files) or 0)


def require_space(asked: Words, size: int, folder: Path, already: int = 0) -> None:
    """Stop before a download that cannot end well.

    Args:
        asked: what for.
        size: bytes that will be written in all.
        folder: where; it need not exist yet.
        already: bytes of them that are there from an earlier try.

    Raises:
        NoSpace: too little is free.
    """
    need, free = max(0, size - already) + MARGIN, disk_free(folder)
    if need > free:
        space = format_bytes(need, decimal=True)
        raise NoSpace(
            asked=asked + Words(f": {space} of disk", f"：要 {space} 磁盘"),
            found=Words(
                f"{format_bytes(free, decimal=True)} free at {folder}",
                f"{folder} 只空闲 {format_bytes(free, decimal=True)}",
            ),
            todo=Words(
                f"free {format_bytes(need - free, decimal=True)}, or set AIGC_HOME to a folder on a larger disk",
                f"再空出 {format_bytes(need - free, decimal=True)}，或把环境变量 AIGC_HOME 设为更大磁盘上的文件夹",
            ),
        )


def _rate() -> tuple[float, float, str]:
    """Give bytes per second, relative error and origin."""
    best: tuple[str, float] | None = None
    for file in paths.models().glob(f"*/{RECEIPT}") if paths.models().is_dir() else ():
        receipt = read_receipt(file.parent)
        try:
            date, size, seconds = receipt["date"], receipt["network_bytes"], receipt["seconds"]  # type: ignore[index]
            if size >= MB and seconds > 0 and (best is None or date > best[0]):
                best = (date, size / seconds)
        except (KeyError, TypeError):
            continue
    if best is None:
        return ASSUMED_RATE, 0.8, f"an assumed {ASSUMED_RATE / MB:.0f} MB/s; this machine has not fetched anything yet"
    return max(best[1], KB), 0.5, f"{best[1] / MB:.3g} MB/s, the rate of the last fetch here"


def _words(source: Source) -> str:
    if source.kind == "wheel":
        count = len(pieces_of(source))
        return f"packages ({count} wheel{'s' if count > 1 else ''})"
    return f"npm {source.ref}" if source.kind == "npm" else f"ModelScope {source.ref}"
