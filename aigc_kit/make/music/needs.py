"""Plan music models: where they run, and what that costs."""

from aigc_kit.core.errors import BadInput, DoesNotFit
from aigc_kit.core.types import Budget, Card, Figure, FrozenMap, Plan, Request, Words
from aigc_kit.core.units import format_bytes
from aigc_kit.memory.plan.options import MARGIN
from aigc_kit.models.cards.facts import MusicFacts


def resolve(request: Request, budget: Budget, card: Card) -> Plan:
    """Resolve a request for one music model and one machine.

    Raises:
        BadInput: a batch.
        DoesNotFit: the memory is too small.
    """
    facts = card.facts
    if request.batch != 1:
        raise BadInput(
            asked=f"batch={request.batch}",
            found=Words("pieces are made one at a time", "音乐一次只做一首"),
            todo=Words("loop over seeds", "用循环换种子"),
        )
    device = "cuda" if budget.device == "cuda" and facts.cuda else "cpu"
    dtype = "float16" if device == "cuda" else "float32"
    peak = _traced(facts, device) if facts.traced else _counted(facts, device)
    free = budget.free_bytes if device == budget.device else budget.ram_free_bytes
    if peak.value > MARGIN * free:
        raise DoesNotFit(
            asked=Words(f"the music model {card.name}", f"音乐模型 {card.name}"),
            found=Words(
                f"{format_bytes(peak.value)} predicted, {format_bytes(free)} free",
                f"预测要 {format_bytes(peak.value)}，空闲 {format_bytes(free)}",
            ),
            todo=Words("take a smaller model, or free memory", "换一个小一点的模型，或空出内存"),
        )
    why = Words("small enough for one core of a CPU", "一个 CPU 核就够用")
    if card.tier == "full":
        why = Words("its weights and cache fit", "权重和缓存都放得下")
    return Plan(
        request=request,
        card=card,
        budget=budget,
        dtypes=FrozenMap(model=dtype),
        placement=FrozenMap(model=device),
        attention="eager",
        vae=FrozenMap(),
        prediction=FrozenMap(peak=peak),
        reasons=(why,),
    )


def _traced(facts: MusicFacts, device: str) -> Figure:
    """Give what the X-ray predicts for the longest piece."""
    assert facts.traced is not None
    rule = Words(
        "traced by the X-ray on the meta device, 30 s of sound (aigc xray)",
        "X 光在 meta 设备上追踪，30 秒的声音（aigc xray）",
    )
    on_card, in_ram = facts.traced
    size, error = (on_card, 0.15) if device == "cuda" else (in_ram, 0.4)  # in RAM its tensors alone are traced
    return Figure(size, "B", "predicted", rule, error=error)


def _counted(facts: MusicFacts, device: str) -> Figure:
    """Add up weights, cache and what the process takes."""
    width = 2 if device == "cuda" else 4
    rule = Words(
        f"{facts.parameters:,} parameters x {width} bytes (counted on the real class), the cache of "
        f"{facts.positions} positions, and {format_bytes(facts.overhead)} for the rest",
        f"{facts.parameters:,} 个参数 × {width} 字节（在真正的类上数过），加 {facts.positions} 个位置的 KV 缓存，"
        f"其余 {format_bytes(facts.overhead)}",
    )
    cache = 2 * facts.rows * facts.positions * facts.cache_width * width
    return Figure(facts.parameters * width + cache + facts.overhead, "B", "predicted", rule, error=0.4)
