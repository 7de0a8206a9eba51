"""Video: clips from prompts on real Wan pipelines of diffusers, in both tiers, and measures of clips.

plan = plan_for("一只小狗在月球上跳舞", negative="low quality, watermark, glitch", seed=42)
for step in steps(plan.request, plan): step.preview()      # a few frames, decoded when asked for
take = run(plan.request, plan)                             # uint8 (T, H, W, 3), its cost, its labels
measures.consistency(take.data)                            # difference, warping error, flicker
"""

from aigc_kit.make.video.job import Settings, decode, strip
from aigc_kit.make.video.run import plan_for, run, steps

__all__ = ["Settings", "decode", "plan_for", "run", "steps", "strip"]
