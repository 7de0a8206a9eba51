"""Follow the peak of memory, by one of three ways."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

HOW: Mapping[str, str] = {
    "cuda": "measured: torch.cuda.max_memory_allocated",
    "live": "measured: weights and live tensors, by the allocator's events",
    "rss": "measured: growth of the process's RSS",
    "none": "not followed",
}
"""Kind of a follower -> how its numbers came about."""


class Peak:
    """Follow nothing: the base of those that do.

    `begin` starts a run, `start` and `stop` enclose each of its phases, `look` may be called at any time.
    """

    kind = "none"

    @property
    def how(self) -> str:
        """Say how its numbers came about."""
        return HOW[self.kind]

    def begin(self) -> None:
        """Begin a run."""

    def start(self) -> None:
        """Begin a phase."""

    def look(self) -> int | None:
        """Read the bytes in use now, where they are followed."""
        return None

    def stop(self) -> tuple[int | None, int | None]:
        """End a phase: bytes at its peak, and reserved (CUDA)."""
        return None, None


class Allocator(Peak):
    """Follow a GPU's allocator, whose peak misses nothing.

    Args:
        device: "cuda...", or None for the current one.
    """

    kind = "cuda"

    def __init__(self, device: str | None = None) -> None:
        self._device = device

    def start(self) -> None:
        """Begin a phase, the device's earlier work finished."""
        _cuda().synchronize(self._device)
        _cuda().reset_peak_memory_stats(self._device)

    def look(self) -> int:
        """Read the bytes allocated now."""
        return int(_cuda().memory_allocated(self._device))

    @property
    def highest(self) -> int:
        """Read the most bytes allocated since `start`."""
        return int(_cuda().max_memory_allocated(self._device))

    def stop(self) -> tuple[int, int]:
        """End a phase: most bytes allocated, and reserved."""
        _cuda().synchronize(self._device)
        return self.highest, int(_cuda().max_memory_reserved(self._device))


def _cuda() -> Any:
    import torch

    return torch.cuda


class Resident(Peak):
    """Follow the growth of this process's resident set."""

    kind = "rss"

    def __init__(self) -> None:
        import psutil

        self._process = psutil.Process()
        self._peak = 0
        self.begin()

    def begin(self) -> None:
        """Begin a run: what is there does not count."""
        self._before = self._process.memory_info().rss

    def start(self) -> None:
        """Begin a phase."""
        self._peak = 0

    def look(self) -> int:
        """Read the resident set, bytes."""
        resident = int(self._process.memory_info().rss)
        self._peak = max(self._peak, resident - self._before)
        return resident

    def stop(self) -> tuple[int, None]:
        """End a phase: how far the process had grown."""
        self.look()
        return self._peak, None


class LiveTensors(Peak):
    """Follow a CPU's tensors by its allocator's events.

    What a phase leaves alive counts in the phases after it.

    Args:
        parts: name -> torch.nn.Module, whose weights count too; looked at when a phase ends.
    """

    kind = "live"

    def __init__(self, parts: Mapping[str, Any]) -> None:
        self._parts = parts
        self._block: Any = None
        self._left = 0
        get_ready()  # here, since the run itself may be in a thread of its own

    def begin(self) -> None:
        """Begin a run."""
        self._left = 0

    def start(self) -> None:
        """Begin a phase."""
        self._block = follow()
        self._live = self._block.__enter__()

    def stop(self) -> tuple[int | None, None]:
        """End a phase: its peak of weights and tensors."""
        if self._block is None:
            return None, None
        block, self._block = self._block, None
        block.__exit__(None, None, None)
        peak = self._left + self._live.peak + sum(_bytes_of(module) for module in self._parts.values())
        self._left += self._live.samples[-1] if self._live.samples else 0
        return peak, None


def of_process(cuda: bool) -> Allocator | Resident:
    """Follow this process by allocator or resident set."""
    return Allocator() if cuda else Resident()


