"""A training by the clock: resumable, saved and noted now and then, or a branch of its own with falling rates."""

import json
import os
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from aigc_kit.make.train import Training, save_checkpoint, train

FIRST_LOOK = 200.0  # seconds after a fresh start until the probe looks for the first time


class Run(Training):
    """A training of a tiny model; `paths` names its checkpoint, its branch, its log and its committed progress."""

    counters = ("step", "samples", "cpu")

    def __init__(self, paths: ModuleType, *parts: Any, **options: Any) -> None:
        super().__init__(*parts, **options)
        self.paths = paths
        self.samples, self.cpu = 0, 0.0

    def factor(self, share: float | None) -> float:
        """Of the full rates at this step; share: where the rates fall, what is left of them, else None."""
        return 1.0 if share is None else share

    def committed(self) -> dict[str, Any]:
        """The state in the repository, for when there is no checkpoint."""
        raise NotImplementedError

    def more(self) -> dict[str, Any]:
        """What a line of the log says beside the loss, since the last one."""
        return {}

    def save(self, target: Path | None = None) -> None:
        save_checkpoint(self.state(), target or self.paths.NETWORK)

    def resume(self, source: Path) -> bool:
        """Continue from the checkpoint, else from the committed weights; False when there is neither."""
        if source.exists():
            self.restore(torch.load(source, weights_only=True))
        elif self.paths.PROGRESS.exists():
            self.restore(self.committed())
        else:
            return False
        return True


def go_on(
    run: Run,
    draw: Callable[[], Any],
    loss: Callable[[Any], torch.Tensor],
    watch: Any,
    wall: float,
    fall_from: float = 0.0,
    threads: int | None = None,
) -> None:
    """Train for ``wall`` seconds. With ``fall_from`` the rates fall from that share of the full ones to zero in this
    time, and the result is a branch of its own, ``decayed.pt``.

    draw: one batch; watch: ``look(network)`` probes what it has learned; threads: as in ``train``. The run's bank reads
    what was rendered since.
    """
    settings, bank, paths = run.settings, run.bank, run.paths
    began = saved = time.monotonic()
    probed = began if run.step else began - settings.probe_seconds + FIRST_LOOK
    cpu, losses, target = time.process_time(), [], paths.DECAYED if fall_from else None
    (paths.RUN / "pid").write_text(str(os.getpid()))

    def batches():
        while time.monotonic() - began < wall:
            yield draw()

    def pace(step: int) -> float:
        left = max(0.0, 1 - (time.monotonic() - began) / wall)
        return run.factor(fall_from * left if fall_from else None)

    for progress in train(run, batches(), loss, pace, threads):
        losses.append(progress.loss)
        run.samples += settings.batch
        now = time.monotonic()
        if now - saved > settings.save_seconds:
            spent, cpu = time.process_time() - cpu, time.process_time()
            run.cpu += spent
            run.save(target)
            line = {
                "step": run.step,
                "samples": run.samples,
                "cpu": round(run.cpu),
                "share": round(spent / (now - saved), 2),
                "per_cpu_second": round(len(losses) * settings.batch / spent, 1),
                "loss": round(sum(losses) / len(losses), 4),
                **run.more(),
                "chunks": len(bank.chunks),
            }
            if now - probed > settings.probe_seconds:
                line["prefers"] = watch.look(run.averaged)
                probed = now
            note(paths.LOG, line)
            bank.refresh()
            saved, losses = time.monotonic(), []
    run.cpu += time.process_time() - cpu
    run.save(target)
    note(
        paths.LOG,
        {"step": run.step, "samples": run.samples, "cpu": round(run.cpu), "prefers": watch.look(run.averaged)},
    )


@cache
def half_is_fast(side: int = 256) -> bool:
    """Whether this CPU multiplies matrices faster in bfloat16 than in float32: one that knows no bfloat16 is measured
    up to fifty times slower, and trains in float32.
    """

    def seconds(dtype: torch.dtype) -> float:
        square = torch.ones(side, side, dtype=dtype)
        found = []
        for _ in range(4):  # the first one only wakes the library
            began = time.thread_time()
            square @ square
            found.append(time.thread_time() - began)
        return min(found[1:])

    return seconds(torch.bfloat16) < seconds(torch.float32)


def half() -> torch.autocast:
    """bfloat16 where it is faster, else nothing: around what a network computes in training."""
    return torch.autocast("cpu", torch.bfloat16, enabled=half_is_fast())


def note(log: Path, line: Mapping[str, Any]) -> None:
    """One more line of a log, also to be seen."""
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    print(line, flush=True)
