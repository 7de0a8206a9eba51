"""Plans of image and video models: what fits is searched, and said in words."""

import json
from dataclasses import replace
from math import prod
from pathlib import Path
from struct import unpack

from aigc_kit.core import paths
from aigc_kit.core.errors import BadInput, DoesNotFit
from aigc_kit.core.types import Budget, Card, Change, Figure, FrozenMap, Plan, Request, Words
from aigc_kit.core.units import format_bytes
from aigc_kit.memory.footprint import seconds as estimate
from aigc_kit.memory.plan import explain, search
from aigc_kit.memory.plan.options import MARGIN, Asked, Size, by_course, complete, sizes, volume
from aigc_kit.memory.plan.search import LIBRARY_BYTES, Need, dtypes_of, gpu_of, placement_of

BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
PIXEL_BYTES, ERROR = 1000, 0.8  # live bytes a pixel and frame; 580 in a small SDXL at 128x128, float32
LARGEST_HEADER = 100_000_000  # of a safetensors file; its own library refuses more


def resolve(request: Request, budget: Budget, card: Card) -> Plan:
    """Resolve a request for a pipeline; see `aigc_kit.make.run.resolve`.

    Size and frames that the request leaves open are searched with placement, decoder options and dtype; what it fixes
    is never changed. On a CPU everything stays there, in float32.

    Raises:
        BadInput: what the model cannot do, or a size of which nothing was traced.
        DoesNotFit: with the smallest change that would fit.
    """
    asked, given = Asked.of(request), request
    request, changes = complete(request, card)
    if asked.policy == "course":
        request, more = by_course(request, card, budget.free_bytes)
        changes += more
    space = search.Space(card, budget, request.batch, asked)
    ladder = sizes(request, card)
    found = search.best(space, ladder)
    if found is not None:
        return _made(space, request, found, (*changes, *_dtype_change(space)), given)
    if search.known(space, ladder):
        raise _does_not_fit(space, request, ladder)
    if card.tier == "tiny":
        return _untraced(request, budget, card, asked, ladder, changes)
    names = " ".join(f"{h}x{w}" for h, w in card.facts.ladder)
    raise BadInput(
        asked=f"a plan of {card.name} at {explain.size(ladder[0])}",
        found="no trace tells what it needs: it is larger than those that ship with the kit, or has other options",
        todo=f"choose one of {names}, or X-ray it: aigc xray {card.name}",
    )


def fallbacks(made: Plan, count: int = 3) -> tuple[Plan, ...]:
    """Plan what to step down to when memory runs out after all: each is predicted to need less than the last.

    Args:
        made: by `resolve`. Other placements and decoder options at its size come first, then smaller sizes.
        count: at most so many.
    """
    request, card, wanted = made.request, made.card, made.need
    if wanted is None:
        return ()
    asked = replace(Asked.of(request), placement=None, text_on_cpu=None, vae_tiling=None, vae_slicing=None)
    space, own = search.Space(card, made.budget, request.batch, asked), _size_of(request)
    open_size = replace(request, height=None, width=None, frames=None)
    steps = [own, *(s for s in sizes(open_size, card) if volume(s) < volume(own))]
    return tuple(
        _made(space, request.change(**_size_fields(n, card)), n, made.changes, request)
        for n in search.below(space, wanted, steps, count)
    )


def need_again(made: Plan) -> Need | None:
    """Reckon anew what a plan of a record needs; None where it was not traced (small models on any machine)."""
    wanted = (dict(made.placement), dict(made.dtypes), made.vae.get("slicing", False), made.vae.get("tiling", False))
    space = search.Space(made.card, made.budget, made.request.batch, Asked.of(made.request))
    for found in space.needs(_size_of(made.request)):
        way, facts = found.way, found.facts
        places = placement_of(facts, way)
        if made.budget.device == "cpu":
            places = dict.fromkeys(places, "cpu")
        if (places, dtypes_of(facts, way), way.slicing, way.tiling) == wanted:
            return found
    return None


def _made(space: search.Space, request: Request, found: Need, changes: tuple[Change, ...], given: Request) -> Plan:
    way, card, budget = found.way, space.card, space.budget
    places = placement_of(found.facts, way)
    if budget.device == "cpu":
        places = dict.fromkeys(places, "cpu")
    return Plan(
        request=request.change(**_size_fields(found, card)),
        card=card,
        budget=budget,
        dtypes=FrozenMap(dtypes_of(found.facts, way)),
        placement=FrozenMap(places),
        attention=way.attention,
        vae=FrozenMap(slicing=way.slicing, tiling=way.tiling),
        prediction=FrozenMap(figures(found, request, budget)),
        changes=changes,
        reasons=explain.reasons(space, found, given),
        need=found,
        names=peak_name(budget),
    )


