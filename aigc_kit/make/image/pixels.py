"""Turn latents into pictures, pictures into a pipeline's inputs."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from io import BytesIO
from typing import Any

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.make.diffusion.finite import check_decoded, check_latents


def decode(vae: Any, latents: Any, *, upcast: bool | None = None) -> np.ndarray:
    """Decode latents of a Stable Diffusion model.

    Args:
        vae: AutoencoderKL.
        latents: (B, 4, h, w), scaled as the denoiser has them.
        upcast: decode a float16 VAE in float32. None does so where its config says that it overflows (errata E12).

    Returns:
        uint8 (B, 8 h, 8 w, 3).

    Raises:
        BadInput: the latents or the decoded picture hold values that are no numbers.
    """
    import torch

    check_latents(latents)
    with torch.no_grad(), _lifted(vae, upcast):
        half = next(vae.parameters()).dtype == torch.float16
        picture = type(vae).decode(vae, _unscaled(vae, latents.to(vae.dtype)), return_dict=False)[0].float()
    check_decoded(picture, half=half)
    picture = (picture / 2 + 0.5).clamp(0, 1).mul(255).round()
    return np.ascontiguousarray(picture.permute(0, 2, 3, 1).to("cpu", torch.uint8).numpy())


def encode(vae: Any, pictures: np.ndarray, *, upcast: bool | None = None) -> Any:
    """Encode pictures as the mean of the denoiser's latents.

    Args:
        vae: AutoencoderKL.
        pictures: uint8 (B, H, W, 3), sides multiples of 8.
        upcast: as in `decode`.

    Returns:
        torch float32 (B, C, H / 8, W / 8), on the device of the VAE.
    """
    import torch

    pixels = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).to(vae.device).float() / 127.5 - 1
    with torch.no_grad(), _lifted(vae, upcast):
        latents = type(vae).encode(vae, pixels.to(vae.dtype)).latent_dist.mean.float()
    mean, std = _mean_and_std(vae.config, latents)
    return (latents - mean) * vae.config.scaling_factor / std


@contextmanager
def _lifted(vae: Any, upcast: bool | None) -> Iterator[None]:
    """Keep a float16 VAE in float32 where that is wanted."""
    import torch

    wish = bool(getattr(vae.config, "force_upcast", False)) if upcast is None else upcast
    lift = wish and vae.dtype == torch.float16
    if lift:
        vae.to(dtype=torch.float32)
    try:
        yield
    finally:
        if lift:
            vae.to(dtype=torch.float16)


def _unscaled(vae: Any, latents: Any) -> Any:
    mean, std = _mean_and_std(vae.config, latents)
    return latents * std / vae.config.scaling_factor + mean


def _mean_and_std(config: Any, like: Any) -> tuple[Any, Any]:
    """Read the mean and deviation of latents, else (0, 1)."""
    import torch

    spread = [getattr(config, name, None) for name in ("latents_mean", "latents_std")]
    if None in spread:
        return 0, 1
    mean, std = (torch.tensor(values).view(1, -1, 1, 1).to(like) for values in spread)
    return mean, std


def to_pil(pixels: np.ndarray) -> Any:
    """Lay uint8 (B, H, W, 3) in a row."""
    from PIL import Image

    return Image.fromarray(np.concatenate(list(pixels), axis=1))


def picture(value: Any, name: str = "image") -> Any:
    """Take a picture in RGB, as a viewer shows it.

    Args:
        value: PIL.Image, or uint8 (H, W, 3), (1, H, W, 3) or (H, W). A camera's note of rotation is followed, 16-bit
            grey keeps its greys, what is transparent lies on white, a colour profile is turned into sRGB.
        name: for the error.

    Raises:
        BadInput: anything else; float pixels too, since their range is not known.
    """
    from PIL import Image

    if isinstance(value, Image.Image):
        return _flat(_upright(value, name), (255, 255, 255))
    array = np.asarray(value)
    if array.ndim == 4 and len(array) == 1:
        array = array[0]
    is_shaped = array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3)
    if array.dtype != np.uint8 or not is_shaped or not array.size:
        reason = Words("not one picture of uint8 (H, W, 3)", "这不是一张 uint8、形状为 (H, W, 3) 的图片")
        todo = Words(
            "pass PIL.Image.open(file), take.data[0], or aigc_kit.media.frames.to_frames(array).data[0]",
            "给 PIL.Image.open(文件名)、take.data[0]，或 aigc_kit.media.frames.to_frames(数组).data[0]",
        )
        raise BadInput(
            asked=Words(
                f"{name} from {type(value).__name__} {array.dtype} {array.shape}",
                f"{name}，给的是 {type(value).__name__} {array.dtype} {array.shape}",
            ),
            found=reason,
            todo=todo,
        )
    return Image.fromarray(array).convert("RGB")


def mask(value: Any, size: tuple[int, int]) -> Any:
    """Take a mask in L, white where drawn anew.

    Args:
        value: PIL.Image, bool (H, W), or uint8 (H, W) where >= 128 is white; or (left, top, right, bottom) in pixels.
            What is transparent in a PIL.Image is not drawn anew.
        size: (width, height) of the picture.

    Raises:
        BadInput: it marks nothing, is of another size, or is no mask.
    """
    from PIL import Image

    if isinstance(value, (tuple, list)) and len(value) == 4 and all(isinstance(v, (int, np.integer)) for v in value):
        levels = np.zeros((size[1], size[0]), np.uint8)
        left, top, right, bottom = value
        levels[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = 255
    elif isinstance(value, Image.Image):
        levels = np.asarray(_flat(_upright(value, "mask"), (0, 0, 0)).convert("L"))
    else:
        array = np.asarray(value)
        levels = array.astype(np.uint8) * 255 if array.dtype == bool else array
    if levels.dtype != np.uint8 or levels.ndim != 2 or levels.shape != (size[1], size[0]):
        reason = Words(
            f"the picture is {size[1]} x {size[0]} (height x width)", f"图片是 {size[1]} x {size[0]}（高 x 宽）"
        )
        todo = Words(
            "give bool (H, W), or (left, top, right, bottom) in pixels of the picture",
            "给 bool (H, W)，或图片上的像素 (left, top, right, bottom)",
        )
        raise BadInput(
            asked=Words(f"a mask of {levels.dtype} {levels.shape}", f"蒙版（mask）是 {levels.dtype} {levels.shape}"),
            found=reason,
            todo=todo,
        )
    white = levels >= 128
    if not white.any():
        raise BadInput(
            asked=Words("an inpainting mask", "局部重画的蒙版（mask）"),
            found=Words("it marks nothing", "它什么也没有标出"),
            todo=Words("make white what is to be drawn anew", "把要重画的地方涂成白色"),
        )
    return Image.fromarray(np.where(white, 255, 0).astype(np.uint8))


def _upright(image: Any, name: str) -> Any:
    """Turn a picture upright, and 16-bit greys into 8."""
    from PIL import Image, ImageOps

    image = ImageOps.exif_transpose(image)
    if image.mode == "F":
        reason = Words("float pixels, whose range is not known", "像素是浮点数，不知道取值范围")
        todo = Words(
            "turn it into 8 bits first, such as Image.fromarray((levels * 255).astype('uint8')) for levels in [0, 1]",
            "先转成 8 位，例如 levels 在 [0, 1] 之间时：Image.fromarray((levels * 255).astype('uint8'))",
        )
        raise BadInput(
            asked=Words(f"{name} from a PIL.Image of mode F", f"{name}，给的是 mode 为 F 的 PIL.Image"),
            found=reason,
            todo=todo,
        )
    if image.mode.startswith("I"):  # Pillow's own conversion cuts at 255, and all is white
        deep = np.asarray(image).astype(np.int64).clip(0, 65535)
        clear = image.info.get("transparency")
        grey = Image.fromarray(((deep * 255 + 32767) // 65535).astype(np.uint8))
        if isinstance(clear, int):
            grey.putalpha(Image.fromarray(np.where(deep == clear, 0, 255).astype(np.uint8)))
        return grey
    return image


def _flat(image: Any, ground: tuple[int, int, int]) -> Any:
    """Lay a picture on a ground, in sRGB without alpha."""
    from PIL import Image

    profile = image.info.get("icc_profile")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        below = Image.new("RGBA", image.size, (*ground, 255))
        image = Image.alpha_composite(below, _in_srgb(image, profile))
        return image.convert("RGB")
    return _in_srgb(image, profile).convert("RGB")


def _in_srgb(image: Any, profile: bytes | None) -> Any:
    """Turn colours of a readable profile into sRGB."""
    from PIL import ImageCms

    if profile is None or image.mode not in ("L", "RGB", "RGBA", "CMYK", "LAB"):
        return image
    target = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=target)
    except (ImageCms.PyCMSError, OSError):  # damaged, or of another kind of pixels: a viewer leaves it out as well
        return image


def digest(value: Any) -> str:
    """Hash a picture's pixels: sha256, hex."""
    array = np.asarray(value)
    return sha256(repr(array.shape).encode() + np.ascontiguousarray(array).tobytes()).hexdigest()
