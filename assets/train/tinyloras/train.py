"""Trains the three LoRAs by the loop that the lab uses, and the reader that judges them."""

import random
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from aigc_kit.make.train import Training, learn_lora, material, muon, save_lora, train, write_weights
from aigc_kit.teach.labs.lab06 import reader
from aigc_kit.worlds.tinyworld.checker import shrink
from assets.train import session
from assets.train.tinyreader.train import spoil

from . import paths, pictures

PICTURES, STEPS, SIZE, RATE = 160, 210, 8, 4e-3
NOISY = 0.5  # of the timesteps from the noisiest 45 %, where a subject is decided
KEPT = 80  # pictures of the base's own world beside those of a new subject
READER_PICTURES, READER_STEPS, READER_BATCH = 4000, 600, 64


def base():
    """The tiny SDXL."""
    from diffusers import DiffusionPipeline

    pipe = DiffusionPipeline.from_pretrained(paths.BASE)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def examples(name: str, count: int = PICTURES) -> list[pictures.Example]:
    """What a LoRA learns from; its seed belongs to its name."""
    rng = random.Random(f"lora {name}")
    some = [pictures.example(name, rng) for _ in range(count)]
    return some + ([pictures.usual(rng) for _ in range(KEPT)] if name == "rocket" else [])


def lora(name: str, seed: int = 0, write: bool = True) -> list[float]:
    """Trains one LoRA; writes it, and a line of the log."""
    torch.set_num_threads(1)
    paths.RUN.mkdir(parents=True, exist_ok=True)
    pipe, some = base(), examples(name)
    began = time.process_time()
    source = material(pipe, np.stack([one.picture for one in some]), [one.caption for one in some])
    steps = learn_lora(pipe, source, name, steps=STEPS, size=SIZE, rate=RATE, noisy=NOISY, seed=seed)
    losses = [progress.loss for progress in steps]
    cpu = round(time.process_time() - began, 1)
    if write:
        save_lora(pipe, name, paths.MODEL / f"{name}.safetensors")
    means = [round(float(np.mean(part)), 4) for part in np.array_split(losses, 10)]
    session.note(
        paths.RUN / "training.jsonl",
        {"lora": name, "seed": seed, "pictures": len(some), "steps": STEPS, "size": SIZE, "cpu": cpu, "losses": means},
    )
    return losses


def learn_reader() -> None:
    """Trains the reader on renders alone, spoiled as a model's pictures are, and writes it."""
    torch.set_num_threads(1)
    torch.manual_seed(3)
    paths.RUN.mkdir(parents=True, exist_ok=True)
    rng, dice = random.Random("reader"), np.random.default_rng(3)
    some = [pictures.for_reader(rng) for _ in range(READER_PICTURES)]
    small = [shrink(one.picture) for one in some]
    styles = torch.tensor([reader.STYLE_NAMES.index(one.style) for one in some])
    subjects = torch.tensor([reader.SUBJECT_NAMES.index(one.subject) for one in some])
    network = reader.build().to(memory_format=torch.channels_last)
    kernels = [p for p in network.parameters() if p.ndim == 4]
    rest = [p for p in network.parameters() if p.ndim != 4]
    training = Training(network, [muon(kernels, 0.03), torch.optim.AdamW(rest, lr=3e-3, weight_decay=1e-2)])

    def loss(rows):
        page = np.stack([spoil(small[row], dice) for row in rows.tolist()])
        answers = network(torch.from_numpy(page).permute(0, 3, 1, 2).float() / 127.5 - 1)
        style, subject = answers.split([len(reader.STYLE_NAMES), len(reader.SUBJECT_NAMES)], 1)
        return F.cross_entropy(style, styles[rows]) + F.cross_entropy(subject, subjects[rows])

    draw = (torch.from_numpy(dice.integers(len(some), size=READER_BATCH)) for _ in range(READER_STEPS))
    pace = lambda step: min(1.0, (step + 1) / 50, (READER_STEPS - step) / (0.6 * READER_STEPS))  # noqa: E731
    began = time.process_time()
    losses = [progress.loss for progress in train(training, draw, loss, pace)]
    paths.MODEL.mkdir(parents=True, exist_ok=True)
    write_weights(network.eval().state_dict(), Path(paths.MODEL) / "reader.safetensors", half=True)
    line = {"reader": round(float(np.mean(losses[-50:])), 4), "cpu": round(time.process_time() - began)}
    session.note(paths.RUN / "training.jsonl", line | {"right": reader_right()})


def reader_right(count: int = 600) -> dict[str, float]:
    """Of new renders, how many the shipped reader reads right: style, subject."""
    reader._network.cache_clear()
    rng = random.Random("reader's test")
    some = [pictures.for_reader(rng) for _ in range(count)]
    seen = reader.read([one.picture for one in some])
    pairs = list(zip(seen, some, strict=True))
    return {
        "style": sum(a.style == b.style for a, b in pairs) / count,
        "subject": sum(a.subject == b.subject for a, b in pairs) / count,
        "of": count,
    }
