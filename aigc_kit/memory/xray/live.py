"""What real tensors take on the CPU: the peak of a real run, from the allocator's own events.

This shares nothing with the tracer. torch's profiler reports every allocation and release of the CPU's allocator and
the operation inside which it happened. Buffers that a kernel takes and gives back before it returns, such as a copy in
another layout for a convolution, are counted apart: they belong to the kernels of this CPU and not to the model.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any


@dataclass
class Live:
    """What a block of code kept alive beyond what was alive before it; filled when the block ends. Bytes.

    Args:
        peak: the highest total of tensors.
        with_kernels: the same with the buffers that kernels take for themselves.
        setter: the operation that was running at the peak of tensors.
        samples: total of tensors after each allocation and release.
    """

    peak: int = 0
    with_kernels: int = 0
    setter: str = ""
    samples: list[int] = field(default_factory=list)


@cache
def get_ready() -> None:
    """Start torch's profiler once, for nothing: in a thread other than the one that loaded torch its first start prints
    an error that is none, and it writes a line for every start unless it is told not to.
    """
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU]):
        pass


@contextmanager
def follow() -> Iterator[Live]:
    """Follow the CPU allocator while the block runs.

    Yields:
        A Live, filled when the block ends. An exception of the block passes through.
    """
    from torch.profiler import ProfilerActivity, profile

    get_ready()
    live = Live()
    recorder = profile(activities=[ProfilerActivity.CPU], profile_memory=True, with_stack=False, record_shapes=False)
    with recorder:
        yield live
    results: Any = recorder.profiler.kineto_results  # type: ignore[union-attr]
    _replay(live, list(_events(results.experimental_event_tree(), None)))


@dataclass
class _Event:
    """An allocation (bytes > 0) or release (bytes < 0) at an address, and the operation inside which it happened."""

    time: int
    pointer: int
    bytes: int
    operation: Any


def _events(nodes: Any, visible: Any) -> Iterator[_Event]:
    """All allocator events below some nodes; `visible` is the operation around them that a caller would see."""
    pending = [(node, visible) for node in nodes]
    while pending:
        node, seen = pending.pop()
        kind = node.tag.name
        if kind == "Allocation":
            fields = node.extra_fields
            if fields.device.type == "cpu":
                yield _Event(node.start_time_ns, fields.ptr, fields.alloc_size, seen)
        elif kind == "TorchOp" and seen is None and not _only_calls_others(node.name):
            seen = node
        pending.extend((child, seen) for child in node.children)


def _replay(live: Live, events: list[_Event]) -> None:
    events.sort(key=lambda event: event.time)
    inside = _kernel_buffers(events)
    tensors = everything = 0
    for index, event in enumerate(events):
        everything += event.bytes
        live.with_kernels = max(live.with_kernels, everything)
        if index in inside:
            continue
        tensors += event.bytes
        live.samples.append(tensors)
        if tensors > live.peak:
            live.peak, live.setter = tensors, event.operation.name if event.operation else ""


def _kernel_buffers(events: list[_Event]) -> set[int]:
    """Indices of the events of buffers that were taken and given back inside one operation."""
    open_at: dict[int, int] = {}
    found: set[int] = set()
    for index, event in enumerate(events):
        if event.bytes > 0:
            open_at[event.pointer] = index
        elif event.pointer in open_at:
            began = open_at.pop(event.pointer)
            operation = events[began].operation
            if operation is not None and event.time < operation.end_time_ns:
                found |= {began, index}
    return found


@cache
def _only_calls_others(name: str) -> bool:
    """Whether an operation is only written in terms of other operations, whose results are tensors of their own."""
    import torch

    space, _, rest = name.partition("::")
    packet = getattr(getattr(torch.ops, space, None), rest, None) if rest else None
    if packet is None or not hasattr(packet, "overloads"):
        return True
    names = [f"{name}.{overload}".removesuffix(".default") for overload in packet.overloads()]
    known = [n for n in names if torch._C._dispatch_has_kernel(n)]  # others belong to TorchScript alone
    return all(torch._C._dispatch_has_kernel_for_dispatch_key(n, "CompositeImplicitAutograd") for n in known)
