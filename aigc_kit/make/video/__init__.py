"""Video: clips from prompts on real Wan pipelines of diffusers, in both tiers, and measures of clips.

take = make("一只小狗在月球上跳舞", negative="low quality, watermark, glitch", seed=42)  # uint8 (T, H, W, 3)
plan = plan_for("一只小狗在月球上跳舞", seed=42)
for step in steps(plan): step.preview()      # a few frames, decoded when asked for
measures.consistency(take.data)              # difference, warping error, flicker
"""

from aigc_kit.core.lazy import lazily
from aigc_kit.make.diffusion import needs
from aigc_kit.make.diffusion.loading import PipelineEngine, key
from aigc_kit.make.run import Modality
from aigc_kit.make.video.settings import Settings, resize
from aigc_kit.memory.plan.options import WRITTEN

MODALITY = Modality(
    name="video",
    noun="a clip",
    model="a video model",
    settings=lambda request, card: Settings.of(request),
    resolve=needs.resolve,
    load=PipelineEngine.load,
    key=key,
    resize=resize,
    fallbacks=needs.fallbacks,
    ignored=lambda card: WRITTEN,
)
make, plan_for, steps = MODALITY.make, MODALITY.plan_for, MODALITY.steps
run, engine = MODALITY.run, MODALITY.engine
_LATER = {"job": ("decode", "strip"), "measures": ()}
__getattr__, __dir__ = lazily(__name__, _LATER)
__all__ = ["MODALITY", "Settings", "decode", "engine", "make", "plan_for", "run", "steps", "strip"]
