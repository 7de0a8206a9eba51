"""Who made a file, written into the file itself: PNG text, WAV INFO, MP4 metadata; and read back."""

import struct
import subprocess
import tempfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from PIL import Image, PngImagePlugin, UnidentifiedImageError

from aigc_kit.core.errors import BadInput, CannotWrite

INFO_IDS = {"Title": b"INAM", "Comment": b"ICMT", "Software": b"ISFT", "Source": b"ISRC"}
"""PNG keyword -> RIFF INFO chunk."""


def stamp(data: bytes, media: str, facts: Mapping[str, str]) -> bytes:
    """The same picture, sound or clip with these facts in its metadata; samples and pixels stay as they are.

    Args:
        data: the file.
        media: "image/png", "audio/wav" or "video/mp4"; other types come back unchanged.
        facts: of "Title", "Comment", "Software" and "Source".

    Raises:
        BadInput: other facts.
        CannotWrite: the file is not whole.
    """
    if set(facts) - set(INFO_IDS):
        raise BadInput(asked=f"facts {sorted(facts)}", found="unknown ones", todo=f"use {', '.join(INFO_IDS)}")
    try:
        if media == "image/png":
            return _png(data, facts)
        if media == "audio/wav":
            return _wav(data, facts)
        if media == "video/mp4":
            return _mp4(data, facts)
    except (UnidentifiedImageError, OSError, SyntaxError, struct.error, ValueError) as error:
        raise CannotWrite(
            asked=f"metadata of {media}", found=f"not a whole file ({error})", todo="make it again"
        ) from None
    return data


def facts_of(data: bytes, media: str) -> dict[str, str]:
    """The facts that `stamp` wrote, read from the file; empty for types that carry none."""
    if media == "image/png":
        with Image.open(BytesIO(data)) as image:
            image.load()
            return {name: str(value) for name, value in image.info.items() if name in INFO_IDS}
    if media == "audio/wav":
        names = {chunk: name for name, chunk in INFO_IDS.items()}
        found = [
            sub
            for name, body in _chunks(data[12:])
            if name == b"LIST" and body[:4] == b"INFO"
            for sub in _chunks(body[4:])
        ]
        return {names[name]: body.rstrip(b"\0").decode(errors="replace") for name, body in found if name in names}
    if media == "video/mp4":
        return _mp4_facts(data)
    return {}


def _png(data: bytes, facts: Mapping[str, str]) -> bytes:
    with Image.open(BytesIO(data)) as image:
        image.load()
        text = PngImagePlugin.PngInfo()
        kept: dict[str, str] = {str(k): v for k, v in image.info.items() if isinstance(v, str)}
        for name, value in (kept | dict(facts)).items():
            text.add_itxt(name, value)
        buffer = BytesIO()
        image.save(buffer, "PNG", pnginfo=text)
    return buffer.getvalue()


def _wav(data: bytes, facts: Mapping[str, str]) -> bytes:
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError("no WAV")
    kept = [(name, body) for name, body in _chunks(data[12:]) if not (name == b"LIST" and body[:4] == b"INFO")]
    merged = {**facts_of(data, "audio/wav"), **facts}
    info = b"INFO" + b"".join(_chunk(INFO_IDS[name], value.encode() + b"\0") for name, value in merged.items())
    body = b"WAVE" + b"".join(_chunk(name, part) for name, part in kept) + _chunk(b"LIST", info)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, place = [], 0
    while place + 8 <= len(data):
        name, size = struct.unpack("<4sI", data[place : place + 8])
        if place + 8 + size > len(data):
            raise ValueError(f"chunk {name!r} is cut off")
        found.append((name, data[place + 8 : place + 8 + size]))
        place += 8 + size + size % 2
    return found


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _mp4(data: bytes, facts: Mapping[str, str]) -> bytes:
    from imageio_ffmpeg import get_ffmpeg_exe

    words = [word for name, value in facts.items() for word in ("-metadata", f"{name.lower()}={value}")]
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "in.mp4"), Path(folder, "out.mp4")
        source.write_bytes(data)
        command = [get_ffmpeg_exe(), "-y", "-loglevel", "error", "-i", str(source), "-map", "0", "-c", "copy"]
        command += [*words, "-movflags", "+faststart+use_metadata_tags", str(target)]
        run = subprocess.run(command, capture_output=True, check=False)
        if run.returncode or not target.is_file():
            raise ValueError(run.stderr.decode(errors="replace").strip()[-200:])
        return target.read_bytes()


def _mp4_facts(data: bytes) -> dict[str, str]:
    from imageio_ffmpeg import get_ffmpeg_exe

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "in.mp4")
        source.write_bytes(data)
        command = [get_ffmpeg_exe(), "-loglevel", "error", "-i", str(source), "-f", "ffmetadata", "pipe:1"]
        words = subprocess.run(command, capture_output=True, check=False).stdout.decode(errors="replace")
    pairs = [line.split("=", 1) for line in words.splitlines() if "=" in line and not line.startswith(";")]
    return {name.capitalize(): value for name, value in pairs if name.capitalize() in INFO_IDS}
