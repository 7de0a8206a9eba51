"""Brightness over time, and what the measures of consistency say of several clips."""

from collections.abc import Mapping

import numpy as np

from aigc_kit.show.fonts import label
from aigc_kit.show.lab04.players import Clip, frames_of
from aigc_kit.show.plots import BLUE, GREEN, ORANGE, RED, Picture, canvas
from aigc_kit.video import measures

COLOURS = (BLUE, ORANGE, GREEN, RED, "#8e5bd0")
NAMES = (("difference", "帧间差", "difference"), ("warping", "光流误差", "warping"), ("flicker", "闪烁", "flicker"))


def brightness(clips: Mapping[str, Clip]) -> Picture:
    """Mean brightness of every frame: a smooth line is calm, a saw flickers."""
    figure, axes = canvas(width=9, height=2.6)
    axis = axes[0]
    for place, (name, clip) in enumerate(clips.items()):
        frames, fps = frames_of(clip)
        values = frames.mean(axis=(1, 2, 3)) / 255
        axis.plot(np.arange(len(frames)) / fps, values, "o-", ms=3, color=COLOURS[place % 5], label=name)
    axis.set_xlabel(label("时间（秒）", "time (s)"))
    axis.set_ylabel(label("平均亮度", "mean brightness"))
    axis.legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return Picture(figure, label("每一帧的平均亮度：", "mean brightness: ") + "、".join(clips))


def consistency(clips: Mapping[str, Clip]) -> Picture:
    """The three measures of every clip, one panel each."""
    found = {name: measures.consistency(frames_of(clip)[0]) for name, clip in clips.items()}
    figure, axes = canvas(1, 3, width=9.5, height=0.5 + 0.36 * len(found))
    for axis, (field, zh, en) in zip(axes, NAMES, strict=True):
        values = [getattr(one, field) for one in found.values()]
        places = range(len(values))[::-1]
        axis.barh(list(places), values, color=[COLOURS[k % 5] for k in range(len(values))], height=0.6)
        for place, value in zip(places, values, strict=True):
            axis.text(value, place, f" {value:.3f}", va="center", fontsize=9)
        axis.set_title(label(zh, en), fontsize=11)
        axis.set_yticks(list(places), list(found) if axis is axes[0] else [""] * len(found), fontsize=10)
        axis.set_xlim(0, max([*values, 1e-3]) * 1.3)
    return Picture(figure, label("三项一致性指标：", "consistency: ") + "、".join(found))
