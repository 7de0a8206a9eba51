"""One run of a video model as a generator, and its result as a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import FrozenMap, Plan, ReadWords, Take
from aigc_kit.make.diffusion.denoise import denoise
from aigc_kit.make.diffusion.loading import labels_of, open_timed
from aigc_kit.make.run import Work
from aigc_kit.make.video import MODALITY
from aigc_kit.make.video.settings import Settings
from aigc_kit.media.frames import to_frames
from aigc_kit.memory.plan.options import complete
from aigc_kit.worlds.prompts.read_words import read_both, read_for_clip

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


def work(plan: Plan) -> Work:
    """Denoise a clip step by step, decode it, and return its Take.

    Args:
        plan: of a video model.

    Yields:
        Steps of `denoise`; a preview is a PIL.Image with a few frames in a row, `preview.pixels()` the frames
        uint8 (T, H, W, 3), which takes as long as decoding the clip.

    Returns:
        A Take whose data is uint8 (T, H, W, 3). Labels: model, tier, origin, licence, seeds, scheduler, size, frames,
        fps, seconds (of the clip), cache_skipped (skipped, all calls of the transformer), notes (Chinese). Its `words`:
        what the encoder read.

    Raises:
        BadInput: the plan asks for what the model refuses; nothing was loaded then.
    """
    check_plan(plan)
    request, settings = plan.request, Settings.of(plan.request)
    engine, set_up = open_timed(MODALITY, plan)
    placed = engine.placed_for(plan, follow=settings.follow)
    words = read_both(partial(read_for_clip, card=plan.card, tokenizer=placed.pipe.tokenizer), request)
    cache = FirstBlockCache(placed.pipe.transformer, settings.first_block_cache)
    denoised = yield from denoise(placed, _call(plan, words), decode, strip, cache.on())
    labels = {
        **labels_of(placed, plan, words, denoised.reserved_bytes),
        "seeds": (request.seed,),
        "frames": request.frames,
        "fps": request.fps,
        "seconds": (request.frames or 0) / float(request.fps or 1),
    }
    if cache.skipped is not None:
        labels["cache_skipped"] = cache.skipped
    return Take("video", denoised.pixels, plan, set_up + denoised.cost, FrozenMap(labels), words)


def files(take: Take) -> dict[str, bytes]:
    """Write an MP4 that says in its own data that an AI made it, which one, and what its licence allows."""
    from aigc_kit.media import encode

    card, request = take.plan.card, take.plan.request
    words = {
        "title": request.prompt,
        "comment": f"AI 生成 (AI-generated); model {card.name}, seed {request.seed}",
        "copyright": card.licence,
    }
    with TemporaryDirectory() as folder:
        file = Path(folder) / "clip.mp4"
        encode.mp4(file, take.data, request.fps, metadata=words)
        return {".mp4": file.read_bytes()}


def check_plan(plan: Plan) -> None:
    """Refuse what the model would refuse, or silently change: sizes, frames, fps and dtypes; before anything is loaded.

    Raises:
        BadInput: the plan has such a value, or leaves one open.
    """
    request = plan.request
    completed, changes = complete(request, plan.card)
    needed = ("height", "width", "frames", "steps", "guidance", "fps")
    missing = [name for name in needed if getattr(request, name) is None]
    if changes or missing or completed != request:
        raise BadInput(
            asked=f"a clip of {request.frames} frames, {request.height}x{request.width}",
            found=f"the plan leaves {', '.join(missing)} open" if missing else f"{plan.card.name} makes 4k+1 frames",
            todo="plan it first: aigc_kit.video.plan_for(...)",
        )
    if plan.dtypes.get("vae", "float32") == "float16":
        raise BadInput(
            asked="Wan's decoder in float16",
            found="it overflows there: black or broken frames (errata E46)",
            todo="keep the VAE in float32, which a plan does by itself, or in bfloat16",
        )


class FirstBlockCache:
    """Skips the other blocks of a transformer where its first one changed little, and counts how often.

    Args:
        model: a transformer of diffusers.
        threshold: share; None: never.
    """

    def __init__(self, model: Any, threshold: float | None) -> None:
        self._model, self._threshold = model, threshold
        self.skipped: tuple[int, int] | None = None

    @contextmanager
    def on(self) -> Iterator[None]:
        """Keep the cache on while a pipeline runs."""
        if self._threshold is None:
            yield
            return
        from diffusers import FirstBlockCacheConfig

        model, calls = self._model, {"first": 0, "last": 0}
        first, last = model.blocks[0].attn1, model.blocks[-1].attn1  # a skipped block's own forward is not called
        handles = [
            part.register_forward_pre_hook(lambda *_, name=name: calls.update({name: calls[name] + 1}))
            for name, part in (("first", first), ("last", last))
        ]
        model.enable_cache(FirstBlockCacheConfig(threshold=self._threshold))
        try:
            yield
        finally:
            model.disable_cache()
            for handle in handles:
                handle.remove()
            self.skipped = (calls["first"] - calls["last"], calls["first"])


def _call(plan: Plan, words: tuple[ReadWords, ...]) -> dict[str, Any]:
    """The pipeline's arguments."""
    import torch

    request = plan.request
    return {
        "prompt": words[0].read,
        "negative_prompt": words[1].read if len(words) > 1 and words[1].read else None,
        "height": request.height,
        "width": request.width,
        "num_frames": request.frames,
        "num_inference_steps": request.steps,
        "guidance_scale": float(request.guidance),  # type: ignore[arg-type]
        "generator": torch.Generator("cpu").manual_seed(request.seed),
        "max_sequence_length": plan.card.facts.max_tokens,
    }
