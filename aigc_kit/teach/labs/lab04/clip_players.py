"""Clips in a notebook: an embedded MP4 with a few frames below it, which stay where no video plays."""

import base64
import io
import tempfile
from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Take
from aigc_kit.media import encode
from aigc_kit.teach.show.page import TIER_ZH, Html

SHOWN = 320  # pixels wide on the page, where the clip is smaller
STILLS = 6
_CARD = "border:1px solid #8885;border-radius:8px;padding:.5em .8em;margin:.3em 0;display:inline-block;max-width:100%"
_GREY = "color:#8a8f98;font-size:.88em"
Clip = Take | tuple[np.ndarray, float]


def player(clip: Clip, title: str = "", *, stills: int = STILLS, width: int = SHOWN, by: str = "") -> Html:
    """One clip: title, player, a few frames with their times, who made it.

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
    """Several clips side by side, as `player`."""
    blocks, lines = [], []
    for index, clip in enumerate(clips):
        title = titles[index] if index < len(titles) else ""
        html, text = _one(clip, title, stills, width, by)
        blocks.append(html)
        lines.append(text)
    return Html(f'<div style="display:flex;gap:.8em;flex-wrap:wrap">{"".join(blocks)}</div>', "\n".join(lines))


def sheet(clip: Clip, most: int = 12, width: int = 96) -> Html:
    """The contact sheet of a clip: frames with number and time."""
    frames, fps = frames_of(clip)
    made = encode.contact_sheet(frames, fps, most=most, width=width)
    words = f"联系表：{min(most, len(frames))} 个画面，带编号和时间"
    return Html(f'<img alt="{words}" src="{_picture(np.asarray(made))}">', words)


def scrub(clip: Clip, width: int = SHOWN) -> None:
    """A slider over the frames; the picture stays as it is where no kernel runs."""
    import ipywidgets as widgets
    from IPython.display import display

    from aigc_kit.teach.show.page import Shown

    frames, fps = frames_of(clip)
    slider = widgets.IntSlider(
        value=len(frames) // 2, min=0, max=len(frames) - 1, description="帧", layout={"width": "32em"}
    )
    display(slider)
    shown = Shown(_frame(frames, fps, slider.value, width))
    slider.observe(lambda change: shown.replace(_frame(frames, fps, change["new"], width)), names="value")


def frames_of(clip: Clip) -> tuple[np.ndarray, float]:
    """(frames uint8 (T, H, W, 3), fps) of a take, or of a pair that is one already.

    Raises:
        BadInput: a take of something else than a clip.
    """
    if not isinstance(clip, Take):
        return clip
    if clip.kind != "video":
        raise BadInput(
            asked=f"a clip of a {clip.kind} take", found="no frames", todo="pass a take of aigc_kit.make.video"
        )
    return clip.data, float(clip.plan.request.fps or 16)


def _frame(frames: np.ndarray, fps: float, index: int, width: int) -> Html:
    """One frame, enlarged, with its place in time."""
    said = f"第 {index} 帧 / 共 {len(frames)} 帧，{index / fps:.3f} 秒"
    picture = _picture(frames[index])
    html = (
        f'<img alt="{escape(said)}" src="{picture}" style="width:{width}px;image-rendering:pixelated">'
        f'<div style="{_GREY}">{said}</div>'
    )
    return Html(html, said)


def _one(clip: Clip, title: str, stills: int, width: int, by: str) -> tuple[str, str]:
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
    return html, f"▶ {title} [{figures}" + (f"; {by}]" if by else "]")


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
