"""Run an image model step by step, and write files."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from inspect import signature
from io import BytesIO
from math import ceil
from typing import Any

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import FrozenMap, Plan, ReadWords, Request, Take, Words
from aigc_kit.make.diffusion.denoise import denoise
from aigc_kit.make.diffusion.loading import labels_of, negative_side, open_timed
from aigc_kit.make.image import MODALITY, SCHEDULERS, Settings, pixels
from aigc_kit.make.modality import Work
from aigc_kit.memory.plan.options import check_seeds
from aigc_kit.worlds.prompts import Piece
from aigc_kit.worlds.prompts.read_words import read_both, read_for_picture

NAMES = ("prompt_embeds", "negative_prompt_embeds", "pooled_prompt_embeds", "negative_pooled_prompt_embeds")


def conditions(placed: Any, prompt: ReadWords, negative: ReadWords | None, *, guided: bool) -> dict[str, Any]:
    """Tell a pipeline what to draw, as its arguments.

    Args:
        placed: `aigc_kit.memory.offload.Placed`.
        prompt, negative: None: no negative prompt (SDXL then uses zeros, and not what it reads of an empty text; Kolors
            wants an empty one).
        guided: whether classifier-free guidance is on, so that the negative side is needed.

    Returns:
        {"prompt", "negative_prompt"} where nothing is weighted: the pipeline then encodes them itself. Otherwise the
        four tensors of `encode_prompt`: prompt_embeds float (1, 77, 768 + 1280 for SDXL) with compel's weights in it,
        pooled (1, 1280) of the plain text, since compel does not weight pooled embeddings.
    """
    empty = placed.plan.card.facts.empty_negative
    words = {"prompt": prompt.read, "negative_prompt": negative.read if negative else empty}
    if not prompt.weights and not (negative and negative.weights):
        return words
    with text_encoders(placed) as pipe:
        device = "cpu" if placed.aside else pipe._execution_device
        guide: dict[str, Any] = {"num_images_per_prompt": 1, "do_classifier_free_guidance": guided}
        tensors = dict(zip(NAMES, pipe.encode_prompt(device=device, **guide, **words), strict=False))  # SD 1.5 has two
        for name, side in (("prompt_embeds", prompt), ("negative_prompt_embeds", negative if guided else None)):
            if side and side.weights:
                pieces = tuple(Piece(*weight) for weight in side.weights)
                tensors[name] = weighted(pipe, pieces, device).to(tensors[name])
    return {name: tensor.to(pipe.unet.dtype) for name, tensor in tensors.items() if tensor is not None}


def weighted(pipe: Any, pieces: tuple[Piece, ...], device: Any = "cpu") -> Any:
    """Encode a text with compel's weights.

    Of SDXL's two encoders the last layer but one, of SD 1.5's one the last.

    Args:
        pipe: with tokenizer, text_encoder, tokenizer_2, text_encoder_2.
        pieces: at least one with words in it.
        device: where the encoders work.

    Returns:
        float (1, tokens, width of encoder 1 + width of encoder 2); tokens beyond the encoders' limit are cut.

    Source: compel 2.5, EmbeddingsProvider. Above 1: empty prompt + weight x (prompt - empty prompt), at the places of
    the piece. Below 1: mixed with the prompt in which the piece is masked.
    """
    import torch
    from compel.embeddings_provider import EmbeddingsProvider, ReturnedEmbeddingsType

    two = getattr(pipe, "text_encoder_2", None) is not None
    last_but_one = ReturnedEmbeddingsType.PENULTIMATE_HIDDEN_STATES_NON_NORMALIZED
    kind = last_but_one if two else ReturnedEmbeddingsType.LAST_HIDDEN_STATES_NORMALIZED
    sides = []
    for end in ("", "_2") if two else ("",):
        tokenizer, encoder = getattr(pipe, f"tokenizer{end}"), getattr(pipe, f"text_encoder{end}")
        words = [p for p in pieces if tokenizer(p.text, add_special_tokens=False, verbose=False)["input_ids"]]
        options = {"returned_embeddings_type": kind, "device": device}
        options["dtype_for_device_getter"] = lambda device, encoder=encoder: encoder.dtype
        provider = EmbeddingsProvider(tokenizer, _At(encoder, device), **options)
        texts, weights = [p.text for p in words], [p.weight for p in words]
        with torch.no_grad():
            sides.append(provider.get_embeddings_for_weighted_prompt_fragments([texts], [weights], device=device))
    return torch.cat([side.to(sides[0].device) for side in sides], dim=-1)


class _At:
    """Give a text encoder a device that is not "meta"."""

    def __init__(self, encoder: Any, device: Any) -> None:
        self._encoder, self.device, self.dtype = encoder, device, encoder.dtype

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self._encoder(*args, **options)


@contextmanager
def text_encoders(placed: Any) -> Iterator[Any]:
    """Put back the text encoders that a plan keeps aside."""
    for name, part in placed.aside.items():
        setattr(placed.pipe, name, part)
    try:
        yield placed.pipe
    finally:
        for name in placed.aside:
            setattr(placed.pipe, name, None)


def work(plan: Plan, *, image: Any = None, mask: Any = None) -> Work:
    """Denoise pictures step by step, and decode them.

    Args:
        plan: of an image model.
        image: a picture to start from (img2img): PIL.Image or uint8 (H, W, 3); resized to the plan's size.
        mask: with it only its white part is drawn anew (inpainting): PIL.Image, bool (H, W), or (left, top, right,
            bottom), in pixels of `image`.

    Yields:
        Steps of `denoise`; previews are PIL.Images, of a batch a row.

    Returns:
        A Take whose data is uint8 (B, H, W, 3). Labels: model, tier, mode, origin, licence, seeds (one per picture),
        scheduler, size, negative (as `negative_side` names it), notes (Chinese), image_sha256, mask_sha256, strength.
        Its `words`: what the encoders read.

    Raises:
        BadInput: an AND, a bracket that does not close, a picture or mask that is none, or strength so low that no step
            would be made; nothing is loaded then.
    """
    if mask is not None and image is None:
        raise BadInput(
            asked=Words("inpainting", "局部重画（inpainting）"),
            found=Words("a mask and no picture", "有蒙版（mask），没有图片"),
            todo=Words("give image=... too", "同时给出 image=..."),
        )
    mode = "text2img" if image is None else "img2img" if mask is None else "inpaint"
    start = None if image is None else pixels.picture(image)
    hole = None if start is None or mask is None else pixels.mask(mask, start.size)
    request, settings = plan.request, Settings.of(plan.request)
    check_seeds(request)
    if start is not None:
        _check_steps(plan, settings.strength)
    engine, set_up = open_timed(MODALITY, plan)
    scheduler = SCHEDULERS[settings.scheduler] if settings.scheduler else None
    view = engine.view(plan, "" if start is None else mode, scheduler, follow=settings.follow)
    reading = {name: getattr(settings, name) for name in ("weights", "translate", "english")}
    words = read_both(partial(read_for_picture, card=plan.card, tokenizer=view.pipe.tokenizer, **reading), request)
    seeds = tuple(request.seed + place for place in range(request.batch))
    call = _call(view, request, words, seeds)
    if start is not None:
        call |= _retouching(view, request, start, hole, settings.strength)
    else:
        call |= {"height": request.height, "width": request.width}
    decode = partial(_decode, upcast=None if plan.card.facts.vae_upcast else False)
    around = _without_mask_channels(view.pipe) if mode == "inpaint" else None
    outcome = yield from denoise(view, call, decode, pixels.to_pil, around)
    labels = {**labels_of(view, plan, words, outcome.reserved_bytes), "mode": mode, "seeds": seeds}
    if start is not None:
        labels |= {"image_sha256": pixels.digest(start), "strength": settings.strength}
    if hole is not None:
        labels["mask_sha256"] = pixels.digest(hole)
    return Take("image", outcome.pixels, plan, set_up + outcome.cost, FrozenMap(labels), words)


def files(take: Take) -> dict[str, bytes]:
    """Write every picture as a lossless PNG, by file ending."""
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
    """Collect the pipeline's arguments, without sizes and pictures."""
    import torch

    side = negative_side(placed.pipe, request, placed.plan.card, words)  # the plan that was placed first, maybe
    negative = words[1] if len(words) > 1 and side in ("text", "empty text") else None
    return {
        **conditions(placed, words[0], negative, guided=float(request.guidance or 0) > 1),
        "num_inference_steps": request.steps,
        "guidance_scale": float(request.guidance),  # type: ignore[arg-type]
        "num_images_per_prompt": request.batch,
        "generator": [torch.Generator("cpu").manual_seed(seed) for seed in seeds],
    }


