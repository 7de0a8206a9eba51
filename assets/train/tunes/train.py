"""The training loop: resumable, by steps; bfloat16 where this CPU is faster with it."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from aigc_kit.make.train import Training, loop, read_weights, save_checkpoint
from aigc_kit.worlds.tunes.tune import PHRASE
from aigc_kit.worlds.tunes.wishes import CHOICES
from assets.train import session
from assets.train.poem.network import Network, Shape, as_dict, optimisers, to_transformers

from . import paths
from .corpus import GIVEN, Corpus, load
from .network import hidden
from .vocabulary import PAD, SIZE, ids

SHAPE = Shape(SIZE, width=128, layers=4, heads=4, inner=352, base=10_000.0)
CLOSING, SUMMIT = 8.0, 6.0
LEFT_OPEN = 0.15  # share of the qualities that a wish leaves open in training


@dataclass(frozen=True)
class Settings:
    """steps: of training in all, resumed ones included; lr: at the plateau."""

    steps: int = 1_700
    batch: int = 64
    matrix_lr: float = 0.02
    other_lr: float = 0.004
    warmup_steps: int = 100
    plateau: float = 0.4  # share of the steps at full rate, then linear to zero
    average: float = 0.995
    checkpoint_seconds: float = 120.0
    seed: int = 0


class Run(Training):
    """One training run: network, averaged network, optimisers and how far it is."""

    counters = ("step", "cpu", "tokens")

    def __init__(self, settings: Settings) -> None:
        torch.manual_seed(settings.seed)
        self.settings = settings
        network, averaged = Network(SHAPE), Network(SHAPE).requires_grad_(False)
        averaged.load_state_dict(network.state_dict())
        both = optimisers(network, settings.matrix_lr, settings.other_lr)
        super().__init__(network, both, averaged=averaged, average=settings.average)
        self.cpu, self.tokens, self._began = 0.0, 0, 0

    def rate(self, step: int) -> float:
        warm, progress = (step - self._began + 1) / self.settings.warmup_steps, step / self.settings.steps
        return max(0.0, min(1.0, warm, (1 - progress) / (1 - self.settings.plateau)))

    def go_on_from_shipped(self) -> None:
        """Take the shipped weights and what their record says; the optimisers begin anew, warmed up."""
        shipped, report = read_weights(paths.MODEL / "model.safetensors"), json.loads(paths.EVALUATION.read_text())
        for network in (self.network, self.averaged):
            for name, part in to_transformers(network, copied=False)[1].items():
                part.copy_(shipped[name])
        self.step, self.cpu = report["steps"], float(report["cpu_seconds"])
        self.tokens, self._began = 0, self.step

    def state(self) -> dict:
        return super().state() | {"shape": as_dict(SHAPE)}


def batches(corpus: Corpus, settings: Settings, start: int) -> Iterator[Tensor]:
    """int64 (batch, time): rows of like length, time a multiple of 32, part of each wish left open."""
    table = ids()
    opened = [table[f"<{name}-any>"] for name in CHOICES]
    step = start
    while True:
        draw = np.random.default_rng((settings.seed, step))
        pool = draw.integers(0, corpus.trained, settings.batch * 16)
        pool = pool[np.argsort(corpus.lengths[pool])].reshape(16, -1)
        for places in draw.permutation(pool):
            rows = corpus.rows[places].astype(np.int64)
            share = np.where(draw.random((len(rows), 1)) < 0.1, 0.7, LEFT_OPEN)
            hide = draw.random((len(rows), len(opened))) < share
            rows[:, 1:GIVEN] = np.where(hide, opened, rows[:, 1:GIVEN])
            time_steps = -(-(int(corpus.lengths[places].max()) - 1) // 32) * 32
            padded = np.full((len(rows), time_steps + 1), table[PAD])
            width = min(rows.shape[1], time_steps + 1)
            padded[:, :width] = rows[:, :width]
            yield torch.from_numpy(padded)
            step += 1


def mistake(network: Network, rows: Tensor, closing: float = 1.0) -> Tensor:
    """Mean cross-entropy in nats of the tokens after the wish, padding left out.

    closing: weight of the last note of each phrase. The mode is heard in the last note alone, one token of seventy:
    1,700 steps without a weight did not teach it.
    """
    dtype = torch.bfloat16 if session.half_is_fast() else torch.float32
    states = hidden(network, rows[:, :-1], dtype)[:, GIVEN - 1 :]
    logits = F.linear(states, network.embedding.weight.to(dtype))
    targets = rows[:, GIVEN:]
    errors = F.cross_entropy(logits.float().flatten(0, 1), targets.flatten(), reduction="none").view(targets.shape)
    weights = (targets != ids()[PAD]).float()
    weights[:, :-1] += (targets[:, 1:] == ids()[PHRASE]).float() * (closing - 1)
    if closing > 1:
        weights += summits(rows)[:, GIVEN:].float() * (SUMMIT - 1)
    return (errors * weights).sum() / weights.sum()


def summits(rows: Tensor) -> Tensor:
    """The highest notes of each phrase, bool as the rows, where the summit shall lie in the third (qi-cheng-zhuan-he).

    That its summit lies there is what 3 in 10 of such tunes missed after 4,900 steps, and nearly nothing else.
    """
    heights = pitches()[rows]
    phrase = (rows == ids()[PHRASE]).cumsum(1)
    found = torch.zeros_like(rows, dtype=torch.bool)
    for number in range(4):
        inside = torch.where(phrase == number, heights, -1)
        found |= (inside == inside.amax(1, keepdim=True)) & (inside > 0)
    return found & (rows == ids()["<qczh>"]).any(1, keepdim=True)


@cache
def pitches() -> Tensor:
    """int64 (tokens,): the MIDI number of a note, 0 of all else."""
    heads = [token.partition(":") for token in ids()]
    return torch.tensor([int(head) if colon and head.isdigit() else 0 for head, colon, _ in heads])


@torch.no_grad()
def held_out(network: Network, corpus: Corpus, count: int = 300) -> float:
    rows = torch.from_numpy(corpus.rows[-count:].astype(np.int64))
    return float(np.mean([mistake(network, part).item() for part in rows.split(100)]))


def train(settings: Settings) -> None:
    torch.set_num_threads(1)
    corpus, run = load(), Run(settings)
    if paths.CHECKPOINT.exists():
        run.restore(torch.load(paths.CHECKPOINT, weights_only=True))
    elif (paths.MODEL / "model.safetensors").exists():  # in a fresh clone
        run.go_on_from_shipped()
    print("step", run.step, "half" if session.half_is_fast() else "float32", flush=True)
    saved, spent, losses = time.monotonic(), time.process_time(), []

    def loss(rows: Tensor) -> Tensor:
        run.tokens += rows.numel()
        return mistake(run.network, rows, CLOSING)

    for progress in loop.train(run, batches(corpus, settings, run.step), loss, run.rate):
        losses.append(progress.loss)
        run.cpu += time.process_time() - spent
        spent = time.process_time()
        done = run.step >= settings.steps
        if done or time.monotonic() - saved > settings.checkpoint_seconds:
            save_checkpoint(run.state(), paths.CHECKPOINT)
            line = {"step": run.step, "cpu_seconds": round(run.cpu), "tokens": run.tokens}
            line |= {"rate": round(run.rate(run.step), 3), "train": round(sum(losses) / len(losses), 4)}
            line["held_out"] = round(held_out(run.averaged, corpus), 4)
            session.note(paths.TRAINING_LOG, line)
            saved, losses = time.monotonic(), []
        if done:
            return
