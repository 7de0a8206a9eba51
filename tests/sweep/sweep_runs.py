"""Functions that workers run in these tests, importable by them; `python sweep_runs.py FOLDER LOG` sweeps by itself."""

import json
import os
import sys
import time
from pathlib import Path

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Request

BASE = Request(card="poem", prompt="春风")


def double(request: Request) -> dict[str, bytes]:
    """A number that is easily foretold, and a line in a log for every call."""
    log = os.environ.get("SWEEP_LOG")
    if log:
        with Path(log).open("a", encoding="utf-8") as file:
            file.write(f"{request.seed}\n")
    return {"number.json": json.dumps(2 * request.seed).encode()}


def slowly(request: Request) -> dict[str, bytes]:
    """The later a cell stands in the grid, the sooner it ends."""
    time.sleep(0.05 * (5 - request.seed))
    return double(request)


def sometimes(request: Request) -> dict[str, bytes]:
    if request.seed == 2:
        raise BadInput(asked="seed 2", found="it is 2", todo="take another")
    return double(request)


def deadly(request: Request) -> dict[str, bytes]:
    if request.seed == 1 and not Path(os.environ["SWEEP_LOG"] + ".survive").exists():
        os._exit(9)
    return double(request)


def gpu(request: Request) -> dict[str, bytes]:
    time.sleep(0.3)  # long enough for the other worker to take the other cell
    return {"gpu.txt": os.environ.get("CUDA_VISIBLE_DEVICES", "none").encode()}


def waiting(request: Request) -> dict[str, bytes]:
    """Says that it began, and ends only when it is let go: a sweep can be killed at a known place."""
    made = double(request)
    gate = Path(os.environ["SWEEP_LOG"] + ".go")
    while request.seed >= 3 and not gate.exists():
        time.sleep(0.02)
    return made


def main(folder: str) -> None:
    from aigc_kit.keep.sweep import grid, sweep

    made = sweep(grid(BASE, seed=range(6)), folder=Path(folder), run=waiting)
    print(json.dumps([json.loads(cell.path(".json").read_text()) for cell in made]))


if __name__ == "__main__":
    sys.modules["sweep_runs"] = sys.modules["__main__"]
    waiting.__module__ = double.__module__ = "sweep_runs"
    main(sys.argv[1])
