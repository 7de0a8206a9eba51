"""Latents -> pictures, and pictures a learner brings -> what a pipeline takes."""

from hashlib import sha256
from typing import Any

import numpy as np

from aigc_kit.core.errors import BadInput


def decode(vae: Any, latents: Any, *, upcast: bool | None = None) -> np.ndarray:
    """Latents of a Stable Diffusion model, decoded.

    Args:
        vae: AutoencoderKL.
        latents: (B, 4, h, w), scaled as the denoiser has them.
        upcast: decode a float16 VAE in float32. None does so where its config says that it overflows (errata E12).

    Returns:
        uint8 (B, 8 h, 8 w, 3).

    Raises:
        BadInput: the decoder gave values that are no numbers: float16 overflowed.
    """
    import torch

    half = vae.dtype == torch.float16
    lift = half and (bool(getattr(vae.config, "force_upcast", False)) if upcast is None else upcast)
    with torch.no_grad():
        if lift:
            vae.to(dtype=torch.float32)
        try:
            made = type(vae).decode(vae, _unscaled(vae, latents.to(vae.dtype)), return_dict=False)[0].float()
        finally:
            if lift:
                vae.to(dtype=torch.float16)
    if not bool(torch.isfinite(made).all()):
        raise BadInput(
            asked="the picture of these latents",
            found="the decoder gave values that are no numbers: it overflowed in float16",
            todo="decode in float32: plan with vae={'upcast': True}, or use the VAE fixed for float16",
        )
    made = (made / 2 + 0.5).clamp(0, 1).mul(255).round()
    return np.ascontiguousarray(made.permute(0, 2, 3, 1).to("cpu", torch.uint8).numpy())


def encode(vae: Any, pictures: np.ndarray, *, upcast: bool | None = None) -> Any:
    """Pictures -> latents, as the denoiser has them: the mean of what the encoder says, without its noise.

    Args:
        vae: AutoencoderKL.
        pictures: uint8 (B, H, W, 3), sides multiples of 8.
        upcast: as in `decode`.

    Returns:
        torch float32 (B, C, H / 8, W / 8), on the device of the VAE.
    """
    import torch

    half = vae.dtype == torch.float16
    lift = half and (bool(getattr(vae.config, "force_upcast", False)) if upcast is None else upcast)
    pixels = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).to(vae.device).float() / 127.5 - 1
    with torch.no_grad():
        if lift:
            vae.to(dtype=torch.float32)
        try:
            mean = type(vae).encode(vae, pixels.to(vae.dtype)).latent_dist.mean.float()
        finally:
            if lift:
                vae.to(dtype=torch.float16)
    return _scaled(vae, mean)


def _scaled(vae: Any, latents: Any) -> Any:
    config = vae.config
    if getattr(config, "latents_mean", None) is None or getattr(config, "latents_std", None) is None:
        return latents * config.scaling_factor
    mean, std = _mean_and_std(config, latents)
    return (latents - mean) * config.scaling_factor / std


def _unscaled(vae: Any, latents: Any) -> Any:
    config = vae.config
    if getattr(config, "latents_mean", None) is None or getattr(config, "latents_std", None) is None:
        return latents / config.scaling_factor
    mean, std = _mean_and_std(config, latents)
    return latents * std / config.scaling_factor + mean


def _mean_and_std(config: Any, like: Any) -> tuple[Any, Any]:
    import torch

    shape = (1, len(config.latents_mean), 1, 1)
    mean, std = (torch.tensor(values).view(shape).to(like) for values in (config.latents_mean, config.latents_std))
    return mean, std


def to_pil(pixels: np.ndarray) -> Any:
    """One picture; of several a row. uint8 (B, H, W, 3) -> PIL.Image."""
    from PIL import Image

    return Image.fromarray(np.concatenate(list(pixels), axis=1))


def picture(value: Any, name: str = "image") -> Any:
    """A picture as PIL.Image in RGB.

    Args:
        value: PIL.Image, or uint8 (H, W, 3), (1, H, W, 3) or (H, W).
        name: for the error.

    Raises:
        BadInput: anything else, float arrays too, since their range is not known.
    """
    from PIL import Image

    if isinstance(value, Image.Image):
        return value.convert("RGB")
    array = np.asarray(value)
    if array.ndim == 4 and len(array) == 1:
        array = array[0]
    if (
        array.dtype != np.uint8
        or array.ndim not in (2, 3)
        or (array.ndim == 3 and array.shape[2] != 3)
        or not array.size
    ):
        raise BadInput(
            asked=f"{name} from {type(value).__name__} {array.dtype} {array.shape}",
            found="not one picture of uint8 (H, W, 3)",
            todo="pass PIL.Image.open(file), or take.data[0]",
        )
    return Image.fromarray(array).convert("RGB")


def mask(value: Any, size: tuple[int, int]) -> Any:
    """A mask for inpainting as PIL.Image in L: white is drawn anew, black stays.

    Args:
        value: PIL.Image, bool (H, W), or uint8 (H, W) where >= 128 is white; or (left, top, right, bottom) in pixels.
        size: (width, height) of the picture.

    Raises:
        BadInput: it marks nothing, is of another size, or is no mask.
    """
    from PIL import Image

    if isinstance(value, (tuple, list)) and len(value) == 4 and all(isinstance(v, (int, np.integer)) for v in value):
        drawn = np.zeros((size[1], size[0]), np.uint8)
        left, top, right, bottom = value
        drawn[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = 255
    elif isinstance(value, Image.Image):
        drawn = np.asarray(value.convert("L"))
    else:
        array = np.asarray(value)
        drawn = array.astype(np.uint8) * 255 if array.dtype == bool else array
    if drawn.dtype != np.uint8 or drawn.ndim != 2 or drawn.shape != (size[1], size[0]):
        raise BadInput(
            asked=f"a mask of {drawn.dtype} {drawn.shape}",
            found=f"the picture is {size[1]} x {size[0]} (height x width)",
            todo="give bool (H, W), or (left, top, right, bottom) in pixels of the picture",
        )
    white = drawn >= 128
    if not white.any():
        raise BadInput(asked="an inpainting mask", found="it marks nothing", todo="make white what is to be drawn anew")
    return Image.fromarray(np.where(white, 255, 0).astype(np.uint8))


def digest(value: Any) -> str:
    """sha256 of a picture's pixels, hex."""
    array = np.asarray(value)
    return sha256(repr(array.shape).encode() + np.ascontiguousarray(array).tobytes()).hexdigest()
