"""Make and measure clips on Wan pipelines of diffusers.

take = make("一只小狗在月球上跳舞", negative="low quality, watermark, glitch", seed=42)  # uint8 (T, H, W, 3)
plan = plan_for("一只小狗在月球上跳舞", seed=42)
for step in steps(plan): step.preview()      # a few frames, decoded when asked for
measures.consistency(take.data)              # difference, disorder, flicker
"""

from dataclasses import dataclass

from aigc_kit.core.errors import BadInput
from aigc_kit.core.lazy import lazily
from aigc_kit.core.types import Request, Words
from aigc_kit.core.types.atoms import check_switches, shown
from aigc_kit.core.types.records import settings_from
from aigc_kit.make.diffusion import needs
from aigc_kit.make.diffusion.loading import PipelineEngine, key
from aigc_kit.make.modality import Modality
from aigc_kit.memory.plan.options import SETTINGS, WRITTEN


@dataclass(frozen=True)
class Settings:
    """Say how a clip is made.

    Args:
        first_block_cache: skip the other blocks of the transformer in steps in which what its first block adds changed
            by less than this share (0.02 to 0.2 are usual; higher is faster and further off). None: never.
            Source: diffusers' FirstBlockCacheConfig, after ParaAttention.
        follow: on a CPU, follow live tensors for true peaks (it costs time). A GPU's allocator always counts.

    Raises:
        BadInput: a value outside these ranges.
    """

    first_block_cache: float | None = None
    follow: bool = False

    def __post_init__(self) -> None:
        share = self.first_block_cache
        number = isinstance(share, (int, float)) and not isinstance(share, bool)
        if share is not None and not (number and 0 < share < 1):
            todo = Words(
                "choose first_block_cache=0.05 or another share, or leave it out",
                "改成 first_block_cache=0.05 或别的比例，或不写",
            )
            raise BadInput(
                asked=f"first_block_cache={shown(share)}",
                found=Words("not a share between 0 and 1", "不是 0 和 1 之间的比例"),
                todo=todo,
            )
        check_switches(self, "follow")

    @classmethod
    def of(cls, request: Request) -> "Settings":
        """Read the settings in a request's `extra`.

        Raises:
            UnknownName: a setting that does not exist. BadInput: a value out of range.
        """
        return settings_from(cls, request, None, Words("a clip", "短片"), SETTINGS)


MODALITY = Modality(
    name="video",
    noun=Words("a clip", "短片"),
    model=Words("a video model", "视频模型"),
    settings=lambda request, card: Settings.of(request),
    resolve=needs.resolve,
    load=PipelineEngine.load,
    key=key,
    fallbacks=needs.fallbacks,
    ignored=lambda card: WRITTEN,
)
make, plan_for, steps = MODALITY.make, MODALITY.plan_for, MODALITY.steps
run, engine = MODALITY.run, MODALITY.engine
_LATER = {"job": ("decode", "strip"), "measures": ()}
__getattr__, __dir__ = lazily(__name__, _LATER)
__all__ = ["MODALITY", "Settings", "decode", "engine", "make", "plan_for", "run", "steps", "strip"]
