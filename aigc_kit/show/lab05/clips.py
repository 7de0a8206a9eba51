"""Sound and films in a notebook: made small first, since a notebook keeps them; the full ones lie beside it."""

import base64
import subprocess
import tempfile
from html import escape
from io import BytesIO
from pathlib import Path

from PIL import Image

from aigc_kit.encode import probe, read_frames
from aigc_kit.errors import CannotWrite
from aigc_kit.show.lab03 import compressed
from aigc_kit.show.page import Html
from aigc_kit.speech.engines.base import RATE
from aigc_kit.types import Take

_GREY = "color:#8a8f98;font-size:.88em"


def film(path: Path | str, title: str = "", width: int = 320, quality: int = 36, seconds: float | None = None) -> Html:
    """A clip to play here, made small; and where the full one is.

    Args:
        path: of an MP4.
        title: what it is and who made it.
        width: pixels of the small copy, at most as in the file, even.
        quality: of H.264, 20 (large) to 50 (small).
        seconds: only so much of its beginning; None: all.

    Raises:
        CannotWrite: ffmpeg gave up.
    """
    path = Path(path)
    facts = probe(path)
    data = _small(path, min(width, facts.width) // 2 * 2, quality, seconds or facts.seconds)
    words = f"{facts.width}×{facts.height}，{float(facts.fps):g} 帧/秒，{facts.seconds:.1f} 秒（从文件读回）"
    part = f"前 {seconds:g} 秒，" if seconds and seconds < facts.seconds else ""
    where = f"这里播放的是缩小的一份（{part}{width} 像素宽），原样在 {path.parent.name}/{path.name}"
    source = f"data:video/mp4;base64,{base64.b64encode(data).decode()}"
    size = f"width:min(100%,{2 * width if width < 240 else max(width, 400)}px)"
    html = (
        f'<div><b>{escape(title)}</b><br><video controls loop playsinline preload="metadata" style="{size}" '
        f'poster="{_poster(path, min(width, 240))}" src="{source}"></video>'
        f'<div style="{_GREY}">{escape(words)}<br>{escape(where)}</div></div>'
    )
    return Html(html, f"▶ {title} [{words}]")


def excerpt(take: Take, seconds: float = 12.0, title: str = "") -> Html:
    """The beginning of a long sound, to hear it here; the whole is on the page.

    Args:
        take: of speech.
        seconds: how much of it.
        title: what it is.
    """
    whole = len(take.data) / RATE
    kind, data = compressed(take.data[: round(seconds * RATE)])
    source = f"data:{kind};base64,{base64.b64encode(data).decode()}"
    words = f"全长 {whole:.1f} 秒（实测），这里是前 {min(seconds, whole):g} 秒 · AI 生成 · {take.plan.card.name}"
    html = (
        f'<div><b>{escape(title)}</b><br><audio controls preload="metadata" style="width:min(100%,28em)" '
        f'src="{source}"></audio><div style="{_GREY}">{escape(words)}</div></div>'
    )
    return Html(html, f"♪ {title} [{words}]")


def _poster(path: Path, width: int) -> str:
    """The first frame, for the time before it plays, as an address with the picture in it."""
    frames = read_frames(path)
    first = Image.fromarray(next(frames))
    frames.close()
    first.thumbnail((width, width))
    buffer = BytesIO()
    first.save(buffer, "WEBP", quality=70)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _small(path: Path, width: int, quality: int, seconds: float) -> bytes:
    from imageio_ffmpeg import get_ffmpeg_exe

    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "small.mp4")
        command = [get_ffmpeg_exe(), "-y", "-loglevel", "error", "-i", str(path), "-t", f"{seconds:.3f}"]
        command += ["-vf", f"scale={width}:-2"]
        command += ["-c:v", "libx264", "-crf", str(quality), "-preset", "slow", "-pix_fmt", "yuv420p"]
        command += ["-c:a", "aac", "-b:a", "24k", "-ac", "1", "-movflags", "+faststart", str(target)]
        run = subprocess.run(command, capture_output=True, check=False)
        if run.returncode or not target.is_file():
            said = run.stderr.decode(errors="replace").strip()[-200:]
            raise CannotWrite(asked=f"a small copy of {path.name}", found=said, todo="play the file itself")
        return target.read_bytes()