def of_parts(device: str, parts: Mapping[str, Any], *, follow: bool) -> Peak:
    """Follow the parts of a pipeline on their device.

    Args:
        device: "cuda...", "cpu" or "mps", whose allocator keeps no peak.
        parts: name -> torch.nn.Module.
        follow: False leaves live tensors alone on a CPU, where following costs time.
    """
    if device.startswith("cuda"):
        return Allocator(device)
    return LiveTensors(parts) if follow and device == "cpu" else Peak()


def _bytes_of(module: Any) -> int:
    """Count the bytes of a module's storages in memory."""
    storages = {}
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.device.type != "meta":
            storage = tensor.untyped_storage()
            storages[storage.data_ptr()] = storage.nbytes()
    return sum(storages.values())


# Live tensors: what real tensors take on the CPU, from the allocator's own events. This shares nothing with the X-ray's
# tracer. torch's profiler reports every allocation and release of the CPU's allocator and the operation inside which it
# happened. Buffers that a kernel takes and gives back before it returns, such as a copy in another layout for a
# convolution, are left out: they belong to the kernels of this CPU and not to the model.


@dataclass
class Live:
    """Hold the bytes a block added and kept alive.

    Beyond what was alive before it; filled when the block ends.

    Args:
        peak: the highest total of tensors.
        setter: the operation that was running at the peak of tensors.
        samples: total of tensors after each allocation and release.
    """

    peak: int = 0
    setter: str = ""
    samples: list[int] = field(default_factory=list)


@cache
def get_ready() -> None:
    """Start torch's profiler once, for nothing."""
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # its first start, in another thread than torch's, prints an error
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
    """Hold an allocation (bytes > 0) or release (< 0)."""

    time: int
    pointer: int
    bytes: int
    operation: Any


def _events(nodes: Any, visible: Any) -> Iterator[_Event]:
    """Collect the allocator's events below some nodes."""
    pending = [(node, visible) for node in nodes]
    while pending:
        node, operation = pending.pop()
        kind = node.tag.name
        if kind == "Allocation":
            fields = node.extra_fields
            if fields.device.type == "cpu":
                yield _Event(node.start_time_ns, fields.ptr, fields.alloc_size, operation)
        elif kind == "TorchOp" and operation is None and not _only_calls_others(node.name):
            operation = node
        pending.extend((child, operation) for child in node.children)


def _replay(live: Live, events: list[_Event]) -> None:
    events.sort(key=lambda event: event.time)
    inside = _kernel_buffers(events)
    tensors = 0
    for index, event in enumerate(events):
        if index in inside:
            continue
        tensors += event.bytes
        live.samples.append(tensors)
        if tensors > live.peak:
            live.peak, live.setter = tensors, event.operation.name if event.operation else ""


def _kernel_buffers(events: list[_Event]) -> set[int]:
    """Find the events of buffers inside one operation."""
    open_at: dict[int, int] = {}
    indices: set[int] = set()
    for index, event in enumerate(events):
        if event.bytes > 0:
            open_at[event.pointer] = index
        elif event.pointer in open_at:
            began = open_at.pop(event.pointer)
            operation = events[began].operation
            if operation is not None and event.time < operation.end_time_ns:
                indices |= {began, index}
    return indices


@cache
def _only_calls_others(name: str) -> bool:
    """Tell whether an operation only calls other operations."""
    import torch

    space, _, own = name.partition("::")
    packet = getattr(getattr(torch.ops, space, None), own, None) if own else None
    if packet is None or not hasattr(packet, "overloads"):
        return True
    names = [f"{name}.{overload}".removesuffix(".default") for overload in packet.overloads()]
    overloads = [n for n in names if torch._C._dispatch_has_kernel(n)]  # others belong to TorchScript alone
    return all(torch._C._dispatch_has_kernel_for_dispatch_key(n, "CompositeImplicitAutograd") for n in overloads)
