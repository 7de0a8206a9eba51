"""Plan image and video models: what fits, and why."""

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
from aigc_kit.memory.footprint.seconds import by_pace
from aigc_kit.memory.plan import by_hand, explain, search
from aigc_kit.memory.plan.options import MARGIN, Asked, Size, by_course, complete, sizes, volume
from aigc_kit.memory.plan.search import LIBRARY_BYTES, Need, dtypes_of, gpu_of, placement_of

BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}
PIXEL_BYTES, ERROR = 1000, 0.8  # live bytes a pixel and frame; 580 in a small SDXL at 128x128, float32
LARGEST_HEADER = 100_000_000  # of a safetensors file; its own library refuses more


def resolve(request: Request, budget: Budget, card: Card) -> Plan:
    """Resolve a request for a pipeline.

    Size and frames that the request leaves open are searched with placement, decoder options and dtype; what it fixes
    is never changed. On a CPU everything stays there, in float32.

    Raises:
        BadInput: what the model cannot do, or a size of which nothing was traced.
        DoesNotFit: with the smallest change that would fit.
    """
    wish, original = Asked.of(request), request
    request, changes = complete(request, card)
    if wish.policy == "course":
        request, more = by_course(request, card, budget.free_bytes)
        changes += more
    space = search.Space(card, budget, request.batch, wish)
    ladder = sizes(request, card)
    need = search.best(space, ladder)
    if need is not None:
        return _made(space, request, need, (*changes, *explain.unheard(space)), original)
    if search.known(space, ladder):
        raise _does_not_fit(space, request, ladder)
    if card.tier == "tiny":
        return _untraced(request, budget, card, wish, ladder, changes)
    names = " ".join(f"{h}x{w}" for h, w in card.facts.ladder)
    reason = "no trace tells what it needs: it is larger than those that ship with the kit, or has other options"
    todo = f"choose one of {names}, or X-ray it: aigc xray {card.name}"
    raise BadInput(asked=f"a plan of {card.name} at {explain.size(ladder[0])}", found=reason, todo=todo)


def fallbacks(plan: Plan, count: int = 3) -> tuple[Plan, ...]:
    """Plan what needs less, when memory runs out.

    Args:
        plan: by `resolve`. Other placements and decoder options at its size come first, then smaller sizes.
        count: at most so many.
    """
    request, card, most = plan.request, plan.card, plan.need
    if most is None:
        return ()
    wish = replace(Asked.of(request), placement=None, text_on_cpu=None, vae_tiling=None, vae_slicing=None)
    space, own = search.Space(card, plan.budget, request.batch, wish), _size_of(request)
    open_size = replace(request, height=None, width=None, frames=None)
    steps = [own, *(s for s in sizes(open_size, card) if volume(s) < volume(own))]
    return tuple(
        _made(space, request.change(**_size_fields(n, card)), n, plan.changes, request)
        for n in search.below(space, most, steps, count)
    )


def need_again(plan: Plan) -> Need | None:
    """Reckon a plan's need anew, None where nothing was traced."""
    choices = (dict(plan.placement), dict(plan.dtypes), plan.vae.get("slicing", False), plan.vae.get("tiling", False))
    space = search.Space(plan.card, plan.budget, plan.request.batch, Asked.of(plan.request))
    for need in space.needs(_size_of(plan.request)):
        way, places = need.way, placement_of(need.facts, need.way, plan.budget.device)
        if (places, dtypes_of(need.facts, way), way.slicing, way.tiling) == choices:
            return need
    return None


def _made(space: search.Space, request: Request, need: Need, changes: tuple[Change, ...], original: Request) -> Plan:
    way, card, budget = need.way, space.card, space.budget
    plan = Plan(
        request=request.change(**_size_fields(need, card)),
        card=card,
        budget=budget,
        dtypes=FrozenMap(dtypes_of(need.facts, way)),
        placement=FrozenMap(placement_of(need.facts, way, budget.device)),
        attention=way.attention,
        vae=FrozenMap(slicing=way.slicing, tiling=way.tiling),
        prediction=FrozenMap(figures(need, request, budget)),
        changes=changes,
        reasons=explain.reasons(space, need, original),
        need=need,
        names=peak_name(budget),
    )
    return replace(plan, by_hand=by_hand.lines(plan))


