"""One run of a diffusion pipeline: its steps, then its Take. A modality says what is asked, decoded and shown."""

import sys
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from typing import Any

import numpy as np

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Cost, FrozenMap, Phase, Plan, Request, Step, Take
from aigc_kit.make.diffusion.loading import quiet
from aigc_kit.make.diffusion.predicted_x0 import Finished
from aigc_kit.make.diffusion.stepping import stepwise
from aigc_kit.memory.plan import check_same
from aigc_kit.models import compat, loaded

PHASES = {"rest": "prepare", "text_encoder": "text", "text_encoder_2": "text"}  # of the ledger -> of the take


class DiffusionJob:
    """One run: `steps()` once, then `take()`.

    Args:
        request: what was asked.
        plan: made from it.

    Raises:
        BadInput: the plan belongs to another request.
    """

    kind: Any = "image"

    def __init__(self, request: Request, plan: Plan) -> None:
        check_same(request, plan)
        self.plan = plan
        self._set_up: list[Phase] = []
        self._pauses: list[tuple[float, float]] = []
        self._result: np.ndarray | None = None

    def steps(self) -> Generator[Step, None, None]:
        """The steps of the pipeline, then one for the decoded result."""
        self._placed = self._load()
        self._read(self._placed.pipe.tokenizer)
        made = stepwise(self._work)
        last = time.perf_counter()
        try:
            for index, total, phase, preview in made:
                now = time.perf_counter()
                yield Step(index, total, phase, now - last, preview)
                last = time.perf_counter()
                self._pauses.append((now, last))
        finally:
            made.close()

    def take(self) -> Take:
        """The result of a run that went to its end."""
        if self._result is None:
            raise BadInput(
                asked="the take of this run", found="it did not run to its end", todo="exhaust steps() first"
            )
        card = self.plan.card
        own = {"model": card.name, "tier": card.tier, "origin": "AI 生成", "licence": card.licence}
        scheduler = type(self._placed.pipe.scheduler).__name__
        size = (self.plan.request.height, self.plan.request.width)
        labels = {**own, "scheduler": scheduler, "size": size, **self._labels()}
        if self._placed.ledger.reserved_bytes:
            labels["reserved_bytes"] = self._placed.ledger.reserved_bytes
        return Take(self.kind, self._result, self.plan, self._cost(), FrozenMap(labels))

    # ---------------------------------------------------------------- what a modality says

    def _view(self, engine: Any) -> Any:
        """The loaded engine as this run wants it (`aigc_kit.memory.offload.Placed`)."""
        raise NotImplementedError

    def _read(self, tokenizer: Any) -> None:
        """Turn the prompts into what the encoders read."""
        raise NotImplementedError

    def _call(self, placed: Any) -> dict[str, Any]:
        """The pipeline's arguments."""
        raise NotImplementedError

    def _decode(self, pipe: Any, latents: Any) -> np.ndarray:
        """Latents -> what the Take holds."""
        raise NotImplementedError

    def _shown(self, result: np.ndarray) -> Any:
        """What a Take holds -> a picture."""
        raise NotImplementedError

    def _labels(self) -> dict[str, Any]:
        """Labels of this modality."""
        raise NotImplementedError

    def _around(self, pipe: Any) -> AbstractContextManager[Any]:
        """What holds while the pipeline runs."""
        return nullcontext()

    # ---------------------------------------------------------------- what all do

    def _load(self) -> Any:
        if not loaded.is_loaded(self.plan):
            for name, work in (("import", self._import), ("load", lambda: loaded.engine(self.plan))):
                if name == "load" or "diffusers" not in sys.modules:
                    began = time.perf_counter()
                    work()
                    self._set_up.append(Phase(name, time.perf_counter() - began, None, "wall clock"))
        return self._view(loaded.engine(self.plan))

    def _import(self) -> None:
        compat.bypass_broken_torchaudio()
        library, _, name = self.plan.card.parts["pipeline"].rpartition(".")
        with quiet():
            getattr(import_module(library), name)  # a lazy name: this loads torch

    def _work(self, report: Callable[[Any], None]) -> None:
        """In the thread of the pipeline: run it, then decode."""
        placed, pipe = self._placed, self._placed.pipe
        self._began = time.perf_counter()
        with quiet(), placed.ledger.run(), Finished(pipe.scheduler) as finished, self._around(pipe):

            def after_step(pipe: Any, index: int, _time: Any, state: dict[str, Any]) -> dict[str, Any]:
                _wait(placed.device)
                preview = Preview(self, pipe, state["latents"], finished.last)
                report((index, pipe.num_timesteps + 1, "denoise", preview))
                return state

            call = {**self._call(placed), "callback_on_step_end": after_step, "output_type": "latent"}
            latents = pipe(**placed.arguments(**call))[0]
            placed.ledger.phase("decode")
            total = pipe.num_timesteps + 1
            self._result = self._decode(pipe, latents)
        result = self._result
        report((total - 1, total, "decode", lambda *_: self._shown(result)))

    def _cost(self) -> Cost:
        """The ledger's phases, without the time that the caller took between steps; one entry a name."""
        phases: dict[str, tuple[float, int | None]] = {}
        cost = self._placed.ledger.cost()
        drawn = False
        for spell, phase in zip(self._placed.ledger.spells, cost.phases, strict=True):
            drawn = drawn or phase.name == "denoise"
            start, end = self._began + spell.began, self._began + spell.began + spell.seconds
            paused = sum(max(0.0, min(end, b) - max(start, a)) for a, b in self._pauses)
            name = PHASES.get(phase.name, phase.name) if drawn or phase.name != "decode" else "encode"
            seconds, peak = phases.get(name, (0.0, None))
            peaks = [p for p in (peak, phase.peak_bytes) if p is not None]
            phases[name] = (seconds + phase.seconds - paused, max(peaks, default=None))
        how = cost.phases[0].how if cost.phases else "wall clock"
        return Cost((*self._set_up, *(Phase(n, max(0.0, s), p, how) for n, (s, p) in phases.items())))


class Preview:
    """Decodes when called: `preview()` what the model takes for the finished result, `preview("latent")` the noise."""

    __slots__ = ("_clean", "_job", "_latents", "_pipe")

    def __init__(self, job: DiffusionJob, pipe: Any, latents: Any, clean: Any) -> None:
        self._job, self._pipe, self._latents, self._clean = job, pipe, latents, clean

    def __call__(self, what: str = "picture") -> Any:
        """A PIL.Image."""
        return self._job._shown(self.pixels(what))

    def pixels(self, what: str = "picture") -> np.ndarray:
        """The same as the Take will hold it: uint8 arrays."""
        latents = self._latents if what == "latent" or self._clean is None else self._clean
        return self._job._decode(self._pipe, latents)


def _wait(device: str) -> None:
    """Let a GPU finish, so that a step's seconds are its own."""
    if device.startswith("cuda"):
        import torch

        torch.cuda.synchronize(device)
