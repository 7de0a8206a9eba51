"""Find ffmpeg and start it, here and nowhere else."""

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import CannotWrite, MissingExtra

LAST_WORDS = 200  # characters of what ffmpeg said that an error repeats


@cache
def program() -> str:
    """Find the binary that imageio-ffmpeg brings, or the system's.

    Raises:
        MissingExtra: there is none.
    """
    try:
        from imageio_ffmpeg import get_ffmpeg_exe

        return str(get_ffmpeg_exe())
    except (ImportError, RuntimeError, OSError) as error:
        raise MissingExtra(
            asked=Words("a clip or sound by ffmpeg", "用 ffmpeg 写短片或声音"),
            found=Words(f"no ffmpeg on this machine: {error}", f"这台机器上没有 ffmpeg（原话：{error}）"),
            todo=Words(
                "pip install imageio-ffmpeg, or set IMAGEIO_FFMPEG_EXE to the path of an ffmpeg; then restart",
                "运行 pip install imageio-ffmpeg，或把环境变量 IMAGEIO_FFMPEG_EXE 设为 ffmpeg 的路径，再重启内核",
            ),
        ) from error


def start(words: Sequence[str], **pipes: Any) -> subprocess.Popen[bytes]:
    """Start ffmpeg with arguments and pipes, and return at once.

    Raises:
        MissingExtra: there is no ffmpeg.
    """
    return subprocess.Popen([program(), *words], **pipes)


def run(words: Sequence[str], data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run ffmpeg to its end, whatever its exit status.

    Args:
        words: its arguments.
        data: bytes for its standard input.

    Raises:
        MissingExtra: there is no ffmpeg.
    """
    return subprocess.run([program(), *words], input=data, capture_output=True, check=False)


def remake(source: bytes | Path, words: Sequence[str], *, asked: Words, todo: Words) -> bytes:
    """Make another MP4 of an MP4.

    Args:
        source: the file, or its bytes.
        words: arguments between the names of the source and of the target.
        asked, todo: what the error says.

    Raises:
        CannotWrite: ffmpeg gave up; its last words are in the message.
        MissingExtra: there is no ffmpeg.
    """
    with as_file(source) as path, tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "out.mp4")
        process = run(["-y", "-loglevel", "error", "-i", str(path.resolve()), *words, str(target)])
        if process.returncode or not target.is_file():
            last = process.stderr.decode(errors="replace").strip()[-LAST_WORDS:]
            raise CannotWrite(
                asked=asked,
                found=Words(
                    f"ffmpeg stopped: {last or 'it said nothing'}", f"ffmpeg 停了（原话）：{last or '没有留下话'}"
                ),
                todo=todo,
            )
        return target.read_bytes()


@contextmanager
def as_file(source: bytes | Path) -> Iterator[Path]:
    """Lend a clip as a file, temporary for bytes."""
    if isinstance(source, Path):
        yield source
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "clip.mp4")
        path.write_bytes(source)
        yield path
