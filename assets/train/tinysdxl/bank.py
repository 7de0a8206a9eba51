"""What a training step reads: latents, text states, masks and labels of rendered pictures, chunk by chunk."""

import random
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from aigc_kit.worlds.tinyworld import captions

from . import codec, paths, pictures, text


@dataclass
class Chunk:
    """latents float16 (N, C, h, w); states float16 (N, 29, 192); pooled float16 (N, 128); cells uint8 (N, h, w)."""

    latents: Tensor
    states: Tensor
    pooled: Tensor
    cells: Tensor
    labels: Tensor  # int8 (N, 7)


@dataclass
class Batch:
    latents: Tensor
    states: Tensor
    pooled: Tensor
    cells: Tensor  # float32 (B, h, w), 0-1


@torch.no_grad()
def encode_chunk(number: int, linear: codec.Codec, encoder: text.Text) -> None:
    """Write ``bank/<number>.pt`` from the pictures of the chunk."""
    images = pictures.read(number, "images")
    latents = torch.cat([linear.encode(codec.as_images(images[k : k + 100])) for k in range(0, len(images), 100)])
    texts = pictures.read_captions(number)
    packed = [encoder.packed(texts[k : k + 50]) for k in range(0, len(texts), 50)]
    content = {
        "latents": latents.half(),
        "states": torch.cat([states for states, _ in packed]).half(),
        "pooled": torch.cat([pooled for _, pooled in packed]).half(),
        "cells": torch.from_numpy(np.array(pictures.read(number, "cells"))),
        "labels": torch.from_numpy(np.array(pictures.read(number, "labels"))),
    }
    paths.BANK.mkdir(parents=True, exist_ok=True)
    target = _file(number)
    torch.save(content, target.with_suffix(".tmp"))
    target.with_suffix(".tmp").replace(target)


def _file(number: int) -> Path:
    return paths.BANK / f"{number:04d}.pt"


class Bank:
    """The chunks in memory."""

    def __init__(self, *, first: int = 1) -> None:
        self.first = first  # chunk 0 is kept for measuring
        self.chunks: dict[int, Chunk] = {}
        self.by_size: dict[tuple[int, int], list[int]] = defaultdict(list)
        self.linear, self.encoder = codec.load(), text.load()

    def refresh(self, most: int = 4) -> int:
        """Take in the chunks that an earlier run encoded, and at most ``most`` others. Number of chunks taken in."""
        new = [number for number in pictures.ready() if number >= self.first and number not in self.chunks]
        old = [number for number in new if _file(number).exists()]
        chosen = sorted({*old, *new[:most]})
        for number in chosen:
            if not _file(number).exists():
                encode_chunk(number, self.linear, self.encoder)
            self.chunks[number] = Chunk(**torch.load(_file(number), weights_only=True))
            self.by_size[tuple(self.chunks[number].latents.shape[2:])].append(number)
        return len(chosen)

    @torch.no_grad()
    def shorten(self, share: float, rng: random.Random) -> None:
        """Give this share of the pictures in memory a new and short caption."""
        for chunk in self.chunks.values():
            rows = rng.sample(range(len(chunk.labels)), round(share * len(chunk.labels)))
            specs = [pictures.shortly(pictures.from_labels(chunk.labels[row].tolist()), rng) for row in rows]
            texts = [captions.caption(spec, rng, rng.choice(captions.LANGUAGES)) for spec in specs]
            for k in range(0, len(rows), 50):
                states, pooled = self.encoder.packed(texts[k : k + 50])
                chunk.states[rows[k : k + 50]] = states.half()
                chunk.pooled[rows[k : k + 50]] = pooled.half()

    def batch(self, count: int, rng: random.Random, square: float = 0.75) -> Batch:
        """Random pictures of one size: of 128 x 128 with probability ``square`` when there are others."""
        others = [size for size in self.by_size if size != (16, 16)]
        size = rng.choice(others) if others and rng.random() > square else (16, 16)
        parts = []
        for _ in range(4):
            chunk = self.chunks[rng.choice(self.by_size[size])]
            rows = torch.tensor([rng.randrange(len(chunk.latents)) for _ in range(count // 4)])
            parts.append([x[rows] for x in (chunk.latents, chunk.states, chunk.pooled, chunk.cells)])
        latents, states, pooled, cells = (torch.cat(column) for column in zip(*parts, strict=True))
        return Batch(latents.float(), states.float(), pooled.float(), cells.float() / 255)
