"""The training loop: resumable, on a token plan and a time limit, whichever comes first."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from aigc_kit.make.train import Training, loop, save_checkpoint
from assets.train import session

from . import batches, corpus, paths
from .network import Network, Shape, as_dict, optimisers
from .vocabulary import Encoder

MICRO_BATCHES = 3


@dataclass(frozen=True)
class Settings:
    """tokens: planned in all; minutes: of training in all, resumed parts included; lr: at the plateau."""

    tokens: int = 20_000_000
    minutes: float = 76.0
    micro_tokens: int = 2048
    matrix_lr: float = 0.02
    other_lr: float = 0.004
    warmup_steps: int = 60
    plateau: float = 0.3  # fraction of the plan at full rate, then linear to zero
    average: float = 0.995  # per step, of the weights that are shipped
    checkpoint_seconds: float = 180.0
    seed: int = 0
    threads: int = 1
    compiled: bool = True


class Run(Training):
    """One training run: network, averaged network, optimisers and how far it is."""

    counters = ("step", "tokens", "epoch", "step_in_epoch", "seconds")

    def __init__(self, shape: Shape, settings: Settings) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.shape = settings, shape
        network = Network(shape)
        averaged = Network(shape).requires_grad_(False)
        averaged.load_state_dict(network.state_dict())
        both = optimisers(network, settings.matrix_lr, settings.other_lr)
        super().__init__(network, both, averaged=averaged, average=settings.average)
        self.tokens = self.epoch = self.step_in_epoch = 0
        self.seconds = 0.0

    @property
    def progress(self) -> float:
        """0 at the start, 1 when tokens or minutes are used up."""
        return max(self.tokens / self.settings.tokens, self.seconds / 60 / self.settings.minutes)

    def rate(self, step: int | None = None) -> float:
        """Multiplier of the learning rates: warm-up, plateau, then linear to zero."""
        warm = ((self.step if step is None else step) + 1) / self.settings.warmup_steps
        fall = (1 - self.progress) / (1 - self.settings.plateau)
        return max(0.0, min(1.0, warm, fall))

    def update(self, factor: float | None = None) -> None:
        super().update(self.rate() if factor is None else factor)
        self.step_in_epoch += 1

    def state(self) -> dict:
        return super().state() | {"shape": as_dict(self.shape)}

    def save(self) -> None:
        save_checkpoint(self.state(), paths.CHECKPOINT)

    def resume(self) -> bool:
        """Continue from the checkpoint when there is one of this shape; says whether it did."""
        if not paths.CHECKPOINT.exists():
            return False
        state = torch.load(paths.CHECKPOINT, weights_only=True)
        if state["shape"] != as_dict(self.shape):
            raise ValueError(f"{paths.CHECKPOINT} holds {state['shape']}, asked for {as_dict(self.shape)}; remove it")
        self.restore(state)
        return True


@torch.no_grad()
def nats(network: Network, poems: list[corpus.Poem], encoder: Encoder, tokens: int = 4096) -> float:
    """Mean negative log-likelihood per predicted token: rhyme, body and end, given form and title."""
    total = scored = 0
    for batch in batches.epoch(poems, encoder, tokens, None):
        total += network.loss(batch.ids, batch.start).item() * batch.scored
        scored += batch.scored
    return total / scored


def endless(run: Run, poems: list[corpus.Poem], encoder: Encoder) -> Iterator[list[batches.Batch]]:
    """Steps of MICRO_BATCHES batches, epoch after epoch, from where ``run`` stopped."""
    while True:
        stream = batches.epoch(poems, encoder, run.settings.micro_tokens, run.settings.seed + 1000 + run.epoch)
        for number, step in enumerate(zip(*[stream] * MICRO_BATCHES, strict=False)):
            if number >= run.step_in_epoch:
                yield list(step)
        run.epoch, run.step_in_epoch = run.epoch + 1, 0


def train(shape: Shape, settings: Settings, watched: int = 400) -> Run:
    """Train to the end of the plan, writing a checkpoint and a line of log every ``checkpoint_seconds``."""
    torch.set_num_threads(settings.threads)
    encoder = Encoder()
    poems, held_out = corpus.load("train"), corpus.load("validation")[:watched]
    run = Run(shape, settings)
    print("resumed" if run.resume() else "fresh start", f"at step {run.step}", flush=True)
    loss_of = torch.compile(run.network.loss, dynamic=True) if settings.compiled else run.network.loss

    def losses_of(step: list[batches.Batch]) -> Iterator[Tensor]:
        scored = sum(batch.scored for batch in step)
        for batch in step:
            yield loss_of(batch.ids, batch.start) * (batch.scored / scored)
            run.tokens += batch.ids.numel()

    last_save, losses = time.monotonic(), []
    for progress in loop.train(run, endless(run, poems, encoder), losses_of, run.rate):
        losses.append(progress.loss)
        run.seconds += progress.seconds
        done = run.progress >= 1
        if done or time.monotonic() - last_save > settings.checkpoint_seconds:
            report(run, sum(losses) / len(losses), held_out, encoder)
            last_save, losses = time.monotonic(), []
        if done:
            return run
    raise AssertionError("the stream of batches never ends")


def report(run: Run, loss: float, held_out: list[corpus.Poem], encoder: Encoder) -> None:
    """Save, and append one line of log with the validation loss of both networks."""
    run.save()
    line = {
        "step": run.step,
        "epoch": run.epoch,
        "tokens": run.tokens,
        "minutes": round(run.seconds / 60, 2),
        "rate": round(run.rate(), 4),
        "train": round(loss, 4),
        "validation": round(nats(run.network, held_out, encoder), 4),
        "validation_averaged": round(nats(run.averaged, held_out, encoder), 4),
        "tokens_per_second": round(run.tokens / run.seconds),
    }
    session.note(paths.TRAINING_LOG, line)
