"""Denoise as a generator of steps.

A pipeline of diffusers runs to its end and calls back after each step. Here it runs in a thread of its own that waits
after every report until the next one is asked for, so only one of the two ever works. Leaving the generator early ends
the pipeline at its next report, and what it holds is freed.
"""

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import wraps
from queue import SimpleQueue
from statistics import median
from threading import Thread
from typing import Any

import numpy as np

from aigc_kit.core.types import Cost, Phase, Step
from aigc_kit.make.diffusion.loading import quiet

PHASES = {"rest": "prepare", "text_encoder": "text", "text_encoder_2": "text"}  # of the ledger -> of the take
Decode = Callable[[Any, Any], np.ndarray]
Shown = Callable[[np.ndarray], Any]


@dataclass(frozen=True)
class Denoised:
    """Hold decoded arrays, their cost, and bytes reserved."""

    pixels: np.ndarray
    cost: Cost
    reserved_bytes: int | None = None


def denoise(
    placed: Any,
    call: Mapping[str, Any],
    decode: Decode,
    shown: Shown,
    around: AbstractContextManager[Any] | None = None,
) -> Generator[Step, None, Denoised]:
    """Run a placed pipeline step by step, then decode.

    Args:
        placed: `aigc_kit.memory.offload.Placed`.
        call: the pipeline's arguments, without callback and output type.
        decode: (pipeline, latents) -> uint8 arrays, as a Take holds them.
        shown: such arrays -> a PIL.Image.
        around: what holds while the pipeline runs.

    Yields:
        One Step per denoising step (phase "denoise"), one for the decoded result (phase "decode"). `preview()` decodes
        what the model takes for the finished result, `preview("latent")` the noisy latents; see `Preview`.

    Returns:
        Arrays and cost. The time that the caller takes between steps is not counted.
    """
    pauses: list[tuple[float, float]] = []
    began, pixels = 0.0, np.empty(0)

    def work(report: Callable[[Any], None]) -> None:
        nonlocal began, pixels
        pipe, began = placed.pipe, time.perf_counter()
        with quiet(), placed.ledger.run(), PredictedX0(pipe.scheduler) as clean, around or nullcontext():

            def after_step(pipe: Any, index: int, _time: Any, state: dict[str, Any]) -> dict[str, Any]:
                _wait(placed.device)  # so that a step's seconds are its own
                preview = Preview(pipe, state["latents"], clean.last, decode, shown)
                report((index, pipe.num_timesteps + 1, "denoise", preview))
                return state

            whole = {**call, "callback_on_step_end": after_step, "output_type": "latent"}
            latents = pipe(**placed.arguments(**whole))[0]
            placed.ledger.phase("decode")
            total = pipe.num_timesteps + 1
            pixels = decode(pipe, latents)
        result = pixels
        report((total - 1, total, "decode", lambda *_: shown(result)))

    last = time.perf_counter()
    reports = stepwise(work)
    try:
        for index, total, phase, preview in reports:
            now = time.perf_counter()
            yield Step(index, total, phase, now - last, preview)
            last = time.perf_counter()
            pauses.append((now, last))
    finally:
        reports.close()
    return Denoised(pixels, _cost(placed.ledger, began, pauses), placed.ledger.reserved_bytes)


class Preview:
    """Decode the finished picture, or "latent" noise, when called."""

    __slots__ = ("_clean", "_decode", "_latents", "_pipe", "_shown")

    def __init__(self, pipe: Any, latents: Any, clean: Any, decode: Decode, shown: Shown) -> None:
        self._pipe, self._latents, self._clean, self._decode, self._shown = pipe, latents, clean, decode, shown

    def __call__(self, what: str = "picture") -> Any:
        """Decode as a PIL.Image."""
        return self._shown(self.pixels(what))

    def pixels(self, what: str = "picture") -> np.ndarray:
        """Decode as the Take will hold it: uint8 arrays."""
        latents = self._latents if what == "latent" or self._clean is None else self._clean
        return self._decode(self._pipe, latents)


