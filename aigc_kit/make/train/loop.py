"""Train step by step, and write the files whole."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.optim import Optimizer

SMALL = 30_000_000  # parameters: of the tiny SDXL a step of a LoRA takes 0.28 s by one thread, 0.43 s by two


class Progress(NamedTuple):
    """Describe one step of a training.

    step: counted from 1; loss: of its batch, before it; seconds: wall clock of gradients and update.
    """

    step: int
    loss: float
    seconds: float


class Training:
    """Hold a network in training and how far it is.

    Args:
        network: torch.nn.Module.
        optimisers: that together update what is to learn; their learning rates are the full ones.
        averaged: a copy of the network that follows it, for shipping; None keeps none.
        average: how slowly it follows at most, per step, in [0, 1).
        clip: largest norm of the gradients; None leaves them.
        name: what the network is called in a checkpoint.
    """

    counters: ClassVar[tuple[str, ...]] = ("step",)
    """What a checkpoint keeps beside the weights: attributes that are numbers."""

    def __init__(
        self,
        network: "nn.Module",
        optimisers: "Sequence[Optimizer]",
        *,
        averaged: "nn.Module | None" = None,
        average: float = 0.0,
        clip: float | None = 1.0,
        name: str = "network",
    ) -> None:
        self.network, self.optimisers, self.averaged, self.average = network, list(optimisers), averaged, average
        self.clip, self.name = clip, name
        self.rates = [[group["lr"] for group in optimiser.param_groups] for optimiser in optimisers]
        self.step = 0

    def update(self, factor: float = 1.0) -> None:
        """Make a step at ``factor`` times the full rates."""
        descend(self.network.parameters(), self.optimisers, self.rates, factor, self.clip)
        self.step += 1
        if self.averaged is not None:
            follow(list(self.averaged.parameters()), list(self.network.parameters()), self.step, self.average)

    def state(self) -> dict[str, Any]:
        """Gather what a checkpoint keeps."""
        state: dict[str, Any] = {name: getattr(self, name) for name in self.counters}
        state[self.name] = self.network.state_dict()
        if self.averaged is not None:
            state["averaged"] = self.averaged.state_dict()
        return state | {"optimisers": [optimiser.state_dict() for optimiser in self.optimisers]}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint, where optimisers may begin anew."""
        self.network.load_state_dict(state[self.name])
        if self.averaged is not None:
            self.averaged.load_state_dict(state["averaged"])
        if "optimisers" in state:
            for optimiser, memory in zip(self.optimisers, state["optimisers"], strict=True):
                optimiser.load_state_dict(memory)
        for name in self.counters:
            setattr(self, name, state[name])


def train(
    training: Training,
    batches: Iterable[Any],
    loss: "Callable[[Any], Tensor | Iterable[Tensor]]",
    pace: Callable[[int], float] = lambda step: 1.0,
    threads: int | None = None,
) -> Iterator[Progress]:
    """Train on batch after batch, step by step.

    A small network on a processor is trained by one thread: two share so short operations badly. Those of large batches
    in compiled blocks they share well.

    Args:
        training: what learns.
        batches: as many as there shall be steps, or without end.
        loss: batch -> what is to get smaller, (); of several tensors the gradients add up, as do the losses reported.
        pace: steps made so far -> factor of the full learning rates; asked when the gradients are there.
        threads: of the processor; None takes one for a small network, else as many as are set.
    """
    with _threads_for(training.network, threads):
        for batch in batches:
            began, total = time.perf_counter(), 0.0
            errors: Any = loss(batch)
            for error in [errors] if hasattr(errors, "backward") else errors:
                error.backward()
                total += error.item()
            training.update(pace(training.step))
            yield Progress(training.step, total, time.perf_counter() - began)


@contextmanager
def _threads_for(network: Any, threads: int | None) -> Iterator[None]:
    """Take so many threads, or one for a small network."""
    import torch

    weights, before = list(network.parameters()), torch.get_num_threads()
    if threads is not None:
        torch.set_num_threads(threads)
    elif sum(each.numel() for each in weights) < SMALL and all(each.device.type == "cpu" for each in weights):
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def descend(
    parameters: "Iterable[Tensor]",
    optimisers: "Sequence[Optimizer]",
    rates: Sequence[Sequence[float]],
    factor: float,
    clip: float | None = 1.0,
) -> None:
    """Clip gradients, step every optimiser, clear them.

    Args:
        rates: full learning rate of every group of every optimiser, of which `factor` is taken.
        clip: largest norm of all gradients together; None leaves them.
    """
    import torch

    if clip is not None:
        torch.nn.utils.clip_grad_norm_(parameters, clip)
    for optimiser, full in zip(optimisers, rates, strict=True):
        for group, rate in zip(optimiser.param_groups, full, strict=True):
            group["lr"] = rate * factor
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)


def follow(averages: "Sequence[Tensor]", values: "Sequence[Tensor]", step: int, most: float) -> None:
    """Let running averages follow their values, faster at the start.

    After ``step`` steps of the values; in the end the share ``most`` of an average stays at a step.
    """
    import torch

    weight = 1 - min(most, (step + 1) / (step + 10))
    with torch.no_grad():
        torch._foreach_lerp_(list(averages), list(values), weight)


def write_weights(state: "Mapping[str, Tensor]", path: Path | str, *, half: bool = False) -> Path:
    """Write tensors as one safetensors file, `half` in float16."""
    from safetensors.torch import save_file

    path = Path(path)
    part = path.with_suffix(".part")
    save_file({name: (value.half() if half else value).contiguous() for name, value in state.items()}, part)
    return part.replace(path)


def read_weights(path: Path | str) -> "dict[str, Tensor]":
    """Read a safetensors file, its tensors in float32."""
    from safetensors.torch import load_file

    return {name: value.float() for name, value in load_file(path).items()}


def save_checkpoint(state: Mapping[str, Any], path: Path) -> None:
    """Write what a training goes on from."""
    import torch

    part = path.with_suffix(".tmp")
    torch.save(dict(state), part)
    part.replace(path)
