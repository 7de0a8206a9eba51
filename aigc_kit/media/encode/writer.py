"""Feed one ffmpeg process with raw frames.

The file appears under its name when it is whole, or not at all.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, CannotWrite, NoSpace
from aigc_kit.media import wav
from aigc_kit.media.encode import ffmpeg

FASTEST = 240  # frames per second; more is a mistake of unit
# BT.709 is what browsers assume; tagged, so that no player has to assume anything
_H264 = (
    *("-vf", "scale=out_color_matrix=bt709:out_range=tv:flags=bicubic,format=yuv420p", "-c:v", "libx264"),
    *("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"),
    *("-movflags", "+faststart", "-f", "mp4"),
)
# A palette of its own for every frame, so that nothing has to be kept until the end
_GIF = (
    *("-filter_complex", "split[a][b];[a]palettegen=stats_mode=single[p];[b][p]paletteuse=new=1:dither=sierra2_4a"),
    *("-loop", "0", "-f", "gif"),
)
_WEBP = ("-c:v", "libwebp_anim", "-quality", "80", "-compression_level", "4", "-loop", "0", "-f", "webp")
FORMATS = {".mp4": _H264, ".gif": _GIF, ".webp": _WEBP}
GIF_FASTEST = 50  # browsers slow down frames shorter than 1/50 s


def sound_file(sound: Any, folder: Path) -> tuple[Path, bool]:
    """Bring a sound into a file, and tell whether new.

    Args:
        sound: path of an audio file, or (wave float32 (N,) in [-1, 1], rate in Hz).
        folder: for the new file, which the caller removes.

    Raises:
        BadInput: neither.
    """
    if isinstance(sound, (str, os.PathLike)):
        path = Path(sound)
        if not path.is_file():
            raise BadInput(
                asked=Words(f"the sound {path}", f"声音 {path}"),
                found=Words("no such file", "没有这个文件"),
                todo=Words("check the path, or leave sound out", "检查路径，或去掉 sound"),
            )
        return path, False
    if not (isinstance(sound, tuple) and len(sound) == 2):
        kind = f"sound={type(sound).__name__}"
        raise BadInput(
            asked=kind,
            found=Words("not a sound", "这不是声音"),
            todo=Words("pass a path, or (wave, rate in Hz)", "给一个文件路径，或 (波形, 采样率)，采样率以 Hz 计"),
        )
    samples = np.asarray(sound[0])
    if not samples.size:
        raise BadInput(
            asked=Words("the sound of a clip", "短片的声音"),
            found=Words("no samples", "里面没有采样点"),
            todo=Words(
                "pass float32 (N,) in [-1, 1], or none", "给 float32、形状 (N,)、取值在 [-1, 1] 的波形，或不给声音"
            ),
        )
    data = wav.to_bytes(np.clip(samples, -1, 1) if samples.dtype.kind == "f" else samples, sound[1])
    handle, name = tempfile.mkstemp(dir=folder, prefix=".sound.", suffix=".wav")
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    return Path(name), True


def check_fps(value: Any, suffix: str = ".mp4") -> Fraction:
    """Turn frames per second into an exact fraction.

    Args:
        value: int, float, Fraction or text such as "24000/1001"; 0 < fps <= 240 (50 for a GIF).

    Raises:
        BadInput: not such a number.
    """
    try:
        fps = Fraction(value).limit_denominator(1001)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        fps = Fraction(0)
    most = GIF_FASTEST if suffix == ".gif" else FASTEST
    if not 0 < fps <= most or isinstance(value, bool):
        why = Words(f"not a number above 0 and up to {most}", f"不是大于 0、不超过 {most} 的数")
        todo = Words("choose such as 8, 16, 24 or '24000/1001'", "改成 8、16、24 或 '24000/1001' 这样的值")
        if suffix == ".gif":
            why += Words(
                ": a GIF counts hundredths of a second, and browsers slow down what is faster",
                "：GIF 以百分之一秒计时，再快浏览器就会放慢",
            )
            todo += Words(", or write an MP4", "，或写成 MP4")
        raise BadInput(asked=f"fps={value!r}", found=why, todo=todo)
    return fps


def as_path(path: Any) -> str:
    """Turn a path into text.

    Raises:
        BadInput: it is none; often frames and path changed places.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise BadInput(
            asked=Words(
                f"a clip at {type(path).__name__} {getattr(path, 'shape', path)}",
                f"写短片，文件名给的是 {type(path).__name__} {getattr(path, 'shape', path)}",
            ),
            found=Words("the first argument is no path", "第一个参数不是路径"),
            todo=Words(
                "name the file first, then frames and rate: encode.mp4('clip.mp4', frames, 16)",
                "先写文件名，再写帧和帧率：encode.mp4('clip.mp4', frames, 16)",
            ),
        )
    return os.fspath(path)