class PredictedX0:
    """Keep what a scheduler takes for the finished latents.

    A pipeline drops it. Changes no number.

    Schedulers of pictures tell it themselves. Those of flow matching are given a velocity v at x, where
    x = (1 - sigma) x0 + sigma noise and v = noise - x0; so x0 = x - sigma v (Lipman et al. 2023).
    """

    def __init__(self, scheduler: Any) -> None:
        self._scheduler, self.last = scheduler, None
        predicts = scheduler.config.get("prediction_type")
        self._flow = predicts == "flow_prediction" or "FlowMatch" in type(scheduler).__name__

    def __enter__(self) -> "PredictedX0":
        original = self._scheduler.step

        @wraps(original)  # a pipeline looks at the signature before it hands over a generator
        def step(output: Any, time: Any, sample: Any, *args: Any, return_dict: bool = True, **options: Any) -> Any:
            outcome = original(output, time, sample, *args, return_dict=True, **options)
            clean = getattr(outcome, "pred_original_sample", None)
            if clean is None and self._flow:
                clean = sample - self._scheduler.sigmas[self._scheduler.step_index - 1].to(sample) * output
            self.last = clean
            return outcome if return_dict else (outcome.prev_sample,)

        self._scheduler.step = step
        return self

    def __exit__(self, *_: object) -> None:
        del self._scheduler.step


class Stopped(BaseException):
    """End the function, caught by no handler of `Exception`."""


def stepwise(work: Callable[[Callable[[Any], None]], Any]) -> Generator[Any, None, Any]:
    """Run `work(report)`, and yield what it reports."""
    reports: SimpleQueue[tuple[str, Any]] = SimpleQueue()
    wishes: SimpleQueue[bool] = SimpleQueue()

    def report(item: Any) -> None:
        reports.put(("step", item))
        if not wishes.get():
            raise Stopped

    def body() -> None:
        try:
            reports.put(("result", work(report)))
        except Stopped:
            reports.put(("stopped", None))
        except BaseException as error:  # told to the caller, whatever it is
            reports.put(("error", error))

    thread = Thread(target=body, name="aigc-diffusion", daemon=True)
    thread.start()
    try:
        while True:
            kind, value = reports.get()
            if kind == "step":
                yield value
                wishes.put(True)
            elif kind == "error":
                raise value
            else:
                return value
    finally:
        if thread.is_alive():
            wishes.put(False)
        thread.join()


def seconds_left(steps: Sequence[Step], decode: float = 0.0) -> float | None:
    """Estimate the seconds left, None before the first step.

    Args:
        steps: so far, in order. The first one holds the text encoders' time too, so it counts only while it is alone.
        decode: seconds that decoding is known to take, from an earlier run; it is not in the denoising steps.
    """
    spent = [step.seconds for step in steps if step.phase == "denoise"]
    if not spent:
        return None
    if steps[-1].phase != "denoise":
        return 0.0
    return (steps[-1].total - 1 - len(spent)) * median(spent[1:] or spent) + decode


def _cost(ledger: Any, began: float, pauses: Sequence[tuple[float, float]]) -> Cost:
    """Sum up the ledger's phases, without the caller's pauses."""
    phases: dict[str, tuple[float, int | None]] = {}
    cost = ledger.cost()
    denoising = False
    for spell, phase in zip(ledger.spells, cost.phases, strict=True):
        denoising = denoising or phase.name == "denoise"
        start, end = began + spell.began, began + spell.began + spell.seconds
        pause = sum(max(0.0, min(end, b) - max(start, a)) for a, b in pauses)
        name = PHASES.get(phase.name, phase.name) if denoising or phase.name != "decode" else "encode"
        seconds, peak = phases.get(name, (0.0, None))
        peaks = [p for p in (peak, phase.peak_bytes) if p is not None]
        phases[name] = (seconds + phase.seconds - pause, max(peaks, default=None))
    how = cost.phases[0].how if cost.phases else "wall clock"
    return Cost(tuple(Phase(name, max(0.0, seconds), peak, how) for name, (seconds, peak) in phases.items()))


def _wait(device: str) -> None:
    import torch

    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
    elif device.startswith("mps"):
        torch.mps.synchronize()
