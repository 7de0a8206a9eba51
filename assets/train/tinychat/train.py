"""The training loop: resumable, on a time limit, in three stages of what it reads."""

import json
import random
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from assets.train.poem.network import Shape
from assets.train.session import half_is_fast

from . import mixture, paths, state, watch
from .network import Network
from .optimiser import optimisers
from .tokens import Encoder

LONGEST_ROW = 256
POOL = 384  # conversations that are sorted by length together
MICRO_BATCHES = 2


@dataclass(frozen=True)
class Settings:
    """minutes: of training in all, resumed parts included; plateau: share of it at the full rate, then to zero.

    tokens: the length of the training instead of the minutes, where runs are to be alike on a busy machine; 0: minutes.
    """

    minutes: float = 110.0
    tokens: int = 0
    plateau: float = 0.55
    micro_tokens: int = 1536
    matrix_lr: float = 0.008
    other_lr: float = 0.006
    warmup_steps: int = 60
    average: float = 0.99
    split: float = 0.03  # of longer words in prompts, read in characters
    stage: str = ""  # of ``mixture.STAGES``; "" follows the progress
    checkpoint_minutes: float = 5.0
    milestone_minutes: float = 20.0
    seed: int = 0
    threads: int = 1
    bfloat16: bool | None = None  # products of matrices, the rest stays in float32; None: where this CPU is faster so
    compiled: bool = True


class Run:
    """One training run: network, averaged network, optimisers and how far it is."""

    def __init__(self, shape: Shape, settings: Settings) -> None:
        torch.manual_seed(settings.seed)
        self.shape, self.settings = shape, settings
        self.network = Network(shape)
        self.averaged = Network(shape).requires_grad_(False)
        self.averaged.load_state_dict(self.network.state_dict())
        self.optimisers = optimisers(self.network, settings.matrix_lr, settings.other_lr)
        self.step = self.tokens = self.conversations = 0
        self.seconds = self.cpu_seconds = 0.0

    @property
    def progress(self) -> float:
        """0 at the start, 1 when the minutes, or the tokens, are used up."""
        if self.settings.tokens:
            return self.tokens / self.settings.tokens
        return self.seconds / 60 / self.settings.minutes

    @property
    def stage(self) -> str:
        return self.settings.stage or mixture.stage_at(self.progress)

    def rate(self) -> float:
        """Multiplier of the learning rates: warm-up, plateau, then linear to zero."""
        fall = (1 - self.progress) / (1 - self.settings.plateau)
        return max(0.0, min(1.0, (self.step + 1) / self.settings.warmup_steps, fall))

    def update(self) -> None:
        """One optimiser step from the gradients that are there, then the running average."""
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        full_rates = (self.settings.matrix_lr, self.settings.other_lr)
        for optimiser, full in zip(self.optimisers, full_rates, strict=True):
            optimiser.param_groups[0]["lr"] = full * self.rate()
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        self.step += 1
        weight = 1 - min(self.settings.average, (self.step + 1) / (self.step + 10))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.averaged.parameters()), list(self.network.parameters()), weight)


Batch = tuple[Tensor, Tensor]  # ids and loss weights, (batch, time)


def padded(rows: list[tuple[list[int], list[float]]]) -> Batch:
    """Rows, padded on the right to one more than a multiple of eight."""
    steps = -(-max(len(ids) for ids, _ in rows) // 8) * 8 + 1
    ids, weights = torch.zeros(len(rows), steps, dtype=torch.long), torch.zeros(len(rows), steps)
    for k, (row, weight) in enumerate(rows):
        ids[k, : len(row)], weights[k, : len(row)] = torch.tensor(row), torch.tensor(weight)
    return ids, weights


def batches(rng: random.Random, encoder: Encoder, micro_tokens: int, stage: Callable[[], str]) -> Iterator[Batch]:
    """Endless batches of conversations of like length."""
    while True:
        rows = [encoder.conversation(mixture.conversation(rng, stage()), rng) for _ in range(POOL)]
        rows = sorted((row for row in rows if len(row[0]) <= LONGEST_ROW), key=lambda row: len(row[0]))
        groups: list[list] = [[]]
        for row in rows:
            if groups[-1] and (len(groups[-1]) + 1) * len(row[0]) > micro_tokens:
                groups.append([])
            groups[-1].append(row)
        rng.shuffle(groups)
        yield from map(padded, groups)


def loss_function(network: Network, settings: Settings) -> Callable[[Tensor, Tensor], Tensor]:
    """The loss as a function of a batch, in the settings' precision."""
    half = half_is_fast() if settings.bfloat16 is None else settings.bfloat16

    def loss(ids: Tensor, weights: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            return network.loss(ids, weights)

    return torch.compile(loss, dynamic=True) if settings.compiled else loss


def train(shape: Shape, settings: Settings) -> Run:
    """Train to the end, with a checkpoint every few minutes.

    A line of log comes with every checkpoint, or, where tokens are the measure, with every fifth of them.
    """
    torch.set_num_threads(settings.threads)
    encoder = Encoder(settings.split)
    run = Run(shape, settings)
    if paths.STATE.exists():
        state.load(paths.STATE, run)
    print(sum(p.numel() for p in run.averaged.parameters()), "parameters, from step", run.step, flush=True)
    stream = batches(random.Random(settings.seed + 1000 + run.step), encoder, settings.micro_tokens, lambda: run.stage)
    loss_of = loss_function(run.network, settings)
    last, losses = time.monotonic(), []
    while True:
        began, began_cpu, fifth = time.monotonic(), time.process_time(), int(5 * run.progress)
        micro = [next(stream) for _ in range(MICRO_BATCHES)]
        total = sum(weights.sum().item() for _, weights in micro)
        for ids, weights in micro:
            loss = loss_of(ids, weights) / total
            loss.backward()
            losses.append(loss.item())
            run.tokens += int((ids != 0).sum())
            run.conversations += len(ids)
        run.update()
        run.seconds += time.monotonic() - began
        run.cpu_seconds += time.process_time() - began_cpu
        done, late = run.progress >= 1, time.monotonic() - last > settings.checkpoint_minutes * 60
        if done or (int(5 * run.progress) > fifth if settings.tokens else late):
            report(run, MICRO_BATCHES * sum(losses) / len(losses), encoder)
            last, losses = time.monotonic(), []
        elif late:
            state.save(paths.STATE, run)
            last = time.monotonic()
        if done:
            return run


def report(run: Run, loss: float, encoder: Encoder) -> None:
    """Save, keep a milestone when it is time, and append a line of log with the watched scores."""
    state.save(paths.STATE, run)
    number = int(run.seconds / 60 / run.settings.milestone_minutes)
    milestone = paths.RUN / f"milestone_{number}.safetensors"
    if number and not milestone.exists():
        shutil.copyfile(paths.STATE, milestone)
    line = {
        "step": run.step,
        "tokens": run.tokens,
        "conversations": run.conversations,
        "minutes": round(run.seconds / 60, 1),
        "cpu_minutes": round(run.cpu_seconds / 60, 1),
        "rate": round(run.rate(), 3),
        "stage": run.stage,
        "loss": round(loss, 4),
        **watch.scores(run.averaged, encoder),
    }
    with paths.TRAINING_LOG.open("a") as log:
        log.write(json.dumps(line) + "\n")
    print(line, flush=True)