def peak_name(budget: Budget) -> FrozenMap:
    """What the peak of a pipeline is called: tensors are counted, not the growth of a process."""
    where = Words("peak", "显存峰值（已分配）" if budget.device == "cuda" else "内存峰值（权重与张量）")
    return FrozenMap(peak=where)


def _size_fields(found: Need, card: Card) -> dict[str, int | None]:
    way = found.way
    return {"height": way.height, "width": way.width, "frames": way.frames if card.kind == "video" else None}


def _size_of(request: Request) -> Size:
    assert request.height and request.width
    return request.height, request.width, request.frames or 1


def figures(found: Need, request: Request, budget: Budget) -> dict[str, Figure]:
    """Figures under the names that a run measures: "peak" and "peak.<phase>" as allocated, "reserved" and "ram"."""
    made, facts = found.prediction, found.facts
    rule = made.source
    if facts.traced_with:
        tools = Words(f"traced with {facts.traced_with}", f"追踪所用：{facts.traced_with}")
        rule = Words.join(tools, rule)
    if not found.traced:
        size = f"{facts.height}x{facts.width}x{facts.frames}"
        rule = Words.join(Words(f"an upper bound, by the trace of {size}", f"上界，按 {size} 的追踪"), rule)
    counted = Words("parameters counted x bytes", "数出的参数个数 × 每个的字节数")
    figures = {
        "weights": Figure(sum(facts.weights_bytes.values()), "B", "predicted", counted, error=0.01),
        "peak": _figure(made.allocated_bytes, made.allocated_interval, Words.join(made.setter, rule)),
    }
    for phase in made.phases:
        if phase.where == "cuda":
            high = phase.resident_bytes + (phase.allocated_bytes - phase.resident_bytes) * (1 + made.error)
            low = phase.resident_bytes + (phase.allocated_bytes - phase.resident_bytes) / (1 + made.error)
            figures[f"peak.{phase.name}"] = _figure(phase.allocated_bytes, (low, high), phase.setter)
    if budget.device == "cuda":
        slack = Words("with the allocator's slack", "含分配器的余量")
        figures["reserved"] = _figure(made.reserved_bytes, made.interval, Words.join(slack, made.source))
        figures["ram"] = Figure(
            found.ram_bytes, "B", "predicted", Words("all weights, and the libraries", "全部权重，加上库"), error=0.25
        )
        gpu = gpu_of(budget)
        time = estimate(facts, gpu, steps=request.steps, placement=made.placement) if gpu else None
        if time is not None:
            figures["seconds"] = time
    return figures


def _figure(value: float, interval: tuple[float, float], rule: Words | str) -> Figure:
    low, high = interval
    return Figure(value, "B", "predicted", rule, error=max(high / value - 1, 1 - low / value) if value else 0.0)


def _dtype_change(space: search.Space) -> tuple[Change, ...]:
    wanted, (given, _) = space.asked.dtype, space.dtypes()
    if wanted in {None, "float8", given} and not (wanted == "float8" and space.budget.device == "cpu"):
        return ()
    if space.budget.device == "cpu":
        return (Change("dtype", wanted, given, Words("a CPU has no use for float8", "CPU 上不用 float8")),)
    return (Change("dtype", wanted, given, Words("this GPU does not compute in bfloat16", "这块显卡不支持 bfloat16")),)


def shortfall(request: Request, budget: Budget, card: Card) -> tuple[Need, search.Remedy]:
    """For a request that does not fit: the way that comes nearest, and the smallest changes that would fit."""
    asked = Asked.of(request)
    request, _ = complete(request, card)
    if asked.policy == "course":
        request, _ = by_course(request, card, budget.free_bytes)
    return _shortfall(search.Space(card, budget, request.batch, asked), request, sizes(request, card))


def _shortfall(space: search.Space, request: Request, ladder: list[Size]) -> tuple[Need, search.Remedy]:
    needs = [found for one in ladder for found in space.needs(one)]
    nearest = min(needs, key=lambda n: (sum(space.short(n)), n.device_bytes, search.order(n)))
    return nearest, search.remedy(space, ladder, fixed=bool(request.height or request.frames))


def _does_not_fit(space: search.Space, request: Request, ladder: list[Size]) -> DoesNotFit:
    nearest, help_ = _shortfall(space, request, ladder)
    budget, where = space.budget, "the GPU" if space.budget.device == "cuda" else "main memory"
    found = (
        f"at least {format_bytes(nearest.device_bytes)} of {where} (upper end of the prediction), "
        f"and {MARGIN:.0%} of {format_bytes(budget.free_bytes)} free may be used"
    )
    if help_.ram_bytes:
        found += f"; {format_bytes(nearest.ram_bytes)} of main memory, {format_bytes(budget.ram_free_bytes)} free"
    what = explain.size(ladder[0]) if len(ladder) == 1 else f"any size of {explain.size(ladder[-1])} or more"
    todo = explain.remedy(help_, request, where).en
    return DoesNotFit(asked=f"{space.card.name} at {what} on {budget.name}", found=found, todo=todo)


