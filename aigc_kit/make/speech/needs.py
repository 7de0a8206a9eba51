"""Plan voices: which dtype and device, and what it costs."""

from aigc_kit.core.errors import BadInput, DoesNotFit
from aigc_kit.core.types import Budget, Card, Change, Figure, FrozenMap, Plan, Request, Words
from aigc_kit.core.units import format_bytes
from aigc_kit.memory.plan.options import MARGIN

SET_UP_SECONDS = 0.1  # up to 0.25 for the first text after loading, 0.02 later
SECONDS_PER_CHARACTER = 0.2  # of Mandarin at a normal speed, pauses included (0.17 to 0.20 with the embedded voice)


def resolve(request: Request, budget: Budget, card: Card) -> Plan:
    """Resolve a request for one voice and one machine.

    Raises:
        BadInput: a batch, or a voice that the card does not have.
        DoesNotFit: the memory is too small.
    """
    facts = card.facts
    if request.batch != 1:
        raise BadInput(
            asked=f"batch={request.batch}",
            found=Words("texts are spoken one at a time", "文字一次只朗读一段"),
            todo=Words("loop over texts", "用循环逐段朗读"),
        )
    voice, voices = request.extra.get("voice"), facts.voices
    names = [] if voice is None else [part.split(":")[0] for part in str(voice).split("+")]  # several in a blend
    if voices and not set(names) <= set(voices):
        has = Words(f"{card.name} has {', '.join(voices)}", f"{card.name} 有 {'、'.join(voices)}")
        raise BadInput(asked=f"voice={voice!r}", found=has, todo=Words("choose one of these", "从里面选一个"))
    request, changes = _within(request, card)
    device = "cuda" if budget.device == "cuda" and facts.cuda else "cpu"
    dtype = ("float16" if facts.half else "float32") if device == "cuda" else facts.dtype
    prediction = {}
    if facts.peak:
        rule = Words(
            "seen on another machine: less for a short text, or where the voice was loaded before",
            "在另一台机器上见到的值；文字短，或者这个声音先前载入过，就会少一些",
        )
        prediction["peak"] = Figure(facts.peak, "B", "predicted", rule, error=0.75)
        _check_fit(card, prediction["peak"], device, budget)
    if facts.rtf and device == "cpu":
        count = len(request.prompt)
        rule = Words(
            f"{SET_UP_SECONDS:g} s + {count} characters x {SECONDS_PER_CHARACTER:g} s "
            f"x real-time factor {facts.rtf:g}, where the processor is idle",
            f"{SET_UP_SECONDS:g} s + {count} 个字 × {SECONDS_PER_CHARACTER:g} s × 实时率 {facts.rtf:g}，处理器空闲时",
        )
        seconds = SET_UP_SECONDS + SECONDS_PER_CHARACTER * count * facts.rtf
        prediction["seconds"] = Figure(seconds, "s", "predicted", rule, error=0.8)
    return Plan(
        request=request,
        card=card,
        budget=budget,
        dtypes=FrozenMap(model=dtype),
        placement=FrozenMap(model=device),
        attention="library",
        vae=FrozenMap(),
        prediction=FrozenMap(prediction),
        changes=changes,
        reasons=(_reason(card, device),),
    )


def _within(request: Request, card: Card) -> tuple[Request, tuple[Change, ...]]:
    """Cut controls to what the voice can do."""
    changes = []
    for name, (low, high) in card.facts.ranges.items():
        value = request.extra.get(name)
        if isinstance(value, (int, float)) and not low <= value <= high:
            nearest = min(max(value, low), high)
            request = request.change(**{name: nearest})
            why = Words(f"this voice goes from {low:g} to {high:g}", f"这个声音只能到 {low:g}～{high:g}")
            changes.append(Change(name, value, nearest, why))
    return request, tuple(changes)


def _check_fit(card: Card, peak: Figure, device: str, budget: Budget) -> None:
    free = budget.free_bytes if device == budget.device else budget.ram_free_bytes
    if peak.value > MARGIN * free:
        why = Words(
            f"{format_bytes(peak.value)} predicted, {format_bytes(free)} free",
            f"预测要 {format_bytes(peak.value)}，空闲 {format_bytes(free)}",
        )
        todo = Words(
            f"free {format_bytes(int(peak.value / MARGIN - free) + 1)} more, or take a smaller voice",
            f"再空出 {format_bytes(int(peak.value / MARGIN - free) + 1)}，或换一个小一点的声音",
        )
        raise DoesNotFit(asked=Words(f"the voice {card.name}", f"声音 {card.name}"), found=why, todo=todo)


def _reason(card: Card, device: str) -> Words:
    if device == "cuda":
        return Words("the voice can use the GPU", "这个声音可以用显卡")
    if card.tier == "tiny":
        return Words("small enough for one core of a CPU", "一个 CPU 核就够用")
    return Words("there is no GPU that it can use; a CPU takes minutes", "没有可用的显卡；在 CPU 上要几分钟")
