"""Follow the peak of memory: a GPU's allocator, live tensors, or what the process has grown by."""

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
        """Read the bytes in use now; None where they are not followed."""
        return None

    def stop(self) -> tuple[int | None, int | None]:
        """End a phase: bytes at its peak, and most bytes taken from the driver (CUDA alone)."""
        return None, None


class Allocator(Peak):
    """Follow what torch has allocated on a GPU.

    The allocator's own peak misses nothing.

    Args:
        device: "cuda...", or None for the current one.
    """

    kind = "cuda"

    def __init__(self, device: str | None = None) -> None:
        self._device = device

    def start(self) -> None:
        """Begin a phase, with the device's earlier work finished."""
        import torch

        torch.cuda.synchronize(self._device)
        torch.cuda.reset_peak_memory_stats(self._device)

    def look(self) -> int:
        """Read the bytes allocated now."""
        import torch

        return int(torch.cuda.memory_allocated(self._device))

    @property
    def highest(self) -> int:
        """Most bytes allocated since `start`."""
        import torch

        return int(torch.cuda.max_memory_allocated(self._device))

    def stop(self) -> tuple[int, int]:
        """End a phase, with the device's work finished: bytes allocated at its peak, and reserved."""
        import torch

        torch.cuda.synchronize(self._device)
        return self.highest, int(torch.cuda.max_memory_reserved(self._device))


class Resident(Peak):
    """Follow the resident set of this process.

    Its peak is the growth since the run began, of what `look` saw.
    """

    kind = "rss"

    def __init__(self) -> None:
        import psutil

        self._process = psutil.Process()
        self._peak = 0
        self.begin()

    def begin(self) -> None:
        """Begin a run: what is in memory now does not count."""
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
        """End a phase: the most bytes by which the process had grown."""
        self.look()
        return self._peak, None


class LiveTensors(Peak):
    """Follow the tensors of a CPU by its allocator's events.

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
        """End a phase: bytes of weights and tensors at its peak."""
        if self._block is None:
            return None, None
        block, self._block = self._block, None
        block.__exit__(None, None, None)
        peak = self._left + self._live.peak + sum(_bytes_of(module) for module in self._parts.values())
        self._left += self._live.samples[-1] if self._live.samples else 0
        return peak, None


def of_process(cuda: bool) -> Allocator | Resident:
    """Follow this process.

    On the current GPU by the allocator, else by the resident set.
    """
    return Allocator() if cuda else Resident()


def of_parts(device: str, parts: Mapping[str, Any], *, follow: bool) -> Peak:
    """Follow the parts of a pipeline on their device.

    Args:
        device: "cuda..." or "cpu".
        parts: name -> torch.nn.Module.
        follow: False leaves live tensors alone on a CPU, where following costs time.
    """
    if device.startswith("cuda"):
        return Allocator(device)
    return LiveTensors(parts) if follow else Peak()


def _bytes_of(module: Any) -> int:
    """Count the bytes of weights and buffers in memory.

    Each storage counts once.
    """
    storages = {}
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.device.type != "meta":
            storage = tensor.untyped_storage()
            storages[storage.data_ptr()] = storage.nbytes()
    return sum(storages.values())


# Live tensors: what real tensors take on the CPU, from the allocator's own events. This shares nothing with the X-ray's
# tracer. torch's profiler reports every allocation and release of the CPU's allocator and the operation inside which it
# happened. Buffers that a kernel takes and gives back before it returns, such as a copy in another layout for a
# convolution, are counted apart: they belong to the kernels of this CPU and not to the model.


@dataclass
class Live:
    """Hold what a block of code kept alive, in bytes.

    Beyond what was alive before it; filled when the block ends.

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
    """Start torch's profiler once, for nothing.

    In a thread other than the one that loaded torch its first start prints
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
    """Hold one allocation (bytes > 0) or release (bytes < 0).

    Its address, and the operation inside which it happened.
    """

    time: int
    pointer: int
    bytes: int
    operation: Any


def _events(nodes: Any, visible: Any) -> Iterator[_Event]:
    """Collect all allocator events below some nodes.

    `visible` is the operation around them that a caller would see.
    """
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
    """Find buffers taken and given back inside one operation.

    Returns:
        Indices of their events.
    """
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
    """Tell whether an operation only calls other operations.

    Their results are tensors of their own.
    """
    import torch

    space, _, rest = name.partition("::")
    packet = getattr(getattr(torch.ops, space, None), rest, None) if rest else None
    if packet is None or not hasattr(packet, "overloads"):
        return True
    names = [f"{name}.{overload}".removesuffix(".default") for overload in packet.overloads()]
    overloads = [n for n in names if torch._C._dispatch_has_kernel(n)]  # others belong to TorchScript alone
    return all(torch._C._dispatch_has_kernel_for_dispatch_key(n, "CompositeImplicitAutograd") for n in overloads)
