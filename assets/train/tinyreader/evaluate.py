"""Measures the shipped reader on renders that it never saw, and writes ``assets/models/tinyreader/eval.json``.

The renders come from seeds that training never used; 420 of them show a pair that the image model is never shown.
Every render is also read after it was softened as a small decoder softens it (half size and back).
"""

import json
import random
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageFilter

from aigc_kit.core.units import MIB
from aigc_kit.worlds.tinyworld import ATTRIBUTES, HELD_OUT_PAIRS, Spec, render
from aigc_kit.worlds.tinyworld.checker import read

from .export import MODEL
from .negatives import FROM_NOTHING, FROM_PICTURES
from .pictures import OUT

SIZES = ((128, 128), (96, 96), (128, 96))
FREE, PER_PAIR, REFUSALS = 2100, 30, 300
FIRST_SEED = 7_000_000_000
BLOCK = 128


def held_specs() -> Iterator[tuple[Spec, int, int, int]]:
    """(spec, height, width, seed) of the test renders: first the free ones, then those of held-out pairs."""
    rng = random.Random(FIRST_SEED)
    specs = [Spec.sample(rng, training=True) for _ in range(FREE)]
    for one, value, other, its in HELD_OUT_PAIRS:
        specs += [Spec(**{one: value, other: its}).fill(rng) for _ in range(PER_PAIR)]
    for number, spec in enumerate(specs):
        yield spec, *SIZES[number % 3], FIRST_SEED + number


def pictures() -> list[np.ndarray]:
    """The test renders, uint8 (H, W, 3) each; kept in ``out/`` once rendered."""
    path = OUT / "eval.npz"
    rows = list(held_specs())
    if not path.exists():
        OUT.mkdir(exist_ok=True)
        full = np.zeros((len(rows), 128, 128, 3), np.uint8)
        for number, (spec, height, width, seed) in enumerate(rows):
            full[number, :height, :width] = render(spec, height, width, seed)
        np.savez(path, full=full)
    with np.load(path) as held:
        full = held["full"]
    return [full[k, :height, :width] for k, (_, height, width, _) in enumerate(rows)]


def softened(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Half size and back, a little blur, a little noise and a tint: as a small decoder's pictures look."""
    height, width = picture.shape[:2]
    image = Image.fromarray(picture).resize((width // 2, height // 2), Image.Resampling.BILINEAR)
    image = image.resize((width, height), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(0.7))
    values = np.asarray(image, np.float32) + rng.normal(0, 5, picture.shape) + rng.uniform(-5, 5, 3)
    return np.clip(values, 0, 255).astype(np.uint8)


def score(readings, specs) -> dict:
    """Share right for each attribute, and share called valid."""
    out = {
        name: round(
            float(np.mean([r.labels[name] == getattr(s, name) for r, s in zip(readings, specs, strict=True)])), 4
        )
        for name in ATTRIBUTES
    }
    return out | {"valid": round(float(np.mean([r.valid for r in readings])), 4), "pictures": len(specs)}


def refusals(renders: list[np.ndarray]) -> dict[str, float]:
    """Kind -> share refused of REFUSALS pictures that are none of the world."""
    rng = np.random.default_rng(FIRST_SEED)
    out = {}
    for name, make in FROM_NOTHING.items():
        out[name] = [make(rng, *SIZES[k % 3]) for k in range(REFUSALS)]
    for name, make in FROM_PICTURES.items():
        out[name] = [make(rng, renders[k]) for k in range(REFUSALS)]
    return {name: round(float(np.mean([not r.valid for r in read(batch)])), 4) for name, batch in out.items()}


def evaluate() -> None:
    """Writes eval.json and prints it."""
    import torch

    torch.set_num_threads(1)
    rows, renders = list(held_specs()), pictures()
    specs = [row[0] for row in rows]
    readings = read(renders)
    rng = np.random.default_rng(1)
    soft = read([softened(picture, rng) for picture in renders])
    by_size = {
        f"{height}x{width}": score(readings[k:FREE:3], specs[k:FREE:3]) for k, (height, width) in enumerate(SIZES)
    }
    report = {
        "fresh": score(readings[:FREE], specs[:FREE]),
        "by_size": by_size,
        "held_out_pairs": score(readings[FREE:], specs[FREE:]),
        "softened": score(soft, specs),
        "refused": refusals(renders),
        "first_block": score(readings[:BLOCK], specs[:BLOCK]),
        "by_style": {
            style: score(*zip(*[(r, s) for r, s in zip(readings, specs, strict=True) if s.style == style], strict=True))
            for style in ATTRIBUTES["style"]
        },
        "confused": confusions(readings, specs),
        "bytes": (MODEL / "model.safetensors").stat().st_size,
        "mebibytes": round((MODEL / "model.safetensors").stat().st_size / MIB, 3),
    }
    text = json.dumps(report, indent=1) + "\n"
    (MODEL / "eval.json").write_text(text, encoding="utf-8")
    print(text)


def confusions(readings, specs, most: int = 10) -> list[dict]:
    """The commonest mistakes: what was shown, what was read, how often."""
    counts: dict[tuple[str, str, str], int] = {}
    for reading, spec in zip(readings, specs, strict=True):
        for name in ATTRIBUTES:
            if reading.labels[name] != getattr(spec, name):
                key = (name, getattr(spec, name), reading.labels[name])
                counts[key] = counts.get(key, 0) + 1
    best = sorted(counts.items(), key=lambda item: -item[1])[:most]
    return [{"attribute": a, "shown": b, "read": c, "count": n} for (a, b, c), n in best]
