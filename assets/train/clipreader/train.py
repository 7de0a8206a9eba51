"""Trains the reader on rendered clips, spoiled in the ways in which a model's clips are imperfect."""

import numpy as np

from aigc_kit.worlds.tinyworld.motion import CLIP_ATTRIBUTES, MOTIONS
from aigc_kit.worlds.tinyworld.reading import SIDE, build_clips
from assets.train.tinyreader.train import fit

from .clips import SHARDS, shard
from .negatives import any_of
from .paths import OUT

SEED, BATCH, REFUSED, STEPS = 20, 64, 16, 900
KERNELS, REST = 0.03, 3e-3  # learning rates: convolutions (Muon), everything else (AdamW)
WIDTHS = [len(values) for values in CLIP_ATTRIBUTES.values()]
GROUPS = 8  # parts of a batch that are softened alike
BOUNCE = MOTIONS.index("bounce")


def spoil(batch, rng: np.random.Generator):
    """float32 (B, 5, 3, 64, 64), 0-255 -> soft, tinted, stained, noisy, moved; alike in all frames of a clip."""
    import torch
    import torch.nn.functional as F

    parts = []
    for part in batch.chunk(GROUPS):
        flat = part.flatten(0, 1)
        if rng.random() < 0.6:
            side = int(rng.integers(26, 60))
            way = ("bilinear", "bicubic")[int(rng.integers(2))]
            flat = F.interpolate(flat, size=(side, side), mode="area")
            flat = F.interpolate(flat, size=(SIDE, SIDE), mode=way)
        down, right = (int(step) for step in rng.integers(-2, 3, 2))
        flat = F.pad(flat, (2, 2, 2, 2), mode="replicate")
        flat = flat[..., 2 + down : 2 + down + SIDE, 2 + right : 2 + right + SIDE]
        parts.append(flat.unflatten(0, part.shape[:2]))
    out, count = torch.cat(parts), len(batch)
    some = torch.rand(4, count, 1, 1, 1, 1)
    gain = torch.where(some[0] < 0.5, 0.9 + 0.2 * torch.rand(count, 1, 1, 1, 1), torch.ones(()))
    tint = torch.where(some[0] < 0.5, 18 * torch.rand(count, 1, 3, 1, 1) - 9, torch.zeros(()))
    out = out * gain + tint
    gray = out.mean(2, keepdim=True)
    out = torch.where(some[1] < 0.3, gray + (out - gray) * (0.75 + 0.45 * torch.rand(count, 1, 1, 1, 1)), out)
    stain = F.interpolate(12 * torch.randn(count, 3, 8, 8), size=(SIDE, SIDE), mode="nearest")[:, None]
    out = torch.where(some[2] < 0.2, out + stain, out)
    loud = torch.where(some[3] < 0.5, 12 * torch.rand(count, 1, 1, 1, 1), torch.zeros(()))
    return (out + loud * torch.randn_like(out)).clamp(0, 255)


def batches(rng: np.random.Generator):
    """Yields (clips float32 (64, 5, 3, 64, 64) in [-1, 1], labels of the good ones); those to refuse come last."""
    import torch

    held = [shard(number) for number in range(SHARDS)]
    clips, labels = np.concatenate([one[0] for one in held]), np.concatenate([one[1] for one in held])
    good = BATCH - REFUSED
    order = np.concatenate([rng.permutation(len(clips)) for _ in range(STEPS * good // len(clips) + 1)])
    for step in range(STEPS):
        at = order[step * good : (step + 1) * good]
        pairs = rng.integers(len(clips), size=(REFUSED, 2))
        none = [any_of(rng, clips[a], clips[b], labels[a][-1] == BOUNCE) for a, b in pairs]
        stacked = torch.from_numpy(np.concatenate([clips[at], np.stack(none)])).permute(0, 1, 4, 2, 3).float()
        yield spoil(stacked, rng) / 127.5 - 1, labels[at]


def pace(step: int) -> float:
    """The learning rate's factor: up over 50 steps, level, down to nothing over the last 60 %."""
    return min(1.0, (step + 1) / 50, (STEPS - step) / (0.6 * STEPS))


def train() -> None:
    """On one thread; writes ``out/trained.safetensors`` and ``out/trained.json``."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    network = build_clips(normed=True).to(memory_format=torch.channels_last)
    stream = ((values, torch.from_numpy(labels)) for values, labels in batches(np.random.default_rng(SEED)))
    fit(network, stream, judged, (KERNELS, REST), pace, STEPS, OUT / "trained")


def judged(answers, wanted):
    """The loss of one batch, and the share right for each attribute and for validity."""
    import torch
    from torch.nn import functional

    good = len(wanted)
    valid = (torch.arange(len(answers)) < good).float()
    loss = functional.binary_cross_entropy_with_logits(answers[:, -1], valid)
    right = {}
    for (name, _), k, part in zip(
        CLIP_ATTRIBUTES.items(), range(len(WIDTHS)), answers[:good, :-1].split(WIDTHS, dim=1), strict=True
    ):
        loss = loss + functional.cross_entropy(part, wanted[:, k], label_smoothing=0.02)
        right[name] = round(float((part.argmax(1) == wanted[:, k]).float().mean()), 2)
    right["valid"] = round(float(((answers[:, -1] > 0) == (valid > 0.5)).float().mean()), 2)
    return loss, right
