"""Video: clips from prompts on real Wan pipelines of diffusers, in both tiers, and measures of clips.

plan = plan_for("一只小狗在月球上跳舞", negative="low quality, watermark, glitch", seed=42)
for step in steps(plan): step.preview()      # a few frames, decoded when asked for
take = run(plan)                             # uint8 (T, H, W, 3), its cost, its labels
measures.consistency(take.data)                            # difference, warping error, flicker
"""

from aigc_kit.make.video.pixels import decode, strip
from aigc_kit.make.video.run import MODALITY, engine, make, plan_for, run, steps
from aigc_kit.make.video.settings import Settings

__all__ = [
    "MODALITY",
    "Settings",
    "decode",
    "engine",
    "make",
    "plan_for",
    "run",
    "steps",
    "strip",
]
