"""Out of memory in the middle of a run: free, step down to the next plan, try again, and say so."""

import gc
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Generic, TypeVar

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Change, Plan, Reason
from aigc_kit.core.units import format_bytes

_SAID_BY_CPU = ("can't allocate memory", "not enough memory")  # DefaultCPUAllocator, on Linux and on Windows
_LAST = ("last_traceback", "last_value", "last_type", "last_exc")
Result = TypeVar("Result")
LIMIT = 3  # steps down


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that a device or the host had no memory left."""
    import torch

    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _SAID_BY_CPU)


def forget(error: BaseException | None = None) -> None:
    """Free what tracebacks keep alive, then return the allocator's unused memory to the driver.

    A traceback holds the frames of the failed call, and those hold its tensors; an interactive shell keeps the last one
    in `sys.last_traceback` besides. The frames are emptied, not the error: it can still be told and raised.

    Args:
        error: caught by the caller; its causes and contexts are emptied too.
    """
    seen: set[int] = set()
    waiting = [error, getattr(sys, "last_value", None), getattr(sys, "last_exc", None)]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        _empty(one.__traceback__)
        waiting += [one.__cause__, one.__context__]
    _empty(getattr(sys, "last_traceback", None))
    for name in _LAST:
        if hasattr(sys, name):
            delattr(sys, name)
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


def _empty(trace: TracebackType | None) -> None:
    if trace is not None:
        traceback.clear_frames(trace)  # frames that still run stay as they are


@dataclass(frozen=True)
class Fall:
    """One step down.

    Args:
        plan: that ran out of memory.
        next: that was tried then.
        said: what the library said, its first line.
        reason: what happened, in words.
    """

    plan: Plan
    next: Plan
    said: str
    reason: Reason


@dataclass(frozen=True)
class Rescued(Generic[Result]):
    """What came of it: the result, the plan by which it was made, and the steps down before it (often none)."""

    result: Result
    plan: Plan
    falls: tuple[Fall, ...]


def rescue(
    run: Callable[[Plan], Result],
    plans: Sequence[Plan],
    tell: Callable[[Reason], object] | None = None,
    let_go: Callable[[], object] | None = None,
) -> Rescued[Result]:
    """Run by the first plan; when memory runs out, by the next one, at most three steps down.

    Args:
        run: loads, places and runs by the plan that it gets; the plan's changes name every step down before it.
        plans: the wanted one, then what to fall back to, each needing less than the one before.
        tell: called with the reason of every step down; None prints it, in both languages.
        let_go: called after a failure, to drop what the caller keeps loaded; None frees the card's loaded models.

    Raises:
        BadInput: no plan.
        torch.OutOfMemoryError: (or what a CPU raises) the last of them ran out of memory too; its notes name what was
            tried. Any other error of `run` passes through at once.
    """
    if not plans:
        raise BadInput(asked="a rescue without plans", found="nothing to run", todo="pass at least one plan")
    falls: list[Fall] = []
    ladder = list(plans[: LIMIT + 1])
    for place, wanted in enumerate(ladder):
        plan = replace(wanted, changes=(*wanted.changes, *(_change(fall) for fall in falls)))
        try:
            return Rescued(run(plan), plan, tuple(falls))
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            (let_go or _freer(plan))()
            forget(error)
            if place + 1 == len(ladder):
                error.add_note(_tried(ladder, falls))
                raise
            said = (str(error).splitlines() or [type(error).__name__])[0].rstrip(". ")
        fall = Fall(plan, ladder[place + 1], said, _reason(plan, ladder[place + 1], said))
        falls.append(fall)
        (tell or _print)(fall.reason)
    raise AssertionError("the loop returns or raises")


def summary(plan: Plan) -> str:
    """What tells one plan of a ladder from another, in a few words: size, frames, placement, decoder."""
    request = plan.request
    size = f"{request.height}x{request.width}" if request.height and request.width else ""
    frames = f"x{request.frames}" if request.frames and request.frames > 1 else ""
    places = ", ".join(f"{part}={where}" for part, where in plan.placement.items())
    options = ", ".join(name for name, on in plan.vae.items() if on is True)
    return "; ".join(words for words in (size + frames, places, options and f"vae {options}") if words)


def _reason(plan: Plan, after: Plan, said: str) -> Reason:
    free = format_bytes(plan.budget.free_bytes)
    return Reason(
        f"out of memory with [{summary(plan)}] on {plan.budget.name} ({free} free when planned): {said}. "
        f"Memory was freed; now trying [{summary(after)}]",
        f"显存不足：方案［{summary(plan)}］在 {plan.budget.name}（计划时空闲 {free}）上失败：{said}。"
        f"已释放内存，改用［{summary(after)}］",
    )


def _change(fall: Fall) -> Change:
    return Change(
        "plan", summary(fall.plan), summary(fall.next), f"out of memory: {fall.said}", f"运行中显存不足：{fall.said}"
    )


def _tried(ladder: Sequence[Plan], falls: Sequence[Fall]) -> str:
    lines = [f"asked: {summary(ladder[0])}", f"found: out of memory {len(falls) + 1} times, with"]
    lines += [f"  [{summary(plan)}]" for plan in ladder]
    return "\n".join([*lines, "what to do: close other programs that use this device, or ask for a smaller size"])


def _freer(plan: Plan) -> Callable[[], object]:
    from aigc_kit.models import loaded

    return lambda: loaded.free(plan.card.name)


def _print(reason: Reason) -> None:
    print(reason.en)
    print(reason.zh)
