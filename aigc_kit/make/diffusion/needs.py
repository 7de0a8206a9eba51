"""Plan image and video models: what fits, and why."""

from dataclasses import replace

from aigc_kit.core.errors import BadInput, DoesNotFit
from aigc_kit.core.types import Budget, Card, Change, Figure, FrozenMap, Plan, Request, Words
from aigc_kit.core.units import format_bytes
from aigc_kit.make.diffusion.untraced import untraced
from aigc_kit.memory.footprint import seconds as estimate
from aigc_kit.memory.plan import by_hand, explain, search
from aigc_kit.memory.plan.options import MARGIN, Asked, Size, by_course, complete, sizes, volume
from aigc_kit.memory.plan.search import Need, dtypes_of, gpu_of, placement_of


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
        return untraced(request, budget, card, wish, ladder, changes)
    names = " ".join(f"{h}x{w}" for h, w in card.facts.ladder)
    reason = Words(
        "no trace tells what it needs: it is larger than those that ship with the kit, or has other options",
        "没有追踪数据能说明它需要多少：它比本项目带的都大，或用了别的选项",
    )
    todo = Words(
        f"choose one of {names}, or X-ray it: aigc xray {card.name}",
        f"从 {names} 里选一个尺寸，或在终端给它拍一张 X 光：aigc xray {card.name}",
    )
    raise BadInput(
        asked=Words(
            f"a plan of {card.name} at {explain.size(ladder[0])}",
            f"为 {card.name} 做方案，尺寸 {explain.size(ladder[0])}",
        ),
        found=reason,
        todo=todo,
    )


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
        names=explain.peak_name(budget),
    )
    return replace(plan, by_hand=by_hand.lines(plan))


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
    place, least, free = explain.PLACES[where], format_bytes(nearest.device_bytes), format_bytes(budget.free_bytes)
    reason = Words(
        f"at least {least} of {where} (upper end of the prediction), and {MARGIN:.0%} of {free} free may be used",
        f"至少要 {least} {place}（按预测的上限），而空闲的 {free} 只用其中的 {MARGIN:.0%}",
    )
    if help_.ram_bytes:
        ram, free = format_bytes(nearest.ram_bytes), format_bytes(budget.ram_free_bytes)
        reason += Words(f"; {ram} of main memory, {free} free", f"；还要 {ram} 内存，空闲 {free}")
    size = explain.size(ladder[-1])
    what = Words(f"any size of {size} or more", f"不小于 {size}") if len(ladder) > 1 else Words(size, f" {size}")
    todo = explain.remedy(help_, request, budget, where)
    return DoesNotFit(
        asked=Words(
            f"{space.card.name} at {what} on {budget.name}",
            f"运行 {space.card.name}，尺寸{what.zh}，{place} {format_bytes(budget.total_bytes)}",
        ),
        found=reason,
        todo=todo,
    )
