"""What a run measured, laid beside what its plan predicted."""

from collections.abc import Mapping
from dataclasses import dataclass

from aigc_kit.core.types import Figure, Take


@dataclass(frozen=True)
class Compared:
    """One figure as it was predicted and as it was measured.

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
    """Lay what was measured beside its prediction, in the order of the plan.

    Returns:
        A row for every figure that was predicted and measured.
    """
    found = figures(take)
    return [
        Compared(
            name,
            figure,
            found[name],
            found[name].value / figure.value,
            abs(found[name].value - figure.value) <= (figure.error or 0) * figure.value,
        )
        for name, figure in take.plan.prediction.items()
        if name in found
    ]


def figures(take: Take) -> dict[str, Figure]:
    """All that was measured, under the names that a plan predicts, and the ratios of the two.

    Returns:
        "seconds", "peak" as `Take.measured`; "seconds.<phase>"; "peak.<phase>" where tensors were followed on the
        device itself; "reserved" where the allocator told it; "ratio.<name>" for every name that was predicted too.
    """
    where = take.plan.budget.name
    found = take.measured()
    for phase in take.cost.phases:
        found[f"seconds.{phase.name}"] = Figure(phase.seconds, "s", "measured", f"wall clock, on {where}")
        if phase.peak_bytes is not None and "growth" not in phase.how:
            found[f"peak.{phase.name}"] = Figure(phase.peak_bytes, "B", "measured", f"{phase.how}, on {where}")
    reserved = take.labels.get("reserved_bytes")
    if reserved:
        how = f"torch.cuda.max_memory_reserved, on {where}"
        found["reserved"] = Figure(reserved, "B", "measured", how)
    return {**found, **ratios(take.plan.prediction, found)}


def ratios(predicted: Mapping[str, Figure], measured: Mapping[str, Figure]) -> dict[str, Figure]:
    """ "ratio.<name>" -> measured / predicted, for the names that both have and the units that agree."""
    return {
        f"ratio.{name}": Figure(measured[name].value / figure.value, "1", "measured", "measured / predicted")
        for name, figure in predicted.items()
        if name in measured and figure.value and measured[name].unit == figure.unit
    }


def lines(take: Take) -> list[str]:
    """One line for every figure that was predicted and measured: both, and their ratio."""
    found = figures(take)
    return [
        f"{name}: predicted {figure.text}, measured {found[name].text}, ratio {found[f'ratio.{name}'].value:.2f}"
        for name, figure in take.plan.prediction.items()
        if f"ratio.{name}" in found
    ]
