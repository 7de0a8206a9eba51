"""Search all ways of running for the best that fits.

Most pixels x frames, then dtype, then fewest seconds. The order does not depend on the memory, and what fits into less
fits into more: more memory never gives a worse plan.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from math import floor, log
from pathlib import Path

from aigc_kit.core import paths
from aigc_kit.core.types import Budget, Card, Words
from aigc_kit.core.units import GIB, MIB
from aigc_kit.memory import footprint
from aigc_kit.memory.footprint import Gpu, ModelFacts, Overheads, Point, Prediction
from aigc_kit.memory.plan.options import MARGIN, PLACEMENTS, SETTINGS, Asked, Size, smaller, volume

# Python with torch, transformers and diffusers in the host's memory, and no model; with CUDA's own libraries besides
LIBRARY_BYTES = {"cpu": 700 * MIB, "cuda": 3 * GIB}
CPU_FLOPS = 1e11  # operations per second that a host's processor is taken to do in a text encoder: a guess within 5x
REFERENCE = "RTX3060"  # whose figures order plans for a card without published ones
_ON_CPU = Words("live tensors as traced, beside the libraries", "按追踪到的活动张量，库本身不算在内")
# (placement, text encoders on the CPU), what moves least first, for ways that take about the same time
SIMPLE = (
    *((place, text_on_cpu) for text_on_cpu in (False, True) for place in ("resident", "model")),
    *product(("group", "sequential"), (False, True)),
)


@dataclass(frozen=True)
class Way:
    """Hold one way of running: all a search may choose."""

    height: int
    width: int
    frames: int
    batch: int
    dtype: str
    float8: bool
    attention: str
    placement: str
    text_on_cpu: bool
    slicing: bool
    tiling: bool


@dataclass(frozen=True)
class Need:
    """Hold what a way needs.

    Args:
        way: which.
        facts: of the pipeline at its size.
        prediction: on the device.
        device_bytes: upper end, what must be free there.
        ram_bytes: of the host, the libraries included.
        seconds: for the order of plans; an estimate by public figures.
        traced: the size was traced itself; else the next larger one stands for it, as an upper bound.
    """

    way: Way
    facts: ModelFacts
    prediction: Prediction
    device_bytes: int
    ram_bytes: int
    seconds: float
    traced: bool


def need(model: str, way: Way, budget: Budget) -> Need | None:
    """Reckon a way's need, or None without a trace."""
    if budget.device == "cpu":
        return _on_cpu(model, way)
    gpu = gpu_of(budget)
    shared = budget.device if budget.unified else ""
    return _on_gpu(model, way, budget.origin == "probed", gpu.name if gpu else REFERENCE, shared)


@lru_cache(maxsize=16384)
def _on_gpu(model: str, way: Way, probed: bool, gpu: str, shared: str = "") -> Need | None:
    case = facts_for(model, way)
    if case is None:
        return None
    facts, exact = case
    places = placement_of(facts, way)
    own = user_overheads() if probed and shared != "mps" else None  # a what-if is about another machine
    overheads = footprint.load_overheads(own if own and own.is_file() else None)
    prediction = footprint.predict(facts, places, overheads, dtypes_of(facts, way))
    context = 0 if probed else prediction.context_bytes  # a probe has made the context itself
    on_cpu = max((p.live_bytes for p in facts.phases if places[p.part] == "cpu"), default=0)
    ram = sum(facts.weights_bytes.values()) + on_cpu + LIBRARY_BYTES["cuda"]  # all of it is read there first
    device = prediction.interval[1] + context
    if shared:  # one memory: a part is there twice while it is brought to the GPU, and the libraries are there too
        twice = max(facts.weights_bytes.values(), default=0)
        ram = device = prediction.interval[1] + max(twice, 0) + LIBRARY_BYTES["cpu" if shared == "mps" else "cuda"]
    seconds = _seconds(facts, places, footprint.GPUS[gpu])
    return Need(way, facts, prediction, device, ram, seconds, exact)


