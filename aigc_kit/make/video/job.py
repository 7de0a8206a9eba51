"""Run a video model step by step, and write files."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import FrozenMap, Plan, ReadWords, Take, Words
from aigc_kit.make.diffusion.denoise import denoise
from aigc_kit.make.diffusion.finite import check_decoded, check_latents
from aigc_kit.make.diffusion.loading import labels_of, open_timed
from aigc_kit.make.modality import Work
from aigc_kit.make.video import MODALITY, Settings
from aigc_kit.media.frames import to_frames
from aigc_kit.memory.plan.options import complete
from aigc_kit.worlds.prompts.read_words import read_both, read_for_clip

FEW = 5  # frames that stand for a clip


def decode(pipe: Any, latents: Any) -> np.ndarray:
    """Decode the latents of one clip.

    Args:
        pipe: a WanPipeline; its VAE decides dtype and tiles.
        latents: float (1, C, 1 + k, h, w), as the denoiser has them.

    Returns:
        uint8 (1 + 4k, 8h, 8w, 3).

    Raises:
        BadInput: the latents, or what the decoder gave, hold values that are no numbers. Plans keep the decoder out of
            float16 (`check_plan`).

    Source: diffusers 0.42.1, WanPipeline.__call__ after its loop, operation by operation: the numbers are its own.
    """
    import torch

    check_latents(latents)
    vae = pipe.vae
    with torch.no_grad():
        z = latents.to(vae.dtype)
        shape = (1, vae.config.z_dim, 1, 1, 1)
        mean = torch.tensor(vae.config.latents_mean).view(shape).to(z.device, z.dtype)
        inverse = 1.0 / torch.tensor(vae.config.latents_std).view(shape).to(z.device, z.dtype)
        video = type(vae).decode(vae, z / inverse + mean, return_dict=False)[0]
        check_decoded(video, half=vae.dtype == torch.float16)
        frames = pipe.video_processor.postprocess_video(video, output_type="np")
    return to_frames(frames, range="[0, 1]").data


def evenly(frames: np.ndarray, most: int) -> list[np.ndarray]:
    """Pick frames at equal distances, first and last among them."""
    places = np.unique(np.linspace(0, len(frames) - 1, min(most, len(frames))).round().astype(int))
    return [frames[place] for place in places]


def strip(frames: np.ndarray, most: int = FEW) -> Any:
    """Lay frames uint8 (T, H, W, 3) in a row."""
    from PIL import Image

    return Image.fromarray(np.concatenate(evenly(frames, most), axis=1))


def work(plan: Plan) -> Work:
    """Denoise a clip step by step, and decode it.

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
    view = engine.view(plan, follow=settings.follow)
    words = read_both(partial(read_for_clip, card=plan.card, tokenizer=view.pipe.tokenizer), request)
    cache = FirstBlockCache(view.pipe.transformer, settings.first_block_cache)
    outcome = yield from denoise(view, _call(plan, words), decode, strip, cache.on())
    labels = labels_of(view, plan, words, outcome.reserved_bytes)
    seconds = (request.frames or 0) / float(request.fps or 1)
    labels |= {"seeds": (request.seed,), "frames": request.frames, "fps": request.fps, "seconds": seconds}
    if cache.skipped is not None:
        labels["cache_skipped"] = cache.skipped
    return Take("video", outcome.pixels, plan, set_up + outcome.cost, FrozenMap(labels), words)


def files(take: Take) -> dict[str, bytes]:
    """Write an MP4 that says which AI made it."""
    from aigc_kit.media import encode

    card, request = take.plan.card, take.plan.request
    comment = f"AI 生成 (AI-generated); model {card.name}, seed {request.seed}"
    words = {"title": request.prompt, "comment": comment, "copyright": card.licence}
    with TemporaryDirectory() as folder:
        file = Path(folder) / "clip.mp4"
        encode.mp4(file, take.data, request.fps, metadata=words)
        return {".mp4": file.read_bytes()}


def check_plan(plan: Plan) -> None:
    """Refuse what the model would refuse or silently change.

    Raises:
        BadInput: the plan has such a value (size, frames, fps, dtype), or leaves one open.
    """
    request = plan.request
    whole, changes = complete(request, plan.card)
    names = ("height", "width", "frames", "steps", "guidance", "fps")
    missing = [name for name in names if getattr(request, name) is None]
    if changes or missing or whole != request:
        wish = Words(
            f"a clip of {request.frames} frames, {request.height}x{request.width}",
            f"{request.frames} 帧、{request.height}x{request.width} 的短片",
        )
        becomes = Words.join(
            *(
                Words(
                    f"{c.what}: {c.asked} becomes {c.given} ({c.why})",
                    f"{c.what}：{c.asked} 改为 {c.given}（{c.why.zh}）",
                )
                for c in changes
            )
        )
        reason = (
            Words(f"the plan leaves {', '.join(missing)} open", f"方案里没有定 {'、'.join(missing)}")
            if missing
            else Words("no plan of the kit: ", "这不是本项目做的方案：") + becomes
        )
        raise BadInput(
            asked=wish,
            found=reason,
            todo=Words("plan it first: aigc_kit.video.plan_for(...)", "先做方案：aigc_kit.video.plan_for(...)"),
        )
    if plan.dtypes.get("vae", "float32") == "float16":
        what = Words("Wan's decoder in float16", "用 float16 运行 Wan 的解码器")
        todo = Words(
            "keep the VAE in float32, which a plan does by itself, or in bfloat16",
            "让 VAE 用 float32（方案自己就会这样做）或 bfloat16",
        )
        raise BadInput(
            asked=what,
            found=Words(
                "it overflows there: black or broken frames (errata E46)",
                "它在 float16 里会溢出：画面发黑或损坏（勘误 E46）",
            ),
            todo=todo,
        )


class FirstBlockCache:
    """Skip a transformer's other blocks where little changes.

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
        handles = [  # on the attention: a skipped block's own forward is not called
            block.attn1.register_forward_pre_hook(lambda *_, name=name: calls.update({name: calls[name] + 1}))
            for name, block in (("first", model.blocks[0]), ("last", model.blocks[-1]))
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
