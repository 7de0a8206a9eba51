"""Latents of Wan -> frames, as its pipeline makes them; and a clip as one picture."""

from typing import Any

import numpy as np

from aigc_kit.media.frames import to_frames

SHOWN = 5  # frames of a strip


def decode(pipe: Any, latents: Any) -> np.ndarray:
    """Latents of one clip, decoded.

    Args:
        pipe: a WanPipeline; its VAE decides dtype and tiles.
        latents: float (1, C, 1 + k, h, w), as the denoiser has them.

    Returns:
        uint8 (1 + 4k, 8h, 8w, 3).

    Raises:
        BadInput: the decoder gave values that are no numbers: float16 overflowed.

    Source: diffusers 0.42.1, WanPipeline.__call__ after its loop, operation by operation: the numbers are its own.
    """
    import torch

    vae = pipe.vae
    with torch.no_grad():
        z = latents.to(vae.dtype)
        shape = (1, vae.config.z_dim, 1, 1, 1)
        mean = torch.tensor(vae.config.latents_mean).view(shape).to(z.device, z.dtype)
        inverse = 1.0 / torch.tensor(vae.config.latents_std).view(shape).to(z.device, z.dtype)
        video = type(vae).decode(vae, z / inverse + mean, return_dict=False)[0]
        made = pipe.video_processor.postprocess_video(video, output_type="np")
    return to_frames(made, range="[0, 1]").data


def strip(frames: np.ndarray, most: int = SHOWN) -> Any:
    """Frames at equal distances in a row, first and last among them. uint8 (T, H, W, 3) -> PIL.Image."""
    from PIL import Image

    chosen = np.unique(np.linspace(0, len(frames) - 1, min(most, len(frames))).round().astype(int))
    return Image.fromarray(np.concatenate([frames[index] for index in chosen], axis=1))
