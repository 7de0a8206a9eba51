"""The clips that the reader learns from, rendered once: uint8 (N, 5, 64, 64, 3) and labels.

All pairs are among them, those too that the video model never sees: a judge must know what it judges.
"""

import os
import random

import numpy as np

from aigc_kit.worlds.tinyworld.checker import FRAMES, SIDE, sampled
from aigc_kit.worlds.tinyworld.motion import CLIP_ATTRIBUTES, ClipSpec, film

from .paths import OUT

SHARD, SHARDS = 1000, 10
SIZES = ((64, 64),) * 4 + ((64, 112),)


def labels_of(spec: ClipSpec) -> list[int]:
    """The place of each value of a full spec in its attribute's list."""
    return [values.index(spec.known()[name]) for name, values in CLIP_ATTRIBUTES.items()]


def shard(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Clips and labels int64 (N, 5) of one shard; rendered at the first call, read from ``out/`` later."""
    path = OUT / f"clips_{number:02d}.npz"
    if not path.exists():
        OUT.mkdir(exist_ok=True)
        rng = random.Random(3_000_000 + number)
        clips = np.empty((SHARD, FRAMES, SIDE, SIDE, 3), np.uint8)
        labels = np.empty((SHARD, len(CLIP_ATTRIBUTES)), np.int64)
        for k in range(SHARD):
            spec = ClipSpec.sample(rng)
            clips[k] = sampled(film(spec, FRAMES, *rng.choice(SIZES), seed=rng.getrandbits(40)))
            labels[k] = labels_of(spec)
        part = path.with_suffix(".part.npz")
        np.savez(part, clips=clips, labels=labels)
        os.replace(part, path)
    with np.load(path) as held:
        return held["clips"], held["labels"]


def build() -> None:
    """Renders all shards."""
    for number in range(SHARDS):
        shard(number)
        print(f"shard {number + 1} of {SHARDS}", flush=True)
