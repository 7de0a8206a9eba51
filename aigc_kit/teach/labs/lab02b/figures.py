"""Draw what memory and time a run takes."""

import threading
import time
from typing import TYPE_CHECKING, Any

from aigc_kit.core.peak import Allocator, of_process
from aigc_kit.core.types import PHASES, Request, Step
from aigc_kit.core.units import GIB, MIB, format_bytes
from aigc_kit.make.image import ablation, measures
from aigc_kit.make.image.grids import timings
from aigc_kit.media.fonts import label
from aigc_kit.memory.plan.machines import a_gpu
from aigc_kit.teach.show.plots import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    RED,
    SMALL,
    WIDEST,
    Live,
    Picture,
    canvas,
    name_bars,
    patch,
)

EVERY = 0.02  # seconds between two looks of a Monitor

if TYPE_CHECKING:
    from aigc_kit.core.types import Take
    from aigc_kit.make.image import Grid
    from aigc_kit.make.image.ablation import Table


def phases(take: "Take") -> Picture:
    """Draw every phase's peak: weights, on them working tensors.

    Rows: `make.image.measures.PhasePeak`. `take`: whose cost has peaks (`follow=True` on a CPU).
    """
    rows = measures.phase_peaks(take)
    resident = rows[0].weights_bytes
    figure, (axis,) = canvas(width=WIDEST, height=1.2 + 0.5 * len(rows))
    axis.tick_params(labelsize=SMALL)
    for place, peak in enumerate(row.peak_bytes for row in rows):
        axis.barh(place, min(peak, resident) / MIB, color=BLUE, height=0.62)
        axis.barh(place, max(peak - resident, 0) / MIB, left=resident / MIB, color="#f0b15e", height=0.62)
        axis.text(peak / MIB, place, f" {format_bytes(peak)}", va="center", fontsize=SMALL)
    axis.axvline(resident / MIB, color=RED, lw=1.6, ls=(0, (4, 3)))
    name_bars(axis, [label(PHASES[row.phase].zh, row.phase) for row in rows], SMALL)
    axis.set_xlim(0, 1.18 * max(row.peak_bytes for row in rows) / MIB)
    axis.set_xlabel("MiB", fontsize=SMALL, loc="right")
    handles = [patch(BLUE, label("权重", "weights")), patch("#f0b15e", label("存活的张量", "live tensors"))]
    axis.legend(handles=handles, frameon=False, fontsize=SMALL, ncols=2, loc="lower left", bbox_to_anchor=(0, 1.0))
    words = label(f"红线：调用之后还占着的 {format_bytes(resident)}", f"red: resident, {format_bytes(resident)}")
    axis.set_title(words, fontsize=SMALL, loc="right")
    peaks = "；".join(f"{PHASES[row.phase].zh} {format_bytes(row.peak_bytes)}" for row in rows)
    return Picture(figure, f"各阶段峰值（实测）：{peaks}；调用之后 {format_bytes(resident)}", rows)


def peaks(made: "Table") -> Picture:
    """Draw every switch's peak, with the other phases' peaks.

    Rows: those of the table. `made`: from `aigc_kit.make.image.ablation`; rows that are not applicable stay empty.
    """
    figure, (axis,) = canvas(width=WIDEST, height=1.3 + 0.42 * len(made.rows))
    axis.tick_params(labelsize=SMALL)
    highest = max((row.peak.value for row in made.rows if row.peak), default=0)
    unit = GIB if highest > GIB else MIB
    colours = {"text": "#8e5bd0", "denoise": BLUE, "decode": GREEN}
    for place, row in enumerate(made.rows):
        if row.peak is None:
            axis.text(0, place, label(" 不适用", " not applicable"), va="center", fontsize=SMALL, color="#8a8f98")
            continue
        axis.barh(place, row.peak.value / unit, height=0.66, color=colours.get(row.setter or "", GREY))
        for name, value in row.phases.items():
            if name in colours and name != row.setter:
                axis.plot([value / unit] * 2, [place - 0.33, place + 0.33], color=colours[name], lw=3)
        axis.text(row.peak.value / unit * 1.01, place, f" {row.peak.text}", va="center", fontsize=SMALL)
    name_bars(axis, [label(row.zh, row.name) for row in made.rows], SMALL)
    axis.set_xlim(0, 1.16 * (highest or unit) / unit)
    axis.set_xlabel("GiB" if unit == GIB else "MiB", fontsize=SMALL, loc="right")
    names = (("文本编码", "text"), ("去噪", "denoise"), ("VAE 解码", "decode"))
    handles = [patch(colours[en], label(zh, en)) for zh, en in names]
    title = label("条的颜色：定峰值的阶段；竖线：其他阶段", "bar: the phase that sets the peak")
    where: dict[str, Any] = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0)}
    axis.legend(handles=handles, title=title, frameon=False, fontsize=SMALL, title_fontsize=SMALL, ncols=3, **where)
    zh, en = ("预测", "predicted") if "predicted" in {row.how for row in made.rows} else ("实测", "measured")
    words = label(zh, en)
    axis.set_title(f"{made.card}，{made.where}（{words}）", fontsize=SMALL, loc="left")
    values = "；".join(f"{row.zh} {row.peak.text}" for row in made.rows if row.peak)
    return Picture(figure, f"{made.card} 的峰值（{words}）：{values}", made.rows)


