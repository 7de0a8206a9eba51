"""Turn files into what a page shows and plays."""

import hashlib
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import AigcError
from aigc_kit.core.units import KB, MB
from aigc_kit.media import wav
from aigc_kit.media.encode import Probe, ffmpeg, probe, read_frames
from aigc_kit.media.encode.sheet import pick
from aigc_kit.media.pages import visible
from aigc_kit.teach.notebooks.refresh import shrink_png
from aigc_kit.teach.show.embed import uri, webp
from aigc_kit.works.parts import PartKind, media_of

Kind = Literal["picture", "film", "sound", "text"]
PICTURE_BYTES, SOUND_BYTES, FILM_BYTES = 400 * KB, 300 * KB, 2 * MB
LONGEST_TEXT = 4000  # characters of a text that the page shows
STILLS = 6  # frames in the strip under a film
STILL_HEIGHT = 96  # pixels; smaller frames stay as they are
SMALL = 256  # pixels: a picture whose longer side is below this keeps its pixels visible
BITRATE = "32k"  # of a sound that the page carries in place of a long WAV
_MIDDLE = {"-crf": "30", "-preset": "veryfast", "-pix_fmt": "yuv420p", "-c:a": "aac", "-b:a": BITRATE, "-ac": "1"}

PART_KINDS: dict[Kind, PartKind] = {"picture": "image", "film": "video", "sound": "audio"}
ENDINGS: dict[str, Kind] = {
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".webp", ".gif"), "picture"),
    **dict.fromkeys((".mp4", ".webm"), "film"),
    **dict.fromkeys((".wav", ".mp3", ".ogg"), "sound"),
    ".txt": "text",
}


@dataclass(frozen=True)
class Piece:
    """Hold one file as a page shows it.

    Args:
        kind: what it is.
        name: of the file.
        digest: equal for files that show or play the same, hex.
        source: its address, which holds it; "" where it cannot be read, or is a text.
        words: what it shows, for those who do not see it.
        width, height: pixels; 0 for sounds and texts.
        seconds: that it plays; 0 for what stands still, None where it is not known.
        poster, strip: of a film, its middle frame and a row of frames; addresses.
        times: of the frames in the strip, seconds.
        text: its words, at most LONGEST_TEXT characters; `cut`: how many more there are.
        remade: the page carries a smaller copy than the file.
        caption: below it, "" where the card says all.
    """

    kind: Kind
    name: str
    digest: str
    source: str = ""
    words: str = ""
    width: int = 0
    height: int = 0
    seconds: float | None = 0.0
    poster: str = ""
    strip: str = ""
    times: tuple[float, ...] = ()
    text: str = ""
    cut: int = 0
    remade: bool = False
    caption: str = ""

    @property
    def small(self) -> bool:
        """Tell whether its pixels should stay visible."""
        return 0 < max(self.width, self.height) < SMALL


def of_file(path: Path, words: str = "") -> Piece | None:
    """Read a file as a piece, None of other kinds."""
    if path.suffix.lower() not in ENDINGS:
        return None
    try:
        data = path.read_bytes()
    except OSError:
        data = b""
    return of_bytes(path.name, data, words)


def of_bytes(name: str, data: bytes, words: str = "") -> Piece | None:
    """Turn a file's bytes into a piece, by its ending.

    The type that the page names is found in the bytes. One that is damaged has no source.
    """
    kind, words = ENDINGS.get(Path(name).suffix.lower()), visible(words)
    digest = hashlib.sha256(data).hexdigest()
    if kind is None:
        return None
    if kind == "text":
        text = visible(data.decode("utf-8", errors="replace"))
        return Piece(kind, name, digest, text=text[:LONGEST_TEXT], cut=max(len(text) - LONGEST_TEXT, 0), words=words)
    try:
        media = media_of(data, PART_KINDS[kind])
        makers = {"picture": _picture, "film": _film, "sound": _sound}
        return Piece(kind, name, words=words, **{"digest": digest, **makers[kind](data, media)})
    except (AigcError, OSError, SyntaxError, ValueError):
        return Piece(kind, name, digest, words=words)


