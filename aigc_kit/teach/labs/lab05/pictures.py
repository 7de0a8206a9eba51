"""Draw a work: what there is, shots, marks, players."""

from collections.abc import Mapping, Sequence
from html import escape
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from aigc_kit.core.bilingual import Words
from aigc_kit.core.types import Take
from aigc_kit.media import wav
from aigc_kit.media.encode import ffmpeg, probe, read_frames
from aigc_kit.media.fonts import label
from aigc_kit.media.pages import visible
from aigc_kit.media.wav import RATE
from aigc_kit.teach.labs.lab03 import compressed
from aigc_kit.teach.show import embed
from aigc_kit.teach.show.embed import uri, webp
from aigc_kit.teach.show.page import GREY as GREY_WORDS
from aigc_kit.teach.show.page import Html
from aigc_kit.teach.show.plots import BLUE, GREEN, GREY, ORANGE, SMALL, WIDEST, Picture, bare, canvas, name_bars
from aigc_kit.works.marks import table as rubric_rows
from aigc_kit.works.measured import middle_frame
from aigc_kit.works.rubric import MOST_POINTS
from aigc_kit.worlds.topology import Count

_KIND = {"text": ("文字", "text"), "image": ("图片", "image"), "audio": ("旁白", "voice"), "video": ("视频", "clip")}
_ENGLISH = {"model": "AI-made", "brought": "AI-made elsewhere", "mixed": "partly AI-made", "computed": "computed"}

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from aigc_kit.works import Storyboard, Work
    from aigc_kit.works.parts import Part


def gallery(pictures: Mapping[str, np.ndarray], words: str = "", width: int = 220) -> Html:
    """Show pictures side by side, wrapped.

    Small ones with their pixels visible. Rows: {"title", "height", "width"}.

    Args:
        pictures: title -> uint8 (H, W, 3).
        words: said below them.
        width: of each as it is shown, in pixels.
    """
    blocks = []
    for title, pixels in pictures.items():
        source = webp(pixels, 2 * width, quality=85)
        style = f"width:{width}px;height:auto;display:block{';image-rendering:pixelated' if len(pixels) < 256 else ''}"
        blocks.append(
            f'<figure style="margin:0"><img src="{source}" alt="{escape(title, quote=True)}" style="{style}">'
            f'<figcaption style="text-align:center">{escape(title)}</figcaption></figure>'
        )
    row = f'<div style="display:flex;flex-wrap:wrap;gap:10px;max-width:{3 * width + 30}px">{"".join(blocks)}</div>'
    rows = [{"title": title, "height": len(pixels), "width": pixels.shape[1]} for title, pixels in pictures.items()]
    return Html(f"{row}<p>{escape(words)}</p>", f"{'、'.join(pictures)}。{words}", rows)


def sheet(work: "Work") -> Picture:
    """Draw a work as text, picture, wave and frame.

    Rows: {"kind", "parts", "label"}; "label" of the first part, "" where there is none.
    """
    figure, axes = canvas(1, 4, width=WIDEST, height=2.9)
    rows: list[dict[str, Any]] = []
    for axis, (kind, (zh, en)) in zip(axes, _KIND.items(), strict=True):
        parts = work.of(kind)  # type: ignore[arg-type]
        rows.append({"kind": kind, "parts": len(parts), "label": parts[0].label if parts else ""})
        bare(axis, frame=True)
        if not parts:
            axis.set_title(label(f"{zh}：还没有", f"{en}: none yet"), fontsize=11, color="#8a8f98")
            axis.spines[:].set_color("#dddddd")
            continue
        _draw(axis, parts[0])
        more = f" +{len(parts) - 1}" if len(parts) > 1 else ""
        axis.set_title(label(f"{zh}{more}", f"{en}{more}"), fontsize=12)
        axis.set_xlabel(label(parts[0].label, _ENGLISH.get(parts[0].origin, "by a person")), fontsize=SMALL)
    words = "；".join(f"{_KIND[row['kind']][0]} {row['label'] or '还没有'}" for row in rows)
    return Picture(figure, f"《{work.title}》：{words}", rows)


