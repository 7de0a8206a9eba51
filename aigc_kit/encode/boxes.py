"""What an MP4 says of itself, read from its boxes (ISO/IEC 14496-12): exact rates, which ffmpeg prints rounded."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from aigc_kit.errors import CannotWrite

_INSIDE = {b"moov", b"trak", b"mdia", b"minf", b"stbl"}


@dataclass(frozen=True)
class Track:
    """One track: "vide" or "soun", codec's four letters, size in pixels, samples and their seconds."""

    kind: str
    codec: str
    width: int
    height: int
    samples: int
    seconds: Fraction


def read(path: Path) -> tuple[list[Track], bool]:
    """The tracks, and whether the index stands before the data (faststart).

    Raises:
        CannotWrite: not an MP4, or cut off.
    """
    tracks: list[dict[str, object]] = []
    order: list[bytes] = []
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            for name, depth, data in _boxes(file, 0, file.tell(), 0):
                if depth == 0:
                    order.append(name)
                if name == b"trak":
                    tracks.append({})
                elif tracks:
                    _note(tracks[-1], name, data)
        if b"moov" not in order or b"mdat" not in order:
            raise ValueError("no index or no data")
        found = [_track(each) for each in tracks]
    except (struct.error, ValueError, KeyError, IndexError) as error:
        raise CannotWrite(
            asked=f"to read {path}", found=f"not a whole MP4 ({error})", todo="write the clip again"
        ) from error
    return found, order.index(b"moov") < order.index(b"mdat")


def _boxes(file: BinaryIO, start: int, end: int, depth: int) -> Iterator[tuple[bytes, int, bytes]]:
    while start + 8 <= end:
        file.seek(start)
        size, name = struct.unpack(">I4s", file.read(8))
        head = 8
        if size == 1:
            (size,) = struct.unpack(">Q", file.read(8))
            head = 16
        if size == 0:
            size = end - start
        if size < head or start + size > end:
            raise ValueError(f"box {name!r} of {size} bytes does not fit")
        if name in _INSIDE:
            yield name, depth, b""
            yield from _boxes(file, start + head, start + size, depth + 1)
        else:
            yield name, depth, file.read(size - head) if depth else b""
        start += size


def _note(track: dict[str, object], name: bytes, data: bytes) -> None:
    if name == b"hdlr":
        track["kind"] = data[8:12].decode("latin1")
    elif name == b"mdhd":
        track["scale"], track["ticks"] = struct.unpack(
            ">IQ" if data[0] else ">II", data[20:32] if data[0] else data[12:20]
        )
    elif name == b"stsd":
        track["codec"] = data[12:16].decode("latin1")
        track["size"] = struct.unpack(">HH", data[8 + 32 : 8 + 36])
    elif name == b"stts":
        (entries,) = struct.unpack(">I", data[4:8])
        runs = [struct.unpack(">II", data[8 + 8 * i : 16 + 8 * i]) for i in range(entries)]
        track["samples"] = sum(count for count, _ in runs)
        track["length"] = sum(count * delta for count, delta in runs)


def _track(found: dict) -> Track:
    width, height = found["size"] if found["kind"] == "vide" else (0, 0)
    return Track(
        kind=found["kind"],
        codec=found["codec"],
        width=width,
        height=height,
        samples=found["samples"],
        seconds=Fraction(found["length"], found["scale"]),
    )
