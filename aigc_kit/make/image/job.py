"""One run of an image model as a generator, and its result as files."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from inspect import signature
from io import BytesIO
from typing import Any

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import FrozenMap, Plan, ReadWords, Request, Take
from aigc_kit.make.diffusion.denoise import denoise
from aigc_kit.make.diffusion.loading import labels_of, open_timed
from aigc_kit.make.image import MODALITY, pixels
from aigc_kit.make.image.conditioning import conditions
from aigc_kit.make.image.settings import Settings
from aigc_kit.make.run import Work
from aigc_kit.worlds.prompts.reading import read_both, read_for_picture


def work(plan: Plan, *, image: Any = None, mask: Any = None) -> Work:
    """Denoise pictures step by step, decode them, and return their Take.

    Args:
        plan: of an image model.
        image: a picture to start from (img2img): PIL.Image or uint8 (H, W, 3); resized to the plan's size.
        mask: with it only its white part is drawn anew (inpainting): PIL.Image, bool (H, W), or (left, top, right,
            bottom), in pixels of `image`.

    Yields:
        Steps of `denoise`; previews are PIL.Images, of a batch a row.

    Returns:
        A Take whose data is uint8 (B, H, W, 3). Labels: model, tier, mode, origin, licence, seeds (one per picture),
        scheduler, size, notes (Chinese), image_sha256, mask_sha256, strength. Its `words`: what the encoders read.

    Raises:
        BadInput: an AND, a bracket that does not close, or a picture or mask that is none.
    """
    if mask is not None and image is None:
        raise BadInput(asked="inpainting", found="a mask and no picture", todo="give image=... too")
    mode = "text2img" if image is None else "img2img" if mask is None else "inpaint"
    start = None if image is None else pixels.picture(image)
    hole = None if start is None or mask is None else pixels.mask(mask, start.size)
    request, settings = plan.request, Settings.of(plan.request)
    engine, set_up = open_timed(MODALITY, plan)
    placed = engine.view(mode, plan, settings.scheduler, follow=settings.follow)
    words = read_both(
        partial(
            read_for_picture,
            card=plan.card,
            tokenizer=placed.pipe.tokenizer,
            weights=settings.weights,
            translate=settings.translate,
            english=settings.english,
        ),
        request,
    )
    seeds = tuple(request.seed + place for place in range(request.batch))
    call = _call(placed, request, words, seeds)
    if start is not None:
        call |= _retouching(placed, request, start, hole, settings.strength)
    else:
        call |= {"height": request.height, "width": request.width}
    denoised = yield from denoise(
        placed,
        call,
        partial(_decode, upcast=None if plan.card.facts.vae_upcast else False),
        pixels.to_pil,
        _without_mask_channels(placed.pipe) if mode == "inpaint" else None,
    )
    labels = {**labels_of(placed, plan, words), "mode": mode, "seeds": seeds}
    if start is not None:
        labels |= {"image_sha256": pixels.digest(start), "strength": settings.strength}
    if hole is not None:
        labels["mask_sha256"] = pixels.digest(hole)
    return Take("image", denoised.pixels, plan, set_up + denoised.cost, FrozenMap(labels), words)


def files(take: Take) -> dict[str, bytes]:
    """Write every picture as a lossless PNG: ending of the file's name -> its bytes."""
    from PIL import Image

    parts = {}
    for index, picture in enumerate(take.data):
        buffer = BytesIO()
        Image.fromarray(picture).save(buffer, "PNG")
        parts[".png" if len(take.data) == 1 else f"-{index}.png"] = buffer.getvalue()
    return parts


def _decode(pipe: Any, latents: Any, upcast: bool | None) -> Any:
    return pixels.decode(pipe.vae, latents, upcast=upcast)


def _call(placed: Any, request: Request, words: tuple[ReadWords, ...], seeds: tuple[int, ...]) -> dict[str, Any]:
    """The pipeline's arguments, but for sizes and pictures."""
    import torch

    negative = words[1] if len(words) > 1 and words[1].read.strip() else None  # the tiny world may know none of it
    return {
        **conditions(placed, words[0], negative, guided=float(request.guidance or 0) > 1),
        "num_inference_steps": request.steps,
        "guidance_scale": float(request.guidance),  # type: ignore[arg-type]
        "num_images_per_prompt": request.batch,
        "generator": [torch.Generator("cpu").manual_seed(seed) for seed in seeds],
    }


def _retouching(placed: Any, request: Request, start: Any, hole: Any, strength: float) -> dict[str, Any]:
    """The arguments of img2img, with a mask of inpainting."""
    shape = (int(request.width or 0), int(request.height or 0))
    call: dict[str, Any] = {"image": start.resize(shape), "strength": strength}
    if "height" in signature(type(placed.pipe).__call__).parameters:  # else it takes the picture's
        call |= {"height": request.height, "width": request.width}
    return call if hole is None else {**call, "mask_image": hole.resize(shape, 0)}


@contextmanager
def _without_mask_channels(pipe: Any) -> Iterator[None]:
    """Let diffusers inpaint with latents of any depth. Its pipeline takes 4 input channels for "no mask among them" and
    9 for "mask among them", and refuses others; it reads that number from the denoiser's config and uses it for nothing
    else.
    """
    depth = pipe.unet.config.in_channels
    plain = depth not in (4, 9) and depth == pipe.vae.config.latent_channels
    if plain:
        pipe.unet.register_to_config(in_channels=4)
    try:
        yield
    finally:
        if plain:
            pipe.unet.register_to_config(in_channels=depth)
