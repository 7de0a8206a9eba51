"""What a clip is set to beyond the fields of a request."""

from dataclasses import dataclass

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Card, Change, Request, Words
from aigc_kit.core.types.atoms import check_switches, shown
from aigc_kit.make.run import settings_from
from aigc_kit.memory.plan.options import COURSE, SETTINGS

COURSE_SIZES = tuple((height, width) for _, height, width, _ in COURSE)


@dataclass(frozen=True)
class Settings:
    """How a clip is made.

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
            todo = "choose 0 < share < 1, such as 0.05, or leave it out"
            raise BadInput(asked=f"first_block_cache={shown(share)}", found="not a share between 0 and 1", todo=todo)
        check_switches(self, "follow")

    @classmethod
    def of(cls, request: Request) -> "Settings":
        """The settings in a request's `extra`; None there leaves the default.

        Raises:
            UnknownName: a setting that does not exist. BadInput: a value out of range.
        """
        return settings_from(cls, request, None, "a clip", SETTINGS)


def resize(request: Request, card: Card) -> tuple[Request, tuple[Change, ...]]:
    """Take for a course's size the nearest to its fraction that a small model knows: 480x832 -> 64x112."""
    scale = card.facts.scale
    asked = (request.height, request.width)
    if scale == 1 or asked not in COURSE_SIZES:
        return request, ()
    near = [side / scale for side in asked if side]
    given = min(card.facts.ladder, key=lambda size: abs(size[0] - near[0]) + abs(size[1] - near[1]))
    why = Words(f"this model draws at about 1/{scale} of the course's sizes", f"小模型的尺寸约为课程的 1/{scale}")
    sides = zip(("height", "width"), asked, given, strict=True)
    return request.change(height=given[0], width=given[1]), tuple(Change(*side, why) for side in sides)
