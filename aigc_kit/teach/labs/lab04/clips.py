"""Play clips, with frames that stay where no video plays."""

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
from aigc_kit.teach.show.embed import beside, uri, webp
from aigc_kit.teach.show.markup import GREY, Html, Place
from aigc_kit.teach.show.page import TIER_ZH, progress, titled
from aigc_kit.teach.show.plots import follow

SHOWN = 320  # pixels wide on the page, where the clip is smaller
STILLS = 6
QUALITY = 82  # of a WebP
_CARD = "border:1px solid #8885;border-radius:8px;padding:.5em .8em;margin:.3em 0;display:inline-block;max-width:100%"


def player(clip: Clip, title: str = "", *, stills: int = STILLS, width: int = SHOWN, by: str = "") -> Html:
    """Play a clip, with title, frames, times and maker.

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
    return beside([_player(clip, title, stills, width, by) for clip, title in titled(clips, titles)], ".8em")


def sheet(clip: Clip, most: int = 12, width: int = 96) -> Html:
    """Show a clip's contact sheet. Rows: {"frame", "seconds"}."""
    frames, fps = frames_of(clip)
    rows = [{"frame": index, "seconds": index / fps} for index in encode.sheet.pick(len(frames), most)]
    image = encode.contact_sheet(frames, fps, most=most, width=width)
    words = f"缩略图总表：{min(most, len(frames))} 个画面，带编号和时间"
    return Html(f'<img alt="{words}" src="{webp(image, quality=QUALITY)}">', words, rows)


def scrub(clip: Clip, width: int = SHOWN) -> None:
    """Show a slider over the frames, and the frame."""
    import ipywidgets as widgets

    frames, fps = frames_of(clip)
    last = len(frames) - 1
    slider = widgets.IntSlider(len(frames) // 2, min=0, max=last, description="帧", layout={"width": "32em"})
    follow([slider], lambda: _frame(frames, fps, slider.value, width))


class Progress:
    """Show a bar of the steps, and the time left.

    With a few frames of what the model has in mind. Give it to `video.run` as `on_step`; `steps` are the steps so far.
    `every`: show the frames at every so manieth step; 0 never (decoding them takes as long as the clip's own).
    `decode`: seconds that decoding is known to take.
    """

    def __init__(self, every: int = 0, decode: float = 0.0) -> None:
        self.steps: list[Step] = []
        self.previews: dict[int, Any] = {}
        self._every, self._decode = every, decode
        self._place = Place()

    def __call__(self, step: Step) -> None:
        """Note a step, and show how far the run is."""
        self.steps.append(step)
        if self._every and step.phase == "denoise" and step.index % self._every == 0:
            self.previews[step.index] = step.preview.pixels()  # type: ignore[attr-defined]
        left = seconds_left(self.steps, self._decode)
        more = f"，还要约 {left:.0f} 秒" if left and left >= 0.5 else ""
        self._place.put(progress(step, f"第 {step.index + 1}/{step.total} 步{more}"))


def _frame(frames: np.ndarray, fps: float, index: int, width: int) -> Html:
    """Show one frame, enlarged, with its place in time."""
    words = f"第 {index} 帧 / 共 {len(frames)} 帧，{index / fps:.3f} 秒"
    style = f"width:{width}px;image-rendering:pixelated"
    image = f'<img alt="{escape(words)}" src="{webp(frames[index], quality=QUALITY)}" style="{style}">'
    return Html(f'{image}<div style="{GREY}">{words}</div>', words)


def _player(clip: Clip, title: str, stills: int, width: int, by: str) -> Html:
    frames, fps = frames_of(clip)
    with tempfile.TemporaryDirectory() as folder:
        facts = encode.mp4(Path(folder) / "clip.mp4", frames, fps, crf=16, odd="crop")
        source = uri("video/mp4", (Path(folder) / "clip.mp4").read_bytes())
    figures = f"{facts.width}×{facts.height}，{facts.frames} 帧，{float(facts.fps):g} 帧/秒，{facts.seconds:.2f} 秒"
    if isinstance(clip, Take):
        card = clip.plan.card
        by = f"AI 生成 · {card.name} · {TIER_ZH[card.tier]} · seed {clip.plan.request.seed}"
    poster = webp(frames[len(frames) // 2], quality=QUALITY)
    video = (
        f'<video controls loop muted playsinline preload="metadata" poster="{poster}" aria-label="{escape(title)}" '
        f'style="width:{width}px;max-width:100%;image-rendering:pixelated" src="{source}"></video>'
    )
    row = _stills(frames, fps, stills, width) if stills else ""
    html = (
        f'<div style="{_CARD}"><div style="max-width:{width}px"><b>{escape(title)}</b></div>{video}{row}'
        f'<div style="{GREY};max-width:{width}px">{escape(figures)}<br>{escape(by)}</div></div>'
    )
    probe: dict[str, Any] = {"title": title, "height": facts.height, "width": facts.width, "frames": facts.frames}
    probe |= {"fps": float(facts.fps), "seconds": facts.seconds, "by": by}
    return Html(html, f"▶ {title} [{figures}" + (f"; {by}]" if by else "]"), [probe])


def _stills(frames: np.ndarray, fps: float, count: int, width: int) -> str:
    picks = encode.sheet.pick(len(frames), count)
    source = webp(np.concatenate([frames[index] for index in picks], axis=1), quality=QUALITY)
    times = "、".join(f"{index / fps:.2f}" for index in picks)
    alt = f"{len(picks)} 个画面，{times} 秒"
    style = f"width:{width}px;max-width:100%;image-rendering:pixelated"
    return f'<div><img alt="{alt}" title="{alt}" src="{source}" style="{style}"></div>'
