"""Time what is said to make training cheaper."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from aigc_kit.make.train.answering import Rows, surprise
from aigc_kit.promptlab.tune.adapters import with_lora
from aigc_kit.promptlab.tune.big_run import kept_bytes


@dataclass(frozen=True)
class Pass:
    """Hold what a training step kept and took.

    Args:
        saved: bytes kept for the way back.
        forward, backward: seconds of processor time, medians.
        loss: of the batch.
    """

    saved: int
    forward: float
    backward: float
    loss: float


def checkpointing(engine: Any, rows: Rows, repeats: int = 5) -> dict[str, Pass]:
    """Measure a step of LoRA with and without gradient checkpointing.

    Args:
        engine: of transformers; rows: one batch; repeats: of which the median counts.

    Returns:
        "off" and "on" -> what was measured, in turn, on the same weights.
    """
    engine.use_threads()
    networks = {"off": with_lora(engine.model), "on": with_lora(engine.model)}
    networks["on"].get_base_model().activation_checkpointing_enable({"use_reentrant": False})
    for network in networks.values():
        network.train()
    times: dict[str, list[tuple[float, float, float]]] = {name: [] for name in networks}
    for _ in range(repeats):
        for name, network in networks.items():
            network.zero_grad(set_to_none=True)
            start = time.process_time()
            loss = surprise(network, rows)
            middle = time.process_time()
            loss.backward()
            times[name].append((middle - start, time.process_time() - middle, float(loss.detach())))
    passes = {}
    for name, network in networks.items():
        forward, backward, value = np.median(times[name], axis=0)
        saved = kept_bytes(network, lambda network=network: surprise(network, rows))  # type: ignore[misc]
        passes[name] = Pass(saved, float(forward), float(backward), float(value))
    return passes


class Stanzas:
    """Hold rows for a loader, slow to read."""

    def __init__(self, rows: Rows, seconds: float) -> None:
        self._rows, self._seconds = rows, seconds

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, place: int) -> Any:
        time.sleep(self._seconds)
        return self._rows.ids[place]


def loading(rows: Rows, work: Callable[[], object], *, workers: int, seconds: float = 0.0, size: int = 8) -> float:
    """Time an epoch of a loader and its work.

    Args:
        rows: of the data; work: what is done with a batch.
        workers: processes that read ahead, four batches each; 0 reads when asked.
        seconds: that reading one row takes, as from a slow disk.
        size: rows of a batch.

    Returns:
        Seconds on the clock, the start of the workers not counted.
    """
    from torch.utils.data import DataLoader

    ahead: dict[str, Any] = {"prefetch_factor": 4, "persistent_workers": True} if workers else {}
    data: Any = Stanzas(rows, seconds)
    loader = DataLoader(data, batch_size=size, num_workers=workers, **ahead)
    if workers:
        next(iter(loader))
    start = time.perf_counter()
    for _ in loader:
        work()
    return time.perf_counter() - start
