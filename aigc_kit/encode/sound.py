"""The sound of a clip as a file that ffmpeg reads."""

import os
import tempfile
import wave
from pathlib import Path
from typing import Any

import numpy as np

from aigc_kit.errors import BadInput

PEAK = 32767


def sound_file(sound: Any, folder: Path) -> tuple[Path, bool]:
    """A path, and whether it was made here (then the caller removes it).

    Args:
        sound: path of an audio file, or (wave float32 (N,) in [-1, 1], rate in Hz).

    Raises:
        BadInput: neither.
    """
    if isinstance(sound, (str, os.PathLike)):
        path = Path(sound)
        if not path.is_file():
            raise BadInput(asked=f"the sound {path}", found="no such file", todo="check the path, or leave sound out")
        return path, False
    samples, rate = _checked(sound)
    handle, name = tempfile.mkstemp(dir=folder, prefix=".sound.", suffix=".wav")
    with os.fdopen(handle, "wb") as file, wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(np.rint(np.clip(samples, -1, 1) * PEAK).astype("<i2").tobytes())
    return Path(name), True


def _checked(sound: Any) -> tuple[np.ndarray, int]:
    if not (isinstance(sound, tuple) and len(sound) == 2):
        raise BadInput(
            asked=f"sound={type(sound).__name__}", found="not a sound", todo="pass a path, or (wave, rate in Hz)"
        )
    samples, rate = np.asarray(sound[0]), sound[1]
    if samples.ndim != 1 or samples.dtype.kind != "f" or not len(samples) or not np.isfinite(samples).all():
        raise BadInput(
            asked="the sound of a clip",
            found=f"{samples.dtype} {samples.shape}, or values that are not finite",
            todo="pass float32 (N,) in [-1, 1]",
        )
    if not isinstance(rate, int) or not 1000 <= rate <= 384_000:
        raise BadInput(asked=f"rate={rate!r}", found="not a sampling rate in Hz", todo="speech here has 24000")
    return samples, rate
