"""One run of a video pipeline: its steps, then its Take."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from aigc_kit.diffusion.job import DiffusionJob
from aigc_kit.diffusion.words import ReadWords, labels_of
from aigc_kit.errors import BadInput
from aigc_kit.plan.asked import complete
from aigc_kit.types import Plan, Request
from aigc_kit.video import pixels
from aigc_kit.video.settings import Settings
from aigc_kit.video.words import words_for


class Job(DiffusionJob):
    """One run: `steps()` once, then `take()`.

    Raises:
        BadInput: the plan belongs to another request, or asks for what the model refuses; nothing was loaded then.
    """

    kind = "video"

    def __init__(self, request: Request, plan: Plan) -> None:
        super().__init__(request, plan)
        self.settings = Settings.of(plan.request)
        self._words: tuple[ReadWords, ReadWords | None] | None = None
        self._skipped: tuple[int, int] | None = None
        check_plan(plan)

    def _view(self, engine: Any) -> Any:
        return engine.view(self.plan, follow=self.settings.follow)

    def _read(self, tokenizer: Any) -> None:
        request, card = self.plan.request, self.plan.card
        prompt = words_for(request.prompt, card, tokenizer)
        negative = words_for(request.negative, card, tokenizer, negative=True) if request.negative else None
        self._words = (prompt, negative)

    def _call(self, placed: Any) -> dict[str, Any]:
        import torch

        request = self.plan.request
        assert self._words is not None
        prompt, negative = self._words
        return {
            "prompt": prompt.read,
            "negative_prompt": negative.read if negative and negative.read else None,
            "height": request.height,
            "width": request.width,
            "num_frames": request.frames,
            "num_inference_steps": request.steps,
            "guidance_scale": float(request.guidance),  # type: ignore[arg-type]
            "generator": torch.Generator("cpu").manual_seed(request.seed),
            "max_sequence_length": self.plan.card.constraints["max_tokens"],
        }

    @contextmanager
    def _around(self, pipe: Any) -> Iterator[None]:
        """With the first-block cache where it is asked for; counts how often the other blocks were skipped."""
        if self.settings.first_block_cache is None:
            yield
            return
        from diffusers import FirstBlockCacheConfig

        model, calls = pipe.transformer, {"first": 0, "last": 0}
        first, last = model.blocks[0].attn1, model.blocks[-1].attn1  # a skipped block's own forward is not called
        handles = [
            part.register_forward_pre_hook(lambda *_, name=name: calls.update({name: calls[name] + 1}))
            for name, part in (("first", first), ("last", last))
        ]
        model.enable_cache(FirstBlockCacheConfig(threshold=self.settings.first_block_cache))
        try:
            yield
        finally:
            model.disable_cache()
            for handle in handles:
                handle.remove()
            self._skipped = (calls["first"] - calls["last"], calls["first"])

    def _decode(self, pipe: Any, latents: Any) -> np.ndarray:
        return pixels.decode(pipe, latents)

    def _shown(self, result: np.ndarray) -> Any:
        return pixels.strip(result)

    def _labels(self) -> dict[str, Any]:
        assert self._words is not None
        request = self.plan.request
        labels: dict[str, Any] = {
            "seeds": (request.seed,),
            "frames": request.frames,
            "fps": request.fps,
            "seconds": (request.frames or 0) / float(request.fps or 1),
        }
        labels |= labels_of(*self._words, request.guidance)
        if self._skipped is not None:
            labels["cache_skipped"] = self._skipped
        return labels


def check_plan(plan: Plan) -> None:
    """Refuse what the model would refuse, or silently change: sizes, frames, fps and dtypes; before anything is loaded.

    Raises:
        BadInput: the plan has such a value, or leaves one open.
    """
    request = plan.request
    done, changes = complete(request, plan.card)
    needed = ("height", "width", "frames", "steps", "guidance", "fps")
    missing = [name for name in needed if getattr(request, name) is None]
    if changes or missing or done != request:
        raise BadInput(
            asked=f"a clip of {request.frames} frames, {request.height}x{request.width}",
            found=f"the plan leaves {', '.join(missing)} open" if missing else f"{plan.card.name} makes 4k+1 frames",
            todo="plan it first: aigc_kit.video.plan_for(...)",
        )
    vae = plan.dtypes.get("vae", "float32")
    if vae == "float16":
        raise BadInput(
            asked="Wan's decoder in float16",
            found="it overflows there: black or broken frames (errata E46)",
            todo="keep the VAE in float32, which a plan does by itself, or in bfloat16",
        )