def seconds(made: "Grid", *again: "Grid") -> Picture:
    """Draw measured seconds against steps, one line a size.

    Rows: `make.image.grids.Timing`, one for each cell. `made`: the grid whose runs took the seconds. `again`: the same
    grid, run again; every point is then the median, since single timings shake.
    """
    rows = timings(made, *again)
    figure, (axis,) = canvas(width=8, height=3.8)
    axis.tick_params(labelsize=SMALL)
    for index, value in enumerate(made.rows[1]):
        colour = (BLUE, GREEN, ORANGE, RED)[index % 4]
        line = [row for row in rows if row.row == value]
        name = f"{line[0].height}×{line[0].width}" if made.rows[0] == "size" else str(value)
        axis.plot([row.column for row in line], [row.seconds for row in line], marker="o", color=colour, label=name)
    axis.set_ylim(bottom=0)
    axis.set_xticks(list(made.columns[1]))
    axis.set_xlabel(label("步数", "steps"), fontsize=SMALL)
    axis.set_ylabel(
        label(f"秒（实测，{len(again) + 1} 次的中位数）" if again else "秒（实测）", "seconds (measured)"),
        fontsize=SMALL,
    )
    axis.legend(frameon=False, fontsize=SMALL)
    return Picture(figure, "用时随步数和尺寸的变化（实测）", rows)


def switches() -> Picture:
    """Draw what each switch does to the real SDXL's peak.

    Predicted for a card of 24 GB. Rows: as in `peaks`.
    """
    request = Request("sdxl", "一只小狗").change(height=1024, width=1024, steps=25)
    return peaks(ablation.predict(request, a_gpu(name="RTX4090")))


class Monitor:
    """Watch memory while a block runs.

    Give it to `run` as `on_step` too, and the picture grows with the steps. On a GPU: bytes that torch has allocated,
    the allocator's own peak, and what the driver says is free. On a CPU: the resident set of this process and the free
    memory of the machine.

        with Monitor() as monitor:
            take = image.run(plan, on_step=monitor)
    """

    def __init__(self) -> None:
        from aigc_kit.memory import device

        self.cuda = device.probe().device == "cuda"
        self._memory = of_process(self.cuda)
        self.samples: list[tuple[float, int]] = []  # (seconds since the block began, used bytes)
        self.marks: list[tuple[float, str]] = []  # (seconds, phase that begins)
        self._live: Live | None = None
        self._stop = threading.Event()

    def __enter__(self) -> "Monitor":
        self._memory.start()
        self._began = time.perf_counter()
        self._look()
        self._thread = threading.Thread(target=self._watch, name="aigc-monitor", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._memory.stop()
        self._look()
        if self._live is not None:
            self._live.redraw()

    def __call__(self, step: Step) -> None:
        """Note the phase of a step, and redraw."""
        if not self.marks or self.marks[-1][1] != step.phase:
            self.marks.append((time.perf_counter() - self._began, step.phase))
        if self._live is None:
            self._live = Live(self.picture)
        elif step.index % 5 == 0:
            self._live.redraw()

    @property
    def before(self) -> int:
        """Give the used bytes when the block began."""
        return self.samples[0][1]

    @property
    def after(self) -> int:
        """Give the used bytes at the last look."""
        return self.samples[-1][1]

    @property
    def peak(self) -> int:
        """Give the highest count of used bytes.

        On a GPU by the allocator's own count, which misses nothing, on a CPU of the samples.
        """
        highest = max(count for _, count in self.samples)
        return max(highest, self._memory.highest) if isinstance(self._memory, Allocator) else highest

    def picture(self) -> Picture:
        """Draw used memory over time, with before, peak and after.

        Rows: {"seconds", "used_bytes"}, one for each look.
        """
        from aigc_kit.memory import device

        free = device.probe().free_bytes
        figure, (axis,) = canvas(width=WIDEST, height=3.2)
        axis.tick_params(labelsize=SMALL)
        rows = [{"seconds": moment, "used_bytes": count} for moment, count in list(self.samples)]
        seconds, counts = [row["seconds"] for row in rows], [row["used_bytes"] / MIB for row in rows]
        axis.fill_between(seconds, counts, color=BLUE, alpha=0.25, lw=0)
        axis.plot(seconds, counts, color=BLUE, lw=1.6)
        low, high = min(counts), self.peak / MIB
        axis.set_ylim(max(0.0, low - 0.4 * (high - low) - 5), high + 0.35 * (high - low) + 5)
        for value, colour, name in (
            (self.before, GREY, label("之前", "before")),
            (self.peak, RED, label("峰值", "peak")),
            (self.after, ORANGE, label("之后", "after")),
        ):
            axis.axhline(value / MIB, color=colour, lw=1, ls=(0, (4, 3)))
            place, words = axis.get_yaxis_transform(), f"{name} {format_bytes(value)}"
            axis.text(1.005, value / MIB, words, color=colour, fontsize=SMALL, va="center", transform=place)
        axis.set_xlim(0, max(seconds[-1], EVERY))
        axis.set_ylabel("MiB", fontsize=SMALL)
        axis.set_xlabel(label("秒", "seconds"), fontsize=SMALL, loc="right")
        what = label("显存（torch 已分配）", "GPU, allocated") if self.cuda else label("本进程常驻内存", "resident set")
        axis.set_title(f"{what}　{label('空闲', 'free')} {format_bytes(free)}", fontsize=SMALL, loc="left")
        before, peak, after, free_text = map(format_bytes, (self.before, self.peak, self.after, free))
        return Picture(figure, f"内存：之前 {before}，峰值 {peak}，之后 {after}，空闲 {free_text}", rows)

    def _watch(self) -> None:
        while not self._stop.wait(EVERY):
            self._look()

    def _look(self) -> None:
        self.samples.append((time.perf_counter() - self._began, self._memory.look()))
