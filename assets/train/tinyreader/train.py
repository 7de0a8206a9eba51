"""Trains the reader on the rendered pictures, spoiled in the ways in which a model's pictures are imperfect."""

import io
import json
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter

from aigc_kit.make.train import Training, loop, muon, read_weights, write_weights
from aigc_kit.worlds.tinyworld.reading import build
from aigc_kit.worlds.tinyworld.spec import ATTRIBUTES

from .negatives import any_of
from .pictures import MORE, OUT, SHARDS, shard

SEED = 20
BATCH = 64
EVERY = 50  # steps between two points of the curve


class Round(NamedTuple):
    """One of the two rounds of training.

    Attributes:
        shards: how many shards of pictures it uses.
        steps: batches of 64.
        refused: of each batch, how many pictures are none of the world.
        scrambled: of those, the share of shuffled ones.
        kernels, rest: learning rates of the convolutions (Muon) and of everything else (AdamW).
        start: the file it goes on from, or None.
        end: the file it writes.
    """

    shards: int
    steps: int
    refused: int
    scrambled: float
    kernels: float
    rest: float
    start: str | None
    end: str


FIRST = Round(SHARDS, 1000, 12, 0.2, 0.03, 3e-3, None, "first")
SECOND = Round(SHARDS + MORE, 500, 20, 0.4, 0.015, 2e-3, "first", "second")
WIDTHS = [len(values) for values in ATTRIBUTES.values()]


def spoil(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """uint8 (64, 64, 3) -> the same: blurred, resampled, compressed, noisy, tinted, moved; each by chance."""
    out = picture
    kind = rng.random()
    if kind < 0.25:
        image = Image.fromarray(out).filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.3)))
        out = np.asarray(image)
    elif kind < 0.45:
        side = int(rng.integers(26, 56))
        image = Image.fromarray(out).resize((side, side), Image.Resampling.BILINEAR)
        out = np.asarray(image.resize((64, 64), rng.choice([Image.Resampling.BILINEAR, Image.Resampling.BICUBIC])))
    elif kind < 0.6:
        held = io.BytesIO()
        Image.fromarray(out).save(held, "JPEG", quality=int(rng.integers(15, 85)))
        out = np.asarray(Image.open(held))
    values = out.astype(np.float32)
    if rng.random() < 0.5:
        values = values * rng.uniform(0.90, 1.10) + rng.uniform(-9, 9, 3)
    if rng.random() < 0.3:
        grey = values.mean(axis=2, keepdims=True)
        values = grey + (values - grey) * rng.uniform(0.75, 1.2)
    if rng.random() < 0.5:
        values = values + rng.normal(0, rng.uniform(1, 14), values.shape)
    if rng.random() < 0.15:  # a decoder's coarse stains
        stain = rng.normal(0, 14, (8, 8, 3)).astype(np.float32)
        values = values + stain.repeat(8, axis=0).repeat(8, axis=1)
    if rng.random() < 0.7:
        down, right = rng.integers(-2, 3, 2)
        values = np.roll(np.pad(values, ((2, 2), (2, 2), (0, 0)), "edge"), (down, right), (0, 1))[2:-2, 2:-2]
    return np.clip(values, 0, 255).astype(np.uint8)


def load(count: int) -> tuple[np.ndarray, np.ndarray]:
    """The pictures of the first ``count`` shards, uint8 (N, 64, 64, 3), and their labels, int64 (N, 7)."""
    shards = [shard(number) for number in range(count)]
    return np.concatenate([one[0] for one in shards]), np.concatenate([one[1] for one in shards])


def batches(plan: Round, rng: np.random.Generator):
    """Yields (pictures float32 (64, 3, 64, 64) in [-1, 1], labels of the good ones); those to refuse come last."""
    pictures, labels = load(plan.shards)
    good = BATCH - plan.refused
    order = np.concatenate([rng.permutation(len(pictures)) for _ in range(plan.steps * good // len(pictures) + 1)])
    for step in range(plan.steps):
        at = order[step * good : (step + 1) * good]
        chosen = [spoil(pictures[k], rng) for k in at]
        pairs = rng.integers(len(pictures), size=(plan.refused, 2))
        none = [any_of(rng, pictures[a], pictures[b], plan.scrambled) for a, b in pairs]
        none = [spoil(picture, rng) if rng.random() < 0.4 else picture for picture in none]
        stacked = np.stack(chosen + none).astype(np.float32).transpose(0, 3, 1, 2)
        yield stacked / 127.5 - 1, labels[at]


def pace(step: int, steps: int) -> float:
    """The learning rate's factor: up over 100 steps, level, down to nothing over the last 60 %."""
    return min(1.0, (step + 1) / 100, (steps - step) / (0.6 * steps))


def train(plan: Round) -> None:
    """One round on one thread; writes ``out/<end>.safetensors`` and ``out/<end>.json``."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED + plan.shards)
    network = build(normed=True).to(memory_format=torch.channels_last)
    if plan.start:
        network.load_state_dict(read_weights(OUT / f"{plan.start}.safetensors"))
    shape = lambda pictures: pictures.contiguous(memory_format=torch.channels_last)  # noqa: E731
    stream = ((shape(torch.from_numpy(values)), torch.from_numpy(labels)) for values, labels in batches(plan, rng))
    rates = (plan.kernels, plan.rest)
    fit(network, stream, judged, rates, lambda step: pace(step, plan.steps), plan.steps, OUT / plan.end)


def fit(network, batches, judge, rates, pace, steps: int, out: Path) -> None:
    """Train a reader; writes ``<out>.safetensors`` and its curve, ``<out>.json``.

    batches: (what is seen, labels); judge: (answers, labels) -> (loss, shares right); rates: of convolutions, the rest.
    """
    import torch

    kernels = [weight for weight in network.parameters() if weight.ndim == 4]
    rest = [weight for weight in network.parameters() if weight.ndim != 4]
    both = [muon(kernels, rates[0], momentum=0.9, decay=0.02), torch.optim.AdamW(rest, rates[1], weight_decay=0.02)]
    curve, right, began = [], None, time.process_time()

    def loss(batch):
        nonlocal right
        error, right = judge(network(batch[0]), batch[1])
        return error

    for progress in loop.train(Training(network, both, clip=None), batches, loss, pace):
        step = progress.step - 1
        if step % EVERY == 0 or step == steps - 1:
            curve.append({"step": step, "loss": progress.loss, "right": right, "cpu_s": time.process_time() - began})
            print(f"{step}/{steps} loss {progress.loss:.3f} right {right} {curve[-1]['cpu_s']:.0f} s", flush=True)
    write_weights(network.state_dict(), out.with_suffix(".safetensors"))
    out.with_suffix(".json").write_text(json.dumps(curve, indent=1), encoding="utf-8")


def judged(answers, wanted):
    """The loss of one batch, and the share right for each attribute; ``wanted``: int64 (good ones, 7)."""
    import torch
    from torch.nn import functional

    good = len(wanted)
    valid = (torch.arange(len(answers)) < good).float()
    loss = functional.binary_cross_entropy_with_logits(answers[:, -1], valid)
    right = []
    for k, part in enumerate(answers[:good, :-1].split(WIDTHS, dim=1)):
        loss = loss + functional.cross_entropy(part, wanted[:, k], label_smoothing=0.02)
        right.append(float((part.argmax(1) == wanted[:, k]).float().mean()))
    return loss, right
