"""Plan of an image model -> a loaded diffusers pipeline, seen as text-to-image, img2img or inpainting."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from aigc_kit import compat, load
from aigc_kit.errors import BadInput, CannotLoad
from aigc_kit.image.settings import SCHEDULERS
from aigc_kit.types import Card, FrozenMap, Plan

MODES = ("text2img", "img2img", "inpaint")


def key(plan: Plan) -> tuple[str, ...]:
    """What tells one loaded pipeline from another: card, folder, dtypes, placement, attention, decoder options."""
    parts = (plan.dtypes, plan.placement, plan.vae)
    return (plan.card.name, *(repr(sorted(dict(p).items())) for p in parts), plan.attention, plan.budget.device)


def make(plan: Plan) -> "ImageEngine":
    """Load the pipeline; errors as in `aigc_kit.load.engine`."""
    return ImageEngine(read_pipeline(plan.card, load.on_disk(plan.card), plan.dtypes), plan)


def read_pipeline(card: Card, folder: Path, dtypes: Any) -> Any:
    """The pipeline of a folder, on the CPU, in the plan's dtypes: safetensors only, no code of the folder is run.

    Raises:
        CannotLoad: diffusers cannot make the card's pipeline of the files.
    """
    compat.bypass_broken_torchaudio()
    import torch

    library, _, name = card.parts["pipeline"].rpartition(".")
    with quiet():
        cls = getattr(import_module(library), name)
    dtype = {part: getattr(torch, wanted) for part, wanted in dtypes.items() if hasattr(torch, wanted)}
    variant = card.constraints.get("variant")
    options = {"dtype": {**dtype, "default": next(iter(dtype.values()), torch.float32)}, **_left_out(name)}
    try:
        with quiet():
            pipe = cls.from_pretrained(folder, variant=variant, use_safetensors=True, local_files_only=True, **options)
    except (OSError, ValueError, RuntimeError, TypeError, KeyError) as error:
        said = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise CannotLoad(
            asked=f"{name} of {card.name!r}",
            found=f"{folder} cannot be loaded: {said}",
            todo=f"check the files with `aigc fetch --verify {card.name}`, or remove the folder and fetch it again",
        ) from error
    pipe.set_progress_bar_config(disable=True)
    return pipe


def _left_out(name: str) -> dict[str, Any]:
    """What a pipeline is made without: SDXL's watermark, and the parts of SD 1.5 that its card does not fetch."""
    if "XL" in name:
        return {"add_watermarker": False}
    return {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}


@contextmanager
def quiet() -> Iterator[None]:
    """Without the progress bars and hints that diffusers and transformers print while they load and cast."""
    from diffusers.utils import logging as of_diffusers
    from transformers.utils import logging as of_transformers

    libraries = (of_diffusers, of_transformers)
    before = [(library.get_verbosity(), library.is_progress_bar_enabled()) for library in libraries]
    for library in libraries:
        library.set_verbosity_error()
        library.disable_progress_bar()
    try:
        yield
    finally:
        for library, (level, bar) in zip(libraries, before, strict=True):
            library.set_verbosity(level)
            if bar:
                library.enable_progress_bar()


class ImageEngine:
    """One loaded pipeline. Its parts are shared by the three views of it.

    Args:
        pipe: text-to-image pipeline of diffusers, on the CPU.
        plan: what `view` applies.
    """

    def __init__(self, pipe: Any, plan: Plan) -> None:
        self.pipe, self.plan = pipe, plan
        self._scheduler, self._parts = pipe.scheduler, dict(pipe.components)
        self._now: tuple[Any, ...] | None = None
        self._placed: Any = None

    @property
    def closed(self) -> bool:
        """Its parts were let go of."""
        return self.pipe is None

    @property
    def parts(self) -> dict[str, Any]:
        """Name -> part, wherever a plan put it."""
        return dict(self._parts)

    @property
    def placed(self) -> Any:
        """The view that was made last (`aigc_kit.offload.Placed`); None before the first."""
        return self._placed

    def view(self, mode: str, plan: Plan, scheduler: str | None = None, *, follow: bool = False) -> Any:
        """The pipeline for one way of working, placed as the plan says, with a fresh scheduler.

        Args:
            mode: "text2img", "img2img" or "inpaint".
            plan: with the same key as the one that loaded it.
            scheduler: one of `settings.SCHEDULERS`; None is the model's own.
            follow: follow live tensors on a CPU.

        Returns:
            `aigc_kit.offload.Placed`.

        Raises:
            BadInput: a mode that this pipeline does not have, or the engine was freed.
        """
        from aigc_kit.offload import place

        if self.closed:
            raise BadInput(
                asked=f"{self.plan.card.name} once more",
                found="its model was freed",
                todo="run it again: it is loaded anew",
            )
        wanted = (mode, follow)
        if self._now != wanted:
            self._now = None
            pipe = self.pipe if mode == "text2img" else self._other(mode)
            for name, part in self._parts.items():
                setattr(pipe, name, part)  # a plan may keep text encoders aside
            self._placed = place(pipe, self._as_it_can_be(plan), follow=follow)
            self._now = wanted
        pipe = self._placed.pipe
        pipe.scheduler = self._fresh_scheduler(scheduler)
        pipe.set_progress_bar_config(disable=True)
        return self._placed

    def _as_it_can_be(self, plan: Plan) -> Plan:
        """A VAE that overflows in float16 is float32 from the start where group offloading keeps its own copies of the
        weights: what is cast afterwards would be brought back in float16, and fail beside float32 latents.
        """
        vae = self._parts.get("vae")
        overflows = bool(getattr(getattr(vae, "config", None), "force_upcast", False))
        if (
            overflows
            and plan.card.constraints.get("vae_upcast", True)
            and plan.placement.get("vae") == "group"
            and plan.dtypes.get("vae") == "float16"
        ):
            return replace(plan, dtypes=FrozenMap(plan.dtypes, vae="float32"))
        return plan

    def _other(self, mode: str) -> Any:
        """The pipeline of another way of working over the same parts. (from_pipe would cast them to float32.)"""
        import diffusers

        name = type(self.pipe).__name__.removesuffix("Pipeline") + {"img2img": "Img2Img", "inpaint": "Inpaint"}[mode]
        cls = getattr(diffusers, f"{name}Pipeline", None)
        if cls is None:
            raise BadInput(
                asked=f"{mode} with {self.plan.card.name}", found=f"diffusers has no {name}Pipeline", todo="use SDXL"
            )
        return cls(**{**self._parts, **_left_out(name)})

    def _fresh_scheduler(self, name: str | None) -> Any:
        """A scheduler without the state of an earlier run."""
        import diffusers

        cls = type(self._scheduler) if name is None else getattr(diffusers, SCHEDULERS[name])
        made = cls.from_config(self._scheduler.config)
        if getattr(made.config, "clip_sample", False):  # the default of DDIM and DDPM is for pixels in [-1, 1]
            made.register_to_config(clip_sample=False)
        return made

    def close(self) -> None:
        """Let go of the parts."""
        if self._placed is not None:
            self._placed.close()
        self.pipe = self._placed = self._now = None
        self._parts = {}
