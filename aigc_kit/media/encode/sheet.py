"""Lay out a clip as a sheet, or write it.

A contact sheet shows frames side by side, each with its time.
"""

import os
from collections.abc import Iterable, Sequence
from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.media.encode.probe import Probe, probe
from aigc_kit.media.encode.writer import Writer, as_path, check_fps

GAP, STRIP = 4, 14  # pixels between pictures, and for the time under each
SMALLEST = 16


def contact_sheet(
    frames: np.ndarray, fps: float | Fraction, *, most: int = 12, columns: int | None = None, width: int = 160
) -> Image.Image:
    """Lay frames side by side evenly, both ends included.

    Args:
        frames: uint8 (T, H, W, 3).
        fps: for the times, in seconds.
        most: how many pictures, at least 1.
        columns: pictures a row; None chooses the squarest sheet.
        width: of each picture, pixels; small frames are enlarged without smoothing, so that pixels stay visible.

    Raises:
        BadInput: not such frames, or not such numbers.
    """
    rate = check_fps(fps)
    if frames.ndim != 4 or frames.dtype != np.uint8 or frames.shape[3] != 3 or not len(frames):
        raise BadInput(
            asked=Words("a contact sheet", "一张缩略图总览"),
            found=f"{frames.dtype} {frames.shape}",
            todo=Words("pass uint8 (T, H, W, 3)", "给 uint8，形状 (T, H, W, 3)"),
        )
    if most < 1 or width < SMALLEST or (columns is not None and columns < 1):
        raise BadInput(
            asked=f"most={most}, columns={columns}, width={width}",
            found=Words("not a sheet", "这样排不成总览"),
            todo=Words(
                f"most and columns are at least 1, width at least {SMALLEST}",
                f"most 和 columns 至少是 1，width 至少是 {SMALLEST}",
            ),
        )
    indices = pick(len(frames), most)
    columns = columns or ceil(len(indices) ** 0.5 * (1.2 if len(indices) > 3 else 1))
    height = round(width * frames.shape[1] / frames.shape[2])
    rows = ceil(len(indices) / columns)
    size = (columns * (width + GAP) + GAP, rows * (height + STRIP + GAP) + GAP)
    sheet = Image.new("RGB", size, color=(255, 255, 255))
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    smooth = Image.Resampling.NEAREST if width >= frames.shape[2] else Image.Resampling.LANCZOS
    for place, index in enumerate(indices):
        x = GAP + place % columns * (width + GAP)
        y = GAP + place // columns * (height + STRIP + GAP)
        sheet.paste(Image.fromarray(frames[index]).resize((width, height), smooth), (x, y))
        draw.text((x + 2, y + height), f"{index}   {float(index / rate):.2f} s", fill=(60, 60, 60), font=font)
    return sheet


def pick(count: int, most: int) -> Sequence[int]:
    """Choose at most `most` of 0..count-1 evenly, both ends included.

    >>> pick(17, 5), pick(3, 5), pick(9, 1)
    ([0, 4, 8, 12, 16], [0, 1, 2], [0])
    """
    if count <= most or most == 1:
        return list(range(min(count, most)))
    return [round(i * (count - 1) / (most - 1)) for i in range(most)]


def mp4(path: str | os.PathLike[str], frames: Iterable[np.ndarray], fps: Any, **options: Any) -> Probe:
    """Write an MP4 that every browser plays: H.264, yuv420p, faststart.

    Args:
        path: ends in .mp4.
        frames: uint8 (T, H, W, 3), or any iterable of uint8 (H, W, 3), taken one by one; a Take, or what `to_frames`
            gives.
        fps: exact, see `check_fps`.
        options: sound, odd, crf, preset, metadata of `Writer`.

    Returns:
        What the file says of itself, read back from it.

    Raises:
        BadInput, CannotWrite, NoSpace: as `Writer`.
    """
    return _write(path, ".mp4", frames, fps, **options)


def gif(path: str | os.PathLike[str], frames: Iterable[np.ndarray], fps: Any) -> Probe:
    """Write a GIF that loops, at most 50 fps.

    Delays are whole hundredths that add up to the true length.
    """
    return _write(path, ".gif", frames, fps)


def webp(path: str | os.PathLike[str], frames: Iterable[np.ndarray], fps: Any) -> Probe:
    """Write an animated WebP that loops, smaller than GIF.

    True colour; delays in milliseconds that add up. Frames that look alike may be stored as one that stays longer.
    """
    return _write(path, ".webp", frames, fps)


def _write(path: Any, suffix: str, frames: Iterable[np.ndarray], fps: Any, **options: Any) -> Probe:
    path = as_path(path)
    if not path.endswith(suffix):
        path += suffix
    if isinstance(getattr(frames, "data", None), np.ndarray):  # a Take, or Frames
        frames = frames.data  # type: ignore[attr-defined]
    if isinstance(frames, np.ndarray) and frames.ndim == 5 and len(frames) == 1:
        frames = frames[0]
    with Writer(path, fps, **options) as writer:
        for frame in frames:
            writer.add(np.asarray(frame))
    return probe(path)
