"""Draw losses, samples, sheets and what dials change."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aigc_kit.core import statistics
from aigc_kit.media.fonts import label
from aigc_kit.teach.labs.lab06.silhouettes import iou, subject_of
from aigc_kit.teach.show.plots import BLUE, GREEN, GREY, ORANGE, RED, SMALL, WIDEST, Live, Picture, bare, canvas

SMOOTH = 0.95  # of the running mean, per step


def smooth(losses: Sequence[float]) -> np.ndarray:
    """Follow losses by a running mean, fast at the start."""
    value, out = 0.0, []
    for step, loss in enumerate(losses):
        keep = min(SMOOTH, step / (step + 1))
        value = keep * value + (1 - keep) * loss
        out.append(value)
    return np.array(out)


def curve(runs: Mapping[str, Sequence[float]], title: str = "") -> Picture:
    """Draw losses of trainings, dots and a running mean.

    Rows: {"run", "first", "last"}, running means at the end of the first and last tenth.
    """
    figure, (axis,) = canvas(width=WIDEST, height=3.0)
    rows: list[dict[str, Any]] = []
    for (name, losses), colour in zip(runs.items(), (BLUE, ORANGE, GREEN, RED, GREY), strict=False):
        steps, line = np.arange(1, len(losses) + 1), smooth(losses)
        axis.plot(steps, losses, ".", ms=3, alpha=0.3, color=colour)
        axis.plot(steps, line, color=colour, lw=2, label=name)
        rows.append({"run": name, "first": float(line[len(line) // 10]), "last": float(line[-1])})
    top = max(float(np.quantile(losses, 0.98)) for losses in runs.values()) if runs else 1.0
    axis.set_ylim(0, top * 1.15)
    axis.set_xlabel(label("训练步数", "step"), fontsize=12)
    axis.set_ylabel(label("损失（均方误差）", "loss (MSE)"), fontsize=12)
    if len(runs) > 1:
        axis.legend(fontsize=12, frameon=False)
    if title:
        axis.set_title(title, fontsize=12, loc="left")
    words = "；".join(f"{row['run']}：{row['first']:.3f} → {row['last']:.3f}" for row in rows)
    return Picture(figure, f"损失曲线。{words}", rows)


class Curve:
    """Show a loss curve that grows while a training runs.

    every: steps between two drawings.
    """

    def __init__(self, name: str, every: int = 50) -> None:
        self.losses: list[float] = []
        self._name, self._every = name, every
        self._live: Live | None = None

    def __call__(self, loss: float) -> None:
        """Add the loss of one step."""
        self.losses.append(loss)
        if len(self.losses) % self._every == 0:
            self.show()

    def show(self) -> None:
        """Draw what there is."""
        draw = lambda: curve({self._name: self.losses})  # noqa: E731
        if self._live is None:
            self._live = Live(draw)
        else:
            self._live._draw = draw
            self._live.redraw()


def sheet(rows: Mapping[str, np.ndarray], heads: Sequence[str] = (), pixelated: bool = False) -> Picture:
    """Lay pictures out in named rows, a column's head above.

    Args:
        rows: name -> uint8 (N, H, W, 3) or bool (N, H, W).
        heads: one of each column.
        pixelated: enlarge without smoothing.

    Rows: {"row", "pictures"}.
    """
    columns = max(len(pages) for pages in rows.values())
    wide = min(WIDEST, 1.15 * columns + 1.0)
    height = (wide - 1.0) / columns * len(rows) + (0.35 if heads else 0.1)
    figure, axes = canvas(len(rows), columns, width=wide, height=height)
    for line, (name, pages) in enumerate(rows.items()):
        for column in range(columns):
            axis = bare(axes[line * columns + column])
            if column < len(pages):
                page = np.asarray(pages[column])
                page = np.repeat(page[..., None], 3, 2).astype(np.uint8) * 255 if page.dtype == bool else page
                axis.imshow(page, interpolation="nearest" if pixelated else "antialiased")
            if line == 0 and column < len(heads):
                axis.set_title(heads[column], fontsize=SMALL)
        axes[line * columns].set_ylabel(name, fontsize=SMALL, rotation=0, ha="right", va="center", labelpad=8)
    engine: Any = figure.get_layout_engine()
    engine.set(w_pad=0.01, h_pad=0.01, wspace=0.02, hspace=0.02)
    words = "；".join(f"{name}：{len(pages)} 张" for name, pages in rows.items())
    return Picture(figure, f"图片（从上到下）：{words}", [{"row": n, "pictures": len(p)} for n, p in rows.items()])


def shares(counts: Mapping[str, tuple[int, int]], title: str) -> Picture:
    """Draw shares with their 95 % intervals.

    Args:
        counts: name -> (hits, of how many).
        title: above the plot.

    Rows: {"name", "hits", "count", "share", "low", "high"}.
    """
    figure, (axis,) = canvas(width=WIDEST, height=0.8 + 0.42 * len(counts))
    rows: list[dict[str, Any]] = []
    for place, (name, (hits, count)) in enumerate(counts.items()):
        share, low, high = statistics.wilson(hits, count)
        axis.barh(place, 100 * share, color=BLUE, height=0.6)
        axis.plot([100 * low, 100 * high], [place, place], color="#333", lw=2)
        axis.text(101, place, f"{hits}/{count}", va="center", fontsize=12)
        rows.append({"name": name, "hits": hits, "count": count, "share": share, "low": low, "high": high})
    axis.set_yticks(range(len(counts)), list(counts), fontsize=12)
    axis.invert_yaxis()
    axis.set_xlim(0, 112)
    axis.set_xticks([0, 25, 50, 75, 100])
    axis.set_xlabel(label("百分比（线段：95% 区间，实测）", "percent (95 %)"), fontsize=12)
    axis.set_title(title, fontsize=12, loc="left")
    words = "；".join(f"{r['name']} {r['hits']}/{r['count']}" for r in rows)
    return Picture(figure, f"{title}：{words}", rows)


def obedience(pictures: Mapping[float, np.ndarray], masks: Sequence[np.ndarray]) -> Picture:
    """Draw how well pictures fill their masks, over the scale.

    Args:
        pictures: scale -> uint8 (N, H, W, 3), on plain backgrounds by day.
        masks: bool (H, W), N of them.

    Rows: {"scale", "mean", "each"}, IoU.
    """
    rows: list[dict[str, Any]] = []
    for scale, pages in pictures.items():
        each = [iou(subject_of(page), mask) for page, mask in zip(pages, masks, strict=True)]
        rows.append({"scale": scale, "mean": float(np.mean(each)), "each": each})
    figure, (axis,) = canvas(width=WIDEST, height=3.0)
    scales = [row["scale"] for row in rows]
    for each in np.transpose([row["each"] for row in rows]):
        axis.plot(scales, each, "o-", color=GREY, lw=1, ms=4)
    axis.plot(scales, [row["mean"] for row in rows], "o-", color=BLUE, lw=2.5)
    axis.set_ylim(0, 1)
    axis.set_xlabel(label("conditioning_scale（灰：每个形状；蓝：平均；实测）", "conditioning scale"), fontsize=12)
    axis.set_ylabel("IoU", fontsize=12)
    words = "；".join(f"{row['scale']:g} 时 {row['mean']:.2f}" for row in rows)
    return Picture(figure, f"画在形状里面了多少（IoU）：{words}", rows)
