"""What a run costs while it runs."""

import sys
import time
from importlib import import_module

from aigc_kit.core.types import Cost, Phase, Plan


class Meter:
    """Seconds per phase by the wall clock; peak memory as what the process's resident set has grown, or by the GPU's
    allocator. Importing the libraries is a phase of its own and does not count as growth.
    """

    def __init__(self, plan: Plan) -> None:
        import psutil

        self._process = psutil.Process()
        self._cuda = plan.placement.get("model") == "cuda"
        self._phases: list[Phase] = []
        self._open: tuple[str, float] | None = None
        self._peak = 0
        self._before = self._process.memory_info().rss

    def import_libraries(self, engine: str) -> None:
        """Import what the engine needs, once per process, as the phase "import"."""
        library = {"transformers": "transformers", "llama.cpp": "xllamacpp"}.get(engine)
        if library is None or library in sys.modules:
            return
        self.start("import")
        import_module(library)
        if engine == "transformers":
            from transformers import AutoTokenizer, LlamaForCausalLM  # noqa: F401  (lazy names: this loads torch)
        self.stop()
        self._before = self._process.memory_info().rss

    def start(self, name: str) -> None:
        """Begin a phase; the one before ends."""
        self.stop()
        self._open, self._peak = (name, time.perf_counter()), 0
        if self._cuda:
            import torch

            torch.cuda.reset_peak_memory_stats()

    def step(self) -> None:
        """A token was made: the first one ends the prefill."""
        if self._open and self._open[0] == "prefill":
            self.start("tokens")
        self._look()

    def stop(self) -> None:
        """End the phase that runs, if one does."""
        if self._open is None:
            return
        name, began = self._open
        seconds = time.perf_counter() - began
        self._look()
        peak = None if name == "import" else self._peak
        self._phases.append(Phase(name, seconds, peak, self._how))
        self._open = None

    def cost(self) -> Cost:
        """The phases so far, in order."""
        self.stop()
        return Cost(tuple(self._phases))

    @property
    def _how(self) -> str:
        return "measured: torch.cuda.max_memory_allocated" if self._cuda else "measured: growth of the process's RSS"

    def _look(self) -> None:
        if self._cuda:
            import torch

            self._peak = max(self._peak, torch.cuda.max_memory_allocated())
        else:
            self._peak = max(self._peak, self._process.memory_info().rss - self._before)
