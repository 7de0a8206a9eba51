"""Clips from the pipeline: one seed per prompt, no choosing among samples."""

from pathlib import Path

import numpy as np
import torch

from aigc_kit.media.frames import to_frames

STEPS, GUIDANCE, BATCH, FRAMES = 20, 3.0, 6, 17
NEGATIVE = "low quality, watermark, glitch"


@torch.no_grad()
def film(
    pipe,
    prompts: list[str],
    first_seed: int = 0,
    *,
    steps: int = STEPS,
    guidance: float = GUIDANCE,
    frames: int = FRAMES,
    height: int = 64,
    width: int = 64,
    negative: str | None = NEGATIVE,
) -> np.ndarray:
    """One clip per prompt, uint8 (N, frames, height, width, 3); prompt k starts from the noise of ``first_seed + k``.

    That is the noise which a call of its own with that seed starts from.
    """
    pipe.set_progress_bar_config(disable=True)
    shape = (1, pipe.transformer.config.in_channels, (frames - 1) // 4 + 1, height // 8, width // 8)
    out = []
    for start in range(0, len(prompts), BATCH):
        batch = prompts[start : start + BATCH]
        seeds = range(first_seed + start, first_seed + start + len(batch))
        noise = torch.cat([torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in seeds])
        made = pipe(
            batch,
            negative_prompt=None if negative is None else [negative] * len(batch),
            num_inference_steps=steps,
            guidance_scale=guidance,
            num_frames=frames,
            height=height,
            width=width,
            latents=noise,
        ).frames
        out += [to_frames(clip, range="[0, 1]").data for clip in made]
    return np.stack(out)


def sheet(clips: np.ndarray, columns: int, file: Path, shown: int = 5) -> None:
    """Clips in rows of ``columns``, each as ``shown`` frames in a row, as one picture (PNG or JPEG, by the name)."""
    from PIL import Image

    chosen = np.linspace(0, clips.shape[1] - 1, shown).round().astype(int)
    strips = [np.concatenate(list(clip[chosen]), 1) for clip in clips]
    strips = [np.pad(strip, ((1, 1), (2, 2), (0, 0)), constant_values=255) for strip in strips]
    rows = [np.concatenate(strips[k : k + columns], 1) for k in range(0, len(strips) - columns + 1, columns)]
    Image.fromarray(np.concatenate(rows)).save(file, quality=92)
