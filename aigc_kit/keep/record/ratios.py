"""Lay what a run measured beside what its plan predicted."""

from dataclasses import dataclass

from aigc_kit.core.types import Figure, Take


@dataclass(frozen=True)
class Compared:
    """Hold one figure as predicted and as measured.

    Args:
        name: as a plan names it, such as "seconds" or "peak".
        predicted, measured: with unit and origin.
        ratio: measured / predicted.
        inside: the measured value lies within the error of the prediction.
    """

    name: str
    predicted: Figure
    measured: Figure
    ratio: float
    inside: bool


def compared(take: Take) -> list[Compared]:
    """Lay every measured figure beside its prediction, in order."""
    return _rows(take, _measured(take))


def figures(take: Take) -> dict[str, Figure]:
    """Name all that was measured, and its ratios.

    Returns:
        "seconds", "peak" as `Take.measured`; "seconds.<phase>"; "peak.<phase>" where tensors were followed on the
        device itself; "reserved" where the allocator told it; "ratio.<name>" for every name that was predicted too.
    """
    measured = _measured(take)
    ratios = {row.name: Figure(row.ratio, "1", "measured", "measured / predicted") for row in _rows(take, measured)}
    return {**measured, **{f"ratio.{name}": ratio for name, ratio in ratios.items()}}


def _measured(take: Take) -> dict[str, Figure]:
    where = take.plan.budget.name
    measured = take.measured()
    for phase in take.cost.phases:
        measured[f"seconds.{phase.name}"] = Figure(phase.seconds, "s", "measured", f"wall clock, on {where}")
        if phase.peak_bytes is not None and "growth" not in phase.how:
            measured[f"peak.{phase.name}"] = Figure(phase.peak_bytes, "B", "measured", f"{phase.how}, on {where}")
    count = take.labels.get("reserved_bytes")
    if count:
        measured["reserved"] = Figure(count, "B", "measured", f"torch.cuda.max_memory_reserved, on {where}")
    return measured


def _rows(take: Take, measured: dict[str, Figure]) -> list[Compared]:
    rows = []
    for name, figure in take.plan.prediction.items():
        value = measured[name].value if name in measured and measured[name].unit == figure.unit else None
        if value is not None and figure.value:
            inside = abs(value - figure.value) <= (figure.error or 0) * figure.value
            rows.append(Compared(name, figure, measured[name], value / figure.value, inside))
    return rows
