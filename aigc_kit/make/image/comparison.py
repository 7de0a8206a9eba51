"""Compare two plans for the same picture, timed in turn."""

import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Figure, FrozenMap, Plan, Take, Words
from aigc_kit.make.diffusion.loading import key
from aigc_kit.make.image import MODALITY
from aigc_kit.make.modality import finish
from aigc_kit.models import loaded


@dataclass(frozen=True)
class Side:
    """Hold what one plan did.

    Args:
        name: "A" or "B", or what the caller calls it.
        plan: that was run.
        load_seconds: of reading the model, each time that it was read here; empty when it was in memory before.
        weight_bytes: of all parts as they are in memory, counted.
        seconds: of every timed run: prompt to picture, without loading, with the device's work finished.
        peak: highest bytes during a run, weights included; None where nothing follows it.
        reserved_bytes: taken from the driver at the peak (CUDA), else None.
        take: of the last timed run.
        phases: phase -> its peak in bytes, weights included.
    """

    name: str
    plan: Plan
    load_seconds: tuple[float, ...]
    weight_bytes: int
    seconds: tuple[float, ...]
    peak: Figure | None
    reserved_bytes: int | None
    take: Take
    phases: Mapping[str, int] = field(default_factory=FrozenMap)

    @property
    def median(self) -> float:
        """Take the median of `seconds`."""
        return statistics.median(self.seconds)


@dataclass(frozen=True)
class Compared:
    """Hold one measure on both sides.

    Args:
        name: of the measure.
        unit: "B" or "s".
        a, b: its values.
        ratio: A / B; of "seconds" the median of the ratios round by round; None where B is 0.
    """

    name: str
    unit: str
    a: float
    b: float
    ratio: float | None


@dataclass(frozen=True)
class Comparison:
    """Hold two sides, run in turn.

    Args:
        a, b: the sides.
        order: of the timed runs, such as "ABBAAB".
        ratios: seconds of A / seconds of B, round by round: above 1, B was faster.
        mean_difference, max_difference: of the pictures' pixels, 0-255.
        psnr: dB between the pictures; None when they are equal.
    """

    a: Side
    b: Side
    order: str
    ratios: tuple[float, ...]
    mean_difference: float
    max_difference: int
    psnr: float | None

    @property
    def ratio(self) -> float:
        """Take the median of the ratios."""
        return statistics.median(self.ratios)

    def rows(self) -> list["Compared"]:
        """List everything that was measured on both sides.

        Returns:
            "weights", "peak", "tensors" (of the peak), "reserved", "seconds" (medians) and "load", as far as measured.
        """
        a, b = self.a, self.b
        pairs: dict[str, tuple[float, float]] = {"weights": (a.weight_bytes, b.weight_bytes)}
        if a.peak and b.peak:
            pairs["peak"] = (a.peak.value, b.peak.value)
            pairs["tensors"] = (a.peak.value - a.weight_bytes, b.peak.value - b.weight_bytes)
        if a.reserved_bytes and b.reserved_bytes:
            pairs["reserved"] = (a.reserved_bytes, b.reserved_bytes)
        rows = [Compared(name, "B", x, y, x / y if y else None) for name, (x, y) in pairs.items()]
        rows.append(Compared("seconds", "s", a.median, b.median, self.ratio))
        if a.load_seconds and b.load_seconds:
            loads = (float(np.median(a.load_seconds)), float(np.median(b.load_seconds)))
            rows.append(Compared("load", "s", *loads, loads[0] / loads[1]))
        return rows


