"""Trains the small CLIP: resumable, the rate follows the planned core seconds."""

import math
import random
import time

import torch
from safetensors.torch import load_file

from aigc_kit.make.train import Training, loop, save_checkpoint
from aigc_kit.worlds.tinyworld.spec import ATTRIBUTES, Spec
from assets.train import session
from assets.train.tinysdxl import tokens

from . import groups, network, pairs, paths

BATCH, RATE, WARMUP = 64, 1.5e-3, 30
SAVE_SECONDS = 30.0  # of core time
WATCHED, WATCHED_SEED = 30, 77  # pairs of each attribute in the log; none of the frozen ones


def batch(tokenizer, pool: groups.Pool, rng: random.Random) -> tuple:
    """Pictures uint8 (BATCH, 64, 64, 3), fresh texts of them, which fit which, labels of pictures and texts."""
    specs, images = pool.batch(BATCH // groups.MEMBERS)
    told, texts = zip(*(groups.said(spec, rng) for spec in specs), strict=True)
    words = network.ids(tokenizer, list(texts), None)
    shown, asked = groups.labels(specs), groups.labels(told)
    fits = torch.from_numpy(groups.fits(asked, shown))
    return torch.from_numpy(images), words, fits, (torch.from_numpy(shown), torch.from_numpy(asked))


def factor(step: int, progress: float) -> float:
    """Of the full rate: warm-up, then a cosine to zero over the plan."""
    return min((step + 1) / WARMUP, 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))


def share_positions(model: torch.nn.Module) -> None:
    """Positions that no caption reaches get the mean vector of the last trained ones."""
    table = model.text_model.embeddings.position_embedding.weight
    with torch.no_grad():
        table[network.KEPT :] = table[network.KEPT : network.TRAINED].mean(0)


class Run(Training):
    """The model, its optimiser, and the core seconds spent. It starts as the first edition where that is here."""

    counters = ("step", "spent")

    def __init__(self) -> None:
        model = network.build().train()
        if (weights := paths.FIRST / "model.safetensors").is_file():
            model.load_state_dict({name: value.float() for name, value in load_file(weights).items()})
        self.heads = network.Heads()
        everything = [*model.parameters(), *self.heads.parameters()]
        adam = torch.optim.AdamW(everything, lr=RATE, betas=(0.9, 0.98), weight_decay=0.02)
        super().__init__(model, [adam], name="model")
        self.spent = 0.0

    def state(self) -> dict:
        return super().state() | {"heads": self.heads.state_dict()}

    def restore(self, state: dict) -> None:
        super().restore(state)
        self.heads.load_state_dict(state["heads"])

    def update(self, factor: float = 1.0) -> None:
        super().update(factor)
        share_positions(self.network)


def read_first(run: Run, tokenizer, rng: random.Random, until: float = 0.98) -> None:
    """Teach the text tower alone to tell positions, until its head reads them: a step costs an eighth of a whole one.

    As long as no text tells left from right, no picture has a reason to.
    """
    place = list(ATTRIBUTES).index("position")
    reader = run.heads.reader
    mine = [*run.network.text_model.parameters(), run.network.text_projection.weight, *reader.parameters()]
    adam, read = torch.optim.AdamW(mine, lr=2 * RATE, betas=(0.9, 0.98), weight_decay=0.02), 0.0
    while read < until:
        told, texts = zip(*(groups.said(Spec.sample(rng), rng) for _ in range(BATCH)), strict=True)
        labels, words = torch.from_numpy(groups.labels(told)), network.ids(tokenizer, list(texts), None)
        vectors = network.text_vectors(run.network, words)
        run.heads(vectors, labels).backward()
        torch.nn.utils.clip_grad_norm_(mine, 1.0)
        adam.step()
        adam.zero_grad()
        share_positions(run.network)
        known = labels[:, place] >= 0
        guess = reader(network.SHARPNESS * vectors).split(network.CLASSES, 1)[place].argmax(1)
        read = 0.9 * read + 0.1 * (guess == labels[:, place])[known].float().mean().item()
    run.network.zero_grad()


def train(seconds: float = 520.0) -> torch.nn.Module:
    """Train until ``seconds`` of core time are spent in all, resumed parts included."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    paths.RUN.mkdir(exist_ok=True)
    tokenizer, rng, run = tokens.tokenizers()[0], random.Random(), Run()
    if paths.CHECKPOINT.exists():
        run.restore(torch.load(paths.CHECKPOINT, weights_only=True))
    watched, pool = pairs.Watched(tokenizer, WATCHED_SEED, WATCHED), groups.Pool(rng)
    began, saved, losses = time.process_time() - run.spent, run.spent, []

    read_first(run, tokenizer, rng)

    def batches():
        while (spent := time.process_time() - began) < seconds:
            run.spent = spent
            yield batch(tokenizer, pool, rng)

    def loss(drawn):
        with session.half():
            return network.losses(run.network, run.heads, *drawn)

    for progress in loop.train(run, batches(), loss, lambda step: factor(step, run.spent / seconds)):
        losses.append(progress.loss)
        if run.spent - saved > SAVE_SECONDS:
            save(run, losses, watched.right(run.network))
            saved, losses = run.spent, []
    run.spent = time.process_time() - began
    save(run, losses, watched.right(run.network))
    return run.network.eval()


def save(run: Run, losses: list[float], found: dict[str, float]) -> None:
    save_checkpoint(run.state(), paths.CHECKPOINT)
    mean = round(sum(losses) / max(len(losses), 1), 4)
    line = {"step": run.step, "samples": run.step * BATCH, "cpu": round(run.spent), "loss": mean, "pairs": found}
    session.note(paths.LOG, line)
