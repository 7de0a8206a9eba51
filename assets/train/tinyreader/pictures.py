"""The pictures that the reader learns from, rendered once and kept small: uint8 (N, 64, 64, 3) and labels."""

import os
import random
from pathlib import Path

import numpy as np

from aigc_kit.worlds.tinyworld import Spec, render
from aigc_kit.worlds.tinyworld.checker import SIDE, labels_of, shrink

OUT = Path(__file__).parent / "out"
SIZES = ((128, 128),) * 5 + ((96, 96),) * 2 + ((128, 96),) * 2 + ((64, 64), (64, 104))
SHARD = 1000
SHARDS, MORE = 24, 4
"""Shards without the pairs that are held out of the image model's training, and shards of nothing but them: together
nearly what drawing every attribute freely would give (15 % of free draws show such a pair)."""


def shard(number: int, seed: int = 1_000_000) -> tuple[np.ndarray, np.ndarray]:
    """Pictures and labels int64 (N, 7) of one shard; rendered at the first call, read from ``out/`` later."""
    path = OUT / f"pictures_{number:03d}.npz"
    if not path.exists():
        OUT.mkdir(exist_ok=True)
        rng = random.Random(seed + number)
        pictures = np.empty((SHARD, SIDE, SIDE, 3), np.uint8)
        labels = np.empty((SHARD, 7), np.int64)
        for k in range(SHARD):
            spec = Spec.sample(rng, training=True) if number < SHARDS else with_pair(rng)
            height, width = rng.choice(SIZES)
            pictures[k] = shrink(render(spec, height, width, seed=rng.getrandbits(40)))
            labels[k] = labels_of(spec)
        part = path.with_suffix(".part.npz")
        np.savez(part, pictures=pictures, labels=labels)
        os.replace(part, path)
    with np.load(path) as held:
        return held["pictures"], held["labels"]


def with_pair(rng: random.Random) -> Spec:
    """A spec at random among those that show at least one held-out pair."""
    while not (spec := Spec.sample(rng)).held_out():
        pass
    return spec


def build() -> None:
    """Renders all shards."""
    for number in range(SHARDS + MORE):
        shard(number)
        print(f"shard {number + 1} of {SHARDS + MORE}", flush=True)
