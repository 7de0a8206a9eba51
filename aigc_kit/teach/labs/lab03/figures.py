"""Draw sounds, dialogues, and the times of speech."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from aigc_kit.core.types import Take
from aigc_kit.make.speech import measures
from aigc_kit.media.fonts import glyphs, label
from aigc_kit.media.wav import RATE
from aigc_kit.teach.show.plots import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    SMALL,
    TEMPERATURE_COLOURS,
    WIDEST,
    Picture,
    canvas,
    name_bars,
)

COLUMNS = 800  # steps of a wave across the picture
CHARACTERS = 52  # that fit into the width of a timeline
PITCHES = (60, 480)  # Hz, of the axis at the right
BANDS = (0, 500, 1000, 2000, 4000, 8000, 12_000)  # Hz, ticks of the mel axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from aigc_kit.make.speech.tones import Curve, Span


def sound(take: Take, spans: Sequence["Span"] = ()) -> Picture:
    """Draw one sound, as `sounds` does, its syllables marked."""
    return sounds([take], [""], [spans])


def sounds(takes: Sequence[Take], titles: Sequence[str], spans: Sequence[Sequence["Span"]] = ()) -> Picture:
    """Draw sounds side by side, on one scale.

    Wave and mel spectrogram, with pitch and segments, and below it the syllables of `spans`, where they are known.
    Rows: `make.speech.measures.Contour`, the pitch of each.
    """
    rows = measures.contours(list(zip(titles, takes, strict=True)))
    longest = max(len(take.data) / RATE for take in takes)
    highest = max(float(np.abs(take.data).max()) for take in takes)
    figure, axes = canvas(2, len(takes), width=min(WIDEST, 6 * len(takes) + 0.8), height=4.2)
    for i, (take, title) in enumerate(zip(takes, titles, strict=True)):
        upper, lower = pair = axes[i], axes[len(takes) + i]
        _wave(upper, take.data, longest)
        upper.set_ylim(-1.05 * highest, 1.05 * highest)
        upper.set_title(glyphs(title).replace("␣", " "), fontsize=12)
        _spectrogram(lower, take.data, rows[i], last=i == len(takes) - 1)
        for _, start, _ in take.labels.get("segments", ())[1:]:
            upper.axvline(start, color=GREY, linewidth=0.8, linestyle=":")
        for axis in pair:
            axis.set_xlim(0, longest)
            if i:
                axis.tick_params(labelleft=False)
        upper.tick_params(labelbottom=False)
        lower.set_xlabel(label("秒", "seconds"))
        _syllables(lower, spans[i] if i < len(spans) else ())
    axes[0].set_ylabel(label("振幅", "amplitude"))
    axes[len(takes)].set_ylabel(label("频率（Hz，梅尔刻度）", "Hz, mel scale"), fontsize=SMALL)
    words = "；".join(f"{row.name or '声音'}：{row.seconds:.2f} 秒" for row in rows)
    return Picture(figure, f"波形与梅尔频谱，青线是基频。{words}", rows)


def _wave(axis: "Axes", wave: np.ndarray, longest: float) -> None:
    """Fill from each step's lowest to highest sample.

    The picture has fewer columns than a wave has samples, so a line through all of them would look the same.
    """
    step = max(1, round(longest * RATE / COLUMNS))
    edges = np.arange(0, len(wave), step)
    low, high = np.minimum.reduceat(wave, edges), np.maximum.reduceat(wave, edges)
    axis.fill_between((edges + step / 2) / RATE, low, high, color=BLUE, linewidth=0.5)


def _spectrogram(axis: "Axes", wave: np.ndarray, contour: measures.Contour, last: bool) -> None:
    bands, extent = measures.mel(wave), (0, len(wave) / RATE, 0, 80)
    axis.imshow(
        bands, origin="lower", aspect="auto", cmap="magma", vmin=-80, vmax=0, extent=extent, interpolation="nearest"
    )
    axis.set_yticks([80 * _mel(f) / _mel(RATE / 2) for f in BANDS], [str(f) for f in BANDS], fontsize=SMALL)
    right = axis.twinx()
    right.plot(contour.times, contour.frequencies, color="#5de0ff", linewidth=1.8)
    right.set_ylim(*PITCHES)
    right.tick_params(labelsize=SMALL, colors="#1b8fae")
    right.spines[["top", "left"]].set_visible(False)
    if last:
        right.set_ylabel(label("基频（Hz）", "pitch (Hz)"), fontsize=SMALL, color="#1b8fae")
    else:
        right.tick_params(labelright=False)


def _syllables(axis: "Axes", spans: Sequence["Span"]) -> None:
    """Mark borders, and write each character below its place."""
    for span in spans:
        axis.axvline(span.start, color="white", linewidth=1, linestyle=":")
    if spans:
        middles = [(span.start + span.end) / 2 for span in spans]
        axis.set_xticks(middles, [f"{glyphs(s.syllable.character)}\n{s.syllable.text}" for s in spans], fontsize=12)
        axis.set_xlabel(label("每个字的位置（声音自己说的边界）", "syllables, as the voice tells"))


def tones(curves: Sequence["Curve"]) -> Picture:
    """Draw how high syllables are sung, tone by tone.

    Thin: each syllable; thick: their mean. Rows: `make.speech.tones.Curve`.
    """
    figure, axes = canvas(1, 4, width=WIDEST, height=3.4)
    lowest = min(float(each.heights.min()) for each in curves)
    highest = max(float(each.heights.max()) for each in curves)
    for tone, axis, colour in zip(range(1, 5), axes, TEMPERATURE_COLOURS, strict=False):
        heights = [each.heights for each in curves if each.tone == tone]
        for each in heights:
            axis.plot(each, color=GREY, linewidth=0.8)
        axis.plot(np.mean(heights, axis=0), color=colour, linewidth=3)
        axis.set_ylim(lowest - 0.5, highest + 0.5)
        axis.axhline(0, color="#555", linewidth=0.6, linestyle=":")
        axis.set_xticks([])
        axis.set_title(
            label(f"第{'一二三四'[tone - 1]}声，{len(heights)} 个字", f"tone {tone}, {len(heights)}"), fontsize=12
        )
        if axis is not axes[0]:
            axis.tick_params(labelleft=False)
    axes[0].set_ylabel(label("比整句高几个半音", "semitones above the sentence"))
    figure.supxlabel(label("一个字从头到尾；粗线是平均（实测）", "one syllable; thick: mean (measured)"), fontsize=11)
    return Picture(figure, "四个声调的音高曲线，细线是每个字，粗线是平均", curves)


def _mel(frequency: float) -> float:
    return 2595 * float(np.log10(1 + frequency / 700))


def timeline(take: Take) -> Picture:
    """Draw who speaks when, with the pauses between.

    Rows: {"role", "text", "start", "end", "pause"}, seconds; "pause" is the one measured after the line, or None.
    """
    cues, roles = take.labels["cues"], list(take.labels["roles"])
    figure, (axis,) = canvas(width=WIDEST, height=0.75 * len(roles) + 1.1)
    for role, text, start, end, _, pause in cues:
        row = roles.index(role)
        axis.barh(row, end - start, left=start, height=0.62, color=TEMPERATURE_COLOURS[row % 5], alpha=0.85)
        room = max(3, int((end - start) * CHARACTERS / len(take.data) * RATE))
        short = glyphs(text if len(text) <= room else text[: room - 1] + "…").replace("␣", " ")
        axis.text((start + end) / 2, row, short, ha="center", va="center", fontsize=SMALL, color="white")
        if pause:
            axis.annotate(f"{pause:.2f}", (end + pause / 2, row + 0.38), ha="center", fontsize=SMALL, color="#555")
    name_bars(axis, [glyphs(role) for role in roles])
    axis.set_xlabel(label("秒；彩条之间的数字是实测的停顿", "seconds; numbers are the measured pauses"))
    names = ("role", "text", "start", "end", "asked_pause", "pause")
    rows = [dict(zip(names, cue, strict=True)) for cue in cues]
    words = "、".join(f"{row['role']} {row['start']:.1f}–{row['end']:.1f} 秒" for row in rows)
    return Picture(figure, f"对话的时间线：{words}", rows)


def durations(takes: Mapping[str, Mapping[float, Take]], voice: str) -> Picture:
    """Draw seconds of sound against the levels of controls.

    Rows: `make.speech.measures.Duration`. `takes`: name of the control (as the axis says it) -> {level: take}; one
    panel each. `voice`: who spoke; goes under the plot.
    """
    rows = measures.durations(takes)
    figure, axes = canvas(1, len(takes), width=4.6 * len(takes), height=3.2)
    for axis, name, colour in zip(axes, takes, (BLUE, ORANGE, GREEN), strict=False):
        curve = [row for row in rows if row.control == name]
        levels, seconds = [row.level for row in curve], [row.seconds for row in curve]
        axis.plot(levels, seconds, marker="o", color=colour)
        for x, y in zip(levels, seconds, strict=True):
            axis.annotate(f"{y:.2f}", (x, y), textcoords="offset points", xytext=(0, 7), ha="center", fontsize=SMALL)
        axis.set_ylim(0, max(seconds) * 1.15)
        axis.set_xticks(levels)
        axis.set_xlabel(name)
        axis.set_ylabel(label("时长（秒）", "seconds"))
    figure.supxlabel(label(f"{voice}，同一句话，各一次（实测）", f"{voice}, one sentence, measured"), fontsize=11)
    words = "；".join(
        f"{name}：" + "，".join(f"{row.level} → {row.seconds:.2f} 秒" for row in rows if row.control == name)
        for name in takes
    )
    return Picture(figure, f"时长随档位的变化。{words}", rows)


def arrivals(ready: Sequence[float], spans: Sequence[tuple[str, float, float]]) -> Picture:
    """Draw when each segment arrives and is played.

    Rows: `make.speech.measures.Arrival`; arguments as in `make.speech.measures.arrivals`.
    """
    rows = measures.arrivals(ready, spans)
    figure, (axis,) = canvas(width=WIDEST, height=0.34 * len(rows) + 1.5)
    for start, end, colour, name in (
        ("begun", "ready", GREY, label("合成", "made")),
        ("played", "ended", BLUE, label("播放", "played")),
    ):
        left = np.array([getattr(row, start) for row in rows])
        width = np.array([getattr(row, end) for row in rows]) - left
        axis.barh(range(len(rows)), width, left=left, color=colour, height=0.7, label=name)
    name_bars(axis, [str(row.segment) for row in rows])
    axis.set_ylabel(label("第几段", "segment"))
    axis.set_xlabel(label("从开始合成算起的秒数（实测）", "seconds since the start (measured)"))
    axis.legend(frameon=False, fontsize=SMALL, loc="upper right")
    words = f"第一段 {rows[0].ready:.2f} 秒后可以开始播放，全部合成完用了 {rows[-1].ready:.2f} 秒"
    return Picture(figure, words, rows)