class Writer:
    """Write a clip frame by frame.

    Args:
        path: .mp4, .gif or .webp; the folder is made, an existing file is replaced only by a whole one.
        fps: exact, see `check_fps`.
        sound: a WAV or other audio file, or (wave float32 (N,), rate); MP4 only. Neither picture nor sound is cut: a
            shorter picture stands still at its end.
        odd: what to do with an odd height or width, which yuv420p cannot hold: None refuses, "crop" takes one row or
            column off, "pad" repeats the last one.
        crf: quality of H.264, 0 (lossless) to 51.
        preset: speed of x264, such as "veryfast".
        metadata: title, comment, ... written into an MP4.

    Raises:
        BadInput: a value outside these, or a frame that is not uint8 (H, W, 3) of the first one's size.
        CannotWrite: ffmpeg gave up; its last words are in the message.
        NoSpace: the disk is full.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        fps: Any,
        *,
        sound: Any = None,
        odd: str | None = None,
        crf: int = 20,
        preset: str = "veryfast",
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        self.path = Path(as_path(path))
        if self.path.suffix not in FORMATS:
            raise BadInput(
                asked=Words(f"a clip {self.path.name!r}", f"短片 {self.path.name!r}"),
                found=Words("no such format", "没有这种格式"),
                todo=Words(f"use {', '.join(FORMATS)}", f"用 {'、'.join(FORMATS)}"),
            )
        if sound is not None and self.path.suffix != ".mp4":
            raise BadInput(
                asked=Words(f"sound in a {self.path.suffix}", f"在 {self.path.suffix} 里放声音"),
                found=Words("it holds pictures only", "这种格式只放得下画面"),
                todo=Words("write an MP4", "写成 MP4"),
            )
        if odd not in (None, "crop", "pad"):
            raise BadInput(
                asked=f"odd={odd!r}",
                found=Words("not a way", "没有这种做法"),
                todo=Words("say None, 'crop' or 'pad'", "写 None、'crop' 或 'pad'"),
            )
        if not isinstance(crf, int) or not 0 <= crf <= 51:
            raise BadInput(
                asked=f"crf={crf!r}",
                found=Words("not an integer 0 to 51", "不是 0 到 51 的整数"),
                todo=Words("20 is a good picture", "20 的画质就很好"),
            )
        self.fps = check_fps(fps, self.path.suffix)
        self._odd, self._sound, self.count = odd, sound, 0
        self._quality = ["-crf", str(crf), "-preset", preset] if self.path.suffix == ".mp4" else []
        self._quality += [word for key, text in (metadata or {}).items() for word in ("-metadata", f"{key}={text}")]
        self._shape: tuple[int, ...] = ()
        self._process: subprocess.Popen[bytes] | None = None
        self._words: IO[bytes] | None = None
        self._temporary: list[Path] = []

    def add(self, frame: np.ndarray) -> None:
        """Add a frame, uint8 (H, W, 3) of one size."""
        frame = _checked(frame, self._shape, self.count)
        if self._process is None:
            self._shape = frame.shape
            self._start()
        assert self._process is not None and self._process.stdin is not None
        try:
            self._process.stdin.write(np.ascontiguousarray(_even(frame, self._odd, self.path.suffix)).data)
        except OSError:
            self._fail()
        self.count += 1

    def close(self) -> Path:
        """Finish the file and move it to its name."""
        if self._process is None:
            self.cancel()
            raise BadInput(
                asked=Words(f"a clip {self.path.name!r}", f"短片 {self.path.name!r}"),
                found=Words("no frame was added", "一帧也没有加进去"),
                todo=Words("add at least one", "至少加一帧"),
            )
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
        except OSError:
            self._fail()
        if self._process.wait() != 0:
            self._fail()
        if self.path.suffix == ".webp":
            _keep_length(self._temporary[0], self.count / self.fps)
        self._temporary.pop(0).replace(self.path)
        self.cancel()
        return self.path

    def cancel(self) -> None:
        """Stop and leave nothing behind, harmless after `close`."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            if self._process.stdin is not None:
                with suppress(OSError):  # the process is gone
                    self._process.stdin.close()
        if self._words is not None:
            self._words.close()
        while self._temporary:
            self._temporary.pop().unlink(missing_ok=True)
        self._process, self._words = None, None

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        (self.cancel if kind else self.close)()

    def _start(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        height, width, _ = _even(np.empty(self._shape, np.uint8), self._odd, self.path.suffix).shape
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.stem}.", suffix=".part")
        os.close(handle)
        self._temporary.append(part := Path(name))
        part.chmod(0o644)
        raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(self.fps), "-i", "pipe:0"]
        words = ["-y", "-hide_banner", "-loglevel", "error", *raw]
        if self._sound is not None:
            path, is_temporary = sound_file(self._sound, self.path.parent)
            self._temporary += [path] if is_temporary else []
            words += ["-i", str(path.resolve()), "-map", "0:v", "-map", "1:a", "-c:a", "aac", "-b:a", "160k"]
        words += [*self._quality, *FORMATS[self.path.suffix], str(part.resolve())]
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 (closed in cancel)
        self._process = ffmpeg.start(words, stdin=subprocess.PIPE, stdout=self._words, stderr=self._words)

    def _fail(self) -> None:
        words = ""
        if self._words is not None and self._process is not None:
            self._process.wait()
            self._words.seek(0)
            words = self._words.read().decode(errors="replace").strip()
        self.cancel()
        if "No space left" in words:
            raise NoSpace(
                asked=Words(f"to write {self.path}", f"写 {self.path}"),
                found=Words("the disk is full", "磁盘满了"),
                todo=Words("free some space, then again", "在磁盘上腾出空间，再来一次"),
            )
        raise CannotWrite(
            asked=Words(
                f"to write {self.path} ({self.count} frames so far)", f"写 {self.path}（已经写了 {self.count} 帧）"
            ),
            found=Words(
                f"ffmpeg stopped: {words[-300:] or 'it said nothing'}",
                f"ffmpeg 停了（原话）：{words[-300:] or '没有留下话'}",
            ),
            todo=Words(
                "look at these words; an older file of that name is as it was", "看看它的原话；原来同名的文件没有动"
            ),
        )


