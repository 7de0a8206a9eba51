"""Pictures, masks and captions of the world, rendered ahead in chunks so that training never waits for a renderer."""

import json
import random

import numpy as np

from aigc_kit.worlds.tinyworld import captions
from aigc_kit.worlds.tinyworld.render import render_with_mask
from aigc_kit.worlds.tinyworld.spec import ATTRIBUTES, Spec

from . import paths

CHUNK = 1000
SIZES = ((128, 128), (128, 128), (128, 128), (96, 96), (128, 96), (96, 128))
"""(height, width) of the chunks in turn: see ``size_of``."""
BLOCK = 8  # pixels of one latent cell along each side


def size_of(chunk: int, mixed_from: int = 40) -> tuple[int, int]:
    """(height, width) of a chunk: squares of 128 first, from ``mixed_from`` on every second chunk of another size."""
    return (128, 128) if chunk < mixed_from else SIZES[chunk % len(SIZES)]


def labels(spec: Spec) -> list[int]:
    """The index of each attribute's value in the order of ``ATTRIBUTES``; -1 where the spec leaves it open."""
    return [-1 if value is None else ATTRIBUTES[name].index(value) for name, value in spec.items()]


def from_labels(row: list[int]) -> Spec:
    """The spec of a row of ``labels``."""
    return Spec(
        **{name: None if k < 0 else values[k] for k, (name, values) in zip(row, ATTRIBUTES.items(), strict=True)}
    )


def cells(mask: np.ndarray) -> np.ndarray:
    """bool (H, W) -> uint8 (H / 8, W / 8): how much of each latent cell the subject covers, 0-255."""
    height, width = mask.shape
    shares = mask.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK).mean((1, 3))
    return np.rint(shares * 255).astype(np.uint8)


def render_chunk(number: int, count: int = CHUNK) -> None:
    """Write chunk ``number``: images uint8 (N, H, W, 3), cells uint8 (N, h, w), labels int8 (N, 7), captions."""
    rng = random.Random(1_000_003 * (number + 1))
    height, width = size_of(number)
    images = np.empty((count, height, width, 3), np.uint8)
    areas = np.empty((count, height // BLOCK, width // BLOCK), np.uint8)
    rows, texts = [], []
    for k in range(count):
        spec = Spec.sample(rng, training=True)
        images[k], mask = render_with_mask(spec, height, width, rng.randrange(2**31))
        areas[k] = cells(mask)
        rows.append(labels(spec))
        texts.append(captions.caption(partly(spec, rng), rng, rng.choice(captions.LANGUAGES)))
    write(number, images=images, cells=areas, labels=np.array(rows, np.int8))
    target = paths.PICTURES / f"{number:04d}.json"
    target.with_suffix(".tmp").write_text(json.dumps(texts, ensure_ascii=False), encoding="utf-8")
    target.with_suffix(".tmp").replace(target)


def partly(spec: Spec, rng: random.Random) -> Spec:
    """What the caption says: everything, nearly everything, some of it, or (5 %) only one or two words of it."""
    draw = rng.random()
    if draw < 0.35:
        return spec
    if draw < 0.95:
        return spec.told(rng, 0.9 if draw < 0.7 else rng.uniform(0.2, 0.8))
    return Spec(**dict(rng.sample(sorted(spec.known().items()), rng.randint(1, 2))))


def shortly(spec: Spec, rng: random.Random) -> Spec:
    """A learner's first prompt: the subject, and at most two other words."""
    others = sorted(name for name in spec.known() if name != "subject")
    return Spec(subject=spec.subject, **{name: getattr(spec, name) for name in rng.sample(others, rng.randint(0, 2))})


def write(number: int, **arrays: np.ndarray) -> None:
    """One file per array; the captions, written last, make the chunk complete."""
    paths.PICTURES.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        np.save(paths.PICTURES / f"{number:04d}.{name}.npy", array)


def ready() -> list[int]:
    """Numbers of the complete chunks."""
    return sorted(int(file.stem) for file in paths.PICTURES.glob("????.json"))


def read(number: int, name: str) -> np.ndarray:
    return np.load(paths.PICTURES / f"{number:04d}.{name}.npy", mmap_mode="r")


def read_captions(number: int) -> list[str]:
    return json.loads((paths.PICTURES / f"{number:04d}.json").read_text(encoding="utf-8"))


def build(chunks: int) -> None:
    """Render every chunk below ``chunks`` that is not there yet."""
    have = set(ready())
    for number in range(chunks):
        if number not in have:
            render_chunk(number)
            print("pictures", (number + 1) * CHUNK, flush=True)
