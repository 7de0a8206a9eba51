"""What the U-Net makes of known pictures: latents with its own mistakes, and the pictures they should have been.

From exact latents the decoder paints nearly every line right; what a prompt gives is mush where the U-Net erred. So the
decoder also learns from drafts: a render's latents, drowned in noise up to some timestep, are denoised by the U-Net
under the render's own caption. Layout and subject stay those of the render, faces and lines become the U-Net's.
"""

import random
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from aigc_kit.worlds.tinyworld import captions
from aigc_kit.worlds.tinyworld.spec import ATTRIBUTES

from . import codec, network, paths, pictures, text

COUNT, BATCH = 240, 24  # drafts of one chunk of pictures; how many at once
STARTS = (349, 699)  # timesteps up to which a render is drowned: fewer keep its face, more lose its layout
STEP = 50  # of 1,000, as 20 steps of the pipeline
GUIDANCE = (1.5, 4.0)
EVEN: Mapping[str, float] = {}


class Painter:
    """The shipped U-Net with its text encoders, as the pipeline runs them: deterministic steps, guidance."""

    def __init__(self) -> None:
        from . import evaluate

        self.unet = evaluate.load(1).unet.requires_grad_(False)
        self.encoders = text.load()
        self.signal, self.noise = network.alphas()

    def velocity(self, noisy: Tensor, timestep: int, states: Tensor, pooled: Tensor, guidance: float) -> Tensor:
        """v under guidance: without text the states are zeros, as in the pipeline without a negative prompt."""
        both = torch.cat([torch.zeros_like(states), states]), torch.cat([torch.zeros_like(pooled), pooled])
        steps = torch.full((2 * len(noisy),), timestep)
        blank, told = network.predict(self.unet, torch.cat([noisy, noisy]), steps, *both).chunk(2)
        return blank + guidance * (told - blank)

    @torch.no_grad()
    def draft(self, latents: Tensor, texts: list[str], start: int, guidance: float) -> Tensor:
        """Drown latents (N, C, h, w) in noise up to ``start`` and denoise them again."""
        states, pooled = self.encoders.packed(texts)
        steps = list(range(start, 0, -STEP))
        x = self.signal[start] * latents + self.noise[start] * torch.randn_like(latents)
        for timestep, after in zip(steps, [*steps[1:], None], strict=True):
            signal, noise = self.signal[timestep], self.noise[timestep]
            v = self.velocity(x, timestep, states, pooled, guidance)
            clean, rest = signal * x - noise * v, signal * v + noise * x
            x = clean if after is None else self.signal[after] * clean + self.noise[after] * rest
        return x


def build(chunks: int) -> None:
    """Draft the first pictures of each chunk below ``chunks`` that has none yet; the first is kept for measuring."""
    paths.DRAFTS.mkdir(parents=True, exist_ok=True)
    painter, linear = Painter(), codec.load()
    for number in (n for n in pictures.ready() if n < chunks and n not in ready()):
        rng = random.Random(7_000_003 * (number + 1))
        torch.manual_seed(number)
        images, rows = pictures.read(number, "images")[:COUNT], pictures.read(number, "labels")[:COUNT]
        found = []
        for k in range(0, len(images), BATCH):
            specs = [pictures.from_labels(row) for row in rows[k : k + BATCH].tolist()]
            texts = [captions.caption(spec, rng, rng.choice(captions.LANGUAGES)) for spec in specs]
            start = rng.randrange(STARTS[0], STARTS[1] + 1, STEP)
            exact = linear.encode(codec.as_images(images[k : k + BATCH]))
            found.append(painter.draft(exact, texts, start, rng.uniform(*GUIDANCE)).half().numpy())
        with (draft := paths.DRAFTS / f"{number:04d}.tmp").open("wb") as file:
            np.save(file, np.concatenate(found))
        draft.replace(draft.with_suffix(".npy"))
        print("drafts", number, flush=True)


def ready() -> list[int]:
    """Numbers of the chunks whose drafts are there."""
    return sorted(int(file.stem) for file in paths.DRAFTS.glob("????.npy"))


def read(number: int) -> np.ndarray:
    """float16 (N, C, h, w): row k is the draft of picture k of the chunk."""
    return np.load(paths.DRAFTS / f"{number:04d}.npy", mmap_mode="r")


def crops(
    rng: random.Random, count: int, side: int, favour: Mapping[str, float] = EVEN
) -> tuple[Tensor, Tensor, Tensor]:
    """Squares on the grid of cells: float32 images (count, 3, side, side), drafts (count, C, side / 8, side / 8), and
    how much of each pixel's cell the subject covers (count, 1, side, side), 0-1.

    favour: style -> how many times as often as others it is drawn.
    """
    number = rng.choice([n for n in ready() if n > 0])
    latents, images, areas = read(number), pictures.read(number, "images"), pictures.read(number, "cells")
    cells, out = side // codec.BLOCK, []
    styles = pictures.read(number, "labels")[: len(latents), list(ATTRIBUTES).index("style")]
    often = [favour.get(ATTRIBUTES["style"][style], 1.0) for style in styles]
    for row in rng.choices(range(len(latents)), often, k=count):
        y, x = (rng.randint(0, n - cells) for n in latents.shape[2:])
        image = images[row, 8 * y : 8 * (y + cells), 8 * x : 8 * (x + cells)]
        out.append((image, latents[row, :, y : y + cells, x : x + cells], areas[row, y : y + cells, x : x + cells]))
    painted, drafted, covered = (np.stack(column) for column in zip(*out, strict=True))
    area = torch.from_numpy(covered.repeat(8, 1).repeat(8, 2)[:, None]).float() / 255
    return codec.as_images(painted), torch.from_numpy(drafted).float(), area