class Runner:
    """Run one side repeatedly, alone on a GPU.

    By its plan or not at all. On a CPU only its warm-up follows live tensors, so that no timed run is slowed by it.

    Args:
        name: of the side.
        plan: to be run.
        pictures: "image" and "mask" of `run`.
    """

    def __init__(self, name: str, plan: Plan, pictures: Mapping[str, Any]) -> None:
        self.name, self.plan, self.pictures = name, plan, pictures
        self.loads: list[float] = []
        self.seconds: list[float] = []
        self.phases: dict[str, int] = {}
        self.reserved, self.weights = 0, 0
        self.take: Take | None = None

    def ready(self, other: "Runner | None" = None) -> None:
        """Load and warm up, alone on a GPU."""
        apart = other is not None and key(self.plan) != key(other.plan)
        if other is not None and apart and self.plan.budget.device == "cuda" and MODALITY.is_loaded(other.plan):
            loaded.free(other.plan.card.name)
        is_loaded = MODALITY.is_loaded(self.plan)
        if not is_loaded:
            start = time.perf_counter()
            MODALITY.engine(self.plan)
            self.loads.append(time.perf_counter() - start)
        if not is_loaded or self.take is None:
            self._warm_up()

    def once(self) -> None:
        """Run once, timed."""
        began = time.perf_counter()
        self.take = finish(MODALITY.work(self.plan, **self.pictures))
        self.seconds.append(time.perf_counter() - began)
        if self.plan.budget.device == "cuda":
            self._read(self.take)

    def side(self) -> Side:
        """Sum up the runs, of which one was timed."""
        assert self.take is not None
        where = self.plan.budget.name
        how = "max_memory_allocated" if self.plan.budget.device == "cuda" else "weights and live tensors of the warm-up"
        peak = Figure(max(self.phases.values()), "B", "measured", f"{how}, on {where}") if self.phases else None
        loads, seconds, most = tuple(self.loads), tuple(self.seconds), self.reserved or None
        phases = FrozenMap(self.phases)
        return Side(self.name, self.plan, loads, self.weights, seconds, peak, most, self.take, phases)

    def _warm_up(self) -> None:
        on_cpu = self.plan.budget.device == "cpu"
        warm = replace(self.plan, request=self.plan.request.change(follow=True)) if on_cpu else self.plan
        self.take = finish(MODALITY.work(warm, **self.pictures))
        self.weights = weight_bytes(MODALITY.engine(self.plan))
        if on_cpu:
            self._read(self.take)

    def _read(self, take: Take) -> None:
        """Keep the highest peaks."""
        for phase in take.cost.phases:
            if phase.peak_bytes is not None:
                self.phases[phase.name] = max(phase.peak_bytes, self.phases.get(phase.name, 0))
        self.reserved = max(self.reserved, take.labels.get("reserved_bytes", 0))


def compare(
    a: Plan, b: Plan, repeats: int = 3, *, names: tuple[str, str] = ("A", "B"), image: Any = None, mask: Any = None
) -> Comparison:
    """Warm two plans up, then time rounds AB, BA, AB.

    Args:
        a, b: plans of image models; for a fair comparison of the same prompt and seed.
        repeats: rounds, >= 1.
        names: what the sides are called.
        image, mask: as in `run`, for both.

    Raises:
        BadInput: repeats < 1, or plans whose pictures have different sizes.
        NotOnDisk, CannotLoad: as in `run`.
    """
    check_repeats(repeats, usual=3)
    shapes = [(p.request.batch, p.request.height, p.request.width) for p in (a, b)]
    if shapes[0] != shapes[1]:
        todo = Words("plan both with the same height, width and batch", "做两个方案时用相同的 height、width 和 batch")
        raise BadInput(
            asked=Words(f"{names[0]} against {names[1]}", f"比较 {names[0]} 和 {names[1]}"),
            found=Words(f"sizes {shapes[0]} and {shapes[1]}", f"尺寸分别是 {shapes[0]} 和 {shapes[1]}"),
            todo=todo,
        )
    pictures = {"image": image, "mask": mask}
    sides = (Runner(names[0], a, pictures), Runner(names[1], b, pictures))
    order, ratios = "", []
    for turn in range(repeats):
        for which in (0, 1) if turn % 2 == 0 else (1, 0):
            sides[which].ready(sides[1 - which])
            sides[which].once()
            order += "AB"[which]
        ratios.append(sides[0].seconds[-1] / sides[1].seconds[-1])
    first, second = sides[0].side(), sides[1].side()
    apart = np.abs(first.take.data.astype(np.int16) - second.take.data.astype(np.int16))
    square = float(np.mean(apart.astype(np.float64) ** 2))
    psnr = 10 * float(np.log10(255**2 / square)) if square else None
    return Comparison(first, second, order, tuple(ratios), float(apart.mean()), int(apart.max()), psnr)


def check_repeats(repeats: Any, usual: int) -> None:
    """Refuse what is no number of timed runs.

    Raises:
        BadInput: it is no integer >= 1.
    """
    if not isinstance(repeats, int) or isinstance(repeats, bool) or repeats < 1:
        raise BadInput(
            asked=f"repeats={repeats!r}",
            found=Words("not an integer >= 1", "不是大于等于 1 的整数"),
            todo=Words(f"choose {usual} or more", f"改成 {usual} 或更大"),
        )


def weight_bytes(engine: Any) -> int:
    """Count the bytes of a loaded pipeline's weights and buffers.

    Args:
        engine: `image.engine(plan)`.
    """
    from torch import nn

    modules = [part for part in engine.parts.values() if isinstance(part, nn.Module)]
    tensors = {id(tensor): tensor for part in modules for tensor in (*part.parameters(), *part.buffers())}
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
