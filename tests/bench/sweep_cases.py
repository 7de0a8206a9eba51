"""A sweep on two processes beside the same sweep on one. Starting them is no part of it: they are there before."""

import tempfile
import time
from pathlib import Path

from aigc_kit import text
from aigc_kit.keep.sweep import grid, processes, sweep
from tests.bench.runner import Case, Pair


def _two_against_one() -> Pair:
    plan = text.plan_for("<五绝>春晓<诗>", card="poem", engine="transformers", max_new_tokens=60)
    cells = grid(plan.request, temperature=(0.7, 1.2), seed=range(8))
    one, two = processes(1), processes(2)  # they live until this process ends

    def rate(workers: object) -> float:
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            made = sweep(cells, workers, folder=Path(folder))
            seconds = time.perf_counter() - began
        assert made, repr(made)
        return len(cells) / seconds

    note = f"{len(cells)} poems on two processes against one, of the same kind (wanted: 1.7 on two idle processors)"
    return Pair(lambda: rate(two), lambda: rate(one), "cells/s", 3, note)


CASES = (Case("sweep-two-workers", _two_against_one),)
