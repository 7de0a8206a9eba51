"""Turn a storyboard into a film that moves and speaks."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.paths import write_atomically
from aigc_kit.make.speech.measures import loudness
from aigc_kit.media.encode import Probe, Writer, probe
from aigc_kit.media.fonts import caption_font, write
from aigc_kit.media.pages import visible
from aigc_kit.works.part_from import picture_of
from aigc_kit.works.scoring import gains
from aigc_kit.works.storyboard import Storyboard

SIZE, FPS, RATE = (640, 360), 12, 24_000
PEAK, UNDER = 0.95, 0.5  # of the sound; of music beside voices, before it gives way to them
MOVES = ((1.0, 1.16, (0.5, 0.5), (0.5, 0.4)), (1.16, 1.16, (0.1, 0.5), (0.9, 0.5)), (1.18, 1.0, (0.5, 0.6), (0.5, 0.5)))
"""(zoom at the start, at the end, where in the spare room at the start, at the end), taken in turns."""


@dataclass(frozen=True)
class Animatic:
    """Hold a finished film.

    Args:
        path: of the MP4.
        facts: read back from it.
        captions: whether they are in the pictures; without a Chinese font they are only in the file of subtitles.
        subtitles: path of the WebVTT file.
        overrun: shot (from 1) -> seconds by which its voice lasts longer than the shot.
        loudness: LUFS of its sound; None where it is silent, or too short or quiet to measure.
    """

    path: Path
    facts: Probe
    captions: bool
    subtitles: Path
    overrun: dict[int, float]
    loudness: float | None = None


def animatic(
    path: Path | str,
    board: Storyboard,
    pictures: Sequence[Any],
    voices: Sequence[np.ndarray | None] = (),
    *,
    rate: int = RATE,
    size: tuple[int, int] = SIZE,
    fps: int = FPS,
    music: np.ndarray | None = None,
    badge: str = "",
    on_frame: Callable[[int, int], None] | None = None,
) -> Animatic:
    """Render a storyboard.

    Args:
        path: .mp4; the subtitles stand beside it as .vtt.
        board: its shots.
        pictures: one for each shot, or fewer, which are then repeated in turns: PIL images or uint8 (H, W, 3).
        voices: one wave float32 (N,) for each shot, or None; empty for a silent film.
        rate: of voices and music, Hz.
        size: width and height in pixels, even.
        fps: frames per second.
        music: float32 (N,), put under the voices, repeated or cut to length.
        badge: a short label in a corner of every frame, such as "AI 生成", for a film that leaves its page.
        on_frame: called with (frames done, frames in all).

    Raises:
        BadInput: no pictures, or other numbers of voices.
        CannotWrite: ffmpeg gave up.
    """
    path = Path(path)
    if path.suffix != ".mp4" or size[0] % 2 or size[1] % 2 or not pictures:
        task = Words(f"{path.name}, {size}, {len(pictures)} pictures", f"{path.name}，{size}，{len(pictures)} 张图片")
        raise BadInput(
            asked=task,
            found=Words("no film", "这样做不成影片"),
            todo=Words("an .mp4, even sides", "文件名以 .mp4 结尾，两边都是偶数，至少一张图片"),
        )
    if voices and len(voices) != len(board.shots):
        raise BadInput(
            asked=Words(f"{len(board.shots)} shots", f"{len(board.shots)} 个镜头"),
            found=Words(f"{len(voices)} voices", f"有 {len(voices)} 段配音"),
            todo=Words("one for each, or None", "每个镜头一段，没有的写 None"),
        )
    sound, overrun = mix(board, voices, rate, music) if len(voices) or music is not None else (None, {})
    images = [
        _widened(picture_of(picture, Words("a picture of a shot", "一个镜头的图片")).convert("RGB"), size)
        for picture in pictures
    ]
    font = caption_font(size[1] // 15)
    total = round(board.total * fps)
    notes = {"comment": badge or "animatic"}
    corner = _corner(visible(badge), caption_font(size[1] // 22))
    with Writer(path, fps, sound=None if sound is None else (sound, rate), metadata=notes) as writer:
        for count, frame in enumerate(_frames(board, images, size, fps, (font, corner)), 1):
            writer.add(frame)
            if on_frame is not None:
                on_frame(count, total)
    subtitles = write_atomically(path.with_suffix(".vtt"), board.subtitles())
    loud = None if sound is None or rate != RATE else loudness(sound)
    return Animatic(path, probe(path), font is not None, subtitles, overrun, loud)


def mix(
    board: Storyboard, voices: Sequence[np.ndarray | None], rate: int = RATE, music: np.ndarray | None = None
) -> tuple[np.ndarray, dict[int, float]]:
    """Mix the sound track, never above 0.95.

    Each voice begins with its shot; music lies below and gives way (`scoring.gains`).
    Returns float32 (N,) as long as the storyboard, and shot (from 1) -> seconds that its voice is too long.
    """
    track = np.zeros(round(board.total * rate), np.float32)
    overrun: dict[int, float] = {}
    for index, voice in enumerate(voices):
        if voice is None or not len(voice):
            continue
        late = len(voice) / rate - board.shots[index].seconds
        if late > 0.01:
            overrun[index + 1] = round(late, 2)
        start = round(board.starts[index] * rate)
        piece = np.asarray(voice, np.float32)[: len(track) - start]
        track[start : start + len(piece)] += piece
    if music is not None and len(music):
        loud = UNDER if np.abs(track).max(initial=0.0) > 0 else 1.0
        track += loud * gains(track, rate) * np.resize(np.asarray(music, np.float32), len(track))
    peak = float(np.abs(track).max(initial=0.0))
    return (track * (PEAK / peak) if peak > PEAK else track), overrun


def _frames(
    board: Storyboard, images: Sequence[Image.Image], size: tuple[int, int], fps: int, words: tuple[Any, Any]
) -> Iterator[np.ndarray]:
    font, corner = words
    for index, (shot, start) in enumerate(zip(board.shots, board.starts, strict=True)):
        first, last = round(start * fps), round((start + shot.seconds) * fps)
        picture, move = images[index % len(images)], MOVES[index % len(MOVES)]
        strip = _caption(visible(shot.voice), size, font)
        for frame in range(first, last):
            view = _moved(picture, size, move, (frame - first) / max(last - first - 1, 1))
            if strip is not None:
                view.paste(strip, (0, size[1] - strip.height), strip)
            if corner is not None:
                view.paste(corner, (size[0] - corner.width - corner.height // 2, corner.height // 2), corner)
            yield np.asarray(view)


def _moved(picture: Image.Image, size: tuple[int, int], move: Any, share: float) -> Image.Image:
    """Cut what is seen at one moment, filling the frame."""
    zoom = move[0] + (move[1] - move[0]) * share
    scale = max(size[0] / picture.width, size[1] / picture.height) * zoom
    width, height = size[0] / scale, size[1] / scale
    spare = (picture.width - width, picture.height - height)
    left, top = (spare[k] * (move[2][k] + (move[3][k] - move[2][k]) * share) for k in (0, 1))
    smooth = Image.Resampling.BICUBIC if min(picture.size) >= 256 else Image.Resampling.NEAREST
    return picture.resize(size, smooth, box=(left, top, left + width, top + height))


def _widened(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Lay a narrow picture whole over its dark, blurred copy."""
    width = round(picture.height * size[0] / size[1])
    if picture.width > 0.8 * width:
        return picture
    back = picture.resize((16, 9), Image.Resampling.BOX).resize((width, picture.height), Image.Resampling.BICUBIC)
    back = back.point(lambda value: round(value * 0.45))
    ramp = np.minimum(np.arange(picture.width), np.arange(picture.width)[::-1]) / (0.08 * picture.width)
    mask = np.broadcast_to(np.clip(ramp, 0, 1) * 255, picture.size[::-1]).astype(np.uint8)
    back.paste(picture, ((width - picture.width) // 2, 0), Image.fromarray(mask))
    return back


def _corner(words: str, font: Any | None) -> Image.Image | None:
    """Draw a small rounded label, if words and font exist."""
    if font is None or not words:
        return None
    width, height = round(font.getlength(words) + 1.2 * font.size), round(1.7 * font.size)
    label = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    draw = ImageDraw.Draw(label)
    draw.rounded_rectangle((0, 0, width - 1, height - 1), height / 2, fill=(8, 12, 26, 170))
    write(draw, (width / 2, height / 2), words, fill=(207, 224, 255, 255), font=font, anchor="mm")
    return label


def _caption(text: str, size: tuple[int, int], font: Any | None) -> Image.Image | None:
    """Draw a strip with at most three lines of words."""
    words = " ".join(text.split())
    if font is None or not words:
        return None
    room = size[0] * 0.92
    rows = max(1, -(-font.getlength(words) // room))
    lines = _lines(words, font, min(room, font.getlength(words) / rows + 2 * font.size))  # about equally long
    if len(lines) > 3:
        lines = [*lines[:2], lines[2][:-1] + "…"]
    step = round(font.size * 1.4)
    strip = Image.new("RGBA", (size[0], step * len(lines) + font.size), (8, 12, 26, 190))
    draw = ImageDraw.Draw(strip)
    for index, line in enumerate(lines):
        place = (size[0] / 2, font.size * 0.5 + step * (index + 0.5))
        write(draw, place, line, fill=(255, 244, 222, 255), font=font, anchor="mm")
    return strip


def _lines(words: str, font: Any, room: float) -> list[str]:
    """Break words at any sign, not before punctuation."""
    lines = [""]
    for sign in words:
        if font.getlength(lines[-1] + sign) > room and sign not in "，。！？；：、”’」）":
            lines.append("")
        lines[-1] += sign
    return lines
