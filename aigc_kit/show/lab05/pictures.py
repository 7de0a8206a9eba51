"""Pictures of a work: what there is of it, galleries, the grid that is too coarse, the shots in time, the marks."""

import base64
from collections.abc import Mapping, Sequence
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from aigc_kit.show.fonts import label
from aigc_kit.show.page import Html
from aigc_kit.show.plots import BLUE, GREEN, GREY, ORANGE, Picture, canvas
from aigc_kit.story.clean import visible
from aigc_kit.story.measured import middle_frame, samples_of
from aigc_kit.story.rubric import MOST_POINTS
from aigc_kit.story.rubric import table as rubric_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from aigc_kit.story import Storyboard, Work
    from aigc_kit.story.parts import Part

_KIND = {"text": ("文字", "text"), "image": ("图片", "image"), "audio": ("旁白", "voice"), "video": ("视频", "clip")}
_ENGLISH = {"model": "AI-made", "brought": "AI-made elsewhere", "mixed": "partly AI-made", "computed": "computed"}


def gallery(pictures: Mapping[str, np.ndarray], words: str = "", width: int = 220) -> Html:
    """Pictures side by side, as many in a row as there is room for, small ones with their pixels visible.

    Args:
        pictures: title -> uint8 (H, W, 3).
        words: said below them.
        width: of each as it is shown, in pixels.
    """
    blocks = []
    for title, pixels in pictures.items():
        image, buffer = Image.fromarray(pixels), BytesIO()
        image.thumbnail((2 * width, 2 * width))
        image.save(buffer, "WEBP", quality=85)
        source = f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"
        size = f"width:{width}px;height:auto;display:block" + (
            ";image-rendering:pixelated" if len(pixels) < 256 else ""
        )
        blocks.append(
            f'<figure style="margin:0"><img src="{source}" alt="{escape(title, quote=True)}" style="{size}">'
            f'<figcaption style="text-align:center">{escape(title)}</figcaption></figure>'
        )
    row = f'<div style="display:flex;flex-wrap:wrap;gap:10px;max-width:{3 * width + 30}px">{"".join(blocks)}</div>'
    return Html(f"{row}<p>{escape(words)}</p>", f"{'、'.join(pictures)}。{words}")


def sheet(work: "Work") -> Picture:
    """A work on one strip: the beginning of its text, a picture, the wave of its voice, a frame of its clip."""
    figure, axes = canvas(1, 4, width=11, height=2.9)
    said = []
    for axis, (kind, (zh, en)) in zip(axes, _KIND.items(), strict=True):
        parts = work.of(kind)  # type: ignore[arg-type]
        axis.set_xticks([])
        axis.set_yticks([])
        if not parts:
            axis.set_title(label(f"{zh}：还没有", f"{en}: none yet"), fontsize=11, color="#8a8f98")
            axis.spines[:].set_color("#dddddd")
            said.append(f"{zh} 还没有")
            continue
        _draw(axis, parts[0])
        more = f" +{len(parts) - 1}" if len(parts) > 1 else ""
        axis.set_title(label(f"{zh}{more}", f"{en}{more}"), fontsize=12)
        axis.set_xlabel(label(parts[0].label, _ENGLISH.get(parts[0].origin, "by a person")), fontsize=9)
        said.append(f"{zh} {parts[0].label}")
    return Picture(figure, f"《{work.title}》：{'；'.join(said)}")


