"""A against B: two plans for the same picture, timed in turn, with true peaks and the difference of what they drew."""

import statistics
import time
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

import numpy as np

from aigc_kit import load
from aigc_kit.errors import BadInput
from aigc_kit.image.run import run
from aigc_kit.types import Figure, Plan, Take


@dataclass(frozen=True)
class Side:
    """What one plan did.

    Args:
        name: "A" or "B", or what the caller calls it.
        plan: that was run.
        load_seconds: of reading the model, each time that it was read here; empty when it was in memory before.
        weight_bytes: of all parts as they are in memory, counted.
        seconds: of every timed run: prompt to picture, without loading, with the device's work finished.
        peak: highest bytes during a run, weights included; None where nothing follows it.
        reserved_bytes: taken from the driver at the peak (CUDA), else None.
        take: of the last timed run.
    """

    name: str
    plan: Plan
    load_seconds: tuple[float, ...]
    weight_bytes: int
    seconds: tuple[float, ...]
    peak: Figure | None
    reserved_bytes: int | None
    take: Take

    @property
    def median(self) -> float:
        """Median of `seconds`."""
        return statistics.median(self.seconds)


@dataclass(frozen=True)
class Comparison:
    """Two sides, run in turn.

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
        """Median of the ratios."""
        return statistics.median(self.ratios)


class _Runner:
    """Runs one side as often as asked, alone on a GPU."""

    def __init__(self, name: str, plan: Plan, pictures: dict[str, Any]) -> None:
        self.name, self.plan, self.pictures = name, plan, pictures
        self.loads: list[float] = []
        self.seconds: list[float] = []
        self.peak, self.reserved, self.weights = 0, 0, 0
        self.take: Take | None = None

    def ready(self, other: "_Runner") -> None:
        """Loaded and warm. On a GPU the other side's model leaves first, or it would count in this one's peak."""
        from aigc_kit.image import loading

        apart = loading.key(self.plan) != loading.key(other.plan)
        if self.plan.budget.device == "cuda" and apart and load.is_loaded(other.plan):
            load.free(other.plan.card.name)
        if not load.is_loaded(self.plan):
            began = time.perf_counter()
            load.engine(self.plan)
            self.loads.append(time.perf_counter() - began)
            self.once(warm_up=True)
        elif self.take is None:
            self.once(warm_up=True)

    def once(self, *, warm_up: bool = False) -> None:
        began = time.perf_counter()
        self.take = run(self.plan.request, self.plan, **self.pictures)
        seconds = time.perf_counter() - began
        self.weights = weight_bytes(load.engine(self.plan))
        if not warm_up:
            self.seconds.append(seconds)
            self.peak = max(self.peak, self.take.cost.peak_bytes or 0)
            placed = load.engine(self.plan).placed
            self.reserved = max(self.reserved, placed.ledger.reserved_bytes or 0)

    def side(self) -> Side:
        assert self.take is not None
        peak = None
        if self.plan.budget.device == "cuda":
            peak = Figure(self.peak, "B", "measured", f"max_memory_allocated, on {self.plan.budget.name}")
        elif find_spec("aigc_kit.xray.live") is not None:
            followed = replace(self.plan, request=self.plan.request.change(follow=True))
            seen = run(followed.request, followed, **self.pictures).cost.peak_bytes
            source = f"weights and live tensors, in a run that is not timed, on {self.plan.budget.name}"
            peak = Figure(seen, "B", "measured", source) if seen is not None else None
        return Side(
            self.name,
            self.plan,
            tuple(self.loads),
            self.weights,
            tuple(self.seconds),
            peak,
            self.reserved or None,
            self.take,
        )


def compare(
    a: Plan,
    b: Plan,
    repeats: int = 3,
    *,
    names: tuple[str, str] = ("A", "B"),
    image: Any = None,
    mask: Any = None,
) -> Comparison:
    """Run two plans in turn: one run of each to warm up, then `repeats` rounds AB, BA, AB, ...

    Args:
        a, b: plans of image models; for a fair comparison of the same prompt and seed.
        repeats: rounds, >= 1.
        names: what the sides are called.
        image, mask: as in `run`, for both.

    Raises:
        BadInput: repeats < 1, or plans whose pictures have different sizes.
        NotOnDisk, CannotLoad: as in `run`.
    """
    if not isinstance(repeats, int) or isinstance(repeats, bool) or repeats < 1:
        raise BadInput(asked=f"repeats={repeats!r}", found="not an integer >= 1", todo="choose 3 or more")
    shapes = [(p.request.batch, p.request.height, p.request.width) for p in (a, b)]
    if shapes[0] != shapes[1]:
        todo = "plan both with the same height, width and batch"
        raise BadInput(asked=f"{names[0]} against {names[1]}", found=f"sizes {shapes[0]} and {shapes[1]}", todo=todo)
    pictures = {"image": image, "mask": mask}
    sides = (_Runner(names[0], a, pictures), _Runner(names[1], b, pictures))
    order, ratios = "", []
    for turn in range(repeats):
        for which in (0, 1) if turn % 2 == 0 else (1, 0):
            sides[which].ready(sides[1 - which])
            sides[which].once()
            order += "AB"[which]
        ratios.append(sides[0].seconds[-1] / sides[1].seconds[-1])
    one, two = sides[0].side(), sides[1].side()
    apart = np.abs(one.take.data.astype(np.int16) - two.take.data.astype(np.int16))
    square = float(np.mean(apart.astype(np.float64) ** 2))
    psnr = 10 * float(np.log10(255**2 / square)) if square else None
    return Comparison(one, two, order, tuple(ratios), float(apart.mean()), int(apart.max()), psnr)


def weight_bytes(engine: Any) -> int:
    """Bytes of all weights and buffers of a loaded pipeline, each counted once, wherever they are.

    Args:
        engine: `aigc_kit.load.engine(plan)` of an image plan.
    """
    from torch import nn

    tensors = {
        id(tensor): tensor
        for part in engine.parts.values()
        if isinstance(part, nn.Module)
        for tensor in (*part.parameters(), *part.buffers())
    }
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
