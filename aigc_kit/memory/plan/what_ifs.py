"""Reckon what-if plans as rows, all of them predicted.

rows = fits(plan, Request("sdxl", "一只小狗"), (8, 12, 24))     # what each card would do
rows = placings(plan, request, a_gpu(name="RTX3060"), ways)     # the same picture, placed in several ways
rows = phase_memory(needed(plan(request, budget, card)))        # what takes the memory of each phase
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aigc_kit.core.errors import BadInput, DoesNotFit
from aigc_kit.core.types import Budget, Card, Plan, Request, Words
from aigc_kit.core.units import GIB
from aigc_kit.memory import footprint
from aigc_kit.memory.plan import machines
from aigc_kit.memory.plan.options import by_course
from aigc_kit.memory.plan.search import CPU_FLOPS, Need, Way, placement_of
from aigc_kit.models import cards

Planner = Callable[[Request, Budget, Card], Plan]  # such as `make.run.resolve`
LARGE = 80 * GIB  # a card with room for everything
TIGHT = 0.85  # share of the free memory above which a phase is marked as too much for a card


@dataclass(frozen=True)
class PhaseMemory:
    """Hold a phase's memory by what takes it, in bytes.

    Args:
        phase: its name.
        where: "cuda", or "cpu" when the part at work stays there.
        weights: role ("text", "denoise", "decode", "other") -> weights on the device.
        tensors: alive at the moment of the peak, workspace included.
        slack: what the allocator holds beyond.
        context: of CUDA.
        error: half-width of the interval.
    """

    phase: str
    where: str
    weights: Mapping[str, int]
    tensors: int
    slack: int
    context: int
    error: float

    @property
    def total(self) -> int:
        """Add it up."""
        return sum(self.weights.values()) + self.tensors + self.slack + self.context


@dataclass(frozen=True)
class Fit:
    """Hold what one card would do.

    Args:
        gib: memory of the card, GiB, nothing else on it.
        way: of the plan; None where nothing fits.
        reserved_bytes: its peak on the device; None where nothing fits.
    """

    gib: float
    way: Way | None
    reserved_bytes: int | None


@dataclass(frozen=True)
class Rung:
    """Hold the course's rung beside the kit's plan.

    Args:
        gib: memory of the card, GiB.
        height, width: of the rung, pixels.
        asked_frames, frames: what the course asks for, and what the decoder makes of it.
        fits: the whole pipeline at once fits, as the course places it.
        reserved_bytes: what that takes.
        ours: the plan of the kit.
    """

    gib: float
    height: int
    width: int
    asked_frames: int
    frames: int
    fits: bool
    reserved_bytes: int
    ours: Fit


@dataclass(frozen=True)
class PhaseCourse:
    """Hold one phase of a placed run.

    Args:
        phase: its name; role: of the part at work; where: "cuda" or "cpu".
        seconds: estimated.
        reserved_bytes: on the device.
        too_much: the way does not fit the card, and this phase is one that does not.
    """

    phase: str
    role: str
    where: str
    seconds: float
    reserved_bytes: int
    too_much: bool


@dataclass(frozen=True)
class Placing:
    """Hold a run placed in one way, in time.

    Args:
        name: of the way.
        way: all of its choices.
        fits: on the card.
        reserved_bytes: peak on the device.
        peak_phase: which sets it.
        phases: in order.
    """

    name: str
    way: Way
    fits: bool
    reserved_bytes: int
    peak_phase: str
    phases: tuple[PhaseCourse, ...]

    @property
    def seconds(self) -> float:
        """Add up the phases' seconds, estimated."""
        return sum(phase.seconds for phase in self.phases)


def needed(plan: Plan) -> Need:
    """Return what a plan takes, phase by phase.

    Raises:
        BadInput: its size was not traced.
    """
    need: Need | None = plan.need
    if need is None:
        wish = Words(f"what {plan.card.name} takes, phase by phase", f"{plan.card.name} 各阶段要多少")
        raise BadInput(
            asked=wish,
            found=Words("it was not traced", "它没有追踪过"),
            todo=Words("use sdxl or wan2.1-1.3b", "用 sdxl 或 wan2.1-1.3b"),
        )
    return need


def place_of(way: Way) -> str:
    """Name where the parts are.

    Returns:
        "others" where all but the text encoder stay on the GPU, and that works on the CPU; else the placement.
    """
    return "others" if way.placement == "resident" and way.text_on_cpu else way.placement