def user_overheads() -> Path:
    """Name where `aigc calibrate` keeps this GPU's overheads."""
    return paths.home() / "overheads.json"


def placement_of(facts: ModelFacts, way: Way, device: str = "cuda") -> dict[str, str]:
    """Place parts as a Plan says it."""
    mode = device if way.placement == "resident" else way.placement
    return {p.name: "cpu" if p.role == "text" and way.text_on_cpu else mode for p in facts.parts}


def dtypes_of(facts: ModelFacts, way: Way) -> dict[str, str]:
    """Name the dtype of each part's weights."""
    return {p.name: "float8" if p.role == "denoise" and way.float8 else p.dtype for p in facts.parts}


@lru_cache(maxsize=4096)
def facts_for(model: str, way: Way) -> tuple[ModelFacts, bool] | None:
    """Find facts as traced, or the next larger's and False."""
    exact = _lookup(model, way, (way.height, way.width, way.frames))
    if exact is not None:
        return exact
    pixels = way.height * way.width
    larger = [s for s in footprint.sizes(model) if s[0] * s[1] >= pixels and s[2] >= way.frames]
    for size in sorted(larger, key=lambda s: (s[0] * s[1] * s[2], s)):
        bound = _lookup(model, way, size)
        if bound is not None:
            return bound[0], False
    return None


def gpu_of(budget: Budget) -> Gpu | None:
    """Find a card's published figures by name and memory."""
    named = footprint.gpus_named(budget.name)
    fitting = [gpu for gpu in named if 0.8 < budget.total_bytes / gpu.memory_bytes < 1.2]
    return min(fitting, key=lambda gpu: abs(gpu.memory_bytes - budget.total_bytes), default=None)


def traced_with(model: str, attention: str) -> bool:
    """Tell whether any size was traced with this attention."""
    cases = product(footprint.sizes(model), ("float16", "bfloat16"))
    return any(footprint.cached(model, *size, 1, dtype, attention) is not None for size, dtype in cases)


def _lookup(model: str, way: Way, size: tuple[int, int, int]) -> tuple[ModelFacts, bool] | None:
    attention = "sdpa" if way.attention == "xformers" else way.attention  # the same peak
    for dtype, batch in product(_dtypes(way.dtype), dict.fromkeys((way.batch, 1))):
        facts = footprint.cached(model, *size, batch, dtype, attention, way.slicing and batch > 1, way.tiling)
        if facts is not None:
            if dtype != way.dtype:
                facts = _in_dtype(facts, dtype, way.dtype)
            exact = batch == way.batch and (way.dtype != "float32" or dtype == "float32")
            return _times(facts, way.batch, way.slicing) if batch != way.batch else facts, exact
    return None


def _dtypes(dtype: str) -> Iterable[str]:
    """List a format, and those whose traces bound it."""
    others = {"float16": ("bfloat16",), "bfloat16": ("float16",), "float32": ("float16", "bfloat16")}
    return (dtype, *others.get(dtype, ()))


def _in_dtype(facts: ModelFacts, traced: str, dtype: str) -> ModelFacts:
    """Turn facts into another format, float32 at twice the bytes."""
    whole = facts.with_dtypes({p.name: dtype for p in facts.parts if p.dtype == traced})
    times = 2 if dtype == "float32" else 1
    phases = list(facts.phases)
    for place, phase in enumerate(phases):
        if phase.dtype == traced:
            points = tuple(Point(p.live * times, p.conv * times, p.setter) for p in phase.points)
            alive, traffic = phase.held_bytes * times, phase.traffic_bytes * times
            phases[place] = replace(phase, dtype=dtype, points=points, held_bytes=alive, traffic_bytes=traffic)
    return replace(whole, dtype=dtype, phases=tuple(phases))


