"""What a sound looks like: wave, mel spectrogram, pitch; and who speaks when."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from aigc_kit.core.types import Take
from aigc_kit.make.speech import measures
from aigc_kit.media.fonts import glyphs, label
from aigc_kit.media.wav import RATE
from aigc_kit.teach.show.plots import BLUE, GREEN, GREY, ORANGE, TEMPERATURE_COLOURS, Picture, canvas

COLOURS = 64  # of a picture with a spectrogram: a third of the bytes, and nobody sees it


if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Compact(Picture):
    """A picture with few colours."""

    def png(self, dpi: int = 80) -> bytes:
        """The plot as PNG bytes with a palette."""
        import io

        from PIL import Image

        image = Image.open(io.BytesIO(super().png(dpi))).convert("RGB")
        buffer = io.BytesIO()
        image.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
            buffer, "PNG", optimize=True
        )
        return buffer.getvalue()


CHARACTERS = 72  # that fit into the width of a timeline


PITCHES = (60, 480)  # Hz, of the axis at the right


BANDS = (0, 500, 1000, 2000, 4000, 8000, 12_000)  # Hz, ticks of the mel axis


def sound(take: Take) -> Picture:
    """Wave above, mel spectrogram below, with the pitch as a line and the segments' borders."""
    return sounds([take], [""])


def sounds(takes: Sequence[Take], titles: Sequence[str]) -> Picture:
    """Several sounds side by side, on one scale of time and level."""
    longest = max(len(take.data) / RATE for take in takes)
    highest = max(float(np.abs(take.data).max()) for take in takes)
    figure, axes = canvas(2, len(takes), width=min(9.5, 4.8 * len(takes) + 1), height=3.9)
    for i, (take, title) in enumerate(zip(takes, titles, strict=True)):
        upper, lower = axes[i], axes[len(takes) + i]
        times = np.arange(len(take.data)) / RATE
        upper.plot(times, take.data, color=BLUE, linewidth=0.4, rasterized=True)
        upper.set_ylim(-1.05 * highest, 1.05 * highest)
        upper.set_title(glyphs(title).replace("␣", " "), fontsize=12)
        _spectrogram(lower, take.data, last=i == len(takes) - 1)
        for _, start, end in take.labels.get("segments", ())[1:]:
            upper.axvline(start, color=GREY, linewidth=0.8, linestyle=":")
            del end
        for axis in (upper, lower):
            axis.set_xlim(0, longest)
        upper.tick_params(labelbottom=False)
        lower.set_xlabel(label("秒", "seconds"))
        if i:
            for axis in (upper, lower):
                axis.tick_params(labelleft=False)
    axes[0].set_ylabel(label("振幅", "amplitude"))
    axes[len(takes)].set_ylabel(label("频率（Hz，梅尔刻度）", "Hz, mel scale"), fontsize=9)
    words = "；".join(f"{t or '声音'}：{len(take.data) / RATE:.2f} 秒" for take, t in zip(takes, titles, strict=True))
    return Compact(figure, f"波形与梅尔频谱，青线是基频。{words}")


def _spectrogram(axis: "Axes", wave: np.ndarray, last: bool) -> None:
    bands = measures.mel(wave)
    seconds = len(wave) / RATE
    axis.imshow(bands, origin="lower", aspect="auto", cmap="magma", vmin=-80, vmax=0, extent=(0, seconds, 0, 80))
    top = _mel(RATE / 2)
    axis.set_yticks([80 * _mel(f) / top for f in BANDS], [f"{f}" for f in BANDS], fontsize=7)
    times, pitch = measures.pitch(wave)
    right = axis.twinx()
    right.plot(times, pitch, color="#5de0ff", linewidth=1.8)
    right.set_ylim(*PITCHES)
    right.tick_params(labelsize=7, colors="#1b8fae")
    right.spines[["top", "left"]].set_visible(False)
    if last:
        right.set_ylabel(label("基频（Hz）", "pitch (Hz)"), fontsize=9, color="#1b8fae")
    else:
        right.tick_params(labelright=False)


def _mel(frequency: float) -> float:
    return 2595 * float(np.log10(1 + frequency / 700))


def timeline(take: Take) -> Picture:
    """Who speaks when: one row per role, the words in the bars, the pauses between them in seconds."""
    cues, roles = take.labels["cues"], list(take.labels["roles"])
    figure, axes = canvas(width=9.5, height=0.75 * len(roles) + 1.1)
    axis = axes[0]
    for role, text, start, end, _, pause in cues:
        row = roles.index(role)
        axis.barh(row, end - start, left=start, height=0.62, color=TEMPERATURE_COLOURS[row % 5], alpha=0.85)
        room = max(3, int((end - start) * CHARACTERS / len(take.data) * RATE))
        short = text if len(text) <= room else text[: room - 1] + "…"
        axis.text(
            (start + end) / 2, row, glyphs(short).replace("␣", " "), ha="center", va="center", fontsize=8, color="white"
        )
        if pause:
            axis.annotate(f"{pause:.2f}", (end + pause / 2, row + 0.38), ha="center", fontsize=8, color="#555")
    axis.set_yticks(range(len(roles)), [glyphs(role) for role in roles])
    axis.invert_yaxis()
    axis.set_xlabel(label("秒；彩条之间的数字是实测的停顿", "seconds; numbers are the measured pauses"))
    return Picture(figure, "对话的时间线：" + "、".join(f"{c[0]} {c[2]:.1f}–{c[3]:.1f} 秒" for c in cues))


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
