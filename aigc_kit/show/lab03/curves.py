"""Duration against a control, and when the sound of each segment is there."""

from collections.abc import Mapping, Sequence

import numpy as np

from aigc_kit.show.fonts import label
from aigc_kit.show.plots import BLUE, GREEN, GREY, ORANGE, Picture, canvas


def durations(curves: Mapping[str, Mapping[int, float]], voice: str) -> Picture:
    """Seconds of sound against the level of a control, one panel per control.

    Args:
        curves: name of the control (as the axis says it) -> {level: seconds}.
        voice: who spoke; goes under the plot.
    """
    figure, axes = canvas(1, len(curves), width=4.6 * len(curves), height=3.2)
    for axis, (name, points), colour in zip(axes, curves.items(), (BLUE, ORANGE, GREEN), strict=False):
        levels, seconds = list(points), list(points.values())
        axis.plot(levels, seconds, marker="o", color=colour)
        for x, y in zip(levels, seconds, strict=True):
            axis.annotate(f"{y:.2f}", (x, y), textcoords="offset points", xytext=(0, 7), ha="center", fontsize=8)
        axis.set_ylim(0, max(seconds) * 1.15)
        axis.set_xticks(levels)
        axis.set_xlabel(name)
        axis.set_ylabel(label("时长（秒）", "seconds"))
    figure.supxlabel(label(f"{voice}，同一句话，各一次（实测）", f"{voice}, one sentence, measured"), fontsize=11)
    said = "；".join(f"{name}：" + "，".join(f"{k} → {v:.2f} 秒" for k, v in p.items()) for name, p in curves.items())
    return Picture(figure, f"时长随档位的变化。{said}")


def arrivals(ready: Sequence[float], spans: Sequence[tuple[str, float, float]]) -> Picture:
    """When each segment was there, and when it is played if playing starts with the first one.

    Args:
        ready: seconds from the start of the run at which each segment was done, rising.
        spans: (text, start, end) of each segment in the wave, seconds.
    """
    starts = np.array([start for _, start, _ in spans])
    ends = np.array([end for _, _, end in spans])
    delay = max(np.array(ready) - starts)  # least wait after which playing never stalls
    figure, axes = canvas(width=9, height=0.34 * len(spans) + 1.5)
    axis, rows = axes[0], np.arange(len(spans))
    began = np.concatenate([[0], ready[:-1]])
    axis.barh(rows, np.array(ready) - began, left=began, color=GREY, height=0.7, label=label("合成", "made"))
    first = float(ready[0])
    axis.barh(
        rows, ends - starts, left=starts + max(first, delay), color=BLUE, height=0.7, label=label("播放", "played")
    )
    axis.set_yticks(rows, [str(i + 1) for i in rows], fontsize=8)
    axis.set_ylabel(label("第几段", "segment"))
    axis.invert_yaxis()
    axis.set_xlabel(label("从开始合成算起的秒数（实测）", "seconds since the start (measured)"))
    axis.legend(frameon=False, fontsize=10, loc="upper right")
    return Picture(figure, f"第一段 {first:.2f} 秒后可以开始播放，全部合成完用了 {ready[-1]:.2f} 秒")
