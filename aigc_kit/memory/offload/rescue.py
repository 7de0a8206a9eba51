"""Step down to the next plan when memory runs out."""

import gc
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Generic, TypeVar

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Change, Plan, Words
from aigc_kit.core.units import format_bytes

# DefaultCPUAllocator on Linux and on Windows, and the allocator of Apple's GPU
_SAID = ("can't allocate memory", "not enough memory", "MPS backend out of memory")
_LAST = ("last_traceback", "last_value", "last_type", "last_exc")
Result = TypeVar("Result")
LIMIT = 3  # steps down


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error says that memory ran out."""
    import torch

    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _SAID)


def forget(error: BaseException | None = None) -> None:
    """Free what tracebacks keep alive, and unused memory.

    A traceback holds the frames of the failed call, and those hold its tensors; an interactive shell keeps the last one
    in `sys.last_traceback` besides. The frames are emptied, not the error: it can still be told and raised. Unused
    memory of the allocator goes back to the driver.

    Args:
        error: caught by the caller; its causes and contexts are emptied too.
    """
    past: set[int] = set()
    waiting = [error, getattr(sys, "last_value", None), getattr(sys, "last_exc", None)]
    traces = [getattr(sys, "last_traceback", None)]
    while waiting:
        link = waiting.pop()
        if link is not None and id(link) not in past:
            past.add(id(link))
            traces.append(link.__traceback__)
            waiting += [link.__cause__, link.__context__]
    for trace in filter(None, traces):
        traceback.clear_frames(trace)  # frames that still run stay as they are
    for name in _LAST:
        if hasattr(sys, name):
            delattr(sys, name)
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif torch is not None and torch.backends.mps.is_available():
        torch.mps.empty_cache()


@dataclass(frozen=True)
class Fall:
    """Hold one step down.

    Args:
        plan: that ran out of memory.
        next: that was tried then.
        said: what the library said, its first line.
        reason: what happened, in words.
    """

    plan: Plan
    next: Plan
    said: str
    reason: Words


@dataclass(frozen=True)
class Rescued(Generic[Result]):
    """Hold a result, its plan, and steps down before it."""

    result: Result
    plan: Plan
    falls: tuple[Fall, ...]


def rescue(
    run: Callable[[Plan], Result],
    plans: Iterable[Plan],
    tell: Callable[[Words], object] | None = None,
    let_go: Callable[[], object] = lambda: None,
    said: str | None = None,
) -> Rescued[Result]:
    """Run by the first of plans that has memory.

    Args:
        run: loads, places and runs by the plan that it gets; the plan's changes name every step down before it.
        plans: the wanted one, then at most three to fall back to, each needing less than the one before.
        tell: called with the reason of every step down; None prints it, in both languages.
        let_go: called after a failure, to drop what the caller keeps loaded.
        said: what `failure` returned for the first plan, where that was run already.

    Raises:
        BadInput: no plan.
        torch.OutOfMemoryError: (or what a CPU raises) the last of them ran out of memory too; its notes name what was
            tried. Any other error of `run` passes through at once.
    """
    ladder = tuple(islice(plans, LIMIT + 1))
    if not ladder:
        raise BadInput(
            asked=Words("a rescue without plans", "显存不够时的后备方案"),
            found=Words("nothing to run", "一个方案也没有"),
            todo=Words("pass at least one plan", "至少给一个方案"),
        )
    falls: list[Fall] = []
    for place, wish in enumerate(ladder):
        plan = replace(wish, changes=(*wish.changes, *(_change(fall) for fall in falls)))
        if said is None:
            try:
                return Rescued(run(plan), plan, tuple(falls))
            except (RuntimeError, MemoryError) as error:
                said = failure(error, ladder[: place + 1], let_go, last=place + 1 == len(ladder))
        following = ladder[place + 1]
        reason = _reason(plan, following, said)
        falls.append(Fall(plan, following, said, reason))
        print(f"{reason.en}\n{reason.zh}") if tell is None else tell(reason)
        said = None  # and with the handler the frames of the failed run are gone
    raise AssertionError("the loop returns or raises")


def failure(error: BaseException, tried: Sequence[Plan], let_go: Callable[[], object], *, last: bool) -> str:
    """Free what a failed run held, and quote it.

    Returns what the library said, its first line.

    Args:
        error: caught by the caller, whose handler must end before the next try: it keeps frames alive.
        tried: plans that ran out so far.
        let_go: drops what the caller keeps loaded.
        last: nothing is left to try.

    Raises:
        The error itself, where it is another one, or the last; then its notes name what was tried.
    """
    if not is_out_of_memory(error):
        raise error
    let_go()
    forget(error)
    if last:
        notes = [f"asked: {summary(tried[0])}", f"found: out of memory {len(tried)} times, with"]
        notes += [f"  [{summary(plan)}]" for plan in tried]
        notes.append("what to do: close other programs that use this device, or ask for a smaller size")
        error.add_note("\n".join(notes))
        raise error
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(". ")


def summary(plan: Plan) -> str:
    """Tell a plan by size, frames, placement and decoder."""
    request = plan.request
    size = f"{request.height}x{request.width}" if request.height and request.width else ""
    frames = f"x{request.frames}" if request.frames and request.frames > 1 else ""
    places = ", ".join(f"{part}={where}" for part, where in plan.placement.items())
    options = ", ".join(name for name, on in plan.vae.items() if on is True)
    return "; ".join(words for words in (size + frames, places, options and f"vae {options}") if words)


def _reason(plan: Plan, after: Plan, said: str) -> Words:
    free = format_bytes(plan.budget.free_bytes)
    return Words(
        f"out of memory with [{summary(plan)}] on {plan.budget.name} ({free} free when planned): {said}. "
        f"Memory was freed; now trying [{summary(after)}]",
        f"显存不足：方案［{summary(plan)}］在 {plan.budget.name}（计划时空闲 {free}）上失败：{said}。"
        f"已释放内存，改用［{summary(after)}］",
    )


def _change(fall: Fall) -> Change:
    why = Words(f"out of memory: {fall.said}", f"运行中显存不足：{fall.said}")
    return Change("plan", summary(fall.plan), summary(fall.next), why)