def _keep_length(file: Path, seconds: Fraction) -> None:
    """Give a WebP the length of its clip.

    The library joins equal frames, guesses how long the last one stands, and of a clip that stands still it writes a
    mere picture, without a length. Here that picture becomes the one frame of an animation, and the last frame stands
    as long as is left.

    Source: WebP container specification (RFC 9649, 2.7): chunks VP8X, ANIM, ANMF.
    """
    every = list(_chunks(file.read_bytes()))
    chunks = dict(every)
    if b"ANMF" in chunks:
        delays = [int.from_bytes(content[12:15], "little") for name, content in every if name == b"ANMF"]
        last, left = chunks[b"ANMF"], round(1000 * seconds) - sum(delays[:-1])
        last = last[:12] + min(max(left, 1), 2**24 - 1).to_bytes(3, "little") + last[15:]
        at = max(place for place, (name, _) in enumerate(every) if name == b"ANMF")
        every[at] = (b"ANMF", last)
        file.write_bytes(_chunk(b"RIFF", b"WEBP" + b"".join(_chunk(*one) for one in every)))
        return
    with Image.open(file) as image:
        sides = b"".join((side - 1).to_bytes(3, "little") for side in image.size)
        alpha = 0x10 * image.has_transparency_data
    milliseconds = min(max(round(1000 * seconds), 1), 2**24 - 1)
    picture = b"".join(_chunk(name, chunks[name]) for name in (b"ALPH", b"VP8 ", b"VP8L") if name in chunks)
    frame = bytes(6) + sides + milliseconds.to_bytes(3, "little") + b"\x02" + picture  # 2: not blended with what was
    head = bytes([0x02 | alpha, 0, 0, 0]) + sides
    body = b"WEBP" + _chunk(b"VP8X", head) + _chunk(b"ANIM", bytes(6)) + _chunk(b"ANMF", frame)
    file.write_bytes(_chunk(b"RIFF", body))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 12  # after "RIFF", a size and "WEBP"
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        yield data[at : at + 4], data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + len(content).to_bytes(4, "little") + content + bytes(len(content) % 2)


