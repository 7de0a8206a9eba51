"""Plan of an image model -> a loaded diffusers pipeline, seen as text-to-image, img2img or inpainting."""

from dataclasses import replace
from importlib.util import find_spec
from typing import Any

from aigc_kit.core.errors import BadInput, missing_extra
from aigc_kit.core.types import FrozenMap, Plan
from aigc_kit.make.diffusion.loading import PipelineEngine
from aigc_kit.make.image.settings import SCHEDULERS

__all__ = ["MODES", "ImageEngine", "load"]

MODES = ("text2img", "img2img", "inpaint")


def load(plan: Plan) -> "ImageEngine":
    """Load the pipeline; errors as in `PipelineEngine.load`.

    Raises:
        MissingExtra: the model's tokenizer needs a package that is not installed.
    """
    package = plan.card.facts.package
    if package is not None and find_spec(package) is None:
        raise missing_extra(package, plan.card.name, f"the tokenizer of {plan.card.name}")
    engine: ImageEngine = ImageEngine.load(plan, **_left_out(plan.card.parts["pipeline"]))
    return engine


def _left_out(name: str) -> dict[str, Any]:
    """What a pipeline is made without: SDXL's watermark, and the parts of SD 1.5 that its card does not fetch."""
    if "XL" in name:
        return {"add_watermarker": False}
    if "Kolors" in name:
        return {}
    return {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}


class ImageEngine(PipelineEngine):
    """One loaded pipeline. Its parts are shared by the three views of it."""

    def view(self, mode: str, plan: Plan, scheduler: str | None = None, *, follow: bool = False) -> Any:
        """The pipeline for one way of working, placed as the plan says, with a fresh scheduler.

        Args:
            mode: "text2img", "img2img" or "inpaint".
            plan: with the same key as the one that loaded it.
            scheduler: one of `settings.SCHEDULERS`; None is the model's own.
            follow: follow live tensors on a CPU.

        Returns:
            `aigc_kit.memory.offload.Placed`.

        Raises:
            BadInput: a mode that this pipeline does not have, or the engine was freed.
        """
        name = None if scheduler is None else SCHEDULERS[scheduler]
        return self.placed_for(plan, follow=follow, mode=mode, scheduler=name)

    def plan_that_works(self, plan: Plan) -> Plan:
        """A VAE that overflows in float16 is float32 from the start where group offloading keeps its own copies of the
        weights: what is cast afterwards would be brought back in float16, and fail beside float32 latents.
        """
        vae = self._parts.get("vae")
        overflows = bool(getattr(getattr(vae, "config", None), "force_upcast", False))
        if (
            overflows
            and plan.card.facts.vae_upcast
            and plan.placement.get("vae") == "group"
            and plan.dtypes.get("vae") == "float16"
        ):
            return replace(plan, dtypes=FrozenMap(plan.dtypes, vae="float32"))
        return plan

    def pipe_for(self, mode: str) -> Any:
        """The pipeline of another way of working over the same parts. (from_pipe would cast them to float32.)"""
        import diffusers

        if mode == "text2img":
            return self.pipe
        name = type(self.pipe).__name__.removesuffix("Pipeline") + {"img2img": "Img2Img", "inpaint": "Inpaint"}[mode]
        cls = getattr(diffusers, f"{name}Pipeline", None)
        if cls is None:
            raise BadInput(
                asked=f"{mode} with {self.plan.card.name}", found=f"diffusers has no {name}Pipeline", todo="use SDXL"
            )
        return cls(**{**self._parts, **_left_out(name)})
