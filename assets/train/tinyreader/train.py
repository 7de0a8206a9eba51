"""Trains the reader on the rendered pictures, spoiled in the ways in which a model's pictures are imperfect."""

import io
import json
import time

import numpy as np
from PIL import Image, ImageFilter

from aigc_kit.tinyworld.network import build
from aigc_kit.tinyworld.spec import ATTRIBUTES

from .negatives import any_of
from .optimiser import Muon
from .pictures import OUT, shard

SEED = 20
SHARDS = 24
STEPS = 1000
BATCH = 64
REFUSED = 12
"""Of each batch of 64, so many pictures are none of the world."""
RATES = {"convolutions": 0.03, "rest": 3e-3}
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


def load() -> tuple[np.ndarray, np.ndarray]:
    """All pictures uint8 (N, 64, 64, 3) and labels int64 (N, 7)."""
    shards = [shard(number) for number in range(SHARDS)]
    return np.concatenate([one[0] for one in shards]), np.concatenate([one[1] for one in shards])


def batches(pictures: np.ndarray, labels: np.ndarray, rng: np.random.Generator, count: int):
    """Yields (pictures float32 (64, 3, 64, 64) in [-1, 1], labels (64, 7)); the last REFUSED are none of the world."""
    good = BATCH - REFUSED
    order = np.concatenate([rng.permutation(len(pictures)) for _ in range(count * good // len(pictures) + 1)])
    for step in range(count):
        at = order[step * good : (step + 1) * good]
        chosen = [spoil(pictures[k], rng) for k in at]
        pairs = rng.integers(len(pictures), size=(REFUSED, 2))
        none = [any_of(rng, pictures[a], pictures[b]) for a, b in pairs]
        none = [spoil(picture, rng) if rng.random() < 0.4 else picture for picture in none]
        stacked = np.stack(chosen + none).astype(np.float32).transpose(0, 3, 1, 2)
        yield stacked / 127.5 - 1, labels[at]


def pace(step: int, steps: int) -> float:
    """The learning rate's factor: up over 100 steps, level, down to nothing over the last 60 %."""
    return min(1.0, (step + 1) / 100, (steps - step) / (0.6 * steps))


def train(steps: int = STEPS) -> None:
    """Trains from the start on one thread; writes ``out/trained.safetensors`` and ``out/curve.json``."""
    import torch
    from safetensors.torch import save_file
    from torch.nn import functional

    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    pictures, labels = load()
    network = build(normed=True).to(memory_format=torch.channels_last)
    kernels = [weight for weight in network.parameters() if weight.ndim == 4]
    rest = [weight for weight in network.parameters() if weight.ndim != 4]
    optimisers = [Muon(kernels, RATES["convolutions"]), torch.optim.AdamW(rest, RATES["rest"], weight_decay=0.02)]
    schedules = [torch.optim.lr_scheduler.LambdaLR(one, lambda step: pace(step, steps)) for one in optimisers]
    valid = torch.cat([torch.ones(BATCH - REFUSED), torch.zeros(REFUSED)])
    curve, began = [], time.process_time()
    for step, (values, wanted) in enumerate(batches(pictures, labels, rng, steps)):
        images = torch.from_numpy(values).contiguous(memory_format=torch.channels_last)
        answers = network(images)
        parts = answers[: BATCH - REFUSED, :-1].split(WIDTHS, dim=1)
        target = torch.from_numpy(wanted)
        loss = functional.binary_cross_entropy_with_logits(answers[:, -1], valid)
        for k, part in enumerate(parts):
            loss = loss + functional.cross_entropy(part, target[:, k], label_smoothing=0.02)
        network.zero_grad()
        loss.backward()
        for one in (*optimisers, *schedules):
            one.step()
        if step % 50 == 0 or step == steps - 1:
            right = [float((part.argmax(1) == target[:, k]).float().mean()) for k, part in enumerate(parts)]
            curve.append({"step": step, "loss": loss.item(), "right": right, "cpu_s": time.process_time() - began})
            print(
                f"{step}/{steps} loss {loss.item():.3f} subject {right[0]:.2f} {curve[-1]['cpu_s']:.0f} CPU s",
                flush=True,
            )
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, OUT / "trained.safetensors")
    (OUT / "curve.json").write_text(json.dumps(curve, indent=1), encoding="utf-8")
