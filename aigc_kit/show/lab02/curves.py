"""Plots of the image lab: forward noising, and what the dials change, with error bars."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_kit.show import statistics
from aigc_kit.show.fonts import label
from aigc_kit.show.plots import BLUE, GREEN, GREY, ORANGE, RED, Picture, canvas
from aigc_kit.show.worlds import ATTRIBUTES_ZH
from aigc_kit.units import GIB, MIB

if TYPE_CHECKING:
    from aigc_kit.image import Grid
    from aigc_kit.image.ablation import Table
    from aigc_kit.types import Take


def noising(alpha_bar: np.ndarray, pictures: Mapping[int, Any], mean: np.ndarray | None = None) -> Picture:
    """Alpha-bar over the timesteps, and above it pictures at some of them.

    Args:
        alpha_bar: float (1000,), share of the signal's power that is left.
        pictures: timestep -> picture of it, uint8 (H, W, 3).
        mean: another alpha-bar, drawn grey for comparison.
    """
    figure, axes = canvas(2, len(pictures), width=10, height=4.1)
    grid = axes[0].get_gridspec()
    for axis in axes[len(pictures) :]:
        axis.remove()
    for axis, (t, picture) in zip(axes, pictures.items(), strict=False):
        axis.imshow(picture)
        axis.set_title(f"t = {t}\nᾱ = {alpha_bar[t]:.3f}", fontsize=10)
        axis.set_axis_off()
    below = figure.add_subplot(grid[1, :])
    below.spines[["top", "right"]].set_visible(False)
    if mean is not None:
        below.plot(mean, color=GREY, lw=1.6, label=label("原来的 ᾱ", "before"))
    below.plot(alpha_bar, color=BLUE, lw=2, label=label("这个模型的 ᾱ：剩下的信号", "signal left"))
    below.plot(1 - alpha_bar, color=ORANGE, lw=2, label=label("1 − ᾱ：噪声", "noise"))
    for t in pictures:
        below.plot([t], [alpha_bar[t]], "o", color=BLUE)
    below.set_xlabel(label("时间步 t（训练用 1000 步）", "timestep"), loc="right")
    below.legend(frameon=False, fontsize=10, loc="center left")
    said = "，".join(f"t = {t} 时 ᾱ = {alpha_bar[t]:.3f}" for t in pictures)
    return Picture(figure, f"前向加噪：{said}")


def adherence(takes: "Mapping[Any, Sequence[Take]]", dial: str = "CFG") -> Picture:
    """How much of what was asked for the reader sees, against a dial; and how different the pictures of two seeds are.

    Args:
        takes: value of the dial -> takes of several prompts, each with a batch of at least two seeds.
        dial: its name.
    """
    from aigc_kit.image.measures import diversity, shows

    seen = {value: [h for take in many for one in shows(take) for h in one.values()] for value, many in takes.items()}
    apart = [float(np.mean([diversity(take.data) for take in many])) for many in takes.values()]
    values = list(takes)
    shares = [statistics.wilson(sum(held), len(held)) for held in seen.values()]
    figure, axes = canvas(1, 2, width=9.5, height=3.3)
    middle = np.array([share for share, _, _ in shares])
    around = np.array([[share - low, high - share] for share, low, high in shares]).T
    axes[0].errorbar(values, middle, yerr=around, marker="o", capsize=4, color=BLUE)
    axes[0].set_ylim(0, 1.02)
    axes[0].yaxis.set_major_formatter("{x:.0%}")
    axes[0].set_title(label("听话：提到的属性画对了多少", "what was asked for is there"), fontsize=12)
    axes[1].plot(values, apart, marker="o", color=ORANGE)
    axes[1].set_ylim(bottom=0)
    axes[1].set_title(label("多样：两个种子的图差多少（灰度级）", "difference of two seeds"), fontsize=12)
    for axis in axes:
        axis.set_xlabel(dial)
        axis.set_xticks(values)
    count = len(next(iter(seen.values())))
    words = label(f"每点 {count} 个属性，误差线为 95% 区间（裁判实测）", f"{count} attributes each, 95 %, measured")
    figure.supxlabel(words, fontsize=10)
    said = "，".join(f"{dial} {value:g}：{share:.0%}" for value, (share, _, _) in zip(values, shares, strict=True))
    return Picture(figure, f"听话的程度：{said}")


def removal(cases: Mapping[str, tuple[Sequence[bool], Sequence[bool]]]) -> Picture:
    """How often pictures show something, without and with a negative prompt that names it.

    Args:
        cases: what is named -> (without, with): for each picture, whether the reader sees it.
    """
    figure, (axis,) = canvas(width=7.5, height=1.3 + 0.75 * len(cases))
    for place, (without, named) in enumerate(cases.values()):
        for offset, held, colour in ((-0.19, without, GREY), (0.19, named, BLUE)):
            share, low, high = statistics.wilson(sum(held), max(len(held), 1))
            axis.barh(place + offset, share, height=0.34, color=colour)
            axis.plot([low, high], [place + offset] * 2, color="#333", lw=1.4)
            axis.text(max(high, 0.02) + 0.015, place + offset, f"{sum(held)} / {len(held)}", va="center", fontsize=9.5)
    axis.set_yticks(range(len(cases)), [label(name, f"case {i}") for i, name in enumerate(cases)], fontsize=11)
    axis.invert_yaxis()
    axis.set_xlim(0, 1.18)
    axis.set_xticks([0, 0.25, 0.5, 0.75, 1.0])
    axis.xaxis.set_major_formatter("{x:.0%}")
    handles = [_patch(GREY, label("没有负面提示词", "without"))]
    handles.append(_patch(BLUE, label("负面提示词点了它的名", "named in the negative")))
    axis.legend(handles=handles, frameon=False, fontsize=10, loc="upper center", bbox_to_anchor=(0.45, -0.15), ncols=2)
    said = "；".join(f"{name}：{sum(a)}/{len(a)} → {sum(b)}/{len(b)} 张" for name, (a, b) in cases.items())
    return Picture(figure, f"负面提示词点名前后还看得到的：{said}")


def per_attribute(takes: "Sequence[Take]", title: str = "") -> Picture:
    """For each attribute: how often the reader sees what was asked for."""
    from aigc_kit.image.measures import shows

    held: dict[str, list[bool]] = {}
    for take in takes:
        for found in shows(take):
            for name, seen in found.items():
                held.setdefault(name, []).append(seen)
    figure, (axis,) = canvas(width=6.5, height=0.8 + 0.42 * len(held))
    for place, (_name, values) in enumerate(held.items()):
        share, low, high = statistics.wilson(sum(values), len(values))
        axis.barh(place, share, height=0.6, color=GREEN)
        axis.plot([low, high], [place, place], color="#333", lw=1.4)
        axis.text(1.03, place, f"{sum(values)} / {len(values)}", va="center", fontsize=9.5)
    axis.set_yticks(range(len(held)), [label(ATTRIBUTES_ZH[n], n) for n in held], fontsize=11)
    axis.invert_yaxis()
    axis.set_xlim(0, 1.15)
    axis.set_xticks([0, 0.5, 1])
    axis.xaxis.set_major_formatter("{x:.0%}")
    axis.set_title(title, fontsize=12)
    said = "，".join(f"{ATTRIBUTES_ZH[n]} {sum(v)}/{len(v)}" for n, v in held.items())
    return Picture(figure, f"画对了多少：{said}")


def peaks(made: "Table") -> Picture:
    """The peak of every row, and below it the peaks of the phases that set none.

    Args:
        made: from `aigc_kit.image.ablation`; rows that are not applicable stay empty.
    """
    figure, (axis,) = canvas(width=9.5, height=0.9 + 0.36 * len(made.rows))
    unit = GIB if max((row.peak.value for row in made.rows if row.peak), default=0) > GIB else MIB
    colours = {"text": "#8e5bd0", "denoise": BLUE, "decode": GREEN}
    for place, row in enumerate(made.rows):
        if row.peak is None:
            axis.text(0, place, label(" 不适用", " not applicable"), va="center", fontsize=9.5, color="#8a8f98")
            continue
        axis.barh(place, row.peak.value / unit, height=0.66, color=colours.get(row.setter or "", GREY))
        for name, value in row.phases.items():
            if name in colours and name != row.setter:
                axis.plot([value / unit] * 2, [place - 0.33, place + 0.33], color=colours[name], lw=3)
        axis.text(row.peak.value / unit * 1.01, place, f" {row.peak.text}", va="center", fontsize=9.5)
    axis.set_yticks(range(len(made.rows)), [label(row.zh, row.name) for row in made.rows], fontsize=10)
    axis.invert_yaxis()
    axis.set_xlim(0, 1.16 * max((row.peak.value / unit for row in made.rows if row.peak), default=1))
    axis.set_xlabel(f"{'GiB' if unit == GIB else 'MiB'}", loc="right")
    names = (("文本编码", "text"), ("去噪", "denoise"), ("VAE 解码", "decode"))
    handles = [_patch(colours[en], label(zh, en)) for zh, en in names]
    title = label("条的颜色：定峰值的阶段；竖线：其他阶段", "bar: the phase that sets the peak")
    axis.legend(handles=handles, title=title, frameon=False, fontsize=9, title_fontsize=9, ncols=3, loc="lower right",
                bbox_to_anchor=(1.0, 1.0))  # fmt: skip
    how = {row.how for row in made.rows}
    words = label("预测" if "predicted" in how else "实测", "predicted" if "predicted" in how else "measured")
    axis.set_title(f"{made.card}，{made.where}（{words}）", fontsize=11, loc="left")
    said = "；".join(f"{row.zh} {row.peak.text}" for row in made.rows if row.peak)
    return Picture(figure, f"{made.card} 的峰值（{words}）：{said}")


def seconds(made: "Grid") -> Picture:
    """Seconds against steps, one line a size: measured."""
    figure, (axis,) = canvas(width=6, height=3)
    for (value, takes), colour in zip(
        zip(made.rows[1], made.takes, strict=True), (BLUE, GREEN, ORANGE, RED), strict=False
    ):
        spent = [take.measured()["seconds"].value for take in takes]
        height, width = takes[0].labels["size"]
        name = f"{height}×{width}" if made.rows[0] == "size" else str(value)
        axis.plot(list(made.columns[1]), spent, marker="o", color=colour, label=name)
    axis.set_ylim(bottom=0)
    axis.set_xticks(list(made.columns[1]))
    axis.set_xlabel(label("步数", "steps"))
    axis.set_ylabel(label("秒（实测）", "seconds (measured)"))
    axis.legend(frameon=False, fontsize=10)
    return Picture(figure, "用时随步数和尺寸的变化（实测）")


def _patch(colour: str, name: str) -> Any:
    from matplotlib.patches import Patch

    return Patch(color=colour, label=name)
