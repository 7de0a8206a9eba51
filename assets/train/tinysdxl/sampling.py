"""Pictures from the pipeline: one seed per prompt, no choosing among samples."""

from pathlib import Path

import numpy as np
import torch

STEPS, GUIDANCE, BATCH = 20, 3.0, 12


@torch.no_grad()
def draw(
    pipe,
    prompts: list[str],
    first_seed: int = 0,
    *,
    steps: int = STEPS,
    guidance: float = GUIDANCE,
    height: int = 128,
    width: int = 128,
    latent: bool = False,
    **options,
) -> np.ndarray | torch.Tensor:
    """One picture per prompt, uint8 (N, height, width, 3); prompt k starts from the noise of seed ``first_seed + k``.

    latent: give the latents instead, float32 (N, C, height / 8, width / 8).
    """
    pipe.set_progress_bar_config(disable=True)
    shape = (1, pipe.unet.config.in_channels, height // 8, width // 8)
    out = []
    for start in range(0, len(prompts), BATCH):
        batch = prompts[start : start + BATCH]
        seeds = range(first_seed + start, first_seed + start + len(batch))
        noise = torch.cat([torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in seeds])
        found = pipe(
            batch,
            num_inference_steps=steps,
            guidance_scale=guidance,
            height=height,
            width=width,
            latents=noise,
            output_type="latent" if latent else "np",
            **options,
        ).images
        out.append(found if latent else np.rint(found * 255).astype(np.uint8))
    return torch.cat(out) if latent else np.concatenate(out)


def sheet(images: np.ndarray, columns: int, file: Path) -> None:
    """Write the pictures in rows of ``columns`` as one picture (PNG or JPEG, by the name)."""
    from PIL import Image

    rows = [np.concatenate(list(images[k : k + columns]), 1) for k in range(0, len(images) - columns + 1, columns)]
    Image.fromarray(np.concatenate(rows)).save(file, quality=92)
