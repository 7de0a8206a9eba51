"""Plots of the image lab: forward noising, and what the dials change, with error bars."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_kit.core import statistics
from aigc_kit.core.types import PHASES
from aigc_kit.core.units import GIB, MIB, format_bytes
from aigc_kit.media.fonts import label
from aigc_kit.teach.show.page import ATTRIBUTES_ZH
from aigc_kit.teach.show.plots import BLUE, GREEN, GREY, ORANGE, RED, Picture, canvas

if TYPE_CHECKING:
    from aigc_kit.core.types import Take
    from aigc_kit.make.image import Grid
    from aigc_kit.make.image.ablation import Table


def noising(alpha_bar: np.ndarray, marked: Sequence[int], before: np.ndarray | None = None) -> Picture:
    """Alpha-bar over the timesteps: how much of the signal is left, how much is noise.

    Args:
        alpha_bar: float (1000,), share of the signal's power that is left.
        marked: timesteps to mark.
        before: another alpha-bar, drawn grey for comparison.
    """
    figure, (axis,) = canvas(width=8.5, height=2.5)
    if before is not None:
        axis.plot(before, color=GREY, lw=1.6, label=label("没有拉到 0 之前的 ᾱ", "before"))
    axis.plot(alpha_bar, color=BLUE, lw=2, label=label("这个模型的 ᾱ：剩下的信号", "signal left"))
    axis.plot(1 - alpha_bar, color=ORANGE, lw=2, label=label("1 − ᾱ：噪声", "noise"))
    axis.plot(list(marked), [alpha_bar[t] for t in marked], "o", color=BLUE)
    axis.set_xlabel(label("时间步 t（训练用 1000 步）", "timestep"), loc="right")
    axis.legend(frameon=False, fontsize=10, loc="center left")
    return Picture(figure, "ᾱ 随时间步：" + "，".join(f"t = {t} 时 {alpha_bar[t]:.3f}" for t in marked))


def phases(take: "Take") -> Picture:
    """The peak of every phase of a run that was followed: weights, and on top of them the tensors at work.

    Args:
        take: whose cost has peaks (`follow=True` on a CPU).
    """
    from aigc_kit.make.image import engine, weight_bytes

    resident = weight_bytes(engine(take.plan))
    found = [(phase.name, phase.peak_bytes) for phase in take.cost.phases if phase.peak_bytes is not None]
    figure, (axis,) = canvas(width=8.5, height=1.0 + 0.42 * len(found))
    for place, (_name, peak) in enumerate(found):
        axis.barh(place, min(peak, resident) / MIB, color=BLUE, height=0.62)
        axis.barh(place, max(peak - resident, 0) / MIB, left=resident / MIB, color="#f0b15e", height=0.62)
        axis.text(peak / MIB, place, f" {format_bytes(peak)}", va="center", fontsize=10)
    axis.axvline(resident / MIB, color=RED, lw=1.6, ls=(0, (4, 3)))
    axis.set_yticks(range(len(found)), [label(PHASES[name].zh, name) for name, _ in found], fontsize=11)
    axis.invert_yaxis()
    axis.set_xlim(0, 1.18 * max(peak for _, peak in found) / MIB)
    axis.set_xlabel("MiB", loc="right")
    handles = [_patch(BLUE, label("权重", "weights")), _patch("#f0b15e", label("存活的张量", "live tensors"))]
    axis.legend(handles=handles, frameon=False, fontsize=10, ncols=2, loc="lower left", bbox_to_anchor=(0, 1.0))
    words = label(f"红线：调用之后还占着的 {format_bytes(resident)}", f"red: resident, {format_bytes(resident)}")
    axis.set_title(words, fontsize=10.5, loc="right")
    said = "；".join(f"{PHASES[name].zh} {format_bytes(peak)}" for name, peak in found)
    return Picture(figure, f"各阶段峰值（实测）：{said}；调用之后 {format_bytes(resident)}")


def adherence(takes: "Mapping[Any, Sequence[Take]]", dial: str = "CFG") -> Picture:
    """How much of what was asked for the reader sees, against a dial; and how different the pictures of two seeds are.

    Args:
        takes: value of the dial -> takes of several prompts, each with a batch of at least two seeds.
        dial: its name.
    """
    from aigc_kit.make.image.measures import diversity, shows

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
    from aigc_kit.make.image.measures import shows

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
        made: from `aigc_kit.make.image.ablation`; rows that are not applicable stay empty.
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


def seconds(made: "Grid", *again: "Grid") -> Picture:
    """Seconds against steps, one line a size: measured.

    Args:
        made: the grid whose runs took the seconds.
        again: the same grid, run again; every point is then the median, since single timings shake.
    """
    figure, (axis,) = canvas(width=6, height=3)
    for index, (value, takes) in enumerate(zip(made.rows[1], made.takes, strict=True)):
        colour = (BLUE, GREEN, ORANGE, RED)[index % 4]
        runs = [[take.measured()["seconds"].value for take in one.takes[index]] for one in (made, *again)]
        spent = np.median(runs, axis=0)
        height, width = takes[0].labels["size"]
        name = f"{height}×{width}" if made.rows[0] == "size" else str(value)
        axis.plot(list(made.columns[1]), spent, marker="o", color=colour, label=name)
    axis.set_ylim(bottom=0)
    axis.set_xticks(list(made.columns[1]))
    axis.set_xlabel(label("步数", "steps"))
    axis.set_ylabel(label(f"秒（实测，{len(again) + 1} 次的中位数）" if again else "秒（实测）", "seconds (measured)"))
    axis.legend(frameon=False, fontsize=10)
    return Picture(figure, "用时随步数和尺寸的变化（实测）")


def _patch(colour: str, name: str) -> Any:
    from matplotlib.patches import Patch

    return Patch(color=colour, label=name)
