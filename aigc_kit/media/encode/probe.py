"""Read back what a file of moving pictures holds."""

import os
import re
import struct
import subprocess
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, CannotWrite
from aigc_kit.media.encode import ffmpeg

_INSIDE = {b"moov", b"trak", b"mdia", b"minf", b"stbl"}


def _read(path: Path) -> tuple[dict[str, tuple[str, tuple[int, int], int, Fraction]], bool]:
    """Read an MP4's tracks, and whether its index leads.

    Returns:
        ("vide" or "soun" -> four letters of its codec, its width and height, samples and seconds; faststart).
    """
    tracks: list[dict[str, Any]] = []
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
        facts = {  # of several tracks of one kind the first
            track["kind"]: (track["codec"], track["size"], track["samples"], Fraction(track["length"], track["scale"]))
            for track in reversed(tracks)
        }
        return facts, order.index(b"moov") < order.index(b"mdat")
    except (struct.error, ValueError, KeyError, IndexError) as error:
        why = Words(f"not a whole MP4 ({error})", f"这不是完整的 MP4（原话：{error}）")
        raise CannotWrite(
            asked=Words(f"to read {path}", f"读取 {path}"),
            found=why,
            todo=Words("write the clip again", "重新写这个短片"),
        ) from error


def _boxes(file: BinaryIO, start: int, end: int, depth: int) -> Iterator[tuple[bytes, int, bytes]]:
    while start + 8 <= end:
        file.seek(start)
        size, name = struct.unpack(">I4s", file.read(8))
        head = 16 if size == 1 else 8
        if size == 1:
            (size,) = struct.unpack(">Q", file.read(8))
        size = size or end - start
        if size < head or start + size > end:
            raise ValueError(f"box {name!r} of {size} bytes does not fit")
        if name in _INSIDE:
            yield name, depth, b""
            yield from _boxes(file, start + head, start + size, depth + 1)
        else:
            yield name, depth, file.read(size - head) if depth else b""
        start += size


def _note(track: dict[str, Any], name: bytes, data: bytes) -> None:
    if name == b"hdlr":
        track["kind"] = data[8:12].decode("latin1")
    elif name == b"mdhd":
        track["scale"] = struct.unpack(">I", data[20:24] if data[0] else data[12:16])[0]
    elif name == b"stsd":
        track["codec"] = data[12:16].decode("latin1")
        track["size"] = struct.unpack(">HH", data[8 + 32 : 8 + 36])
    elif name == b"stts":
        (entries,) = struct.unpack(">I", data[4:8])
        runs = [struct.unpack(">II", data[8 + 8 * i : 16 + 8 * i]) for i in range(entries)]
        track["samples"] = sum(count for count, _ in runs)
        track["length"] = sum(count * delta for count, delta in runs)


@dataclass(frozen=True)
class Probe:
    """Describe a clip.

    Args:
        codec: "h264", "gif", "webp", or the four letters of another codec in an MP4.
        pixel_format: such as "yuv420p"; None for GIF and WebP.
        width, height: pixels.
        fps: exact; for GIF and WebP frames / seconds.
        frames: how many.
        seconds: how long the pictures last.
        sound_seconds: how long the sound lasts; None without sound.
        faststart: an MP4 whose index stands in front, so that a browser starts before it has all; else None.
        bytes: size of the file.
    """

    codec: str
    pixel_format: str | None
    width: int
    height: int
    fps: Fraction
    frames: int
    seconds: float
    sound_seconds: float | None
    faststart: bool | None
    bytes: int


def probe(path: str | os.PathLike[str]) -> Probe:
    """Read the facts of an MP4, GIF or WebP.

    Raises:
        BadInput: no such file.
        CannotWrite: the file is not whole, or holds no clip.
    """
    path = Path(path)
    if not path.is_file():
        raise BadInput(
            asked=Words(f"to look into {path}", f"查看 {path}"),
            found=Words("no such file", "没有这个文件"),
            todo=Words("check the path", "检查路径"),
        )
    if path.suffix in (".gif", ".webp"):
        return _probe_picture(path)
    tracks, faststart = _read(path)
    codec, size, frames, length = tracks.get("vide", ("", (0, 0), 0, Fraction(0)))
    if not length:
        raise CannotWrite(
            asked=Words(f"to look into {path}", f"查看 {path}"),
            found=Words("no pictures in it", "里面没有画面"),
            todo=Words("write the clip again", "重新写这个短片"),
        )
    codec = {"avc1": "h264"}.get(codec, codec)
    facts = (codec, _pixel_format(path), *size, frames / length, frames, float(length))
    return Probe(*facts, float(tracks["soun"][3]) if "soun" in tracks else None, faststart, path.stat().st_size)


def read_frames(path: str | os.PathLike[str]) -> Generator[np.ndarray, None, None]:
    """Read the frames of a clip one by one.

    Yields:
        uint8 (H, W, 3).

    Raises:
        BadInput, CannotWrite: as `probe`.
    """
    path = Path(path)
    facts = probe(path)
    if path.suffix in (".gif", ".webp"):
        with Image.open(path) as image:
            for index in range(facts.frames):
                image.seek(index)
                yield np.asarray(image.convert("RGB"))
        return
    size = facts.width * facts.height * 3
    words = ["-loglevel", "error", "-i", str(path.resolve()), "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"]
    with ffmpeg.start(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            while len(data := process.stdout.read(size)) == size:
                yield np.frombuffer(data, np.uint8).reshape(facts.height, facts.width, 3)
        finally:
            process.kill()


def _pixel_format(path: Path) -> str | None:
    description = ffmpeg.run(["-hide_banner", "-i", str(path.resolve())]).stderr.decode(errors="replace")
    match = re.search(r"Video: \w+[^,]*(?:\([^)]*\))*, (\w+)", description)
    return match[1] if match else None


def _probe_picture(path: Path) -> Probe:
    try:
        with Image.open(path) as image:
            size, delays = image.size, []
            for index in range(getattr(image, "n_frames", 1)):
                image.seek(index)
                image.load()
                delays.append(int(image.info.get("duration", 0)))
            codec = str(image.format).lower()
    except (UnidentifiedImageError, OSError, SyntaxError, EOFError) as error:
        raise CannotWrite(
            asked=Words(f"to look into {path}", f"查看 {path}"),
            found=Words(f"not whole ({error})", f"文件不完整（原话：{error}）"),
            todo=Words("write it again", "重新写一次"),
        ) from error
    total = sum(delays)
    rate = Fraction(1000 * len(delays), total) if total else Fraction(0)
    return Probe(codec, None, *size, rate, len(delays), total / 1000, None, None, path.stat().st_size)
