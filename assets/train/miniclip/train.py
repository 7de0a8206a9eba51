"""Trains the small CLIP: resumable, the rate follows the planned core seconds."""

import math
import random
import time

import numpy as np
import torch

from aigc_kit.make.train import Training, loop, save_checkpoint
from aigc_kit.worlds.tinyworld import captions
from aigc_kit.worlds.tinyworld.spec import Spec
from assets.train import session
from assets.train.tinysdxl import pictures, tokens

from . import network, paths

BATCH, RATE, WARMUP = 128, 1.5e-3, 60
SAVE_SECONDS = 110.0


def said(spec: Spec, rng: random.Random) -> str:
    """A caption that says everything (half of them) or nearly everything."""
    told = spec if rng.random() < 0.5 else spec.told(rng, 0.9)
    return captions.caption(told, rng, rng.choice(captions.LANGUAGES))


def batch(tokenizer, rng: random.Random, numbers: list[int]) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Pictures uint8 (BATCH, 128, 128, 3) and fresh captions of them."""
    images, texts = [], []
    for number in rng.sample(numbers, min(4, len(numbers))):
        shown, labels = pictures.read(number, "images"), pictures.read(number, "labels")
        for row in rng.sample(range(len(shown)), BATCH // min(4, len(numbers))):
            images.append(shown[row])
            texts.append(said(pictures.from_labels(labels[row].tolist()), rng))
    return torch.from_numpy(np.stack(images)), network.ids(tokenizer, texts)


def factor(step: int, progress: float) -> float:
    """Of the full rate: warm-up, then a cosine to zero over the plan."""
    return min((step + 1) / WARMUP, 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))


def share_positions(model: torch.nn.Module) -> None:
    """Positions that no caption reaches get the mean vector of the last trained ones."""
    from assets.train.tinysdxl import text

    table = model.text_model.embeddings.position_embedding.weight
    with torch.no_grad():
        table[text.KEPT :] = table[text.KEPT : text.TRAINED].mean(0)


class Run(Training):
    """The model, its optimiser, and the core seconds spent."""

    counters = ("step", "spent")

    def __init__(self) -> None:
        model = network.build().train()
        adam = torch.optim.AdamW(model.parameters(), lr=RATE, betas=(0.9, 0.98), weight_decay=0.02)
        super().__init__(model, [adam], name="model")
        self.spent = 0.0

    def update(self, factor: float = 1.0) -> None:
        super().update(factor)
        share_positions(self.network)


def train(seconds: float = 900.0) -> torch.nn.Module:
    """Train until ``seconds`` of core time are spent in all, resumed parts included."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    paths.RUN.mkdir(exist_ok=True)
    tokenizer, rng, run = tokens.tokenizers()[0], random.Random(), Run()
    if paths.CHECKPOINT.exists():
        run.restore(torch.load(paths.CHECKPOINT, weights_only=True))
    numbers = [n for n in pictures.ready() if n > 0 and pictures.size_of(n) == (128, 128)]
    began, saved, losses = time.process_time() - run.spent, time.monotonic(), []

    def batches():
        while (spent := time.process_time() - began) < seconds:
            run.spent = spent
            yield batch(tokenizer, rng, numbers)

    def loss(pair):
        with session.half():
            return network.contrast(run.network, *pair)

    for progress in loop.train(run, batches(), loss, lambda step: factor(step, run.spent / seconds)):
        losses.append(progress.loss)
        if time.monotonic() - saved > SAVE_SECONDS:
            save(run, losses)
            saved, losses = time.monotonic(), []
    run.spent = time.process_time() - began
    save(run, losses)
    return run.network.eval()


def save(run: Run, losses: list[float]) -> None:
    save_checkpoint(run.state(), paths.CHECKPOINT)
    mean = round(sum(losses) / len(losses), 4)
    session.note(paths.LOG, {"step": run.step, "samples": run.step * BATCH, "cpu": round(run.spent), "loss": mean})
