"""A live memory monitor: used, free and peak, before, while and after a block runs."""

import threading
import time

from aigc_kit.core.types import Step
from aigc_kit.core.units import MIB, format_bytes
from aigc_kit.media.fonts import label
from aigc_kit.memory import peak
from aigc_kit.teach.show.plots import BLUE, GREY, ORANGE, RED, Live, Picture, canvas

EVERY = 0.02  # seconds between two looks


class Monitor:
    """Watches memory while a block runs; give it to `run` as `on_step` too, and the picture grows with the steps.

    On a GPU: bytes that torch has allocated, the allocator's own peak, and what the driver says is free. On a CPU: the
    resident set of this process and the free memory of the machine.

        with Monitor() as monitor:
            take = image.run(plan, on_step=monitor)
    """

    def __init__(self) -> None:
        from aigc_kit.memory import device

        self.cuda = device.probe().device == "cuda"
        self._memory = peak.of_process(self.cuda)
        self.samples: list[tuple[float, int]] = []  # (seconds since the block began, used bytes)
        self.marks: list[tuple[float, str]] = []  # (seconds, phase that begins)
        self._live: Live | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "Monitor":
        self._memory.start()
        self._began = time.perf_counter()
        self._look()
        self._thread = threading.Thread(target=self._watch, name="aigc-monitor", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._memory.stop()
        self._look()
        if self._live is not None:
            self._live.redraw()

    def __call__(self, step: Step) -> None:
        """A step of the run is done: redraw."""
        if not self.marks or self.marks[-1][1] != step.phase:
            self.marks.append((time.perf_counter() - self._began, step.phase))
        if self._live is None:
            self._live = Live(self.picture)
        elif step.index % 5 == 0:
            self._live.redraw()

    @property
    def before(self) -> int:
        """Used bytes when the block began."""
        return self.samples[0][1]

    @property
    def after(self) -> int:
        """Used bytes at the last look; after the block, what stays."""
        return self.samples[-1][1]

    @property
    def peak(self) -> int:
        """Highest: on a GPU by the allocator's own count, which misses nothing; on a CPU of the samples."""
        seen = max(used for _, used in self.samples)
        return max(seen, self._memory.highest) if isinstance(self._memory, peak.Allocator) else seen

    def picture(self) -> Picture:
        """Used memory over time, with before, peak and after, and what is free."""
        from aigc_kit.memory import device

        free = device.probe().free_bytes
        figure, (axis,) = canvas(width=9, height=2.7)
        seconds, used = zip(*list(self.samples), strict=True)
        axis.fill_between(seconds, [value / MIB for value in used], color=BLUE, alpha=0.25, lw=0)
        axis.plot(seconds, [value / MIB for value in used], color=BLUE, lw=1.6)
        low, high = min(used) / MIB, self.peak / MIB
        axis.set_ylim(max(0.0, low - 0.4 * (high - low) - 5), high + 0.35 * (high - low) + 5)
        for value, colour, name in (
            (self.before, GREY, label("之前", "before")),
            (self.peak, RED, label("峰值", "peak")),
            (self.after, ORANGE, label("之后", "after")),
        ):
            axis.axhline(value / MIB, color=colour, lw=1, ls=(0, (4, 3)))
            axis.text(1.005, value / MIB, f"{name} {format_bytes(value)}", color=colour, fontsize=9.5, va="center",
                      transform=axis.get_yaxis_transform())  # fmt: skip
        axis.set_xlim(0, max(seconds[-1], EVERY))
        axis.set_ylabel("MiB")
        axis.set_xlabel(label("秒", "seconds"), loc="right")
        what = label("显存（torch 已分配）", "GPU, allocated") if self.cuda else label("本进程常驻内存", "resident set")
        axis.set_title(f"{what}　{label('空闲', 'free')} {format_bytes(free)}", fontsize=11, loc="left")
        return Picture(
            figure,
            f"内存：之前 {format_bytes(self.before)}，峰值 {format_bytes(self.peak)}，之后 {format_bytes(self.after)}，"
            f"空闲 {format_bytes(free)}",
        )

    def _watch(self) -> None:
        while not self._stop.wait(EVERY):
            self._look()

    def _look(self) -> None:
        self.samples.append((time.perf_counter() - self._began, self._memory.look()))
