"""One run of a diffusion pipeline: its steps, then its Take."""

import sys
import time
from collections.abc import Callable, Generator
from functools import wraps
from importlib import import_module
from typing import Any

import numpy as np

from aigc_kit import compat, load
from aigc_kit.errors import BadInput
from aigc_kit.image import pixels
from aigc_kit.image.embeddings import conditions
from aigc_kit.image.loading import quiet
from aigc_kit.image.settings import Settings
from aigc_kit.image.stepping import stepwise
from aigc_kit.image.words import Words, words_for
from aigc_kit.types import Cost, FrozenMap, Phase, Plan, Request, Step, Take

PHASES = {"rest": "prepare", "text_encoder": "text", "text_encoder_2": "text"}  # of the ledger -> of the take


class Job:
    """One run: `steps()` once, then `take()`."""

    def __init__(self, request: Request, plan: Plan, image: Any = None, mask: Any = None) -> None:
        _check_same(request, plan)
        if mask is not None and image is None:
            raise BadInput(asked="inpainting", found="a mask and no picture", todo="give image=... too")
        self.plan, self.settings = plan, Settings.of(plan.request)
        self.mode = "text2img" if image is None else "img2img" if mask is None else "inpaint"
        self._image = None if image is None else pixels.picture(image)
        self._mask = None if mask is None else pixels.mask(mask, self._image.size)  # type: ignore[union-attr]
        self._set_up: list[Phase] = []
        self._pauses: list[tuple[float, float]] = []
        self._result: np.ndarray | None = None
        self._words: tuple[Words, Words | None] | None = None

    def steps(self) -> Generator[Step, None, None]:
        """See `aigc_kit.image.steps`."""
        self._placed = placed = self._load()
        tokenizer = placed.pipe.tokenizer
        request = self.plan.request
        prompt = words_for(request.prompt, self.settings, self.plan.card, tokenizer)
        negative = words_for(request.negative, self.settings, self.plan.card, tokenizer) if request.negative else None
        self._words = (prompt, negative)
        made = stepwise(self._work)
        last = time.perf_counter()
        try:
            for index, total, phase, preview in made:
                now = time.perf_counter()
                yield Step(index, total, phase, now - last, preview)
                last = time.perf_counter()
                self._pauses.append((now, last))
        finally:
            made.close()

    def take(self) -> Take:
        """The result of a run that went to its end."""
        if self._result is None:
            raise BadInput(
                asked="the take of this run", found="it did not run to its end", todo="exhaust steps() first"
            )
        return Take("image", self._result, self.plan, self._cost(), self._labels())

    def _load(self) -> Any:
        if not load.is_loaded(self.plan):
            for name, work in (("import", _import), ("load", lambda: load.engine(self.plan))):
                if name == "load" or "diffusers" not in sys.modules:
                    began = time.perf_counter()
                    work()
                    self._set_up.append(Phase(name, time.perf_counter() - began, None, "wall clock"))
        engine = load.engine(self.plan)
        return engine.view(self.mode, self.plan, self.settings.scheduler, follow=self.settings.follow)

    def _work(self, report: Callable[[Any], None]) -> None:
        """In the thread of the pipeline: run it, then decode."""
        placed, pipe = self._placed, self._placed.pipe
        lift = None if self.plan.card.constraints.get("vae_upcast", True) else False
        self._began = time.perf_counter()
        with quiet(), placed.ledger.run(), _Finished(pipe.scheduler) as finished:

            def after_step(pipe: Any, index: int, _time: Any, state: dict[str, Any]) -> dict[str, Any]:
                _wait(placed.device)
                report(
                    (
                        index,
                        pipe.num_timesteps + 1,
                        "denoise",
                        _Preview(pipe.vae, state["latents"], finished.last, lift),
                    )
                )
                return state

            call = self._call(placed)
            latents = pipe(**placed.arguments(**call, callback_on_step_end=after_step, output_type="latent")).images
            placed.ledger.phase("decode")
            total = pipe.num_timesteps + 1
            self._result = pixels.decode(pipe.vae, latents, upcast=lift)
        result = self._result
        report((total - 1, total, "decode", lambda *_: pixels.to_pil(result)))

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
        if self.mode == "inpaint":
            call |= {**size, "mask_image": self._mask.resize(shape, 0)}  # type: ignore[union-attr]
        return call

    @property
    def _seeds(self) -> tuple[int, ...]:
        return tuple(self.plan.request.seed + i for i in range(self.plan.request.batch))

    def _cost(self) -> Cost:
        """The ledger's phases, without the time that the caller took between steps; one entry a name."""
        phases: dict[str, tuple[float, int | None]] = {}
        cost = self._placed.ledger.cost()
        drawn = False
        for spell, phase in zip(self._placed.ledger.spells, cost.phases, strict=True):
            drawn = drawn or phase.name == "denoise"
            start, end = self._began + spell.began, self._began + spell.began + spell.seconds
            paused = sum(max(0.0, min(end, b) - max(start, a)) for a, b in self._pauses)
            name = PHASES.get(phase.name, phase.name) if drawn or phase.name != "decode" else "encode"
            seconds, peak = phases.get(name, (0.0, None))
            peaks = [p for p in (peak, phase.peak_bytes) if p is not None]
            phases[name] = (seconds + phase.seconds - paused, max(peaks, default=None))
        how = cost.phases[0].how if cost.phases else "wall clock"
        return Cost((*self._set_up, *(Phase(n, max(0.0, s), p, how) for n, (s, p) in phases.items())))

    def _labels(self) -> FrozenMap:
        card, request = self.plan.card, self.plan.request
        assert self._words is not None
        labels: dict[str, Any] = {
            "model": card.name,
            "tier": card.tier,
            "mode": self.mode,
            "origin": "AI 生成",
            "licence": card.licence,
            "seeds": self._seeds,
            "scheduler": type(self._placed.pipe.scheduler).__name__,
            "size": (request.height, request.width),
        }
        for start, words in zip(("", "negative_"), self._words, strict=True):
            if words is not None:
                labels |= {start + name: value for name, value in _said(words).items()}
        notes = [note for words in self._words if words is not None for note in words.notes]
        if self._words[1] is not None and float(request.guidance or 0) <= 1:
            notes.append("guidance <= 1 时没有引导，负面提示词不起作用")
        labels["notes"] = tuple(notes)
        if self._image is not None:
            labels |= {"image_sha256": pixels.digest(self._image), "strength": self.settings.strength}
        if self._mask is not None:
            labels["mask_sha256"] = pixels.digest(self._mask)
        return FrozenMap(labels)


