"""Measure what a run costs while it runs."""

import sys
import time
from importlib import import_module

from aigc_kit.core import peak
from aigc_kit.core.types import Cost, Phase, Plan


class Meter:
    """Measure seconds and peak memory of a run's phases.

    Memory is what the process's resident set has grown by, or what a GPU's allocator counts. Importing the libraries is
    a phase of its own and does not count as growth.
    """

    def __init__(self, plan: Plan) -> None:
        self._memory = peak.of_process(plan.placement.get("model") == "cuda")
        self._phases: list[Phase] = []
        self._open: tuple[str, float] | None = None

    def start_loading(self, engine: str = "") -> None:
        """Begin "load", and "import" before it where that is needed."""
        library = {"transformers": "transformers", "llama.cpp": "xllamacpp"}.get(engine)
        if library is not None and library not in sys.modules:
            self.start("import")
            import_module(library)
            if engine == "transformers":
                from transformers import AutoTokenizer, LlamaForCausalLM  # noqa: F401  (lazy names: this loads torch)
            self.stop()
            self._memory.begin()
        self.start("load")

    def start(self, name: str) -> None:
        """Begin a phase and end the one before."""
        self.stop()
        self._open = (name, time.perf_counter())
        self._memory.start()

    def step(self) -> None:
        """Count a token, the first of which ends the prefill."""
        if self._open and self._open[0] == "prefill":
            self.start("tokens")
        self._memory.look()

    def stop(self) -> None:
        """End the phase that runs, if one does."""
        if self._open is None:
            return
        name, start = self._open
        highest, _ = self._memory.stop()
        seconds = time.perf_counter() - start
        self._phases.append(Phase(name, seconds, None if name == "import" else highest, self._memory.how))
        self._open = None

    def cost(self) -> Cost:
        """Sum up the phases so far, in order."""
        self.stop()
        return Cost(tuple(self._phases))
