"""Follow the peak of memory: a GPU's allocator, live tensors, or what the process has grown by."""

from collections.abc import Mapping
from typing import Any

HOW: Mapping[str, str] = {
    "cuda": "measured: torch.cuda.max_memory_allocated",
    "live": "measured: weights and live tensors, by the allocator's events",
    "rss": "measured: growth of the process's RSS",
    "none": "not followed",
}
"""Kind of a follower -> how its numbers came about."""


class Peak:
    """Follow nothing; the base of those that do.

    `begin` starts a run, `start` and `stop` enclose each of its phases, `look` may be called at any time.
    """

    kind = "none"

    @property
    def how(self) -> str:
        """How its numbers came about."""
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
    """Follow what torch has allocated on a GPU; the allocator's own peak misses nothing.

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
    """Follow the resident set of this process; its peak is the growth since the run began, of what `look` saw."""

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
    """Follow the tensors of a CPU by its allocator's events; what a phase leaves alive counts in the phases after it.

    Args:
        parts: name -> torch.nn.Module, whose weights count too; looked at when a phase ends.
    """

    kind = "live"

    def __init__(self, parts: Mapping[str, Any]) -> None:
        from aigc_kit.memory.xray.live import get_ready

        self._parts = parts
        self._block: Any = None
        self._left = 0
        get_ready()  # here, since the run itself may be in a thread of its own

    def begin(self) -> None:
        """Begin a run."""
        self._left = 0

    def start(self) -> None:
        """Begin a phase."""
        from aigc_kit.memory.xray.live import follow

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
    """Follow this process: on the current GPU by the allocator, else by the resident set."""
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
    """Count the bytes of the weights and buffers in memory, each storage once."""
    storages = {}
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.device.type != "meta":
            storage = tensor.untyped_storage()
            storages[storage.data_ptr()] = storage.nbytes()
    return sum(storages.values())
