"""One run of a video pipeline: its steps, then its Take."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Card, Plan, Request
from aigc_kit.core.types.base import shown
from aigc_kit.make.diffusion.job import DiffusionJob
from aigc_kit.make.diffusion.settings import check_switches, read
from aigc_kit.make.diffusion.words import ReadWords, labels_of
from aigc_kit.media.frames import to_frames
from aigc_kit.memory.plan.options import complete
from aigc_kit.worlds import prompts

SHOWN = 5  # frames of a strip


@dataclass(frozen=True)
class Settings:
    """How a clip is made.

    Args:
        first_block_cache: skip the other blocks of the transformer in steps in which what its first block adds changed
            by less than this share (0.02 to 0.2 are usual; higher is faster and further off). None: never.
            Source: diffusers' FirstBlockCacheConfig, after ParaAttention.
        follow: on a CPU, follow live tensors for true peaks (it costs time). A GPU's allocator always counts.

    Raises:
        BadInput: a value outside these ranges.
    """

    first_block_cache: float | None = None
    follow: bool = False

    def __post_init__(self) -> None:
        share = self.first_block_cache
        number = isinstance(share, (int, float)) and not isinstance(share, bool)
        if share is not None and not (number and 0 < share < 1):
            todo = "choose 0 < share < 1, such as 0.05, or leave it out"
            raise BadInput(asked=f"first_block_cache={shown(share)}", found="not a share between 0 and 1", todo=todo)
        check_switches(self, "follow")

    @classmethod
    def of(cls, request: Request) -> "Settings":
        """The settings in a request's `extra`; None there leaves the default.

        Raises:
            UnknownName: a setting that does not exist. BadInput: a value out of range.
        """
        return read(cls, request, "a clip")


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


def words_for(prompt: str, card: Card, tokenizer: Any, *, negative: bool = False) -> ReadWords:
    """What the encoder of a model reads for a prompt.

    Args:
        prompt: not empty.
        card: its constraints say whether the model knows a closed world, and how many tokens it reads.
        tokenizer: of the pipeline.
        negative: it is the negative prompt, in which words about quality count.
    """
    read, labels, notes = prompt, list[tuple[str, Any]](), list[str]()
    if card.constraints.get("world") == "tinyworld":
        read, labels = _said(prompt, negative)
        if not read:
            what = "负面提示词" if negative else "提示词"
            notes.append(f"{what}里没有小世界认识的词" + ("" if negative else "，短片与它无关"))
    budget = prompts.budget(read, tokenizer, limit=card.constraints["max_tokens"] - 1)  # one place marks the end
    if not budget.fits:
        notes.append(f"共 {budget.used} 个 token，编码器只读前 {budget.limit} 个，后面的没有读到：{budget.cut}")
    return ReadWords(prompt, read, budget, tuple(labels), tuple(notes))


def _said(prompt: str, negative: bool) -> tuple[str, list[tuple[str, Any]]]:
    from aigc_kit.worlds.tinyworld.clip_vocab import clip_phrase

    made = clip_phrase(prompt, negative=negative)
    labels = [
        ("phrase", made.phrase),
        ("kept", tuple((k.text, k.attribute, k.value) for k in made.kept)),
        ("dropped", tuple((d.text, d.why) for d in made.dropped)),
    ]
    return made.phrase, labels


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
        return decode(pipe, latents)

    def _shown(self, result: np.ndarray) -> Any:
        return strip(result)

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
            todo="plan it first: aigc_kit.make.video.plan_for(...)",
        )
    vae = plan.dtypes.get("vae", "float32")
    if vae == "float16":
        raise BadInput(
            asked="Wan's decoder in float16",
            found="it overflows there: black or broken frames (errata E46)",
            todo="keep the VAE in float32, which a plan does by itself, or in bfloat16",
        )
