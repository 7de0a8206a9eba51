"""One run of an image pipeline: its steps, then its Take."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from inspect import signature
from typing import Any

import numpy as np

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Plan, Request
from aigc_kit.make.diffusion.job import DiffusionJob
from aigc_kit.make.diffusion.words import labels_of
from aigc_kit.make.image import pixels
from aigc_kit.make.image.settings import Settings
from aigc_kit.make.image.words import Words, conditions, words_for


class Job(DiffusionJob):
    """One run: `steps()` once, then `take()`."""

    kind = "image"

    def __init__(self, request: Request, plan: Plan, image: Any = None, mask: Any = None) -> None:
        super().__init__(request, plan)
        if mask is not None and image is None:
            raise BadInput(asked="inpainting", found="a mask and no picture", todo="give image=... too")
        self.settings = Settings.of(plan.request)
        self.mode = "text2img" if image is None else "img2img" if mask is None else "inpaint"
        self._image = None if image is None else pixels.picture(image)
        self._mask = None if mask is None else pixels.mask(mask, self._image.size)  # type: ignore[union-attr]
        self._words: tuple[Words, Words | None] | None = None
        self._lift = None if plan.card.constraints.get("vae_upcast", True) else False

    def _view(self, engine: Any) -> Any:
        return engine.view(self.mode, self.plan, self.settings.scheduler, follow=self.settings.follow)

    def _read(self, tokenizer: Any) -> None:
        request = self.plan.request
        prompt = words_for(request.prompt, self.settings, self.plan.card, tokenizer)
        negative = None
        if request.negative:
            negative = words_for(request.negative, self.settings, self.plan.card, tokenizer, negative=True)
        self._words = (prompt, negative)

    def _decode(self, pipe: Any, latents: Any) -> np.ndarray:
        return pixels.decode(pipe.vae, latents, upcast=self._lift)

    def _shown(self, result: np.ndarray) -> Any:
        return pixels.to_pil(result)

    def _call(self, placed: Any) -> dict[str, Any]:
        import torch

        request = self.plan.request
        assert self._words is not None
        prompt, negative = self._words
        negative = negative if negative and negative.read.strip() else None  # the tiny world may know none of it
        call: dict[str, Any] = {
            **conditions(placed, prompt, negative, guided=float(request.guidance or 0) > 1),
            "num_inference_steps": request.steps,
            "guidance_scale": float(request.guidance),  # type: ignore[arg-type]
            "num_images_per_prompt": request.batch,
            "generator": [torch.Generator("cpu").manual_seed(seed) for seed in self._seeds],
        }
        size = {"height": request.height, "width": request.width}
        if self.mode == "text2img":
            return {**call, **size}
        shape = (int(request.width or 0), int(request.height or 0))
        call |= {"image": self._image.resize(shape), "strength": self.settings.strength}  # type: ignore[union-attr]
        if "height" in signature(type(placed.pipe).__call__).parameters:  # else it takes the picture's
            call |= size
        if self.mode == "inpaint":
            call |= {"mask_image": self._mask.resize(shape, 0)}  # type: ignore[union-attr]
        return call

    def _around(self, pipe: Any) -> AbstractContextManager[Any]:
        return _without_mask_channels(pipe) if self.mode == "inpaint" else nullcontext()

    @property
    def _seeds(self) -> tuple[int, ...]:
        return tuple(self.plan.request.seed + i for i in range(self.plan.request.batch))

    def _labels(self) -> dict[str, Any]:
        assert self._words is not None
        labels = {"mode": self.mode, "seeds": self._seeds, **labels_of(*self._words, self.plan.request.guidance)}
        for start, words in zip(("", "negative_"), self._words, strict=True):
            if words is not None:
                labels[f"{start}weights"] = tuple((piece.text, piece.weight) for piece in words.pieces)
        if self._image is not None:
            labels |= {"image_sha256": pixels.digest(self._image), "strength": self.settings.strength}
        if self._mask is not None:
            labels["mask_sha256"] = pixels.digest(self._mask)
        return labels


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
