"""Draw and redraw images on pipelines of diffusers.

take = make("一张可爱小狗在花丛中玩耍的照片", seed=42)  # uint8 (B, H, W, 3), its cost, its labels, what was read
plan = plan_for("一张可爱小狗在花丛中玩耍的照片", seed=42)
for step in steps(plan): step.preview()                # decoded when asked for
run(plan, image=take.data[0])                          # img2img; with mask=... inpainting
"""

from dataclasses import dataclass

from aigc_kit.core.errors import BadInput, unknown_name
from aigc_kit.core.lazy import lazily
from aigc_kit.core.types import Request, Words
from aigc_kit.core.types.atoms import check_switches, check_text, shown
from aigc_kit.core.types.records import settings_from
from aigc_kit.make.diffusion import needs
from aigc_kit.make.diffusion.loading import key
from aigc_kit.make.image.loading import SCHEDULERS, load
from aigc_kit.make.modality import Modality
from aigc_kit.memory.plan.options import SETTINGS, WRITTEN


@dataclass(frozen=True)
class Settings:
    """Say how a picture is made.

    Args:
        strength: of img2img and inpainting, in (0, 1]: the share of the noise that is put back before denoising.
        weights: read the weight grammar, (x:1.5) and so on, and apply it to the embeddings. False hands the text to
            diffusers as it is: then brackets are tokens like any other (errata E16).
        translate: replace Chinese by English for a model that reads English only. False shows what happens without.
        english: the prompt in English, by you; used instead of the replaced one.
        scheduler: one of SCHEDULERS; None is the model's own.
        follow: on a CPU, follow live tensors for true peaks (it costs time). A GPU's allocator always counts.

    Raises:
        BadInput: a value outside these ranges.
    """

    strength: float = 0.6
    weights: bool = True
    translate: bool = True
    english: str | None = None
    scheduler: str | None = None
    follow: bool = False

    def __post_init__(self) -> None:
        number = isinstance(self.strength, (int, float)) and not isinstance(self.strength, bool)
        if not number or not 0 < self.strength <= 1:
            todo = Words(
                "choose strength=0.6 or another share: 0.3 keeps most of the picture, 0.8 little",
                "改成 strength=0.6 或别的比例：0.3 保留原图的大部分，0.8 只保留一点",
            )
            raise BadInput(
                asked=f"strength={shown(self.strength)}",
                found=Words("not a number in (0, 1]", "不是大于 0、小于等于 1 的数"),
                todo=todo,
            )
        check_switches(self, "weights", "translate", "follow")
        if self.english is not None:
            check_text("english", self.english)
        if self.scheduler is not None and self.scheduler not in SCHEDULERS:
            raise unknown_name(
                f"scheduler={shown(self.scheduler)}", self.scheduler, SCHEDULERS, Words("scheduler", "调度器")
            )

    @classmethod
    def of(cls, request: Request) -> "Settings":
        """Read the settings in a request's `extra`.

        Raises:
            UnknownName: a setting that does not exist. BadInput: a value out of range.
        """
        return settings_from(cls, request, None, Words("a picture", "图片"), SETTINGS)


MODALITY = Modality(
    name="image",
    noun=Words("a picture", "图片"),
    model=Words("an image model", "图像模型"),
    settings=lambda request, card: Settings.of(request),
    resolve=needs.resolve,
    load=load,
    key=key,
    inputs=("image", "mask"),
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