def peak_name(budget: Budget) -> FrozenMap:
    """Name the peak of a pipeline, where tensors are counted."""
    where = Words("peak", "内存峰值（权重与张量）" if budget.device == "cpu" else "显存峰值（已分配）")
    return FrozenMap(peak=where)


def _size_fields(need: Need, card: Card) -> dict[str, int | None]:
    way = need.way
    return {"height": way.height, "width": way.width, "frames": way.frames if card.kind == "video" else None}


def _size_of(request: Request) -> Size:
    assert request.height and request.width
    return request.height, request.width, request.frames or 1


def figures(need: Need, request: Request, budget: Budget) -> dict[str, Figure]:
    """Collect figures under the names that a run measures."""
    outlook, facts = need.prediction, need.facts
    rule = outlook.source
    if facts.traced_with:
        rule = Words.join(Words(f"traced with {facts.traced_with}", f"追踪所用：{facts.traced_with}"), rule)
    if not need.traced:
        size = f"{facts.height}x{facts.width}x{facts.frames}"
        rule = Words.join(Words(f"an upper bound, by the trace of {size}", f"上界，按 {size} 的追踪"), rule)
    count = Words("parameters counted x bytes", "数出的参数个数 × 每个的字节数")
    figures = {
        "weights": Figure(sum(facts.weights_bytes.values()), "B", "predicted", count, error=0.01),
        "peak": _figure(outlook.allocated_bytes, outlook.allocated_interval, Words.join(outlook.setter, rule)),
    }
    for phase in outlook.phases:
        if phase.where == "cuda":
            base, live = phase.resident_bytes, phase.allocated_bytes - phase.resident_bytes
            interval = (base + live / (1 + outlook.error), base + live * (1 + outlook.error))
            figures[f"peak.{phase.name}"] = _figure(phase.allocated_bytes, interval, phase.setter)
    if budget.device != "cpu":
        slack = Words("with the allocator's slack", "含分配器的余量")
        figures["reserved"] = _figure(outlook.reserved_bytes, outlook.interval, Words.join(slack, outlook.source))
        if not budget.unified:
            everything = Words("all weights, and the libraries", "全部权重，加上库")
            figures["ram"] = Figure(need.ram_bytes, "B", "predicted", everything, error=0.25)
        gpu = gpu_of(budget)
        if gpu and (time := estimate(facts, gpu, steps=request.steps, placement=outlook.placement)):
            figures["seconds"] = time
    return figures


def _figure(value: float, interval: tuple[float, float], rule: Words | str) -> Figure:
    low, high = interval
    return Figure(value, "B", "predicted", rule, error=max(high / value - 1, 1 - low / value) if value else 0.0)


def shortfall(request: Request, budget: Budget, card: Card) -> tuple[Need, search.Remedy]:
    """Find the nearest way and remedies for what cannot fit."""
    wish = Asked.of(request)
    request, _ = complete(request, card)
    if wish.policy == "course":
        request, _ = by_course(request, card, budget.free_bytes)
    return _shortfall(search.Space(card, budget, request.batch, wish), request, sizes(request, card))


def _shortfall(space: search.Space, request: Request, ladder: list[Size]) -> tuple[Need, search.Remedy]:
    needs = [need for size in ladder for need in space.needs(size)]
    nearest = min(needs, key=lambda n: (sum(space.short(n)), n.device_bytes, search.order(n)))
    return nearest, search.remedy(space, ladder, fixed=bool(request.height or request.frames))


def _does_not_fit(space: search.Space, request: Request, ladder: list[Size]) -> DoesNotFit:
    nearest, help_ = _shortfall(space, request, ladder)
    budget, where = space.budget, "the GPU" if space.moves else "main memory"
    reason = (
        f"at least {format_bytes(nearest.device_bytes)} of {where} (upper end of the prediction), "
        f"and {MARGIN:.0%} of {format_bytes(budget.free_bytes)} free may be used"
    )
    if help_.ram_bytes:
        reason += f"; {format_bytes(nearest.ram_bytes)} of main memory, {format_bytes(budget.ram_free_bytes)} free"
    what = explain.size(ladder[0]) if len(ladder) == 1 else f"any size of {explain.size(ladder[-1])} or more"
    todo = explain.remedy(help_, request, budget, where).en
    return DoesNotFit(asked=f"{space.card.name} at {what} on {budget.name}", found=reason, todo=todo)


