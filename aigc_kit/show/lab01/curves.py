"""Measures against temperature with their error bars, and the attention of one head."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aigc_kit.show import statistics
from aigc_kit.show.fonts import glyphs, label
from aigc_kit.show.plots import TEMPERATURE_COLOURS, Picture, canvas


def sweep(
    rows: Sequence[Mapping[str, Any]],
    measures: Mapping[str, tuple[str, str]],
    model: str,
    bounds: Mapping[str, tuple[float, float]] | None = None,
) -> Picture:
    """Measures against temperature: the mean over seeds, with its 95 % interval as error bars.

    Args:
        rows: one mapping per run with "temperature" and one value per measure.
        measures: key -> (Chinese, English) name; their values are >= 0.
        model: who spoke; goes under the plot.
        bounds: key -> smallest and largest possible value, where an interval is cut; [0, inf) without.
    """
    bounds = bounds or {}
    heats = sorted({row["temperature"] for row in rows})
    figure, axes = canvas((len(measures) + 1) // 2, 2, width=9, height=3.1 * ((len(measures) + 1) // 2))
    runs = 0
    for axis, (key, names), colour in zip(axes, measures.items(), TEMPERATURE_COLOURS, strict=False):
        groups = [np.array([row[key] for row in rows if row["temperature"] == heat], dtype=float) for heat in heats]
        means, half = (np.array(values) for values in zip(*map(statistics.mean_interval, groups), strict=True))
        lowest, highest = bounds.get(key, (0.0, np.inf))
        around = [np.minimum(half, means - lowest), np.minimum(half, highest - means)]
        axis.errorbar(heats, means, yerr=around, marker="o", capsize=4, color=colour)
        axis.set_ylim(bottom=0)
        axis.set_xlabel("T")
        axis.set_title(label(*names), fontsize=13)
        runs = len(groups[0])
    figure.supxlabel(
        label(f"{model}，每个温度 {runs} 次，误差线为 95% 区间（实测）", f"{model}, {runs} runs each, 95 %"),
        fontsize=11,
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
    for place, ((key, names), colour) in enumerate(zip(measures.items(), TEMPERATURE_COLOURS, strict=False)):
        held = [[bool(row[key]) for row in rows if row["temperature"] == heat] for heat in heats]
        share, low, high = zip(*(statistics.wilson(sum(group), len(group)) for group in held), strict=True)
        error = np.abs(np.array([low, high]) - np.array(share))
        beside = np.array(heats) + 0.012 * place  # curves that meet at 100 % would hide each other
        axes[0].errorbar(beside, share, yerr=error, marker="o", capsize=3, color=colour, label=label(*names))
        runs = len(held[0])
    axes[0].set_xlabel("T")
    axes[0].set_ylim(-0.02, 1.02)
    axes[0].yaxis.set_major_formatter("{x:.0%}")
    axes[0].legend(frameon=False, fontsize=12)
    figure.supxlabel(
        label(f"{model}，每个温度 {runs} 首，误差线为 95% 区间（实测）", f"{model}, {runs} each, 95 %"), fontsize=11
    )
    return Picture(figure, "随温度的变化：" + "、".join(zh for zh, _ in measures.values()))


def attention(weights: np.ndarray, pieces: Sequence[str], layer: int, head: int) -> Picture:
    """The attention of one head: each row is a token, and shows where it looks.

    Args:
        weights: float32 (T, T), rows sum to 1, nothing above the diagonal.
        pieces: T tokens.
        layer, head: 0-based; the title counts from 1.
    """
    where = label(f"第 {layer + 1} 层，第 {head + 1} 头", f"layer {layer + 1}, head {head + 1}")
    figure, axes = canvas(width=4.6, height=4.2)
    axis, names = axes[0], [glyphs(piece) for piece in pieces]
    image = axis.imshow(weights, cmap="Blues", vmin=0, vmax=1)
    axis.set_xticks(range(len(names)), names, rotation=90, fontsize=8)
    axis.set_yticks(range(len(names)), names, fontsize=8)
    axis.set_xlabel(label("看向", "looks at"))
    axis.set_ylabel(label("词元", "token"))
    axis.set_title(where, fontsize=12)
    figure.colorbar(image, ax=axis, shrink=0.7)
    return Picture(figure, f"注意力图：{where}")


def telling_head(weights: np.ndarray, row: int, column: int) -> tuple[int, int]:
    """The head in which `row` looks at `column` more than the other later tokens do: picked by contrast.

    Args:
        weights: float32 (layers, heads, T, T).
        row, column: places of two tokens, column < row.

    Returns:
        Layer and head, 0-based.
    """
    others = [place for place in range(column + 1, weights.shape[-1]) if place != row]
    contrast = weights[:, :, row, column] - weights[:, :, others, column].mean(axis=-1)
    layer, head = np.unravel_index(int(contrast.argmax()), contrast.shape)
    return int(layer), int(head)