def phase_memory(need: Need) -> list[PhaseMemory]:
    """Split the memory of every phase by what takes it."""
    prediction, roles = need.prediction, {part.name: part.role for part in need.facts.parts}
    rows = []
    for phase in prediction.phases:
        weights: dict[str, int] = {}
        for part, count in phase.weights_bytes.items():
            weights[roles[part]] = weights.get(roles[part], 0) + count
        tensors = phase.activation_bytes + phase.workspace_bytes
        slack = max(0, phase.reserved_bytes - phase.resident_bytes - tensors)
        error = prediction.error * (phase.reserved_bytes - phase.resident_bytes)
        rows.append(PhaseMemory(phase.name, phase.where, weights, tensors, slack, prediction.context_bytes, error))
    return rows


def plan_or_not(planner: Planner, request: Request, budget: Budget) -> Plan | DoesNotFit:
    """Plan a request, or return why nothing fits.

    Raises:
        BadInput: what the model cannot do.
    """
    try:
        return planner(request, budget, cards.get(request.card))
    except DoesNotFit as problem:
        return problem


def fits(planner: Planner, request: Request, gibs: Sequence[float]) -> list[Fit]:
    """Plan one request for cards of several sizes.

    Args:
        request: of a model that was traced.
        gibs: memory of each card, GiB.

    Raises:
        BadInput: what the model cannot do, or a size that was not traced.
    """
    return [_fit(planner, request, gib) for gib in gibs]


def rungs(planner: Planner, request: Request, gibs: Sequence[float], whole: Mapping[str, Any]) -> list[Rung]:
    """Lay the course's ladder beside the plans of the kit.

    Args:
        request: of Wan2.1, size and frames open.
        gibs: memory of each card, GiB.
        whole: settings that place the whole pipeline at once, as the course does.

    Raises:
        BadInput: as in `by_course`.
    """
    rows = []
    for gib in gibs:
        gpu = machines.a_gpu(int(gib * GIB))
        course, (change, *_) = by_course(request, cards.get(request.card), gpu.free_bytes)
        wish = course.change(**whole)
        plan = plan_or_not(planner, wish, gpu)
        there = isinstance(plan, Plan)
        need = needed(plan if isinstance(plan, Plan) else _somewhere(planner, wish))
        size = (course.height or 0, course.width or 0, int(change.asked), course.frames or 0)
        rows.append(Rung(gib, *size, there, need.prediction.reserved_bytes, _fit(planner, request, gib)))
    return rows


def placings(planner: Planner, request: Request, gpu: str, ways: Mapping[str, Mapping[str, Any]]) -> list[Placing]:
    """Place one run in several ways, in time.

    Args:
        request: with size, frames and steps.
        gpu: one of `footprint.GPUS`, whose published figures give the seconds.
        ways: name -> settings of the planner.

    Raises:
        UnknownName: no such card. BadInput: what the model cannot do.
    """
    card, rows = machines.a_gpu(name=gpu), []
    for name, settings in ways.items():
        wish = request.change(**settings)
        there = isinstance(plan_or_not(planner, wish, card), Plan)
        need = needed(_somewhere(planner, wish, gpu))
        phases = []
        for phase, seconds in zip(need.prediction.phases, phase_seconds(need, gpu), strict=True):
            role, most = need.facts.part(phase.part).role, phase.reserved_bytes
            too_much = not there and phase.where != "cpu" and most > TIGHT * card.free_bytes
            phases.append(PhaseCourse(phase.name, role, phase.where, seconds, most, too_much))
        peak = need.prediction.peak.name
        rows.append(Placing(name, need.way, there, need.prediction.reserved_bytes, peak, tuple(phases)))
    return rows


def phase_seconds(need: Need, gpu: str) -> list[float]:
    """Estimate the seconds of each phase on a named card."""
    facts, seconds = need.facts, []
    places = placement_of(facts, need.way)
    for phase in facts.phases:
        if places[phase.part] == "cpu":
            seconds.append(phase.flops * phase.calls / CPU_FLOPS)
            continue
        figure = footprint.seconds(replace(facts, phases=(phase,)), gpu, placement=places)
        seconds.append(figure.value if figure is not None else 0.0)
    return seconds


def _fit(planner: Planner, request: Request, gib: float) -> Fit:
    plan = plan_or_not(planner, request, machines.a_gpu(int(gib * GIB)))
    if isinstance(plan, DoesNotFit):
        return Fit(gib, None, None)
    need = needed(plan)
    return Fit(gib, need.way, need.prediction.reserved_bytes)


def _somewhere(planner: Planner, request: Request, gpu: str | None = None) -> Plan:
    """Plan on a card with room for everything."""
    return planner(request, machines.a_gpu(LARGE, name=gpu), cards.get(request.card))
