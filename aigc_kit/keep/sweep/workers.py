"""Run a request in a worker, and start such workers."""

import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Request, Words

_alone = RLock()  # models are not made for two threads at once


@dataclass(frozen=True)
class Made:
    """Hold files, wall-clock seconds and "host:process" of a worker."""

    files: Mapping[str, bytes]
    seconds: float
    where: str


def run_request(request: Request) -> dict[str, bytes]:
    """Plan a request here, run it, and give its files.

    In threads of one process the runs take turns, except those that a server does (endpoint).

    Returns:
        File name -> bytes: `made.json` (the record), and the text, pictures or sound that it describes.

    Raises:
        As the modality's `run`.
    """
    from aigc_kit.keep import record
    from aigc_kit.make.run import of, resolve, run
    from aigc_kit.memory import device
    from aigc_kit.models import cards

    card = cards.get(request.card)
    elsewhere = any(source.kind == "endpoint" for source in card.sources)
    with nullcontext() if elsewhere else _alone:
        plan = resolve(request, device.probe(bandwidth=of(card.kind).bandwidth), card)
        take = run(plan)
    with tempfile.TemporaryDirectory(prefix="aigc-cell-") as folder:
        record.save(take, Path(folder), name="made")
        return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


def work(run: Callable[[Request], Mapping[str, bytes]], request: Request) -> Made:
    """Run one cell for an executor, noting where, how long."""
    began = time.perf_counter()
    files = dict(run(request))
    return Made(files, time.perf_counter() - began, f"{platform.node()}:{os.getpid()}")


def processes(workers: int | None = None, gpus: Sequence[int | str] = ()) -> ProcessPoolExecutor:
    """Start processes that share this machine's processors and GPUs.

    They are started anew (spawn), since torch does not survive a fork; use it inside `if __name__ == "__main__":` in a
    script. In a notebook `sweep` works as it is, but a `run` function of your own must come from a module.

    Args:
        workers: how many; default: one for each GPU named, else 2.
        gpus: indices or UUIDs, one for each worker (CUDA_VISIBLE_DEVICES of that process).

    Raises:
        BadInput: fewer than one worker, or another number of GPUs than workers.
    """
    import multiprocessing

    from aigc_kit.memory.device import threads

    count = workers if workers is not None else len(gpus) or 2
    if count < 1 or len(gpus) not in (0, count):
        raise BadInput(
            asked=Words(f"{count} workers with {len(gpus)} GPUs", f"{count} 个进程，{len(gpus)} 块显卡"),
            found=Words("not one GPU for each", "不是每个进程一块显卡") if gpus else Words("no worker", "没有进程"),
            todo=Words("give as many workers as GPUs, or leave workers out", "进程和显卡一样多，或不写 workers")
            if gpus
            else Words("choose 1 worker or more", "改成 1 个进程或更多"),
        )
    context = multiprocessing.get_context("spawn")
    queue: Any = context.SimpleQueue()
    for index in range(count):
        queue.put(gpus[index] if gpus else None)
    share = max(1, threads() // count)
    return ProcessPoolExecutor(count, mp_context=context, initializer=_start, initargs=(queue, share))


def _start(queue: Any, threads: int) -> None:
    """Give a new worker its GPU and threads, before torch."""
    gpu = queue.get()
    if gpu is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = str(gpu)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(threads)
    if "torch" in sys.modules:  # the main module of a script imported it already
        sys.modules["torch"].set_num_threads(threads)
