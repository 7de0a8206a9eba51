"""Fit overheads on measured peaks: least squares of logarithms."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Any

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Words
from aigc_kit.core.units import MIB
from aigc_kit.memory.footprint.overheads import Overheads
from aigc_kit.memory.footprint.predict import Prediction

CONTEXT = 450 * MIB  # of the driver, beside torch; no published row separates it, so it is not fitted
# reserve: on single decoders, where no replay was made; replay: 1, as the model of the allocator says
START = Overheads(workspace=2.0, reserve=1.21, base=32 * MIB, context=CONTEXT, error=0.0, source="start of the search")


@dataclass(frozen=True)
class Measure:
    """Hold one measured peak.

    Args:
        row: id of the run; a run can have two measures.
        quantity: "allocated" (torch.cuda.max_memory_allocated) or "reserved" (max_memory_reserved).
        bytes: measured.
        predict: overheads -> the Prediction of that run.
    """

    row: str
    quantity: str
    bytes: int
    predict: Callable[[Overheads], Prediction]

    def predicted(self, overheads: Overheads) -> int:
        """Predict the same quantity."""
        prediction = self.predict(overheads)
        return prediction.allocated_bytes if self.quantity == "allocated" else prediction.reserved_bytes

    def is_covered(self, overheads: Overheads) -> bool:
        """Tell whether the predicted interval holds it."""
        prediction = self.predict(overheads)
        low, high = prediction.allocated_interval if self.quantity == "allocated" else prediction.interval
        return low <= self.bytes <= high

    def weights(self, overheads: Overheads) -> int:
        """Count the weights at the predicted peak, exactly."""
        prediction = self.predict(overheads)
        if self.quantity == "reserved":
            return prediction.peak.resident_bytes
        return max(prediction.phases, key=lambda phase: phase.allocated_bytes).resident_bytes


def fit(measures: Sequence[Measure], source: Words | str, start: Overheads = START) -> Overheads:
    """Find the overheads with the smallest squared log-ratios.

    `error` stays as in `start`, and so does what no measure determines: `reserve` and `replay` need a reserved peak
    without and with a replay, the others an allocated one.

    Raises:
        BadInput: no measures.
    """
    if not measures:
        raise BadInput(asked="a fit of the overheads", found="no measured peak", todo="give at least one measured run")
    best = replace(start, source=source)
    allocated = [measure for measure in measures if measure.quantity == "allocated"]
    reserved = [measure for measure in measures if measure.quantity != "allocated"]
    widths, rest = {"workspace": 1.0, "base": 64.0 * MIB}, {"reserve": 0.2, "replay": 0.1}
    if allocated and reserved:  # what is allocated is known without the other, not the other way round
        return _search(reserved, _search(allocated, best, widths), rest)
    return _search(measures, best, widths if allocated else {**widths, **rest})


def _search(measures: Sequence[Measure], best: Overheads, widths: dict[str, float]) -> Overheads:
    """Move one number, or a pair, by shrinking steps."""
    loss, share = _loss(measures, best), 1.0
    while share > 0.02:
        before = loss
        for name, width in widths.items():
            for by in (width * share, -width * share):
                candidate = _moved(best, name, by)
                new = _loss(measures, candidate)
                if new < loss - 1e-12:
                    best, loss = candidate, new
        for (one, wide), (other, broad) in itertools.combinations(widths.items(), 2):  # more of one for less of another
            for by, against in itertools.product((share, -share), (1, 2, 4, 8)):
                candidate = _moved(_moved(best, one, wide * by), other, -broad * by * against)
                new = _loss(measures, candidate)
                if new < loss - 1e-12:
                    best, loss = candidate, new
        if loss == before:
            share /= 2
    return best


def leave_one_out(measures: Sequence[Measure], source: Words | str) -> dict[tuple[str, str], Overheads]:
    """Fit without each row: (row, quantity) -> overheads."""
    fits: dict[tuple[str, str], Overheads] = {}
    for row in dict.fromkeys(measure.row for measure in measures):
        without = fit([measure for measure in measures if measure.row != row], source)
        fits |= {(m.row, m.quantity): without for m in measures if m.row == row}
    return fits


def activation_error(measures: Sequence[Measure], fitted: dict[tuple[str, str], Overheads]) -> float:
    """Find the largest relative error without weights, rows left out.

    What the base explains by being none or twice is no error: it differs by card.
    """
    worst = 0.0
    for measure in measures:
        overheads = fitted[measure.row, measure.quantity]
        weights, predicted = measure.weights(overheads), measure.predicted(overheads)
        if abs(measure.bytes - predicted) <= overheads.base:
            continue
        higher = measure.bytes > predicted
        nearer = measure.bytes - overheads.base if higher else measure.bytes + overheads.base
        ratio = (nearer - weights) / (predicted - weights) if predicted > weights else 0.0
        worst = max(worst, ratio - 1 if higher else 1 / ratio - 1) if ratio > 0 else float("inf")
    return worst


def _moved(overheads: Overheads, name: str, by: float) -> Overheads:
    low = 1.0 if name == "reserve" else 0.0
    value = max(low, getattr(overheads, name) + by)
    change: dict[str, Any] = {name: int(value) if name == "base" else value}
    return replace(overheads, **change)


def _loss(measures: Sequence[Measure], overheads: Overheads) -> float:
    return sum(log(measure.predicted(overheads) / measure.bytes) ** 2 for measure in measures)
