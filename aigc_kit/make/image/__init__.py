"""Images: text-to-image, img2img, inpainting and upscaling on real pipelines of diffusers, in both tiers.

take = make("一张可爱小狗在花丛中玩耍的照片", seed=42)  # uint8 (B, H, W, 3), its cost, its labels, what was read
plan = plan_for("一张可爱小狗在花丛中玩耍的照片", seed=42)
for step in steps(plan): step.preview()                # decoded when asked for
run(plan, image=take.data[0])                          # img2img; with mask=... inpainting
"""

from aigc_kit.core.lazy import lazily
from aigc_kit.make.diffusion import needs
from aigc_kit.make.diffusion.loading import key
from aigc_kit.make.image.loading import load
from aigc_kit.make.image.settings import SCHEDULERS, Settings, resize
from aigc_kit.make.run import Modality
from aigc_kit.memory.plan.options import WRITTEN

MODALITY = Modality(
    name="image",
    noun="a picture",
    model="an image model",
    settings=lambda request, card: Settings.of(request),
    resolve=needs.resolve,
    load=load,
    key=key,
    inputs=("image", "mask"),
    resize=resize,
    fallbacks=needs.fallbacks,
    ignored=lambda card: ("fps", *WRITTEN),
)
make, plan_for, steps = MODALITY.make, MODALITY.plan_for, MODALITY.steps
run, engine = MODALITY.run, MODALITY.engine
_LATER = {
    "comparison": ("Comparison", "Side", "compare", "weight_bytes"),
    "grids": ("Grid", "grid"),
    "measures": (),
    "pixels": ("decode", "encode"),
    "upscaling": ("Upscaled", "upscale"),
}
__getattr__, __dir__ = lazily(__name__, _LATER)
__all__ = ["MODALITY", "SCHEDULERS", "Settings", "engine", "make", "plan_for", "run", "steps"]
__all__ += [name for names in _LATER.values() for name in names]
