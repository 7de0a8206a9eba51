"""Clips in a notebook: an embedded MP4 with frames below it, which stay where no video plays; a run's progress."""

import base64
import io
import tempfile
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from aigc_kit.core.types import Step, Take
from aigc_kit.make.diffusion.denoise import seconds_left
from aigc_kit.make.video.measures import Clip, frames_of
from aigc_kit.media import encode
from aigc_kit.teach.show import page
from aigc_kit.teach.show.page import TIER_ZH, Html

SHOWN = 320  # pixels wide on the page, where the clip is smaller
STILLS = 6
_CARD = "border:1px solid #8885;border-radius:8px;padding:.5em .8em;margin:.3em 0;display:inline-block;max-width:100%"
_GREY = "color:#8a8f98;font-size:.88em"


def player(clip: Clip, title: str = "", *, stills: int = STILLS, width: int = SHOWN, by: str = "") -> Html:
    """Play a clip: title, player, frames with times, who made it.

    Rows: as in `players`.

    Args:
        clip: a take of `aigc_kit.make.video`, or (frames uint8 (T, H, W, 3), fps).
        title: above it.
        stills: frames in the row below; 0 for none.
        width: of the player on the page, pixels.
        by: who made frames that are no take, such as "AI 生成 · tinywan"; a take says it itself.
    """
    return players([clip], [title], stills=stills, width=width, by=by)


def players(
    clips: Sequence[Clip], titles: Sequence[str] = (), *, stills: int = 3, width: int = 200, by: str = ""
) -> Html:
    """Play several clips side by side, as `player`.

    Rows: {"title", "height", "width", "frames", "fps", "seconds", "by"}, as probed in the embedded files.
    """
    named = [(clip, titles[index] if index < len(titles) else "") for index, clip in enumerate(clips)]
    shown = [_one(clip, title, stills, width, by) for clip, title in named]
    blocks, text = "".join(one.html for one in shown), "\n".join(one.text for one in shown)
    rows = [row for one in shown for row in one.rows]
    return Html(f'<div style="display:flex;gap:.8em;flex-wrap:wrap">{blocks}</div>', text, rows)


def sheet(clip: Clip, most: int = 12, width: int = 96) -> Html:
    """Show a clip's contact sheet. Rows: {"frame", "seconds"}."""
    frames, fps = frames_of(clip)
    rows = [{"frame": index, "seconds": index / fps} for index in encode.sheet.pick(len(frames), most)]
    made = encode.contact_sheet(frames, fps, most=most, width=width)
    words = f"联系表：{min(most, len(frames))} 个画面，带编号和时间"
    return Html(f'<img alt="{words}" src="{_picture(np.asarray(made))}">', words, rows)


def scrub(clip: Clip, width: int = SHOWN) -> None:
    """Show a slider over the frames; the picture stays without a kernel."""
    import ipywidgets as widgets
    from IPython.display import display

    frames, fps = frames_of(clip)
    slider = widgets.IntSlider(
        value=len(frames) // 2, min=0, max=len(frames) - 1, description="帧", layout={"width": "32em"}
    )
    display(slider)
    shown = page.Shown(_frame(frames, fps, slider.value, width))
    slider.observe(lambda change: shown.replace(_frame(frames, fps, change["new"], width)), names="value")


class Progress:
    """Show a bar that grows with the steps, and the time left.

    With a few frames of what the model has in mind. Give it to `video.run` as `on_step`; `steps` are the steps so far.

    Args:
        every: show the frames at every so manieth step; 0 never (decoding them takes as long as the clip's own).
        decode: seconds that decoding is known to take.
    """

    def __init__(self, every: int = 0, decode: float = 0.0) -> None:
        self.steps: list[Step] = []
        self.previews: dict[int, Any] = {}
        self._every, self._decode = every, decode
        self._shown: page.Shown | None = None

    def __call__(self, step: Step) -> None:
        """A step is done."""
        self.steps.append(step)
        done, total = step.index + 1, step.total
        if self._every and step.phase == "denoise" and step.index % self._every == 0:
            self.previews[step.index] = step.preview.pixels()  # type: ignore[attr-defined]
        left = seconds_left(self.steps, self._decode)
        words = f"第 {done}/{total} 步" + (f"，还要约 {left:.0f} 秒" if left and left >= 0.5 else "")
        bar = Html(f'<progress value="{done}" max="{total}" style="width:20em"></progress> {words}', words)
        if self._shown is None:
            self._shown = page.Shown(bar)
        else:
            self._shown.replace(bar)


def _frame(frames: np.ndarray, fps: float, index: int, width: int) -> Html:
    """One frame, enlarged, with its place in time."""
    said = f"第 {index} 帧 / 共 {len(frames)} 帧，{index / fps:.3f} 秒"
    picture = _picture(frames[index])
    html = (
        f'<img alt="{escape(said)}" src="{picture}" style="width:{width}px;image-rendering:pixelated">'
        f'<div style="{_GREY}">{said}</div>'
    )
    return Html(html, said)


def _one(clip: Clip, title: str, stills: int, width: int, by: str) -> Html:
    frames, fps = frames_of(clip)
    with tempfile.TemporaryDirectory() as folder:
        facts = encode.mp4(Path(folder) / "clip.mp4", frames, fps, crf=16, odd="crop")
        data = base64.b64encode((Path(folder) / "clip.mp4").read_bytes()).decode()
    figures = f"{facts.width}×{facts.height}，{facts.frames} 帧，{float(facts.fps):g} 帧/秒，{facts.seconds:.2f} 秒"
    if isinstance(clip, Take):
        card = clip.plan.card
        by = f"AI 生成 · {card.name} · {TIER_ZH[card.tier]} · seed {clip.plan.request.seed}"
    poster = _picture(frames[len(frames) // 2])
    video = (
        f'<video controls loop muted playsinline preload="metadata" poster="{poster}" aria-label="{escape(title)}" '
        f'style="width:{width}px;max-width:100%;image-rendering:pixelated" src="data:video/mp4;base64,{data}"></video>'
    )
    row = _stills(frames, fps, stills, width) if stills else ""
    html = (
        f'<div style="{_CARD}"><div style="max-width:{width}px"><b>{escape(title)}</b></div>{video}{row}'
        f'<div style="{_GREY};max-width:{width}px">{escape(figures)}<br>{escape(by)}</div></div>'
    )
    probed = {
        "title": title,
        "height": facts.height,
        "width": facts.width,
        "frames": facts.frames,
        "fps": float(facts.fps),
        "seconds": facts.seconds,
        "by": by,
    }
    return Html(html, f"▶ {title} [{figures}" + (f"; {by}]" if by else "]"), [probed])


def _stills(frames: np.ndarray, fps: float, count: int, width: int) -> str:
    chosen = encode.sheet.pick(len(frames), count)
    row = np.concatenate([frames[index] for index in chosen], axis=1)
    times = "、".join(f"{index / fps:.2f}" for index in chosen)
    alt = f"{len(chosen)} 个画面，{times} 秒"
    return (
        f'<div><img alt="{alt}" title="{alt}" src="{_picture(row)}" '
        f'style="width:{width}px;max-width:100%;image-rendering:pixelated"></div>'
    )


def _picture(pixels: np.ndarray) -> str:
    """A data URI."""
    from PIL import Image

    held = io.BytesIO()
    Image.fromarray(pixels).save(held, "WEBP", quality=82)
    return "data:image/webp;base64," + base64.b64encode(held.getvalue()).decode()
