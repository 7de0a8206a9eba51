"""WAV files: 16-bit PCM, one channel, written whole or not at all, with a line inside that says who made the sound.

Source: Multimedia Programming Interface and Data Specifications 1.0 (RIFF, LIST INFO); texts in UTF-8.
"""

import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from aigc_kit.core.errors import BadInput
from aigc_kit.core.paths import write_atomically
from aigc_kit.core.types import Take

FULL = 32767
RATE = 24_000  # samples per second of every wave of the kit


def to_bytes(wave: np.ndarray, rate: int = RATE, info: Mapping[str, str] | None = None) -> bytes:
    """The bytes of a WAV file.

    Args:
        wave: float32 (N,) in [-1, 1].
        rate: samples per second.
        info: four-letter code -> text, such as {"ICMT": "AI 生成"}.

    Raises:
        BadInput: not such a wave, or a code that is none.
    """
    wave = np.asarray(wave)
    peak = float(np.abs(wave).max(initial=0.0)) if wave.dtype.kind == "f" else 0.0
    if wave.ndim != 1 or wave.dtype.kind != "f" or not np.isfinite(wave).all() or peak > 1:
        raise BadInput(
            asked=f"a WAV file of {wave.dtype} {wave.shape}, peak {peak:.3g}",
            found="not one channel of finite floats in [-1, 1]",
            todo="divide by the peak first",
        )
    if not isinstance(rate, int) or isinstance(rate, bool) or not 1000 <= rate <= 384_000:
        raise BadInput(asked=f"rate={rate!r}", found="not a sampling rate in Hz", todo=f"speech here has {RATE}")
    samples = np.rint(wave * FULL).astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, 1, rate, rate * 2, 2, 16)
    chunks = _chunk(b"fmt ", form) + _chunk(b"data", samples)
    if info:
        for code in info:
            if len(code) != 4 or not code.isascii() or not code.isalnum():
                raise BadInput(asked=f"info {code!r}", found="not a code of four letters", todo="say 'ICMT' or 'INAM'")
        texts = b"".join(_chunk(code.encode(), text.encode() + b"\0") for code, text in info.items())
        chunks += _chunk(b"LIST", b"INFO" + texts)
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def write(path: Path | str, wave: np.ndarray, rate: int = RATE, info: Mapping[str, str] | None = None) -> Path:
    """Write a WAV file atomically, and read it back. Arguments and errors as in `to_bytes`."""
    path = write_atomically(Path(path), to_bytes(wave, rate, info))
    back, found, _ = read(path)
    if found != rate or len(back) != len(wave):
        raise BadInput(asked=f"to write {path.name}", found="the file reads back otherwise", todo="check the disk")
    return path


def read(path: Path | str) -> tuple[np.ndarray, int, dict[str, str]]:
    """Read a 16-bit PCM file of one channel.

    Returns:
        (wave float32 (N,) in [-1, 1], samples per second, info texts).

    Raises:
        BadInput: not such a file, or one that is cut off.
    """
    try:
        return _parse(Path(path).read_bytes())
    except (OSError, ValueError, struct.error, KeyError) as error:
        raise BadInput(
            asked=f"the sound {Path(path).name}",
            found=f"not a whole WAV file of 16 bits and one channel: {error}",
            todo="give one that aigc_kit.media.wav.write wrote",
        ) from None


def made_by(take: Take) -> dict[str, str]:
    """The info of a take's file: that an AI made the sound, which one, and what its licence allows."""
    from aigc_kit import __version__

    labels = take.labels
    comment = f"AI 生成 (AI-generated); model {labels.get('model')}, voice {labels.get('voice')}"
    return {
        "INAM": take.plan.request.prompt,
        "ICMT": comment,
        "ICOP": take.plan.card.licence,
        "ISFT": f"aigc-kit {__version__}",
    }


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _parse(data: bytes) -> tuple[np.ndarray, int, dict[str, str]]:
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError("no RIFF header")
    if struct.unpack("<I", data[4:8])[0] + 8 != len(data):
        raise ValueError("another length than its header says")
    chunks, at = dict[bytes, bytes](), 12
    while at + 8 <= len(data):
        name, size = struct.unpack("<4sI", data[at : at + 8])
        chunks[name] = data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    form, channels, rate, _, _, bits = struct.unpack("<HHIIHH", chunks[b"fmt "][:16])
    if (form, channels, bits) != (1, 1, 16):
        raise ValueError(f"format {form}, {channels} channels, {bits} bits")
    wave = (np.frombuffer(chunks[b"data"], "<i2") / FULL).astype(np.float32).clip(-1, 1)
    info, listed, at = dict[str, str](), chunks.get(b"LIST", b"INFO"), 4
    while at + 8 <= len(listed):
        name, size = struct.unpack("<4sI", listed[at : at + 8])
        info[name.decode("ascii")] = listed[at + 8 : at + 8 + size].rstrip(b"\0").decode()
        at += 8 + size + size % 2
    return wave, rate, info