def _said(words: Words) -> dict[str, Any]:
    budget = words.budget
    return {
        "prompt_read": words.read,
        "tokens": budget.used,
        "token_limit": budget.limit,
        "cut": budget.cut,
        "weights": tuple((piece.text, piece.weight) for piece in words.pieces),
        **dict(words.labels),
    }


class _Preview:
    """Decodes when called: `preview()` what the model takes for the finished picture, `preview("latent")` the noise."""

    __slots__ = ("_clean", "_latents", "_lift", "_vae")

    def __init__(self, vae: Any, latents: Any, clean: Any, lift: bool | None) -> None:
        self._vae, self._latents, self._clean, self._lift = vae, latents, clean, lift

    def __call__(self, what: str = "picture") -> Any:
        latents = self._latents if what == "latent" or self._clean is None else self._clean
        return pixels.to_pil(pixels.decode(self._vae, latents, upcast=self._lift))


class _Finished:
    """Keeps what a scheduler takes for the finished latents, which the pipeline drops. Changes no number."""

    def __init__(self, scheduler: Any) -> None:
        self._scheduler, self.last = scheduler, None

    def __enter__(self) -> "_Finished":
        original = self._scheduler.step

        @wraps(original)  # a pipeline looks at the signature before it hands over a generator
        def step(*args: Any, return_dict: bool = True, **options: Any) -> Any:
            made = original(*args, return_dict=True, **options)
            self.last = getattr(made, "pred_original_sample", None)
            return made if return_dict else (made.prev_sample,)

        self._scheduler.step = step
        return self

    def __exit__(self, *_: object) -> None:
        del self._scheduler.step


def _import() -> None:
    compat.bypass_broken_torchaudio()
    with quiet():
        import_module("diffusers").__getattr__("StableDiffusionXLPipeline")  # a lazy name: this loads torch


def _wait(device: str) -> None:
    """Let a GPU finish, so that a step's seconds are its own."""
    if device.startswith("cuda"):
        import torch

        torch.cuda.synchronize(device)


def _check_same(request: Request, plan: Plan) -> None:
    made, changed = plan.request, {change.what for change in plan.changes}
    names = ("card", "prompt", "negative", "seed", "batch", "steps", "guidance", "height", "width")
    differing = []
    for name in names:
        asked = getattr(request, name)
        if asked is not None and asked != getattr(made, name) and name not in changed:
            differing.append(name)
    known = made.extra
    differing += [n for n, v in request.extra.items() if v is not None and known.get(n) != v and n not in changed]
    if differing:
        raise BadInput(
            asked=f"a run with its own {', '.join(differing)}",
            found="the plan was made from another request",
            todo="plan the new request first: aigc_kit.image.plan_for(...)",
        )
