"""Prepare what a latent diffusion model learns from."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

TIMESTEPS = 1000


class Material(NamedTuple):
    """Hold pictures with captions as a pipeline sees them.

    latents: float32 (N, C, h, w), scaled; states: (N, T, D) of the text encoders; pooled: (N, P); hints: float32
    (N, 3, H, W) in [0, 1] for a ControlNet, or None; weight: (N, 1, h, w) of the squared errors, or None.
    """

    latents: "Tensor"
    states: "Tensor"
    pooled: "Tensor"
    hints: "Tensor | None" = None
    weight: "Tensor | None" = None


class Batch(NamedTuple):
    """Hold one batch: material, noise, timesteps.

    material: rows of a `Material`; noise: float32 (N, C, h, w); timesteps: int64 (N,).
    """

    material: Material
    noise: "Tensor"
    timesteps: "Tensor"


def material(
    pipe: Any, pictures: np.ndarray, captions: Sequence[str], hints: np.ndarray | None = None, size: int = 16
) -> Material:
    """Encode pictures and captions with the pipeline's own parts.

    Args:
        pipe: a StableDiffusionXLPipeline.
        pictures: uint8 (N, H, W, 3).
        captions: one of each picture.
        hints: uint8 (N, H, W, 3), what a ControlNet shall obey.
        size: how many at once.
    """
    import torch

    def floats(array: np.ndarray) -> "Tensor":
        return torch.from_numpy(np.ascontiguousarray(array)).permute(0, 3, 1, 2).float() / 255

    def encoded(part: np.ndarray) -> "Tensor":
        seen = (floats(part) * 2 - 1).to(pipe.vae.device, pipe.vae.dtype)
        return pipe.vae.encode(seen).latent_dist.mode() * pipe.vae.config.scaling_factor

    parts = [slice(k, k + size) for k in range(0, len(pictures), size)]
    with torch.no_grad():
        latents = torch.cat([encoded(pictures[part]) for part in parts])
        states, pooled = zip(*(text_of(pipe, captions[part]) for part in parts), strict=True)
    return Material(latents.float(), torch.cat(states), torch.cat(pooled), None if hints is None else floats(hints))


def text_of(pipe: Any, captions: Sequence[str]) -> tuple[Any, Any]:
    """Encode captions: states (N, T, D) and pooled (N, P)."""
    states, _, pooled, _ = pipe.encode_prompt(
        list(captions), device=pipe.device, num_images_per_prompt=1, do_classifier_free_guidance=False
    )
    return states, pooled


def batches(
    source: Material,
    size: int,
    steps: int,
    seed: int = 0,
    *,
    drop: float = 0.1,
    noisy: float = 0.0,
) -> Iterator[Batch]:
    """Draw batches: rows, noise and timesteps by one seed.

    Args:
        source: where the rows come from.
        size: rows of a batch.
        steps: how many batches.
        seed: the same one gives the same batches.
        drop: share of the rows whose text becomes zeros, which is what guidance compares with.
        noisy: share of the rows drawn from the noisiest 45 % of the timesteps, beside the uniform ones.
    """
    import torch

    dice = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        rows = torch.randint(len(source.latents), (size,), generator=dice)
        place = (torch.rand(1, generator=dice) + torch.arange(size) / size) % 1  # stratified
        place = torch.where(torch.rand(size, generator=dice) < noisy, 0.55 + 0.45 * place, place)
        kept = (torch.rand(size, generator=dice) >= drop).to(source.states)
        part = Material(
            source.latents[rows],
            source.states[rows] * kept.view(-1, 1, 1),
            source.pooled[rows] * kept.view(-1, 1),
            None if source.hints is None else source.hints[rows],
            None if source.weight is None else source.weight[rows],
        )
        noise = torch.randn(part.latents.shape, generator=dice).to(part.latents)
        yield Batch(part, noise, (place * TIMESTEPS).long().clamp(max=TIMESTEPS - 1))