def _untraced(
    request: Request, budget: Budget, card: Card, asked: Asked, ladder: list[Size], changes: tuple[Change, ...]
) -> Plan:
    """Place all parts on one device, without a trace.

    Raises:
        BadInput: the card's files are not on this machine, so that nothing can be counted.
        DoesNotFit: no size fits.
    """
    parts = parameters(card)
    whole = budget.device == "cpu" or not card.facts.half
    dtype = asked.dtype if asked.dtype in BYTES else "float32" if whole else "float16"
    weights = sum(parts.values()) * BYTES[dtype]
    margin = MARGIN * budget.free_bytes - (LIBRARY_BYTES["cpu"] if budget.device == "cpu" or budget.unified else 0)
    per_pixel = card.facts.pixel_bytes or PIXEL_BYTES
    for height, width, frames in ladder:
        working = per_pixel * height * width * frames * request.batch
        need = weights + working * (1 + ERROR)
        if need <= margin:
            break
    else:
        reason = f"{format_bytes(need)} predicted beside the libraries, {format_bytes(budget.free_bytes)} free"
        more = (need - margin) / MARGIN
        todo = f"free {format_bytes(more)} more"
        if more > budget.total_bytes - budget.free_bytes:
            todo = f"take a machine with {format_bytes(budget.free_bytes + more)} free"
        raise DoesNotFit(asked=f"{card.name} at {height}x{width}", found=reason, todo=todo)
    count = Words("parameters in the files x bytes", "文件里的参数个数 × 每个的字节数")
    rule = Words(
        f"weights + {per_pixel} bytes a pixel and frame; this model was not traced",
        f"权重 + 每像素每帧 {per_pixel} 字节；这个模型没有逐张量追踪过",
    )
    if asked.placement not in (None, "resident"):
        one = Words("a small model is not moved", "小模型不用搬运")
        changes = (*changes, Change("placement", asked.placement, "resident", one))
    request = request.change(height=height, width=width, frames=frames if card.facts.frame_step > 1 else None)
    spent = by_pace(request, card) if budget.device == "cpu" else None
    device = budget.device.upper()
    why = f"a small model: every part stays on the {device}, in {dtype}"
    why_zh = f"小模型：所有部件都放在 {device} 上，精度 {dtype}"
    plan = Plan(
        request=request,
        card=card,
        budget=budget,
        dtypes=FrozenMap(dict.fromkeys(parts, dtype)),
        placement=FrozenMap(dict.fromkeys(parts, budget.device)),
        attention=asked.attention or "sdpa",
        vae=FrozenMap(slicing=bool(asked.vae_slicing), tiling=bool(asked.vae_tiling)),
        prediction=FrozenMap(
            weights=Figure(weights, "B", "predicted", count, error=0.01),
            peak=Figure(weights + working, "B", "predicted", rule, error=ERROR * working / (weights + working)),
            **({"seconds": spent} if spent else {}),
        ),
        changes=changes,
        reasons=(Words(why, why_zh),),
        names=peak_name(budget),
    )
    return replace(plan, by_hand=by_hand.lines(plan))


def parameters(card: Card) -> dict[str, int]:
    """Count the parameters of a card's parts in its files.

    Raises:
        BadInput: there are none, or one is damaged.
    """
    for source in card.sources:
        folder = paths.assets() / source.ref
        if source.kind == "shipped" and folder.is_dir():
            counts: dict[str, int] = {}
            for file in sorted(folder.glob("*/*.safetensors")):
                counts[file.parent.name] = counts.get(file.parent.name, 0) + _count(file)
            if counts:
                return counts
    reason = "neither a trace nor weight files of it are on this machine"
    todo = f"fetch it once with `aigc fetch {card.name}`, or choose a size that was traced"
    raise BadInput(asked=f"a plan of {card.name}", found=reason, todo=todo)


def _count(file: Path) -> int:
    """Count the numbers that a safetensors file's header names."""
    try:
        with file.open("rb") as stream:
            (length,) = unpack("<Q", stream.read(8))  # of a JSON header that names every tensor
            if length > LARGEST_HEADER:
                raise ValueError(f"a header of {length} bytes")
            header = json.loads(stream.read(length))
        return sum(prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__")
    except Exception as error:
        reason = f"no whole safetensors file: {error}"
        todo = "fetch or check out the file again"
        raise BadInput(asked=f"the parameters of {file.parent.name}/{file.name}", found=reason, todo=todo) from None
