"""Predict what a GPU would need, phase by phase."""

from collections.abc import Mapping
from dataclasses import dataclass

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import PHASES, Words, named
from aigc_kit.core.types.atoms import shown
from aigc_kit.memory.footprint.bytes import COMPUTE_DTYPES, full_name
from aigc_kit.memory.footprint.model_facts import ModelFacts, PartFacts, PhaseFacts
from aigc_kit.memory.footprint.overheads import Overheads, load_overheads

PLACEMENTS = ("resident", "model", "sequential", "group")
MODES = ("cuda", "cpu", "model", "sequential", "group")


@dataclass(frozen=True)
class PhasePrediction:
    """Say what one phase needs, in bytes.

    Args:
        name, part: of the phase.
        where: "cuda", or "cpu" when the part at work stays on the CPU.
        weights_bytes: part -> bytes of its weights on the device in this phase; exact.
        activation_bytes: tensors that are alive on the device at the moment of the peak.
        workspace_bytes: of the convolution at work at that moment, and of the matrix library.
        allocated_bytes: weights + activations + workspace: what torch.cuda.max_memory_allocated would show.
        reserved_bytes: what the allocator would have taken from the driver.
        setter: the operation that sets the peak.
    """

    name: str
    part: str
    where: str
    weights_bytes: Mapping[str, int]
    activation_bytes: int
    workspace_bytes: int
    allocated_bytes: int
    reserved_bytes: int
    setter: str

    @property
    def resident_bytes(self) -> int:
        """Count the weights on the device, of all parts."""
        return sum(self.weights_bytes.values())


@dataclass(frozen=True)
class Prediction:
    """Say what a run needs, in bytes.

    Args:
        phases: in order.
        placement: part -> "cuda" | "cpu" | "model" | "sequential" | "group".
        dtypes: part -> format of its weights.
        allocated_bytes, reserved_bytes: the highest of the phases.
        interval: (low, high) of `reserved_bytes`.
        allocated_interval: (low, high) of `allocated_bytes`.
        context_bytes: of the CUDA context, beside what is reserved; 0 when nothing runs on the GPU.
        ram_bytes: weights that wait in the host's memory, and what phases on the CPU keep alive.
        error: relative half-width of `interval` around activations and workspace.
        source: on what the overheads were fitted.
    """

    phases: tuple[PhasePrediction, ...]
    placement: Mapping[str, str]
    dtypes: Mapping[str, str]
    allocated_bytes: int
    reserved_bytes: int
    interval: tuple[int, int]
    allocated_interval: tuple[int, int]
    context_bytes: int
    ram_bytes: int
    error: float
    source: Words

    @property
    def peak(self) -> PhasePrediction:
        """Find the phase with the highest reserved bytes."""
        return max(self.phases, key=lambda phase: phase.reserved_bytes)

    @property
    def setter(self) -> Words:
        """Name the operation that sets the peak, with its phase."""
        return Words.join(named(PHASES, self.peak.name), self.peak.setter, en=": ", zh="：")

    @property
    def device_bytes(self) -> int:
        """Count what an idle card must have free."""
        return self.reserved_bytes + self.context_bytes

    @property
    def safe_bytes(self) -> int:
        """Count the same at the upper end of the interval."""
        return self.interval[1] + self.context_bytes


def spread(facts: ModelFacts, placement: str | Mapping[str, str]) -> dict[str, str]:
    """Give each part its mode, by a placement or mapping.

    Parts that a mapping does not name stay on the device.

    Raises:
        BadInput: an unknown placement, mode or part.
    """
    if isinstance(placement, str):
        if placement not in PLACEMENTS:
            raise BadInput(
                asked=Words(f"placement {placement!r}", f"摆放方式 {placement!r}"),
                found=Words("unknown", "没有这种方式"),
                todo=Words(f"choose one of {list(PLACEMENTS)}", f"从 {list(PLACEMENTS)} 里选"),
            )
        mode = "cuda" if placement == "resident" else placement
        return {part.name: mode for part in facts.parts}
    for name, mode in placement.items():
        facts.part(name)
        if mode not in MODES:
            raise BadInput(
                asked=Words(f"{name} on {shown(mode)}", f"{name}，方式 {shown(mode)}"),
                found=Words("unknown", "没有这种方式"),
                todo=Words(f"choose one of {list(MODES)}", f"从 {list(MODES)} 里选"),
            )
    return {part.name: placement.get(part.name, "cuda") for part in facts.parts}


