"""Draw piano rolls, spectra, shares and what a metric sees."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from aigc_kit.core.types import Take
from aigc_kit.make.music.job import tune_in
from aigc_kit.media.fonts import glyphs, label
from aigc_kit.media.wav import RATE
from aigc_kit.teach.labs.lab07.obedience import Obeyed
from aigc_kit.teach.show.plots import BLUE, GREEN, GREY, ORANGE, SMALL, WIDEST, Picture, canvas
from aigc_kit.worlds.sounds import SOUND_TITLES
from aigc_kit.worlds.tunes import TITLES, Tune

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = (BLUE, ORANGE, GREEN)


def rolls(tunes: Sequence[Tune | Take], titles: Sequence[str] = (), columns: int = 3) -> Picture:
    """Draw piano rolls side by side.

    Time is in quarters, pitch a MIDI number. Thin lines are bars, thick ones phrases. Rows: {"title", "notes",
    "quarters"}.
    """
    columns = min(columns, len(tunes))
    lines = -(-len(tunes) // columns)
    figure, axes = canvas(lines, columns, width=WIDEST, height=2.1 * lines + 0.7)
    rows = []
    for place, axis in enumerate(axes):
        if place >= len(tunes):
            axis.set_axis_off()
            continue
        tune = tunes[place]
        tune = tune_in(tune) if isinstance(tune, Take) else tune
        title = titles[place] if place < len(titles) else ""
        quarters = _roll(axis, tune)
        axis.set_title(glyphs(title).replace("␣", " "), fontsize=SMALL)
        if place >= len(tunes) - columns:
            axis.set_xlabel(label("四分音符", "quarters"))
        if place % columns == 0:
            axis.set_ylabel(label("音高", "pitch"))
        rows.append({"title": title, "notes": sum(n.pitch is not None for n in tune.notes), "quarters": quarters})
    return Picture(figure, f"{len(tunes)} 首曲子的钢琴卷帘：横轴是时间，纵轴是音高，粗线分乐句。", rows)


def _roll(axis: "Axes", tune: Tune) -> float:
    now = 0.0
    for number, bar in enumerate(tune.bars, 1):
        for note in bar:
            if note.pitch is not None:
                axis.broken_barh([(now, note.length / 4 * 0.92)], (note.pitch - 0.45, 0.9), color=BLUE)
            now += note.length / 4
        phrase = number in tune.ends
        axis.axvline(now, color=GREY, linewidth=1.6 if phrase else 0.5, alpha=0.9 if phrase else 0.6)
    axis.set_xlim(0, max(now, 1))
    axis.locator_params(axis="y", integer=True)
    return now


def shares(groups: Mapping[str, Sequence[Obeyed]], names: Mapping[str, str] | None = None) -> Picture:
    """Draw shares with their 95 % Wilson intervals.

    A colour for each group. Rows: {"group", "what", "share", "low", "high", "total"}.
    """
    titles = {"bars": label("小节对", "bars")} | {name: label(words.zh, words.en) for name, words in TITLES.items()}
    titles |= {name: label(words.zh, words.en) for name, words in SOUND_TITLES.items()}
    titles |= dict(names or {})
    whats = [share.what for share in next(iter(groups.values()))]
    figure, (axis,) = canvas(1, 1, width=min(WIDEST, max(6.5, 1.3 * len(whats) + 2)), height=3.6)
    rows = []
    step = 0.8 / len(groups)
    for number, (group, found) in enumerate(groups.items()):
        places = np.arange(len(found)) + (number - (len(groups) - 1) / 2) * step
        values = np.array([[share.share, share.low, share.high] for share in found]) * 100
        spread = np.abs(values[:, 1:] - values[:, :1]).T
        title, colour = glyphs(group).replace("␣", " "), COLOURS[number % 3]
        axis.bar(places, values[:, 0], step * 0.9, yerr=spread, capsize=3, color=colour, label=title)
        rows += [{"group": group, **share._asdict()} for share in found]
    axis.set_xticks(range(len(whats)), [titles.get(what, what) for what in whats])
    axis.set_ylim(0, 105)
    axis.set_ylabel(label("占比（%）", "share, %"))
    if len(groups) > 1:
        axis.legend(fontsize=SMALL, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=len(groups), frameon=False)
    words = "；".join(
        f"{group}：" + "、".join(f"{s.what} {s.share:.0%}" for s in found) for group, found in groups.items()
    )
    return Picture(figure, f"占比与 95 % 区间。{words}", rows)


def codes(numbers: np.ndarray, titles: Sequence[str] = ()) -> Picture:
    """Draw a sound's codes, a row a book.

    Args:
        numbers: integers (books, frames).
        titles: of the books.

    Rows: {"title", "different"}: how many different codes a book uses.
    """
    figure, (axis,) = canvas(1, 1, width=WIDEST, height=2.4)
    axis.imshow(numbers, aspect="auto", cmap="turbo", interpolation="nearest")
    names = [titles[k] if k < len(titles) else f"{k + 1}" for k in range(len(numbers))]
    axis.set_yticks(range(len(numbers)), [glyphs(name) for name in names])
    axis.set_xlabel(label("帧（每帧 40 毫秒）", "frames of 40 ms"))
    rows = [{"title": name, "different": len(set(row.tolist()))} for name, row in zip(names, numbers, strict=True)]
    words = "、".join(f"{row['title']} 用了 {row['different']} 种" for row in rows)
    return Picture(figure, f"一段声音的码：{words}，颜色是码的编号。", rows)


def spectra(waves: Sequence[np.ndarray], titles: Sequence[str], rate: int = RATE) -> Picture:
    """Draw spectrograms side by side, 0 to 5000 Hz.

    On one scale of decibels. Rows: {"title", "seconds"}.
    """
    figure, axes = canvas(1, len(waves), width=min(WIDEST, 4.2 * len(waves) + 0.8), height=3.3)
    rows = []
    for axis, wave, title in zip(axes, waves, titles, strict=True):
        frames = np.lib.stride_tricks.sliding_window_view(np.pad(wave, 1024), 2048)[:: max(256, len(wave) // 400)]
        power = np.abs(np.fft.rfft(frames * np.hanning(2048), axis=1)).T ** 2
        top = round(5000 / rate * 2048)
        levels = 10 * np.log10(power[:top] + 1e-6)
        seconds = len(wave) / rate
        axis.imshow(
            levels, origin="lower", aspect="auto", cmap="magma", vmin=-40, vmax=45, extent=(0, seconds, 0, 5000)
        )
        axis.set_title(glyphs(title).replace("␣", " "), fontsize=SMALL)
        axis.set_xlabel(label("秒", "seconds"))
        rows.append({"title": title, "seconds": seconds})
    axes[0].set_ylabel(label("频率（Hz）", "Hz"))
    return Picture(
        figure, "频谱：亮的地方有能量。" + "；".join(f"{r['title']} {r['seconds']:.1f} 秒" for r in rows), rows
    )


def metric(sizes: Sequence[float], values: Sequence[float], name: str, what: str = "", scale: float = 100.0) -> Picture:
    """Draw a metric over a known corruption.

    The sizes are shown times `scale`; `what` names them, pitches replaced if empty. Rows: {"size", "value"}.
    """
    figure, (axis,) = canvas(1, 1, width=6.5, height=3.4)
    axis.plot(np.array(sizes) * scale, values, "o-", color=ORANGE)
    axis.set_xlabel(glyphs(what) if what else label("换掉的音（%）", "pitches replaced, %"))
    axis.set_ylabel(glyphs(name))
    axis.set_ylim(0, None)
    rows = [{"size": size, "value": value} for size, value in zip(sizes, values, strict=True)]
    return Picture(figure, f"{name}：" + "、".join(f"{r['size']:g} 时 {r['value']:.3f}" for r in rows), rows)


def field(dilations: Sequence[int], kernel: int = 2) -> Picture:
    """Draw what one output of dilated layers depends on.

    Rows: {"layer", "dilation", "field"}.
    """
    figure, (axis,) = canvas(1, 1, width=WIDEST, height=3.2)
    width = 1 + (kernel - 1) * sum(dilations)
    seen = {0}
    rows, reach = [], 1
    for layer in range(len(dilations), 0, -1):
        gap = dilations[layer - 1]
        axis.scatter([-k for k in range(width)], [layer] * width, s=16, color=GREY, alpha=0.4)
        below = {k + step * gap for k in seen for step in range(kernel)}
        for k in seen:
            for step in range(kernel):
                axis.plot([-k, -k - step * gap], [layer, layer - 1], color=BLUE, linewidth=1.2)
        axis.scatter([-k for k in seen], [layer] * len(seen), s=34, color=BLUE, zorder=3)
        seen = below
        reach += (kernel - 1) * gap
        rows.append({"layer": layer, "dilation": gap, "field": reach})
    axis.scatter([-k for k in range(width)], [0] * width, s=16, color=GREY, alpha=0.4)
    axis.scatter([-k for k in seen], [0] * len(seen), s=34, color=ORANGE, zorder=3)
    names = [
        label("输入", "input"),
        *(label(f"第 {k} 层，隔 {d}", f"layer {k}, {d}") for k, d in enumerate(dilations, 1)),
    ]
    axis.set_yticks(range(len(dilations) + 1), names)
    axis.set_xlabel(label("时间（样点，0 是现在）", "samples, 0 is now"))
    return Picture(figure, f"因果扩张卷积：最上面一个输出看到 {width} 个输入样点。", rows)
