"""Clips of the world in motion, rendered ahead in chunks: pixels for the autoencoder, latents for the transformer."""

import random

import numpy as np

from aigc_kit.worlds.tinyworld.motion import CLIP_ATTRIBUTES, ClipSpec, film

from . import paths

CHUNK = 250
FRAMES = 17
SIZES = ((64, 64), (64, 64), (64, 64), (64, 112))
"""(height, width) of the chunks in turn: 64 x 112 is Wan's 480 x 832 divided by 8, in the multiples of 16 it needs."""
PIXEL_CHUNKS = 30  # chunks whose pixels are kept: the autoencoder needs few clips, the transformer many


def size_of(chunk: int) -> tuple[int, int]:
    return SIZES[chunk % len(SIZES)]


def labels(spec: ClipSpec) -> list[int]:
    """The index of each attribute's value in the order of ``CLIP_ATTRIBUTES``; -1 where the spec leaves it open."""
    known = spec.known()
    return [values.index(known[name]) if name in known else -1 for name, values in CLIP_ATTRIBUTES.items()]


def from_labels(row: list[int]) -> ClipSpec:
    """The spec of a row of ``labels``."""
    named = zip(row, CLIP_ATTRIBUTES.items(), strict=True)
    return ClipSpec(**{name: None if k < 0 else values[k] for k, (name, values) in named})


def render_chunk(number: int) -> tuple[np.ndarray, np.ndarray]:
    """(clips uint8 (N, 17, H, W, 3), labels int8 (N, 5)); every second frame is the 9-frame clip of the same spec."""
    rng = random.Random(2_000_003 * (number + 1))
    height, width = size_of(number)
    specs = [ClipSpec.sample(rng, training=True) for _ in range(CHUNK)]
    clips = np.stack([film(spec, FRAMES, height, width, rng.randrange(2**31), marked=True) for spec in specs])
    return clips, np.array([labels(spec) for spec in specs], np.int8)


def ready() -> list[int]:
    """Numbers of the complete chunks."""
    return sorted(int(file.stem.split(".")[0]) for file in paths.CLIPS.glob("????.labels.npy"))


def read(number: int, name: str) -> np.ndarray:
    return np.load(paths.CLIPS / f"{number:04d}.{name}.npy", mmap_mode="r")


def pixels(number: int) -> np.ndarray:
    """uint8 (N, 17, H, W, 3) of a chunk whose pixels are kept."""
    return read(number, "pixels")


def _write(number: int, name: str, array: np.ndarray) -> None:
    target = paths.CLIPS / f"{number:04d}.{name}.npy"
    with target.with_suffix(".tmp").open("wb") as file:
        np.save(file, array)
    target.with_suffix(".tmp").replace(target)


def build(chunks: int) -> None:
    """Render every chunk below ``chunks`` that is not there yet; the codec is fitted on the first ones."""
    import torch

    from . import codec

    paths.CLIPS.mkdir(parents=True, exist_ok=True)
    have = set(ready())
    for number in range(chunks):
        if number in have:
            continue
        clips, rows = render_chunk(number)
        if not paths.CODEC.exists():
            codec.fit(clips)
        linear = codec.load()
        if number < PIXEL_CHUNKS:
            _write(number, "pixels", clips)
        for name, part in (("long", clips), ("short", clips[:, ::2])):
            latents = [
                linear.encode(torch.from_numpy(part[i : i + 50])).half().numpy() for i in range(0, len(part), 50)
            ]
            _write(number, name, np.concatenate(latents))
        _write(number, "labels", rows)
        print("clips", (number + 1) * CHUNK, flush=True)
