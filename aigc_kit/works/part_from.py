"""Make labelled parts of takes and files."""

import base64
import os
import tempfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from aigc_kit.core.errors import AigcError, BadInput
from aigc_kit.core.types import Take, Words
from aigc_kit.keep import record
from aigc_kit.media import wav
from aigc_kit.media.encode import ffmpeg, mp4, probe
from aigc_kit.media.stamp import stamp
from aigc_kit.works.parts import MOST_BYTES, Origin, Part, PartKind, media_of

KINDS: dict[str, PartKind] = {"text": "text", "image": "image", "speech": "audio", "music": "audio", "video": "video"}


def make(kind: PartKind, content: Any, origin: Origin, **words: Any) -> Part:
    """Make a part of anything that a learner has.

    Args:
        kind: "text", "image", "audio" or "video".
        content: a path; bytes of a file; a text as str; a picture as PIL image or uint8 (H, W, 3); a sound as
            (wave float32 (N,), rate in Hz); a clip as (frames uint8 (T, H, W, 3), frames per second).
        origin: who made it, see `Part`.
        words: title, alt, credit, prompt, record of `Part`.

    Raises:
        BadInput: content of another kind, or as `Part`.
    """
    data = _bytes(kind, content)
    media = media_of(data, kind)
    seconds = seconds_of(data, media) if kind in ("audio", "video") else None
    facts: dict[str, Any] = {} if seconds is None else {"seconds": seconds}
    if kind == "image":
        with Image.open(BytesIO(data)) as image:
            facts = {"width": image.width, "height": image.height}
    draft = Part(kind, data, media, origin, facts=facts, **words)
    notes = {"Comment": draft.label, "Software": "aigc-kit", "Title": draft.title, "Source": draft.maker}
    return replace(draft, data=stamp(data, media, {name: text for name, text in notes.items() if text}))


def from_take(take: Take, **words: Any) -> Part:
    """Make a part of a take, with its record.

    Of several pictures the first is taken. `words` are title, alt (by default the prompt) and credit of `Part`.
    """
    if take.kind not in KINDS:
        raise BadInput(
            asked=Words(f"a part of a {take.kind} take", f"用 {take.kind} 的结果做一个部分"),
            found=Words("no such part", "没有这种部分"),
            todo=Words(f"use {', '.join(KINDS)}", f"用 {'、'.join(KINDS)}"),
        )
    kind, data = KINDS[take.kind], take.data
    if kind == "image" and np.ndim(data) == 4:
        data = data[0]
    elif kind == "audio":
        data = (data, int(take.labels.get("rate", 24000)))
    elif kind == "video":
        data = (data, take.plan.request.fps or 16)
    if kind in ("image", "video"):
        words.setdefault("alt", take.plan.request.prompt)
    return make(kind, data, "model", record=record.build(take), **words)


def seconds_of(data: bytes, media: str) -> float | None:
    """Measure the length of a WAV or MP4, else None."""
    if media == "audio/wav":
        return wav.seconds_of(data)
    if media != "video/mp4":
        return None
    try:
        with ffmpeg.as_file(data) as path:
            return probe(path).seconds
    except AigcError:
        return None


def _bytes(kind: PartKind, content: Any) -> bytes:
    if isinstance(content, bytes):
        return content
    if kind == "text" and isinstance(content, str):
        return content.encode("utf-8", errors="replace")
    if isinstance(content, (str, os.PathLike)):
        return _read(kind, Path(content))
    if kind == "image":
        return encoded(picture_of(content), "PNG")
    if kind in ("audio", "video") and isinstance(content, tuple) and len(content) == 2:
        values, rate = content
        return wav.to_bytes(np.clip(np.asarray(values), -1, 1), int(rate)) if kind == "audio" else _clip(values, rate)
    raise BadInput(
        asked=Words(f"a part of kind {kind!r}", f"种类为 {kind!r} 的部分"),
        found=Words(f"a {type(content).__name__}", f"这是 {type(content).__name__}"),
        todo=Words("give a path or bytes", "给一个文件路径，或字节"),
    )


def _read(kind: PartKind, path: Path) -> bytes:
    if not path.is_file():
        raise BadInput(
            asked=Words(f"the file {path.name}", f"文件 {path.name}"),
            found=Words("no such file", "没有这个文件"),
            todo=Words("check the path", "检查路径"),
        )
    size, most = path.stat().st_size, MOST_BYTES[kind]
    if size > most:
        raise BadInput(
            asked=Words(f"the file {path.name}", f"文件 {path.name}"),
            found=Words(f"{size:,} bytes", f"有 {size:,} 字节"),
            todo=Words(f"make it smaller than {most:,}", f"缩小到 {most:,} 字节以内"),
        )
    return path.read_bytes()


_PICTURE = Words("a picture", "一张图片")


def picture_of(content: Any, asked: Words = _PICTURE) -> Image.Image:
    """Take a PIL image, or make one of pixels.

    Pixels are uint8 (H, W, 3).

    Raises:
        BadInput: neither.
    """
    if isinstance(content, Image.Image):
        return content
    pixels = np.asarray(content)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise BadInput(
            asked=asked,
            found=f"{pixels.dtype} {pixels.shape}",
            todo=Words("pass uint8 (H, W, 3)", "给 uint8，形状 (H, W, 3)"),
        )
    return Image.fromarray(pixels)


def encoded(image: Image.Image, kind: str = "WEBP", **options: Any) -> bytes:
    """Encode a picture as the bytes of a file."""
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def data_uri(data: bytes, media: str = "image/webp") -> str:
    """Write bytes as an address that holds them."""
    return f"data:{media};base64,{base64.b64encode(data).decode()}"


def _clip(frames: Any, fps: Any) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "clip.mp4")
        mp4(path, frames, fps, odd="crop")
        return path.read_bytes()


def smaller(part: Part, side: int) -> Part:
    """Make a preview, unless the picture is light already."""
    with Image.open(BytesIO(part.data)) as image:
        small = image.convert("RGB")
        small.thumbnail((side, side))
    data = encoded(small, quality=80)
    if len(data) >= len(part.data):
        return part
    return replace(part, data=data, media="image/webp", facts={"width": small.width, "height": small.height})