def _untraced(
    request: Request, budget: Budget, card: Card, asked: Asked, ladder: list[Size], changes: tuple[Change, ...]
) -> Plan:
    """A plan with every part on the budget's device, in the largest size of the ladder that fits.

    Raises:
        BadInput: the card's files are not on this machine, so that nothing can be counted.
        DoesNotFit: no size fits.
    """
    parts = parameters(card)
    whole = budget.device == "cpu" or not card.facts.half
    dtype = asked.dtype if asked.dtype in BYTES else "float32" if whole else "float16"
    weights = sum(parts.values()) * BYTES[dtype]
    height, width, frames = _largest(request, budget, card, ladder, weights)
    per_pixel = card.facts.pixel_bytes or PIXEL_BYTES
    working = per_pixel * height * width * frames * request.batch
    counted = Words("parameters in the files x bytes", "文件里的参数个数 × 每个的字节数")
    rule = Words(
        f"weights + {per_pixel} bytes a pixel and frame; this model was not traced",
        f"权重 + 每像素每帧 {per_pixel} 字节；这个模型没有逐张量追踪过",
    )
    device = budget.device.upper()
    return Plan(
        request=request.change(height=height, width=width, frames=frames if card.facts.frame_step > 1 else None),
        card=card,
        budget=budget,
        dtypes=FrozenMap(dict.fromkeys(parts, dtype)),
        placement=FrozenMap(dict.fromkeys(parts, budget.device)),
        attention=asked.attention or "sdpa",
        vae=FrozenMap(slicing=bool(asked.vae_slicing), tiling=bool(asked.vae_tiling)),
        prediction=FrozenMap(
            weights=Figure(weights, "B", "predicted", counted, error=0.01),
            peak=Figure(weights + working, "B", "predicted", rule, error=ERROR * working / (weights + working)),
        ),
        changes=changes,
        reasons=(
            Words(
                f"a small model: every part stays on the {device}, in {dtype}",
                f"小模型：所有部件都放在 {device} 上，精度 {dtype}",
            ),
        ),
        names=peak_name(budget),
    )


def _largest(request: Request, budget: Budget, card: Card, ladder: list[Size], weights: int) -> Size:
    """The first size of the ladder that fits beside the weights."""
    margin = MARGIN * budget.free_bytes - (LIBRARY_BYTES["cpu"] if budget.device == "cpu" else 0)
    per_pixel = card.facts.pixel_bytes or PIXEL_BYTES
    for height, width, frames in ladder:
        needed = weights + per_pixel * height * width * frames * request.batch * (1 + ERROR)
        if needed <= margin:
            return height, width, frames
    raise DoesNotFit(
        asked=f"{card.name} at {height}x{width}",
        found=f"{format_bytes(needed)} predicted beside the libraries, {format_bytes(budget.free_bytes)} free",
        todo=f"free {format_bytes((needed - margin) / MARGIN)} more",
    )


def parameters(card: Card) -> dict[str, int]:
    """Part -> number of its parameters, read from the headers of the card's shipped weight files.

    Raises:
        BadInput: there are none, or one is damaged.
    """
    for source in card.sources:
        folder = paths.assets() / source.ref
        if source.kind == "shipped" and folder.is_dir():
            found: dict[str, int] = {}
            for file in sorted(folder.glob("*/*.safetensors")):
                found[file.parent.name] = found.get(file.parent.name, 0) + _count(file)
            if found:
                return found
    raise BadInput(
        asked=f"a plan of {card.name}",
        found="neither a trace nor weight files of it are on this machine",
        todo=f"fetch it once with `aigc fetch {card.name}`, or choose a size that was traced",
    )


def _count(file: Path) -> int:
    """Numbers in a safetensors file: its first 8 bytes are the length of a JSON header that names every tensor."""
    try:
        with file.open("rb") as stream:
            (length,) = unpack("<Q", stream.read(8))
            if length > LARGEST_HEADER:
                raise ValueError(f"a header of {length} bytes")
            header = json.loads(stream.read(length))
        return sum(prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__")
    except Exception as error:
        raise BadInput(
            asked=f"the parameters of {file.parent.name}/{file.name}",
            found=f"no whole safetensors file: {error}",
            todo="fetch or check out the file again",
        ) from None