def _retouching(placed: Any, request: Request, start: Any, hole: Any, strength: float) -> dict[str, Any]:
    """Collect the arguments of img2img or inpainting."""
    shape = (int(request.width or 0), int(request.height or 0))
    call: dict[str, Any] = {"image": start.resize(shape), "strength": strength}
    if "height" in signature(type(placed.pipe).__call__).parameters:  # else it takes the picture's
        call |= {"height": request.height, "width": request.width}
    return call if hole is None else {**call, "mask_image": hole.resize(shape, 0)}


def _check_steps(plan: Plan, strength: float) -> None:
    """Refuse a strength at which no step would be made."""
    steps, most = plan.request.steps or 0, plan.card.facts.max_steps
    if int(steps * strength) >= 1:  # as diffusers reckons it
        return
    least = next((n for n in range(1, most + 1) if int(n * strength) >= 1), None)
    ways = [Words(f"steps={least} or more", f"steps={least} 或更大")] if least else []
    enough = f"strength={ceil(1000 / max(steps, 1)) / 1000:g}"
    ways.append(Words(f"{enough} or more", f"{enough} 或更大"))
    raise BadInput(
        asked=Words(f"strength={strength:g} in {steps} steps", f"strength={strength:g}，共 {steps} 步"),
        found=Words(
            f"{steps} x {strength:g} is less than one step: the picture would come back as it is",
            f"{steps} × {strength:g} 不到一步：图片会原样返回",
        ),
        todo=Words("choose ", "改成 ") + Words.join(*ways, en=", or ", zh="，或 "),
    )


@contextmanager
def _without_mask_channels(pipe: Any) -> Iterator[None]:
    """Let diffusers inpaint with latents of any depth."""
    # it takes 4 input channels for "no mask among them" and 9 for "mask among them", from the config, for nothing else
    depth = pipe.unet.config.in_channels
    plain = depth not in (4, 9) and depth == pipe.vae.config.latent_channels
    if plain:
        pipe.unet.register_to_config(in_channels=4)
    try:
        yield
    finally:
        if plain:
            pipe.unet.register_to_config(in_channels=depth)