def coarse(counts: Mapping[float, tuple[int, Sequence[int]]], true: int = 1) -> Picture:
    """What a grid sees of the cup, from fine to coarse.

    Args:
        counts: edge of a cell -> (vertices, genus of every piece).
        true: the genus that is right.
    """
    figure, axes = canvas(1, 2, width=9.5, height=3.3)
    cells = list(counts)
    axes[0].plot(cells, [counts[cell][0] for cell in cells], color=BLUE, marker="o")
    axes[0].set_yscale("log")
    axes[0].set_ylabel(label("顶点数 V", "vertices"))
    for cell in cells:
        genus = list(counts[cell][1])
        right = genus == [true]
        axes[1].scatter(cell, sum(genus), color=GREEN if right else ORANGE, s=60, zorder=3)
        if not right:
            words = "+".join(map(str, genus))
            axes[1].annotate(words, (cell, sum(genus)), (0, 9), textcoords="offset points", ha="center", fontsize=8)
    axes[1].axhline(true, color=GREY, linewidth=1)
    axes[1].set_ylim(-0.6, true + 1.2)
    axes[1].set_yticks(range(true + 2))
    axes[1].set_ylabel(label("数出来的亏格", "genus as counted"))
    for axis in axes:
        axis.set_xlabel(label("格子的边长", "edge of a cell"))
    axes[0].set_title(label("越粗，顶点越少", "coarser: fewer vertices"), fontsize=11)
    axes[1].set_title(label("橙色：数错了（各块的亏格）", "orange: wrong, genus of each piece"), fontsize=11)
    told = "；".join(f"格子 {cell:g}：V {v}，亏格 {'+'.join(map(str, g))}" for cell, (v, g) in counts.items())
    return Picture(figure, told)


def timeline(board: "Storyboard", spoken: Sequence[float] = ()) -> Picture:
    """The shots on an axis of time, each with its number; below them how long is spoken.

    Args:
        board: the storyboard.
        spoken: seconds of voice of each shot, if known.
    """
    figure, axes = canvas(width=11, height=2.0)
    axis = axes[0]
    for index, (shot, start) in enumerate(zip(board.shots, board.starts, strict=True)):
        axis.barh(1, shot.seconds, left=start, height=0.8, color=(BLUE, "#6f9fe3")[index % 2])
        words = f"{index + 1}\n{shot.seconds:.1f}s"
        axis.text(start + shot.seconds / 2, 1, words, ha="center", va="center", color="white", fontsize=9)
        if index < len(spoken):
            axis.barh(0.38, spoken[index], left=start, height=0.24, color=ORANGE)
    axis.set_xlim(0, board.total)
    axis.set_yticks([1, 0.38] if spoken else [1], [label("镜头", "shots"), label("旁白", "voice")][: 1 + bool(spoken)])
    axis.set_xlabel(label("秒", "seconds"))
    axis.spines["left"].set_visible(False)
    return Picture(figure, f"{len(board.shots)} 个镜头，合计 {board.total:g} 秒")


def points(work: "Work") -> Picture:
    """The learner's marks as bars, line by line; what is not marked yet stays empty."""
    rows = rubric_rows(work)
    figure, axes = canvas(width=7.5, height=4.4)
    axis = axes[0]
    given = [row["points"] or 0 for row in rows]
    axis.barh(range(len(rows)), [MOST_POINTS] * len(rows), color="#eef1f5")
    axis.barh(range(len(rows)), given, color=BLUE)
    for index, row in enumerate(rows):
        mark = {True: "✓", False: "!", None: ""}[row["usual"]]
        axis.text(MOST_POINTS + 0.1, index, mark, va="center", color=GREEN if row["usual"] else ORANGE)
    names = [label(f"{row['group']} · {row['title']}", row["name"]) for row in rows]
    axis.set_yticks(range(len(rows)), names, fontsize=9)
    axis.invert_yaxis()
    axis.set_xlim(0, MOST_POINTS + 0.5)
    axis.set_xlabel(label("自评；右边的 ✓ ! 是程序量的", "own marks; ✓ ! are measured"), fontsize=9)
    marked = "，".join(f"{row['title']} {row['points']}" for row in rows if row["points"])
    return Picture(figure, f"自评：{marked or '还没有'}")


def _draw(axis: "Axes", part: "Part") -> None:
    if part.kind == "text":
        axis.spines[:].set_color("#dddddd")
        text = visible(part.text).replace("\n", "")
        lines = [text[i : i + 15] for i in range(0, 120, 15)]
        axis.text(0.04, 0.95, label("\n".join(lines), "(text)"), va="top", fontsize=8, transform=axis.transAxes)
    elif part.kind == "audio":
        samples, rate = samples_of(part)
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
