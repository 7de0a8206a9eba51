"""Fit overheads on measured peaks: least squares of logarithms."""

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
START = Overheads(workspace=2.0, reserve=1.3, base=32 * MIB, context=CONTEXT, error=0.0, source="start of the search")


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

    def weights(self, overheads: Overheads) -> int:
        """Count the weights at the predicted peak, exactly."""
        return self.predict(overheads).peak.resident_bytes


def fit(measures: Sequence[Measure], source: Words | str, start: Overheads = START) -> Overheads:
    """Find the overheads with the smallest squared log-ratios.

    `error` stays as in `start`, and so does what no measure determines: `reserve` needs a reserved peak, the others an
    allocated one.

    Raises:
        BadInput: no measures.
    """
    if not measures:
        raise BadInput(asked="a fit of the overheads", found="no measured peak", todo="give at least one measured run")
    best = replace(start, source=source)
    loss = _loss(measures, best)
    widths = {"workspace": 1.0, "reserve": 0.2, "base": 64.0 * MIB}
    if all(measure.quantity == "allocated" for measure in measures):
        del widths["reserve"]
    while widths["workspace"] > 0.01:
        before = loss
        for name, width in widths.items():
            for by in (width, -width):
                candidate = _moved(best, name, by)
                new = _loss(measures, candidate)
                if new < loss - 1e-12:
                    best, loss = candidate, new
        if loss == before:
            widths = {name: width / 2 for name, width in widths.items()}
    return best


def leave_one_out(measures: Sequence[Measure], source: Words | str) -> dict[tuple[str, str], Overheads]:
    """Fit without each row: (row, quantity) -> overheads."""
    fits: dict[tuple[str, str], Overheads] = {}
    for row in dict.fromkeys(measure.row for measure in measures):
        without = fit([measure for measure in measures if measure.row != row], source)
        fits |= {(m.row, m.quantity): without for m in measures if m.row == row}
    return fits


def activation_error(measures: Sequence[Measure], fitted: dict[tuple[str, str], Overheads]) -> float:
    """Find the largest relative error without weights, rows left out."""
    worst = 0.0
    for measure in measures:
        overheads = fitted[measure.row, measure.quantity]
        weights = measure.weights(overheads)
        ratio = (measure.bytes - weights) / (measure.predicted(overheads) - weights)
        worst = max(worst, ratio - 1, 1 / ratio - 1) if ratio > 0 else float("inf")
    return worst


def _moved(overheads: Overheads, name: str, by: float) -> Overheads:
    low = 1.0 if name == "reserve" else 0.0
    value = max(low, getattr(overheads, name) + by)
    change: dict[str, Any] = {name: int(value) if name == "base" else value}
    return replace(overheads, **change)


def _loss(measures: Sequence[Measure], overheads: Overheads) -> float:
    return sum(log(measure.predicted(overheads) / measure.bytes) ** 2 for measure in measures)
