"""Draw noising, and what the dials change."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_kit.core.statistics import Share
from aigc_kit.make.image import measures
from aigc_kit.media.fonts import label
from aigc_kit.teach.show.page import ATTRIBUTES_ZH
from aigc_kit.teach.show.plots import BLUE, GREEN, GREY, ORANGE, RED, SMALL, WIDEST, Picture, canvas, name_bars, patch

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from aigc_kit.core.types import Take


def noising(alpha_bar: np.ndarray, marked: Sequence[int], before: np.ndarray | None = None) -> Picture:
    """Draw how much signal is left at each timestep.

    Rows: {"timestep", "signal", "noise"} of the marked ones, shares of the power.

    Args:
        alpha_bar: float (1000,), share of the signal's power that is left.
        marked: timesteps to mark.
        before: another alpha-bar, drawn grey for comparison.
    """
    figure, (axis,) = canvas(width=WIDEST, height=3.4)
    axis.tick_params(labelsize=SMALL)
    if before is not None:
        axis.plot(before, color=GREY, lw=1.6, label=label("没有拉到 0 之前的 ᾱ", "before"))
    axis.plot(alpha_bar, color=BLUE, lw=2, label=label("这个模型的 ᾱ：剩下的信号", "signal left"))
    axis.plot(1 - alpha_bar, color=ORANGE, lw=2, label=label("1 − ᾱ：噪声", "noise"))
    axis.plot(list(marked), [alpha_bar[t] for t in marked], "o", color=BLUE)
    axis.set_xlabel(label("时间步 t（训练用 1000 步）", "timestep"), fontsize=SMALL, loc="right")
    axis.legend(frameon=False, fontsize=SMALL, loc="center left")
    rows = [{"timestep": t, "signal": float(alpha_bar[t]), "noise": float(1 - alpha_bar[t])} for t in marked]
    words = "，".join(f"t = {row['timestep']} 时 {row['signal']:.3f}" for row in rows)
    return Picture(figure, f"ᾱ 随时间步：{words}", rows)


def adherence(takes: "Mapping[Any, Sequence[Take]]", dial: str = "CFG") -> Picture:
    """Draw adherence, diversity and clipping against a dial.

    Rows: `make.image.measures.Adherence`. `takes`: value of the dial -> takes of several prompts, each with a batch of
    at least two seeds.
    """
    rows = measures.adherence_by(takes)
    values, shares = [row.value for row in rows], [row.right for row in rows]
    figure, (left, middle, right) = canvas(1, 3, width=WIDEST, height=3.9)
    around = np.array([[share.share - share.low, share.high - share.share] for share in shares]).T
    name = label("全部画对的图", "all attributes right")
    left.errorbar(values, [share.share for share in shares], yerr=around, marker="o", capsize=4, color=BLUE, label=name)
    name = label("画对的属性", "attributes right")
    left.plot(values, [row.attributes for row in rows], marker="s", ls=":", color=GREEN, label=name)
    left.legend(frameon=False, fontsize=SMALL, loc="lower left")
    left.set_title(label("听话：要求画对了多少", "what was asked for is there"), fontsize=13)
    middle.plot(values, [row.difference for row in rows], marker="o", color=ORANGE)
    middle.set_ylim(0, 1.2 * max(row.difference for row in rows) + 1)
    middle.set_title(label("多样：两个种子差多少级", "difference of two seeds"), fontsize=13)
    right.plot(values, [row.clipped for row in rows], marker="o", color=RED)
    right.set_title(label("过曝：顶到 0 或 255 的值", "values at 0 or 255"), fontsize=13)
    for axis in (left, right):
        axis.set_ylim(0, 1.02 if axis is left else None)
        axis.yaxis.set_major_formatter("{x:.0%}")
    for axis in (left, middle, right):
        axis.set_xlabel(dial, fontsize=SMALL)
        axis.set_xticks(values)
        axis.tick_params(labelsize=SMALL)
    count = shares[0].count
    words = label(f"每点 {count} 张图，误差线为 95% 区间（裁判实测）", f"{count} pictures each, 95 %, measured")
    figure.supxlabel(words, fontsize=SMALL)
    words = "，".join(f"{dial} {row.value:g}：{row.right.held}/{row.right.count} 张" for row in rows)
    return Picture(figure, f"全部画对的图：{words}", rows)


def removal(cases: Mapping[str, tuple[Sequence[bool], Sequence[bool]]]) -> Picture:
    """Draw what pictures show without and with a negative prompt.

    Rows: `make.image.measures.Removal`. `cases`: what is named -> (without, with): for each picture, whether the reader
    sees it.
    """
    rows = measures.removal(cases)
    figure, (axis,) = canvas(width=WIDEST, height=1.5 + 0.85 * len(rows))
    axis.tick_params(labelsize=SMALL)
    for place, row in enumerate(rows):
        for offset, share, colour in ((-0.19, row.without, GREY), (0.19, row.named, BLUE)):
            _share_bar(axis, place + offset, share, colour, 0.34, max(share.high, 0.02) + 0.015)
    name_bars(axis, [label(row.name, f"case {i}") for i, row in enumerate(rows)], SMALL)
    axis.set_xlim(0, 1.18)
    axis.set_xticks([0, 0.25, 0.5, 0.75, 1.0])
    axis.xaxis.set_major_formatter("{x:.0%}")
    handles = [patch(GREY, label("没有负面提示词", "without"))]
    handles.append(patch(BLUE, label("负面提示词点了它的名", "named in the negative")))
    axis.legend(
        handles=handles, frameon=False, fontsize=SMALL, loc="upper center", bbox_to_anchor=(0.45, -0.15), ncols=2
    )
    words = "；".join(
        f"{row.name}：{row.without.held}/{row.without.count} → {row.named.held}/{row.named.count} 张" for row in rows
    )
    return Picture(figure, f"负面提示词点名前后还看得到的：{words}", rows)


def per_attribute(takes: "Sequence[Take]", title: str = "") -> Picture:
    """Draw how often the reader sees each attribute asked for.

    Rows: `core.statistics.Share`, one an attribute.
    """
    rows = measures.per_attribute(takes)
    figure, (axis,) = canvas(width=8, height=0.9 + 0.46 * len(rows))
    axis.tick_params(labelsize=SMALL)
    for place, row in enumerate(rows):
        _share_bar(axis, place, row, GREEN, 0.6, 1.03)
    name_bars(axis, [label(ATTRIBUTES_ZH[row.name], row.name) for row in rows], SMALL)
    axis.set_xlim(0, 1.15)
    axis.set_xticks([0, 0.5, 1])
    axis.xaxis.set_major_formatter("{x:.0%}")
    axis.set_title(title, fontsize=12)
    words = "，".join(f"{ATTRIBUTES_ZH[row.name]} {row.held}/{row.count}" for row in rows)
    return Picture(figure, f"画对了多少：{words}", rows)


def _share_bar(axis: "Axes", place: float, share: Share, colour: str, height: float, at: float) -> None:
    """Draw a share, its interval, and counts at `at`."""
    axis.barh(place, share.share, height=height, color=colour)
    axis.plot([share.low, share.high], [place, place], color="#333", lw=1.4)
    axis.text(at, place, f"{share.held} / {share.count}", va="center", fontsize=SMALL)
