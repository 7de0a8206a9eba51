"""A whole clip in one call."""

import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from aigc_kit.encode.probe import Probe, probe
from aigc_kit.encode.writer import Writer, as_path


def mp4(path: str | os.PathLike[str], frames: Iterable[np.ndarray], fps: Any, **options: Any) -> Probe:
    """H.264, yuv420p, index at the front: what every browser plays.

    Args:
        path: ends in .mp4.
        frames: uint8 (T, H, W, 3), or any iterable of uint8 (H, W, 3); taken one by one.
        fps: exact, see `check_fps`.
        options: sound, odd, crf, preset, metadata of `Writer`.

    Returns:
        What the file says of itself, read back from it.

    Raises:
        BadInput, CannotWrite, NoSpace: as `Writer`.
    """
    return _write(path, ".mp4", frames, fps, **options)


def gif(path: str | os.PathLike[str], frames: Iterable[np.ndarray], fps: Any) -> Probe:
    """A GIF that loops; up to 50 frames a second. Delays are whole hundredths that add up to the true length."""
    return _write(path, ".gif", frames, fps)


def webp(path: str | os.PathLike[str], frames: Iterable[np.ndarray], fps: Any) -> Probe:
    """An animated WebP that loops: true colour, much smaller than a GIF; delays in milliseconds that add up.

    Frames that look alike may be stored as one that stays longer.
    """
    return _write(path, ".webp", frames, fps)


def _write(path: Any, suffix: str, frames: Iterable[np.ndarray], fps: Any, **options: Any) -> Probe:
    path = as_path(path)
    if not path.endswith(suffix):
        path += suffix
    with Writer(path, fps, **options) as writer:
        for frame in frames:
            writer.add(np.asarray(frame))
    return probe(path)
