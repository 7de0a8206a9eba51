"""Read and write WAV files with notes on their maker.

Written: 16-bit PCM, one channel, whole or not at all. Measured: any PCM file that a person brings.
Source: Multimedia Programming Interface and Data Specifications 1.0 (RIFF, LIST INFO); texts in UTF-8.
"""

import struct
import wave as library
from collections.abc import Mapping
from io import BytesIO
from math import gcd
from pathlib import Path

import numpy as np

from aigc_kit.core.errors import BadInput
from aigc_kit.core.paths import write_atomically
from aigc_kit.core.types import Take, Words

FULL = 32767
RATE = 24_000  # samples per second of every wave of the kit


def resampled(wave: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """Change the sampling rate by a polyphase filter, float32 (N,)."""
    from scipy.signal import resample_poly

    if rate == wanted:
        return np.asarray(wave, np.float32)
    common = gcd(rate, wanted)
    return np.asarray(resample_poly(wave, wanted // common, rate // common), np.float32)


def to_bytes(wave: np.ndarray, rate: int = RATE, info: Mapping[str, str] | None = None) -> bytes:
    """Encode a wave as the bytes of a WAV file.

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
        way = _way_to(wave)
        raise BadInput(
            asked=Words(
                f"a WAV file of {wave.dtype} {wave.shape}, peak {peak:.3g}",
                f"把 {wave.dtype} {wave.shape}、峰值 {peak:.3g} 的波形写成 WAV",
            ),
            found=Words("not one channel of finite floats in [-1, 1]", "不是一个声道、取值在 [-1, 1] 的有限浮点数"),
            todo=Words(
                f"pass float32 (N,) in [-1, 1]: {way} first",
                f"给 float32、形状 (N,)、取值在 [-1, 1] 的波形：先{way.zh}",
            ),
        )
    if not isinstance(rate, int) or isinstance(rate, bool) or not 1000 <= rate <= 384_000:
        raise BadInput(
            asked=f"rate={rate!r}",
            found=Words("not a sampling rate in Hz", "不是以 Hz 计的采样率"),
            todo=Words(f"speech here has {RATE}", f"这里的语音用 {RATE}"),
        )
    samples = np.rint(wave * FULL).astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, 1, rate, rate * 2, 2, 16)
    chunks = _chunk(b"fmt ", form) + _chunk(b"data", samples)
    if info:
        for code in info:
            if len(code) != 4 or not code.isascii() or not code.isalnum():
                raise BadInput(
                    asked=Words(f"info {code!r}", f"说明 {code!r}"),
                    found=Words("not a code of four letters", "不是四个字母的代码"),
                    todo=Words("say 'ICMT' or 'INAM'", "写 'ICMT' 或 'INAM'"),
                )
        chunks += _info_chunk(info)
    return _riff(chunks)


def _way_to(wave: np.ndarray) -> Words:
    """Say what makes a sound of an array."""
    if wave.ndim != 1:
        return Words(
            "take one channel, such as wave[:, 0] of (N, channels),", "取一个声道，例如形状 (N, 声道数) 时的 wave[:, 0]"
        )
    if wave.dtype.kind == "f" and not np.isfinite(wave).all():
        return Words(
            "mend what made values that are no numbers, or np.nan_to_num(wave)",
            "修正产生 NaN 或无穷大的那一步，或用 np.nan_to_num(wave)",
        )
    return Words("divide by the peak", "除以峰值")


def write(path: Path | str, wave: np.ndarray, rate: int = RATE, info: Mapping[str, str] | None = None) -> Path:
    """Write a WAV file atomically and verify it, as `to_bytes`."""
    path = write_atomically(Path(path), to_bytes(wave, rate, info))
    samples, rate_inside, _ = read(path)
    if rate_inside != rate or len(samples) != len(wave):
        raise BadInput(
            asked=Words(f"to write {path.name}", f"写 {path.name}"),
            found=Words("the file reads back otherwise", "写好的文件读回来不一样"),
            todo=Words("check the disk", "检查磁盘"),
        )
    return path


def read(path: Path | str) -> tuple[np.ndarray, int, dict[str, str]]:
    """Read a 16-bit PCM file of one channel.

    Returns:
        (wave float32 (N,) in [-1, 1], samples per second, info texts).

    Raises:
        BadInput: not such a file, or one that is cut off.
    """
    try:
        data = Path(path).read_bytes()
        if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
            raise ValueError("no RIFF header")
        if struct.unpack("<I", data[4:8])[0] + 8 != len(data):
            raise ValueError("another length than its header says")
        chunks = dict(_chunks(data[12:]))
        form, channels, rate, _, _, bits = struct.unpack("<HHIIHH", chunks[b"fmt "][:16])
        if (form, channels, bits) != (1, 1, 16):
            raise ValueError(f"format {form}, {channels} channels, {bits} bits")
        wave = (np.frombuffer(chunks[b"data"], "<i2") / FULL).astype(np.float32).clip(-1, 1)
        return wave, rate, info_of(data)
    except (OSError, ValueError, struct.error, KeyError) as error:
        raise BadInput(
            asked=Words(f"the sound {Path(path).name}", f"声音 {Path(path).name}"),
            found=Words(
                f"not a whole WAV file of 16 bits and one channel: {error}",
                f"不是 16 位、单声道的完整 WAV 文件（原话：{error}）",
            ),
            todo=Words("give one that aigc_kit.media.wav.write wrote", "给一个由 aigc_kit.media.wav.write 写的文件"),
        ) from None


def seconds_of(data: bytes) -> float | None:
    """Measure the seconds of a PCM file of any format.

    None where it cannot be told. Source: the module `wave` of the standard library.
    """
    try:
        with library.open(BytesIO(data)) as sound:
            return sound.getnframes() / sound.getframerate()
    except (library.Error, EOFError, ZeroDivisionError):
        return None


def samples_of(data: bytes) -> tuple[np.ndarray, int]:
    """Decode the bytes of a 16-bit WAV file, channels averaged.

    Returns:
        (float64 (N,) in [-1, 1), samples per second); (empty, 0) of other files.
    """
    try:
        with library.open(BytesIO(data)) as sound:
            if sound.getsampwidth() != 2:
                return np.zeros(0), 0
            raw = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").reshape(-1, sound.getnchannels())
            return raw.mean(axis=1) / 32768, sound.getframerate()
    except (library.Error, EOFError):
        return np.zeros(0), 0


def info_of(data: bytes) -> dict[str, str]:
    """Read the INFO texts of a WAV, by four-letter code.

    Raises:
        ValueError: a chunk is cut off.
    """
    return {
        code.decode("ascii", errors="replace"): text.rstrip(b"\0").decode(errors="replace")
        for name, body in _chunks(data[12:])
        if name == b"LIST" and body[:4] == b"INFO"
        for code, text in _chunks(body[4:])
    }


def with_info(data: bytes, info: Mapping[str, str]) -> bytes:
    """Replace the INFO texts of a WAV file, samples untouched.

    Args:
        data: the file.
        info: four-letter code -> text.

    Raises:
        ValueError: not a WAV file, or a chunk is cut off.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError("no WAV")
    others = [(name, body) for name, body in _chunks(data[12:]) if not (name == b"LIST" and body[:4] == b"INFO")]
    return _riff(b"".join(_chunk(name, body) for name, body in others) + _info_chunk(info))


def made_by(take: Take) -> dict[str, str]:
    """Tell which AI made a take, as info for `to_bytes`."""
    from aigc_kit import __version__

    labels, plan = take.labels, take.plan
    comment = f"AI 生成 (AI-generated); model {labels.get('model')}, voice {labels.get('voice')}"
    facts = {"INAM": plan.request.prompt, "ICMT": comment, "ICOP": plan.card.licence}
    return {**facts, "ISFT": f"aigc-kit {__version__}"}


def _riff(chunks: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def _info_chunk(info: Mapping[str, str]) -> bytes:
    texts = b"".join(_chunk(code.encode(), text.encode() + b"\0") for code, text in info.items())
    return _chunk(b"LIST", b"INFO" + texts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    chunks, place = [], 0
    while place + 8 <= len(data):
        name, size = struct.unpack("<4sI", data[place : place + 8])
        if place + 8 + size > len(data):
            raise ValueError(f"chunk {name!r} is cut off")
        chunks.append((name, data[place + 8 : place + 8 + size]))
        place += 8 + size + size % 2
    return chunks