def described(data: bytes) -> str:
    """Read what a PNG says that it shows, or ""."""
    from PIL import Image

    try:
        with Image.open(BytesIO(data)) as image:
            return str(image.info.get("Title") or "")
    except (OSError, SyntaxError, ValueError):
        return ""


def _picture(data: bytes, media: str) -> dict[str, Any]:
    from PIL import Image

    with Image.open(BytesIO(data)) as image:
        width, height = image.size
        pixels = hashlib.sha256(image.convert("RGBA").tobytes() + bytes(str(image.size), "ascii")).hexdigest()
    small = shrink_png(data, PICTURE_BYTES) if media == "image/png" else data
    return {"digest": pixels, "source": uri(media, small), "width": width, "height": height, "remade": small != data}


def _film(data: bytes, media: str) -> dict[str, Any]:
    if media != "video/mp4":
        return {"source": uri(media, data), "seconds": None}
    with ffmpeg.as_file(data) as path:
        facts = probe(path)
        places = pick(facts.frames, STILLS)
        stills, digest = _frames(path, [*places, facts.frames // 2])
    small = data if len(data) <= FILM_BYTES else _smaller(data, facts)
    view = {
        "digest": digest,
        "source": uri(media, small),
        "width": facts.width,
        "height": facts.height,
        "seconds": facts.seconds,
    }
    if not stills:
        return view
    row = [_lowered(stills[place]) for place in places if place in stills]
    poster = webp(stills.get(facts.frames // 2, row[0]), 640, quality=80)
    times = tuple(place / float(facts.fps) for place in places if place in stills)
    strip = webp(np.concatenate(row, axis=1), quality=82)
    return {**view, "poster": poster, "strip": strip, "times": times, "remade": small is not data}


def _frames(path: Path, places: Sequence[int]) -> tuple[dict[int, np.ndarray], str]:
    """Read some frames of a film, and hash all."""
    stills, digest = {}, hashlib.sha256()
    with closing(read_frames(path)) as frames:
        for index, frame in enumerate(frames):
            digest.update(frame.tobytes())
            if index in places:
                stills[index] = frame.copy()
    return stills, digest.hexdigest()


def _lowered(frame: np.ndarray) -> np.ndarray:
    from PIL import Image

    height, width = frame.shape[:2]
    if height <= STILL_HEIGHT:
        return frame
    return np.asarray(Image.fromarray(frame).resize((round(width * STILL_HEIGHT / height), STILL_HEIGHT)))


def _smaller(data: bytes, facts: Probe) -> bytes:
    width = min(facts.width, 480) // 2 * 2
    words = ["-vf", f"scale={width}:-2", "-c:v", "libx264", *(word for pair in _MIDDLE.items() for word in pair)]
    words += ["-movflags", "+faststart"]
    todo = Words("play the file itself", "直接播放文件本身")
    return ffmpeg.remake(data, words, asked=Words("a small copy of a film", "短片的小副本"), todo=todo)


def _sound(data: bytes, media: str) -> dict[str, Any]:
    if media != "audio/wav":
        return {"source": uri(media, data), "seconds": None}
    samples, rate = wav.samples_of(data)
    view = {"seconds": wav.seconds_of(data), "digest": hashlib.sha256(samples.tobytes()).hexdigest()}
    view = view if rate else {"seconds": view["seconds"]}
    if len(data) <= SOUND_BYTES:
        return {**view, "source": uri(media, data)}
    words = ["-v", "error", "-f", "wav", "-i", "-", "-b:a", BITRATE, "-map_metadata", "-1", "-f", "mp3", "-"]
    process = ffmpeg.run(words, data)
    if process.returncode or not process.stdout:
        return {**view, "source": uri(media, data)}
    return {**view, "source": uri("audio/mpeg", process.stdout), "remade": True}
