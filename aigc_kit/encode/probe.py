"""What a file of pictures in motion holds, read back from the file itself."""

import os
import re
import subprocess
from collections.abc import Generator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image, UnidentifiedImageError

from aigc_kit.encode import boxes
from aigc_kit.errors import BadInput, CannotWrite


@dataclass(frozen=True)
class Probe:
    """Facts of a clip.

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
    """The facts of an MP4, GIF or WebP.

    Raises:
        BadInput: no such file.
        CannotWrite: the file is not whole, or holds no clip.
    """
    path = Path(path)
    if not path.is_file():
        raise BadInput(asked=f"to look into {path}", found="no such file", todo="check the path")
    if path.suffix in (".gif", ".webp"):
        return _probe_picture(path)
    tracks, faststart = boxes.read(path)
    video = next((track for track in tracks if track.kind == "vide"), None)
    if video is None or not video.seconds:
        raise CannotWrite(asked=f"to look into {path}", found="no pictures in it", todo="write the clip again")
    sound = next((track for track in tracks if track.kind == "soun"), None)
    return Probe(
        codec={"avc1": "h264"}.get(video.codec, video.codec),
        pixel_format=_pixel_format(path),
        width=video.width,
        height=video.height,
        fps=video.samples / video.seconds,
        frames=video.samples,
        seconds=float(video.seconds),
        sound_seconds=float(sound.seconds) if sound else None,
        faststart=faststart,
        bytes=path.stat().st_size,
    )


def read_frames(path: str | os.PathLike[str]) -> Generator[np.ndarray, None, None]:
    """The frames of a clip one by one, uint8 (H, W, 3); MP4 by ffmpeg, GIF and WebP by Pillow.

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
    command = [get_ffmpeg_exe(), "-loglevel", "error", "-i", str(path.resolve()), *_RAW]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        try:
            while len(data := process.stdout.read(size)) == size:
                yield np.frombuffer(data, np.uint8).reshape(facts.height, facts.width, 3)
        finally:
            process.kill()


_RAW = ("-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1")


def _pixel_format(path: Path) -> str | None:
    command = [get_ffmpeg_exe(), "-hide_banner", "-i", str(path.resolve())]
    words = subprocess.run(command, capture_output=True, check=False).stderr.decode(errors="replace")
    found = re.search(r"Video: \w+[^,]*(?:\([^)]*\))*, (\w+)", words)
    return found[1] if found else None


def _probe_picture(path: Path) -> Probe:
    try:
        with Image.open(path) as image:
            width, height = image.size
            delays = []
            for index in range(getattr(image, "n_frames", 1)):
                image.seek(index)
                image.load()
                delays.append(int(image.info.get("duration", 0)))
            codec = str(image.format).lower()
    except (UnidentifiedImageError, OSError, SyntaxError, EOFError) as error:
        raise CannotWrite(asked=f"to look into {path}", found=f"not whole ({error})", todo="write it again") from error
    total = sum(delays)
    return Probe(
        codec=codec,
        pixel_format=None,
        width=width,
        height=height,
        fps=Fraction(1000 * len(delays), total) if total else Fraction(0),
        frames=len(delays),
        seconds=total / 1000,
        sound_seconds=None,
        faststart=None,
        bytes=path.stat().st_size,
    )
