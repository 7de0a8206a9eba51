"""Images: text-to-image, img2img, inpainting and upscaling on real pipelines of diffusers, in both tiers.

plan = plan_for("一张可爱小狗在花丛中玩耍的照片", seed=42)
for step in steps(plan): step.preview()      # decoded when asked for
take = run(plan)                             # uint8 (B, H, W, 3), its cost, its labels
run(plan, image=take.data[0])                # img2img; with mask=... inpainting
"""

from aigc_kit.make.image.compare import Comparison, Side, compare, weight_bytes
from aigc_kit.make.image.grids import Grid, grid
from aigc_kit.make.image.pixels import decode, encode
from aigc_kit.make.image.run import MODALITY, engine, make, plan_for, run, steps
from aigc_kit.make.image.settings import SCHEDULERS, Settings
from aigc_kit.make.image.upscale import Upscaled, upscale

__all__ = [
    "MODALITY",
    "SCHEDULERS",
    "Comparison",
    "Grid",
    "Settings",
    "Side",
    "Upscaled",
    "compare",
    "decode",
    "encode",
    "engine",
    "grid",
    "make",
    "plan_for",
    "run",
    "steps",
    "upscale",
    "weight_bytes",
]
