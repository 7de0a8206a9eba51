"""Trains the reader of sounds on the world's own clips, clean and spoilt; it never hears what a model made."""

import random

import numpy as np
import torch
import torch.nn.functional as F

from aigc_kit.make.train import write_weights
from aigc_kit.worlds.sounds.listening import features, network
from aigc_kit.worlds.sounds.sound_world import SOUND_CHOICES, TONICS, SoundWish, render, wishes

from . import paths

STEPS, BATCH, SILENT = 900, 48, -100


def spoilt(wave: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A clip made louder or softer, noisy (white, dull, or of its own loudness), or duller."""
    wave = wave * rng.uniform(0.4, 1.2)
    if rng.random() < 0.8:
        noise = rng.normal(0, 1, len(wave))
        if rng.random() < 0.6:
            width = int(rng.integers(2, 16))
            noise = np.convolve(noise, np.ones(width) / width**0.5, "same")
        if rng.random() < 0.5:
            noise *= np.convolve(np.abs(wave), np.ones(640) / 640, "same") / (np.abs(wave).mean() + 1e-6)
        wave = wave + noise * 10 ** rng.uniform(-3.5, -0.95)
    if rng.random() < 0.3:
        width = int(rng.integers(3, 8))
        wave = np.convolve(wave, np.ones(width) / width, "same")
    return wave.astype(np.float32)


def labels(wish: SoundWish) -> list[int]:
    return [v.index(str(getattr(wish, n))) if getattr(wish, n) else SILENT for n, v in SOUND_CHOICES.items()]


def train() -> dict[str, float]:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    whole = [(wish, tonic) for wish in wishes() for tonic in range(TONICS)]
    random.Random(0).shuffle(whole)
    clips = [
        (wish, spoilt(render(wish, tonic), rng) if k else render(wish, tonic))
        for k in range(3)
        for wish, tonic in whole
    ]
    data = torch.from_numpy(np.stack([features(wave) for _, wave in clips]))[:, None]
    truth = torch.tensor([labels(wish) for wish, _ in clips])
    net = network()
    optimiser = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.01)
    net.train()
    for step in range(STEPS):
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * min(1, (STEPS - step) / (0.5 * STEPS))
        rows = torch.from_numpy(rng.integers(0, len(data), BATCH))
        batch = data[rows] + 0.1 * torch.randn(BATCH, 1, 75, 128)
        loss, place, logits = 0.0, 0, net(batch)
        for column, values in enumerate(SOUND_CHOICES.values()):
            part = logits[:, place : place + len(values)]
            loss = loss + F.cross_entropy(part, truth[rows, column], ignore_index=SILENT)
            place += len(values)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    paths.READER.mkdir(parents=True, exist_ok=True)
    file = write_weights(net.state_dict(), paths.READER / "model.safetensors", half=True)
    file.chmod(0o644)
    return check(np.random.default_rng(99))


def spoilt_clips(rng: np.random.Generator, count: int) -> tuple[list[SoundWish], list[np.ndarray]]:
    """Wishes and clips, spoilt anew."""
    whole = [(wish, tonic) for wish in wishes() for tonic in range(TONICS)]
    chosen = [whole[k] for k in rng.choice(len(whole), count, replace=False)]
    return [wish for wish, _ in chosen], [spoilt(render(wish, tonic), rng) for wish, tonic in chosen]


def check(rng: np.random.Generator, count: int = 300) -> dict[str, float]:
    """Share read right of clips spoilt anew."""
    from aigc_kit.worlds.sounds.listening import Listener

    truth, heard = spoilt_clips(rng, count)
    found = Listener(paths.READER).read(heard)
    report = {}
    for name in SOUND_CHOICES:
        marks = [
            row[name] == getattr(wish, name) for row, wish in zip(found, truth, strict=True) if getattr(wish, name)
        ]
        report[name] = float(np.mean(marks))
    return report
