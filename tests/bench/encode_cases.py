"""The kit's MP4 writer beside a bare ffmpeg fed raw frames through a pipe, and beside diffusers' export_to_video."""

import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from tests.bench.runner import Case, Pair

HEIGHT, WIDTH, FPS = 480, 832, 16


def clip(count: int) -> np.ndarray:
    """Soft shapes that move, with a little noise: neither trivial for an encoder nor impossible."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    frames = np.empty((count, HEIGHT, WIDTH, 3), np.uint8)
    for index in range(count):
        waves = [127 + 110 * np.sin(x / (40 + 10 * c) + index / 6 + c) * np.cos(y / (50 - 8 * c)) for c in range(3)]
        frames[index] = np.clip(np.stack(waves, -1) + rng.normal(0, 4, (HEIGHT, WIDTH, 1)), 0, 255)
    return frames


def _against_ffmpeg(count: int, rounds: int) -> Pair | str:
    from imageio_ffmpeg import get_ffmpeg_exe

    from aigc_kit.media import encode
    from aigc_kit.media.encode.writer import FORMATS

    frames, folder = clip(count), tempfile.mkdtemp()

    def kit() -> float:
        began = time.perf_counter()
        with encode.Writer(Path(folder) / "kit.mp4", FPS) as writer:
            for frame in frames:
                writer.add(frame)
        return count / (time.perf_counter() - began)

    def bare() -> float:
        began = time.perf_counter()
        raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{WIDTH}x{HEIGHT}", "-r", str(FPS), "-i", "pipe:0"]
        command = [get_ffmpeg_exe(), "-y", "-loglevel", "error", *raw, "-crf", "20", "-preset", "veryfast"]
        command += [*FORMATS[".mp4"], str(Path(folder) / "bare.mp4")]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
            for frame in frames:
                process.stdin.write(frame.data)
            process.stdin.close()
        return count / (time.perf_counter() - began)

    return Pair(kit, bare, "frames/s", rounds, f"{count} frames {WIDTH}x{HEIGHT}, x264 crf 20 veryfast, faststart")


def _against_export_to_video(count: int, rounds: int) -> Pair | str:
    from diffusers.utils import export_to_video

    from aigc_kit.media import encode
    from aigc_kit.media.frames import to_frames

    floats = list(clip(count).astype(np.float32) / 255)
    folder = tempfile.mkdtemp()

    def kit() -> float:
        began = time.perf_counter()
        encode.mp4(Path(folder) / "kit.mp4", to_frames(floats).data, FPS)
        return count / (time.perf_counter() - began)

    def theirs() -> float:
        began = time.perf_counter()
        export_to_video(floats, str(Path(folder) / "theirs.mp4"), fps=FPS)
        return count / (time.perf_counter() - began)

    return Pair(kit, theirs, "frames/s", rounds, f"{count} float frames, conversion and read-back included")


CASES = (
    Case("encode-ffmpeg", lambda: _against_ffmpeg(48, 7)),
    Case("encode-export", lambda: _against_export_to_video(32, 5)),
)