def _checked(frame: Any, shape: tuple[int, ...], index: int) -> np.ndarray:
    if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
        kind = f"{frame.dtype} {frame.shape}" if isinstance(frame, np.ndarray) else type(frame).__name__
        raise BadInput(
            asked=Words(f"to write frame {index}", f"写第 {index} 帧"),
            found=Words(f"{kind}, not uint8 (H, W, 3)", f"{kind}，不是 uint8、形状 (H, W, 3)"),
            todo=Words(
                "bring it to that form first: aigc_kit.media.frames.to_frames(...)",
                "先转换：aigc_kit.media.frames.to_frames(...)",
            ),
        )
    if shape and frame.shape != shape:
        raise BadInput(
            asked=Words(
                f"frame {index} of size {frame.shape[1]}x{frame.shape[0]}",
                f"第 {index} 帧，尺寸 {frame.shape[1]}x{frame.shape[0]}",
            ),
            found=Words(f"the clip is {shape[1]}x{shape[0]}", f"这个短片是 {shape[1]}x{shape[0]}"),
            todo=Words(
                "make all frames of one size; the kit never rescales on its own", "让所有帧一样大；本项目从不自己缩放"
            ),
        )
    return frame


def _even(frame: np.ndarray, odd: str | None, suffix: str) -> np.ndarray:
    height, width = frame.shape[0] % 2, frame.shape[1] % 2
    if suffix != ".mp4" or not (height or width):
        return frame
    if odd is None:
        raise BadInput(
            asked=Words(
                f"an MP4 of {frame.shape[1]}x{frame.shape[0]}", f"写一个 {frame.shape[1]}x{frame.shape[0]} 的 MP4"
            ),
            found=Words(
                "an odd side: yuv420p, which every browser plays, keeps colour for 2x2 pixels",
                "有一边是奇数：浏览器都能播的 yuv420p 每 2x2 个像素共用一个颜色",
            ),
            todo=Words(
                "say odd='crop' (one row or column less) or odd='pad' (the last one repeated)",
                "写 odd='crop'（去掉一行或一列）或 odd='pad'（重复最后一行或一列）",
            ),
        )
    if odd == "crop":
        return frame[: len(frame) - height, : frame.shape[1] - width]
    return np.pad(frame, ((0, height), (0, width), (0, 0)), mode="edge")
