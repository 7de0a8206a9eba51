"""Fixed linear latents: principal components of 8 x 8 blocks, one basis for the first frame, one for groups of four.

The transformer has its latents at once, and the autoencoder is then taught to compute and to invert them, so that the
two train independently. The first frame's basis is rotated onto the other, so that a block that stands still has nearly
the same latent in both.
"""

from dataclasses import dataclass

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from . import paths

BLOCK, GROUP, CHANNELS = 8, 4, 32
POWER = 0.5  # how far the latents' spreads are made equal: 0 not at all, 1 entirely


def blocks(video: Tensor, count: int) -> Tensor:
    """float (N, count, H, W, 3) -> (N, H / 8, W / 8, count * 192)."""
    n, _, height, width, _ = video.shape
    cut = video.reshape(n, count, height // BLOCK, BLOCK, width // BLOCK, BLOCK, 3)
    return cut.permute(0, 2, 4, 1, 3, 5, 6).reshape(n, height // BLOCK, width // BLOCK, -1)


def unblocks(parts: Tensor, count: int) -> Tensor:
    """The inverse of ``blocks``."""
    n, rows, columns, _ = parts.shape
    cut = parts.reshape(n, rows, columns, count, BLOCK, BLOCK, 3).permute(0, 3, 1, 4, 2, 5, 6)
    return cut.reshape(n, count, rows * BLOCK, columns * BLOCK, 3)


def components(samples: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """(mean, basis (features, count)) of the largest principal components."""
    mean = samples.mean(0)
    centred = samples - mean
    _, vectors = torch.linalg.eigh(centred.T @ centred / len(samples))
    return mean, vectors.flip(1)[:, :count]


@dataclass(frozen=True)
class Codec:
    """float32: first_mean (192,), first_basis (192, C), mean (768,), basis (768, C), scale (C,), shift (C,)."""

    first_mean: Tensor
    first_basis: Tensor
    mean: Tensor
    basis: Tensor
    scale: Tensor
    shift: Tensor

    def encode(self, clips: Tensor) -> Tensor:
        """uint8 (N, 1 + 4k, H, W, 3) -> float32 (N, C, 1 + k, H / 8, W / 8)."""
        video = clips.float() / 127.5 - 1
        first = (blocks(video[:, :1], 1) - self.first_mean) @ self.first_basis
        later = [(blocks(group, GROUP) - self.mean) @ self.basis for group in video[:, 1:].split(GROUP, 1)]
        return ((torch.stack([first, *later], 1) - self.shift) / self.scale).permute(0, 4, 1, 2, 3)

    def decode(self, latents: Tensor) -> Tensor:
        """The nearest clip, float32 (N, 1 + 4k, H, W, 3) in [-1, 1] and a little beyond."""
        parts = latents.permute(0, 2, 3, 4, 1) * self.scale + self.shift
        first = parts[:, 0] @ torch.linalg.pinv(self.first_basis) + self.first_mean
        later = [unblocks(parts[:, k] @ self.basis.T + self.mean, GROUP) for k in range(1, parts.shape[1])]
        return torch.cat([unblocks(first, 1), *later], 1)


def fit(clips: np.ndarray, channels: int = CHANNELS) -> Codec:
    """Fit on uint8 (N, 1 + 4k, H, W, 3) and write."""
    generator = torch.Generator().manual_seed(0)
    video = torch.from_numpy(clips).float() / 127.5 - 1
    first = blocks(video[:, :1], 1).flatten(0, 2)
    later = torch.cat([blocks(group, GROUP).flatten(0, 2) for group in video[:, 1:].split(GROUP, 1)])
    chosen = torch.randperm(len(later), generator=generator)[:60_000]
    mean, basis = components(later[chosen], channels)
    first_mean, first_basis = components(first, channels)
    still = (first.repeat(1, GROUP) - mean) @ basis
    u, _, vh = torch.linalg.svd(((first - first_mean) @ first_basis * GROUP**0.5).T @ still)
    first_basis = first_basis @ (u @ vh) * GROUP**0.5
    plain = Codec(first_mean, first_basis, mean, basis, torch.ones(channels), torch.zeros(channels))
    latents = plain.encode(torch.from_numpy(clips[:200]))
    spread = latents.std((0, 2, 3, 4))
    scale = spread**POWER * spread.square().mean().sqrt() ** (1 - POWER)
    made = Codec(first_mean, first_basis, mean, basis, scale, latents.mean((0, 2, 3, 4)))
    paths.CODEC.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in vars(made).items()}, paths.CODEC)
    return made


def load() -> Codec:
    return Codec(**load_file(paths.CODEC))


def psnr(one: Tensor, other: Tensor) -> float:
    """Decibels, of values in [-1, 1]."""
    return float(10 * torch.log10(4 / (one.clamp(-1, 1) - other).square().mean()))
