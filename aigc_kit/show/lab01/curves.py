"""Measures against temperature with their error bars, and the attention of one head."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aigc_kit.show import statistics
from aigc_kit.show.fonts import glyphs, label
from aigc_kit.show.plots import TEMPERATURE_COLOURS, Picture, canvas


def sweep(rows: Sequence[Mapping[str, Any]], measures: Mapping[str, tuple[str, str]], model: str) -> Picture:
    """Measures against temperature: the mean over seeds, with its 95 % interval as error bars.

    Args:
        rows: one mapping per run with "temperature" and one value per measure.
        measures: key -> (Chinese, English) name; their values are >= 0.
        model: who spoke; goes under the plot.
    """
    heats = sorted({row["temperature"] for row in rows})
    figure, axes = canvas(1, len(measures), width=3.2 * len(measures), height=3)
    runs = 0
    for axis, (key, names), colour in zip(axes, measures.items(), TEMPERATURE_COLOURS, strict=False):
        groups = [np.array([row[key] for row in rows if row["temperature"] == heat], dtype=float) for heat in heats]
        means, half = (np.array(values) for values in zip(*map(statistics.mean_interval, groups), strict=True))
        below = np.minimum(half, means)  # none of these measures can be negative
        axis.errorbar(heats, means, yerr=[below, half], marker="o", capsize=3, color=colour)
        axis.set_ylim(bottom=0)
        axis.set_xlabel("T")
        axis.set_title(label(*names), fontsize=10)
        runs = len(groups[0])
    figure.supxlabel(
        label(f"{model}，每个温度 {runs} 次，误差线为 95% 区间（实测）", f"{model}, {runs} runs each"), fontsize=8
    )
    return Picture(figure, "随温度的变化：" + "、".join(zh for zh, _ in measures.values()))


def shares(rows: Sequence[Mapping[str, Any]], measures: Mapping[str, tuple[str, str]], model: str) -> Picture:
    """How often something holds, against temperature: shares with their 95 % Wilson intervals.

    Args:
        rows: one mapping per run with "temperature" and one bool per measure.
        measures: key -> (Chinese, English) name.
        model: who spoke; goes under the plot.
    """
    heats = sorted({row["temperature"] for row in rows})
    figure, axes = canvas(width=6, height=3.2)
    runs = 0
    for (key, names), colour in zip(measures.items(), TEMPERATURE_COLOURS, strict=False):
        held = [[bool(row[key]) for row in rows if row["temperature"] == heat] for heat in heats]
        share, low, high = zip(*(statistics.wilson(sum(group), len(group)) for group in held), strict=True)
        error = np.abs(np.array([low, high]) - np.array(share))
        axes[0].errorbar(heats, share, yerr=error, marker="o", capsize=3, color=colour, label=label(*names))
        runs = len(held[0])
    axes[0].set_xlabel("T")
    axes[0].set_ylim(-0.02, 1.02)
    axes[0].yaxis.set_major_formatter("{x:.0%}")
    axes[0].legend(frameon=False)
    figure.supxlabel(
        label(f"{model}，每个温度 {runs} 首，误差线为 95% 区间（实测）", f"{model}, {runs} each"), fontsize=8
    )
    return Picture(figure, "随温度的变化：" + "、".join(zh for zh, _ in measures.values()))


def attention(weights: np.ndarray, pieces: Sequence[str], where: str) -> Picture:
    """The attention of one head: each row is a token, and shows where it looks.

    Args:
        weights: float32 (T, T), rows sum to 1, nothing above the diagonal.
        pieces: T tokens.
        where: layer and head, in words.
    """
    figure, axes = canvas(width=4.6, height=4.2)
    axis, names = axes[0], [glyphs(piece) for piece in pieces]
    image = axis.imshow(weights, cmap="Blues", vmin=0, vmax=1)
    axis.set_xticks(range(len(names)), names, rotation=90, fontsize=8)
    axis.set_yticks(range(len(names)), names, fontsize=8)
    axis.set_xlabel(label("看向", "looks at"))
    axis.set_ylabel(label("词元", "token"))
    axis.set_title(where, fontsize=10)
    figure.colorbar(image, ax=axis, shrink=0.7)
    return Picture(figure, f"注意力图：{where}")
