"""Load a diffusers pipeline as an image plan says."""

from dataclasses import replace
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any

from aigc_kit.core.errors import BadInput, missing_extra
from aigc_kit.core.types import FrozenMap, Plan, Words
from aigc_kit.make.diffusion.loading import PipelineEngine

SCHEDULERS = MappingProxyType(
    {
        "euler": "EulerDiscreteScheduler",
        "euler-a": "EulerAncestralDiscreteScheduler",
        "ddim": "DDIMScheduler",
        "ddpm": "DDPMScheduler",
        "dpm++": "DPMSolverMultistepScheduler",
    }
)
"""Name -> class of diffusers. None in the settings takes the model's own."""


def load(plan: Plan) -> "ImageEngine":
    """Load the pipeline, with the errors of `PipelineEngine.load`.

    Raises:
        MissingExtra: the model's tokenizer needs a package that is not installed.
    """
    package = plan.card.facts.package
    if package is not None and find_spec(package) is None:
        raise missing_extra(
            package, plan.card.name, Words(f"the tokenizer of {plan.card.name}", f"{plan.card.name} 的分词器")
        )
    engine: ImageEngine = ImageEngine.load(plan, **plan.card.facts.options)
    return engine


class ImageEngine(PipelineEngine):
    """Hold one loaded pipeline, whose parts three views share."""

    def plan_that_works(self, plan: Plan) -> Plan:
        """Keep an overflowing VAE in float32 from the start.

        Only where group offloading keeps its own copies of the weights: what is cast afterwards would be brought back
        in float16, and fail beside float32 latents.
        """
        vae = self._parts.get("vae")
        overflows = plan.card.facts.vae_upcast and getattr(getattr(vae, "config", None), "force_upcast", False)
        if overflows and plan.placement.get("vae") == "group" and plan.dtypes.get("vae") == "float16":
            return replace(plan, dtypes=FrozenMap(plan.dtypes, vae="float32"))
        return plan

    def pipe_for(self, mode: str) -> Any:
        """Give another pipeline over the same parts, uncast."""
        import diffusers

        if not mode:
            return self.pipe
        name = type(self.pipe).__name__.removesuffix("Pipeline") + {"img2img": "Img2Img", "inpaint": "Inpaint"}[mode]
        cls = getattr(diffusers, f"{name}Pipeline", None)
        if cls is None:
            wish = Words(f"{mode} with {self.plan.card.name}", f"用 {self.plan.card.name} 做 {mode}")
            raise BadInput(
                asked=wish,
                found=Words(f"diffusers has no {name}Pipeline", f"diffusers 里没有 {name}Pipeline"),
                todo=Words("use SDXL", "换用 SDXL"),
            )
        return cls(**{**self._parts, **self.plan.card.facts.options})