def _times(facts: ModelFacts, batch: int, slicing: bool) -> ModelFacts:
    """Scale the trace of one output to several."""
    phases = []
    for phase in facts.phases:
        one_by_one = slicing and facts.part(phase.part).role == "decode"
        times = 1 if one_by_one else batch
        more = (batch - 1) * phase.held_bytes if one_by_one else 0
        points = tuple(Point(p.live * times + more, p.conv * times, p.setter) for p in phase.points)
        flops, traffic = phase.flops * batch, phase.traffic_bytes * batch
        phases.append(replace(phase, points=points, flops=flops, traffic_bytes=traffic))
    return replace(facts, phases=tuple(phases), batch=batch)


@lru_cache(maxsize=4096)
def _on_cpu(model: str, way: Way) -> Need | None:
    """Reckon a way where nothing moves and libraries share memory."""
    case = facts_for(model, way)
    if case is None:
        return None
    facts, exact = case
    plain = Overheads(workspace=0.0, reserve=1.0, base=0, context=0, error=0.1, source=_ON_CPU)
    prediction = footprint.predict(facts, "resident", plain)
    upper = prediction.interval[1] + LIBRARY_BYTES["cpu"]
    operations = sum(p.flops * p.calls * (facts.steps if p.per == "step" else 1) for p in facts.phases)
    return Need(way, facts, prediction, upper, upper, operations / CPU_FLOPS, exact)


def _seconds(facts: ModelFacts, places: dict[str, str], gpu: Gpu) -> float:
    """Sum up the card's seconds and the host's."""
    there = tuple(p for p in facts.phases if places[p.part] != "cpu")
    spent = footprint.rough_seconds(replace(facts, phases=there), gpu, placement=places)
    on_host = sum(p.flops * p.calls for p in facts.phases if places[p.part] == "cpu") / CPU_FLOPS
    return sum(spent or ()) + on_host


def forget() -> None:
    """Look everything up anew."""
    for function in (facts_for, _on_gpu, _on_cpu):
        function.cache_clear()