def coarse(rows: Sequence[Count], true: int = 1) -> Picture:
    """Draw what grids see of the cup, fine to coarse.

    `rows`: from `worlds.topology.coarse`. `true`: the genus that is right.
    """
    figure, axes = canvas(1, 2, width=WIDEST, height=3.3)
    left, right = axes
    left.plot([row.cell for row in rows], [row.vertices for row in rows], color=BLUE, marker="o")
    left.set_yscale("log")
    left.set_ylabel(label("顶点数 V", "vertices"))
    genera = ["+".join(map(str, row.genus)) for row in rows]
    for row, genus in zip(rows, genera, strict=True):
        place, wrong = (row.cell, sum(row.genus)), row.genus != (true,)
        right.scatter(*place, color=ORANGE if wrong else GREEN, s=60, zorder=3)
        if wrong:
            right.annotate(genus, place, (0, 9), textcoords="offset points", ha="center", fontsize=SMALL)
    right.axhline(true, color=GREY, linewidth=1)
    right.set_ylim(-0.6, true + 1.2)
    right.set_yticks(range(true + 2))
    right.set_ylabel(label("数出来的亏格", "genus as counted"))
    for axis in axes:
        axis.set_xlabel(label("格子的边长", "edge of a cell"))
    left.set_title(label("越粗，顶点越少", "coarser: fewer vertices"), fontsize=11)
    right.set_title(label("橙色：数错了（各块的亏格）", "orange: wrong, genus of each piece"), fontsize=11)
    words = "；".join(f"格子 {row.cell:g}：V {row.vertices}，亏格 {g}" for row, g in zip(rows, genera, strict=True))
    return Picture(figure, words, rows)


def timeline(board: "Storyboard", spoken: Sequence[float] = ()) -> Picture:
    """Draw the shots in time, and how long is spoken.

    Rows: {"shot", "start", "seconds", "spoken"}, seconds; "spoken" is None where it is not known. `spoken`: seconds of
    voice of each shot, if known.
    """
    figure, (axis,) = canvas(width=WIDEST, height=2.0)
    rows = []
    for index, (shot, start) in enumerate(zip(board.shots, board.starts, strict=True)):
        axis.barh(1, shot.seconds, left=start, height=0.8, color=(BLUE, "#6f9fe3")[index % 2])
        words = f"{index + 1}\n{shot.seconds:.1f}s"
        axis.text(start + shot.seconds / 2, 1, words, ha="center", va="center", color="white", fontsize=SMALL)
        voice = spoken[index] if index < len(spoken) else None
        if voice is not None:
            axis.barh(0.38, voice, left=start, height=0.24, color=ORANGE)
        rows.append({"shot": index + 1, "start": start, "seconds": shot.seconds, "spoken": voice})
    axis.set_xlim(0, board.total)
    axis.set_yticks([1, 0.38] if spoken else [1], [label("镜头", "shots"), label("旁白", "voice")][: 1 + bool(spoken)])
    axis.set_xlabel(label("秒", "seconds"))
    axis.spines["left"].set_visible(False)
    return Picture(figure, f"{len(board.shots)} 个镜头，合计 {board.total:g} 秒", rows)


def points(work: "Work") -> Picture:
    """Draw the learner's marks, and what is not marked yet.

    Rows: those of `works.marks.table`.
    """
    rows = rubric_rows(work)
    figure, (axis,) = canvas(width=7.5, height=0.7 + 0.31 * len(rows))
    axis.barh(range(len(rows)), [MOST_POINTS] * len(rows), color="#eef1f5")
    axis.barh(range(len(rows)), [row["points"] or 0 for row in rows], color=BLUE)
    for index, row in enumerate(rows):
        mark = {True: "✓", False: "!", None: ""}[row["usual"]]
        axis.text(MOST_POINTS + 0.1, index, mark, va="center", color=GREEN if row["usual"] else ORANGE)
    name_bars(axis, [label(f"{row['group']} · {row['title']}", row["name"]) for row in rows])
    axis.set_xlim(0, MOST_POINTS + 0.5)
    axis.set_xlabel(label("自评；右边的 ✓ ! 是程序量的", "own marks; ✓ ! are measured"), fontsize=SMALL)
    words = "，".join(f"{row['title']} {row['points']}" for row in rows if row["points"])
    return Picture(figure, f"自评：{words or '还没有'}", rows)


