"""Follow what a run does with memory, phase by phase."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from aigc_kit.core import peak
from aigc_kit.core.types import Cost, FrozenMap, Phase
from aigc_kit.core.units import format_bytes, format_seconds


@dataclass(frozen=True)
class Spell:
    """Hold one phase of a run.

    Args:
        name: such as "text_encoder", "denoise", "decode"; "rest" is what happens before the first part works.
        began: seconds since the run began.
        seconds: wall clock, with the device's work finished.
        peak_bytes: on the device, weights included; None when it was not followed.
        reserved_bytes: taken from the driver at the peak (CUDA), else None.
        where: part -> device of its weights when the phase ended, such as "cuda:0", "cpu", "meta" (weights that are
            brought module by module).
        calls: how often the part worked.
    """

    name: str
    began: float
    seconds: float
    peak_bytes: int | None
    reserved_bytes: int | None
    where: Mapping[str, str]
    calls: int


class Ledger:
    """Follow the parts of a pipeline, each beginning a phase.

    Args:
        parts: name -> torch.nn.Module, in the order in which they work.
        phases: part -> name of its phase.
        device: "cuda..." or "cpu": whose memory is followed.
        follow: False leaves live tensors alone on a CPU, where following costs time.
    """

    def __init__(
        self, parts: Mapping[str, Any], phases: Mapping[str, str], device: str, *, follow: bool = True
    ) -> None:
        self.spells: tuple[Spell, ...] = ()
        self._parts, self._phases = dict(parts), dict(phases)
        self._peak = peak.of_parts(device, self._parts, follow=follow)  # the same mapping: let_go empties it for both
        self._handles: list[Any] = []
        self._open: tuple[str, float] | None = None
        self._calls = 0
        self._began = 0.0

    @contextmanager
    def run(self) -> Iterator["Ledger"]:
        """Follow one run, in place of an earlier one."""
        spells: list[Spell] = []
        self._done, self._began = spells, time.perf_counter()
        self._peak.begin()
        self._watch()
        self._enter("rest")
        try:
            yield self
        finally:
            self._leave()
            for undo in self._handles:
                undo()
            self._handles = []
            self.spells = tuple(spell for spell in spells if spell.calls or spell.seconds > 0)

    def let_go(self) -> None:
        """Hold the parts no longer, only what was written."""
        self._parts.clear()

    def phase(self, name: str) -> None:
        """Begin a phase by hand, unless it goes on."""
        if self._open is None or self._open[0] != name:
            self._leave()
            self._enter(name)
        self._calls += 1

    def cost(self) -> Cost:
        """Give the phases for a Take."""
        return Cost(tuple(Phase(s.name, s.seconds, s.peak_bytes, self._peak.how) for s in self.spells))

    @property
    def peak_bytes(self) -> int | None:
        """Give the highest peak of the run."""
        return max((s.peak_bytes for s in self.spells if s.peak_bytes is not None), default=None)

    @property
    def reserved_bytes(self) -> int | None:
        """Give the most taken from the driver (CUDA), else None."""
        return max((s.reserved_bytes for s in self.spells if s.reserved_bytes is not None), default=None)

    def __repr__(self) -> str:
        lines = []
        for s in self.spells:
            highest = "-" if s.peak_bytes is None else format_bytes(s.peak_bytes)
            places = ", ".join(f"{part}={device}" for part, device in s.where.items())
            lines.append(f"{s.name:<16} {format_seconds(s.seconds):>10}  peak {highest:>9}  {places}")
        return "\n".join([*lines, f"({self._peak.how})"])

    def _watch(self) -> None:
        """Watch parts forward, and the VAE `decode` and `encode`."""
        for part, module in self._parts.items():
            phase = self._phases.get(part, part)
            handle = module.register_forward_pre_hook(lambda *_, phase=phase: self.phase(phase))
            self._handles.append(handle.remove)
            for method in ("decode", "encode"):
                if callable(getattr(module, method, None)):
                    self._handles.append(_before(module, method, lambda phase=phase: self.phase(phase)))

    def _enter(self, name: str) -> None:
        self._peak.start()
        self._open, self._calls = (name, time.perf_counter()), 0

    def _leave(self) -> None:
        if self._open is None:
            return
        name, began = self._open
        peaks = self._peak.stop()  # bytes of tensors, bytes taken from the driver
        seconds = time.perf_counter() - began
        devices = {part: {str(t.device) for t in module.parameters()} for part, module in self._parts.items()}
        where = FrozenMap({part: " + ".join(sorted(names)) or "-" for part, names in devices.items()})
        self._done.append(Spell(name, began - self._began, seconds, *peaks, where, self._calls))
        self._open = None


def _before(module: Any, method: str, call: Any) -> Any:
    """Call something before a method, and return its undoing."""
    original = getattr(module, method)

    def wrapped(*args: Any, **options: Any) -> Any:
        call()
        return original(*args, **options)

    setattr(module, method, wrapped)  # on the object: its class stays as it is
    return lambda: delattr(module, method)
