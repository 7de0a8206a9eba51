"""Which sizes a search tries, largest first; and the course's own ladder."""

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Card, Change, Request, Words
from aigc_kit.core.units import MIB
from aigc_kit.memory.plan.options import COURSE_FRAMES

Size = tuple[int, int, int]  # height, width, frames
# free MiB above which the course takes height, width, frames; its frames are no 4k+1 (errata E48)
COURSE = ((10_000, 480, 832, 16), (7_000, 384, 640, 12), (4_000, 320, 576, 8), (-1, 256, 448, 6))
MARGIN = 0.9  # share of the free memory; the rest is for what changes between plan and run


def volume(size: Size) -> int:
    """Pixels x frames."""
    return size[0] * size[1] * size[2]


def sizes(request: Request, card: Card) -> list[Size]:
    """What the request leaves open, largest pixels x frames first; one size when it fixes all."""
    shapes = [(request.height, request.width)] if request.height and request.width else card.facts.ladder
    lengths = [request.frames] if request.frames else card.facts.frames_ladder
    found = [(height, width, frames) for height, width in shapes for frames in lengths]
    return sorted(found, key=volume, reverse=True)


def smaller(size: Size, card: Card) -> list[Size]:
    """Sizes of the ladder with less pixels x frames than this one, those that keep most of it first."""
    facts = card.facts
    shapes = {(size[0], size[1]), *facts.ladder}
    lengths = {size[2], *facts.frames_ladder}
    found = [(h, w, f) for h, w in shapes for f in lengths if h * w <= size[0] * size[1] and f <= size[2]]
    return sorted((one for one in found if volume(one) < volume(size)), key=lambda s: (-volume(s), s))


def by_course(request: Request, card: Card, free_bytes: int) -> tuple[Request, tuple[Change, ...]]:
    """The request with size and frames of the course's ladder for this much free memory.

    Raises:
        BadInput: the model is none of those that it was written for, or the request fixes what it chooses.
    """
    if (480, 832) not in card.facts.ladder or card.facts.frame_step != 4:
        raise BadInput(
            asked=f"policy 'course' for {card.name}", found="the course has it for Wan2.1 only", todo="use policy 'kit'"
        )
    if request.height or request.width or request.frames:
        raise BadInput(
            asked="policy 'course' with a size or frames", found="it chooses these itself", todo="leave them out"
        )
    _, height, width, asked = next(row for row in COURSE if free_bytes / MIB > row[0])
    given = COURSE_FRAMES[asked]
    why = f"the course asks for {asked} frames here; the decoder makes 4k+1, which the library does with a warning"
    why_zh = f"课程在此档写 {asked} 帧；解码器只能生成 4k+1 帧，实际得到 {given} 帧"
    changed = request.change(height=height, width=width, frames=given)
    return changed, (Change("frames", asked, given, Words(why, why_zh)),)