def predict(
    facts: ModelFacts,
    placement: str | Mapping[str, str] = "resident",
    overheads: Overheads | None = None,
    dtypes: Mapping[str, str] | None = None,
) -> Prediction:
    """Predict what a run needs on a GPU.

    Args:
        facts: of the pipeline at one size.
        placement: "resident" (all parts on the device, the pipeline's own upcast of the decoder included), "model"
            (the part at work, moved whole), "sequential" (module by module), "group" (block by block, one ahead), or a
            mapping part -> "cuda" | "cpu" (stays there and runs there) | "model" | "sequential" | "group".
        overheads: None: those that ship with the kit.
        dtypes: part -> format of its weights, also "float8" (layerwise), "int8", "nf4"; others stay as traced.

    Raises:
        BadInput: an unknown placement, part or format.
    """
    extra = overheads or load_overheads()
    modes, formats = spread(facts, placement), {part.name: part.kept for part in facts.parts}
    for name, dtype in (dtypes or {}).items():
        formats[facts.part(name).name] = full_name(dtype)
    phases = tuple(_phase(facts, index, modes, formats, extra) for index in range(len(facts.phases)))
    highest = max((p.reserved_bytes for p in phases), default=0)
    closer = extra.error if extra.allocated_error is None else extra.allocated_error
    waiting = sum(part.bytes(formats[part.name]) for part in facts.parts if modes[part.name] != "cuda")
    on_cpu = max((p.live_bytes for p in facts.phases if modes[p.part] == "cpu"), default=0)
    return Prediction(
        phases=phases,
        placement=modes,
        dtypes=formats,
        allocated_bytes=max((p.allocated_bytes for p in phases), default=0),
        reserved_bytes=highest,
        interval=_interval([(p.resident_bytes, p.reserved_bytes) for p in phases], extra.error, extra.base),
        allocated_interval=_interval([(p.resident_bytes, p.allocated_bytes) for p in phases], closer, extra.base),
        context_bytes=extra.context if highest else 0,
        ram_bytes=waiting + on_cpu,
        error=extra.error,
        source=Words.of(extra.source),
    )


def activations(phase: PhaseFacts, workspace: float) -> tuple[int, int, str]:
    """Give live bytes, workspace and setter of a phase's peak.

    Args:
        phase: its facts.
        workspace: bytes per number in input and output of a convolution.
    """
    top = max(phase.points, key=lambda point: point.live + workspace * point.conv)
    return top.live, int(workspace * top.conv), top.setter


def _phase(
    facts: ModelFacts, index: int, modes: Mapping[str, str], formats: Mapping[str, str], extra: Overheads
) -> PhasePrediction:
    phase, weights = facts.phases[index], {}
    for part in facts.parts:
        working = phase.dtype if part.name == phase.part else None
        waits = _waits(facts, phase, part.name) and modes[phase.part] == modes[part.name] == "model"
        size = _on_device(part, "cuda" if waits else modes[part.name], formats[part.name], working)
        if size:
            weights[part.name] = size
    where = "cpu" if modes[phase.part] == "cpu" else "cuda"
    live, workspace, setter = activations(phase, extra.workspace) if where == "cuda" else (0, 0, phase.setter)
    base = extra.base if where == "cuda" else 0
    resident = sum(weights.values())
    return PhasePrediction(
        name=phase.name,
        part=phase.part,
        where=where,
        weights_bytes=weights,
        activation_bytes=live,
        workspace_bytes=workspace + base,
        allocated_bytes=resident + live + workspace + base,
        reserved_bytes=resident + max(_segments(facts, index, modes, live + workspace, extra), live + workspace) + base,
        setter=setter,
    )


def _segments(facts: ModelFacts, index: int, modes: Mapping[str, str], needed: int, extra: Overheads) -> int:
    """Count what the allocator takes from the driver beside weights.

    Offloading empties it before each phase; where all parts stay, a phase finds what those before it left.
    """
    phase = facts.phases[index]
    if modes[phase.part] == "cpu":
        return 0
    if facts.pools and set(modes.values()) == {"cuda"}:
        return int(facts.pools[index] * extra.replay)
    return int(phase.pool_bytes * extra.replay) or int(needed * extra.reserve)


def _waits(facts: ModelFacts, phase: PhaseFacts, name: str) -> bool:
    """Tell whether accelerate leaves a part on the device.

    A hook sends away the part before its own. For a negative prompt the encoders run again, and the first of them has
    none before it: the last encoder of the first prompt stays until its own turn comes.
    """
    text = [part.name for part in facts.parts if part.role == "text"]
    return phase.calls > 1 and phase.part in text[:-1] and name == text[-1]


def _on_device(part: PartFacts, mode: str, dtype: str, working: str | None) -> int:
    """Count a part's weights on the device, working or not."""
    compute = working or part.dtype
    if working and dtype in COMPUTE_DTYPES and working != part.dtype:
        dtype = working  # the pipeline upcasts this part for this phase
    if mode == "cuda" or (mode == "model" and working):
        return part.bytes(dtype, compute) + (part.unpacked_bytes(dtype, compute) if working else 0)
    if mode in {"sequential", "group"} and working:
        return part.moved_bytes(mode, dtype, compute) + part.unpacked_bytes(dtype, compute)
    return 0


def _interval(phases: list[tuple[int, int]], error: float, base: int) -> tuple[int, int]:
    """Bound the highest phase, the base none or twice."""
    low = max((weights + max(0, (total - weights) / (1 + error) - base) for weights, total in phases), default=0)
    high = max((weights + (total - weights) * (1 + error) + base * (total > 0) for weights, total in phases), default=0)
    return int(low), int(high)