@dataclass(frozen=True)
class Space:
    """Hold where to search: card, machine, and request."""

    card: Card
    budget: Budget
    batch: int
    asked: Asked

    def ways(self, size: Size) -> Iterator[Way]:
        """List all ways of running at this size."""
        wish, gpu = self.asked, self.moves
        places = (wish.placement,) if wish.placement and gpu else PLACEMENTS if gpu else ("resident",)
        on_cpu = _open(wish.text_on_cpu) if gpu else (False,)
        slicing = _open(wish.vae_slicing) if self.batch > 1 or wish.vae_slicing is not None else (False,)
        tiling = _open(wish.vae_tiling)
        (dtype, storage), attention = self.dtypes(), self.attention()
        for float8, place, cpu, slices, tiles in product(storage, places, on_cpu, slicing, tiling):
            if not (float8 and place == "sequential"):  # two libraries would both want to own the weights
                yield Way(*size, self.batch, dtype, float8, attention, place, cpu, slices, tiles)

    @property
    def moves(self) -> bool:
        """Tell whether there are two memories to move parts between."""
        return self.budget.device != "cpu" and not self.budget.unified

    def dtypes(self) -> tuple[str, tuple[bool, ...]]:
        """Choose the dtype, and whether weights may be float8."""
        wish = self.asked.dtype
        if self.budget.device == "cpu":
            return wish if wish in {"float16", "bfloat16"} else "float32", (False,)
        half = self.card.defaults["dtype"] if wish in {None, "float8"} else wish
        if half == "bfloat16" and not self.budget.capabilities.get("bf16", True):
            half = "float16"
        if half == "float32" and wish != "float32":
            half = "float16"  # the card of a small model, which a CPU runs in float32
        if self.budget.device == "mps":  # it has no float8
            return str(half), (False,)
        return str(half), (True,) if wish == "float8" else (False,) if wish else (False, True)

    def attention(self) -> str:
        """Choose attention: as asked, fused, or plain where traced."""
        plain = not self.fused() and traced_with(self.card.name, "math")
        return self.asked.attention or ("math" if plain else "sdpa")

    def fused(self) -> bool:
        """Tell whether every format has fused attention here."""
        return bool(self.budget.capabilities.get("fused_attention", True))

    def needs(self, size: Size) -> Iterator[Need]:
        """Reckon the ways of which something is known."""
        rows = (need(self.card.name, way, self.budget) for way in self.ways(size))
        return filter(None, rows)

    def short(self, need: Need) -> tuple[int, int]:
        """Count the bytes missing in each memory, with the margin."""
        device = need.device_bytes / MARGIN - self.budget.free_bytes
        host = 0.0 if not self.moves else need.ram_bytes / MARGIN - self.budget.ram_free_bytes
        return max(0, -int(-device // 1)), max(0, -int(-host // 1))


def order(need: Need) -> tuple[float, ...]:
    """Rank, lower is better: size, dtype, seconds by sixths, seams."""
    way = need.way
    return (
        -volume((way.height, way.width, way.frames)),
        way.float8,
        floor(log(max(need.seconds, 1e-3), 7 / 6)),
        way.tiling,
        SIMPLE.index((way.placement, way.text_on_cpu)),
        way.slicing,
    )


def best(space: Space, sizes: list[Size]) -> Need | None:
    """Find the best of the ways that fit, largest first."""
    for size in sizes:
        fitting = [need for need in space.needs(size) if space.short(need) == (0, 0)]
        if fitting:
            return min(fitting, key=order)
    return None


def known(space: Space, sizes: list[Size]) -> bool:
    """Tell whether anything is known of these sizes."""
    return any(True for size in sizes for _ in space.needs(size))


def below(space: Space, need: Need, sizes: list[Size], count: int) -> list[Need]:
    """List fallbacks, each needing a tenth less."""
    ladder: list[Need] = []
    limit = 0.9 * need.device_bytes
    for size in sizes:
        for lower in sorted(space.needs(size), key=order):
            if lower.device_bytes <= limit and space.short(lower)[1] == 0 and len(ladder) < count:
                ladder.append(lower)
                limit = 0.9 * lower.device_bytes
    return ladder


@dataclass(frozen=True)
class Remedy:
    """Hold the smallest changes that would fit.

    Args:
        needs: of plans that fit after a change of the request, the one that keeps most pixels x frames first: fewer
            frames in the same size, a smaller size with the same frames, or, where neither helps, both. Empty where no
            change helps.
        opened: names of settings that must be left open for them.
        device_bytes, ram_bytes: what must be freed instead, for the request as it is.
    """

    needs: tuple[Need, ...]
    opened: tuple[str, ...]
    device_bytes: int
    ram_bytes: int


def remedy(space: Space, sizes: list[Size], *, fixed: bool) -> Remedy:
    """Search for what would fit, the smallest change first.

    Args:
        sizes: that were tried in vain.
        fixed: whether the request fixed size or frames, so that smaller ones were not tried.
    """
    shorts = [space.short(need) for size in sizes for need in space.needs(size)]
    device, host = min(shorts, key=lambda pair: (sum(pair), pair))
    free = replace(space, asked=Asked(policy=space.asked.policy))
    names = tuple(name for name in SETTINGS[:-1] if getattr(space.asked, name) is not None)
    for trial, open_names in ((space, ()), (free, names)):
        need = best(trial, sizes) if open_names else None
        needs = (need,) if need else _smaller(trial, sizes[0]) if fixed else ()
        if needs:
            return Remedy(needs, open_names, device, host)
    return Remedy((), (), device, host)


def _smaller(space: Space, size: Size) -> tuple[Need, ...]:
    others = smaller(size, space.card)
    shorter = best(space, [other for other in others if other[:2] == size[:2]])
    flatter = best(space, [other for other in others if other[2] == size[2]])
    pair = [need for need in (shorter, flatter) if need is not None]
    both = None if pair else best(space, others)
    return tuple(sorted(pair, key=order)) if both is None else (both,)


def _open(value: bool | None) -> tuple[bool, ...]:
    return (False, True) if value is None else (value,)