def _draw(axis: "Axes", part: "Part") -> None:
    if part.kind == "text":
        axis.spines[:].set_color("#dddddd")
        text = visible(part.text).replace("\n", "")
        lines = [text[i : i + 15] for i in range(0, 120, 15)]
        axis.text(0.04, 0.95, label("\n".join(lines), "(text)"), va="top", fontsize=SMALL, transform=axis.transAxes)
    elif part.kind == "audio":
        samples, rate = wav.samples_of(part.data)
        if rate:
            step = max(len(samples) // 400, 1)
            tops = np.abs(samples[: len(samples) // step * step].reshape(-1, step)).max(axis=1)
            axis.fill_between(range(len(tops)), -tops, tops, color=BLUE, linewidth=0)
            axis.set_ylim(-1, 1)
    else:
        pixels = _pixels(part)
        if pixels is not None:
            axis.imshow(pixels, interpolation="nearest")
            axis.spines[:].set_visible(False)


def _pixels(part: "Part") -> Any:
    if part.kind == "video":
        return middle_frame(part)
    with Image.open(BytesIO(part.data)) as image:
        return np.asarray(image.convert("RGB"))


def film(path: Path | str, title: str = "", width: int = 320, quality: int = 36, seconds: float | None = None) -> Html:
    """Play a small copy of a clip.

    Rows: {"width", "height", "fps", "seconds"} of the file.

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
    source = uri("video/mp4", data)
    frames = read_frames(path)
    poster = webp(next(frames), min(width, 240), quality=70)  # for the time before it plays
    frames.close()
    across = 2 * width if width < 240 else max(width, 400)
    size = across, round(across * facts.height / facts.width)
    html = (
        f"<div><b>{escape(title)}</b><br>{embed.clip(source, poster, size, title)}"
        f'<div style="{GREY_WORDS}">{escape(words)}<br>{escape(where)}</div></div>'
    )
    row = {"width": facts.width, "height": facts.height, "fps": float(facts.fps), "seconds": facts.seconds}
    return Html(html, f"▶ {title} [{words}]", [row])


def excerpt(take: Take, seconds: float = 12.0, title: str = "") -> Html:
    """Play the beginning of a long sound.

    Rows: {"title", "seconds" (of the whole), "played"}.
    """
    whole = len(take.data) / RATE
    source = uri(*compressed(take.data[: round(seconds * RATE)]))
    words = f"全长 {whole:.1f} 秒（实测），这里是前 {min(seconds, whole):g} 秒 · AI 生成 · {take.plan.card.name}"
    html = (
        f'<div><b>{escape(title)}</b><br><audio controls preload="metadata" style="width:min(100%,28em)" '
        f'src="{source}"></audio><div style="{GREY_WORDS}">{escape(words)}</div></div>'
    )
    return Html(html, f"♪ {title} [{words}]", [{"title": title, "seconds": whole, "played": min(seconds, whole)}])


def _small(path: Path, width: int, quality: int, seconds: float) -> bytes:
    words = ["-t", f"{seconds:.3f}", "-vf", f"scale={width}:-2"]
    words += ["-c:v", "libx264", "-crf", str(quality), "-preset", "slow", "-pix_fmt", "yuv420p"]
    words += ["-c:a", "aac", "-b:a", "24k", "-ac", "1", "-movflags", "+faststart"]
    asked = Words(f"a small copy of {path.name}", f"{path.name} 的小副本")
    return ffmpeg.remake(path, words, asked=asked, todo=Words("play the file itself", "直接播放文件本身"))
