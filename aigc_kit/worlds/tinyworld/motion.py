"""Move a subject of ``Spec``, for the video model.

    subject     puppy cat fish flower donut cup heart star ball square
    colour      red orange yellow green blue purple pink white
    background  plain moon sea city, by day or by night
    motion      left right up down grow bounce turn morph (a donut becomes a coffee cup, a cup a donut)

The style is "flat". Where a clip begins is drawn at random, so that the first frame alone does not give a travel's
direction away.
"""

import random
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.worlds.tinyworld.layers import Actor, draw
from aigc_kit.worlds.tinyworld.palette import COLOUR_RGB
from aigc_kit.worlds.tinyworld.scenes import paint_scene
from aigc_kit.worlds.tinyworld.spec import COLOURS, LIGHTS, Choice, Pair, pairs_of
from aigc_kit.worlds.tinyworld.starts import Anywhere, Marks, Starts
from aigc_kit.worlds.tinyworld.styles import Shot, flat

MOVING = ("puppy", "cat", "fish", "flower", "donut", "cup", "heart", "star", "ball", "square")
BACKGROUNDS = ("plain", "moon", "sea", "city")
MOTIONS = ("left", "right", "up", "down", "grow", "bounce", "turn", "morph")
MORPHING = ("donut", "cup")
ROUND = ("ball",)  # a turn of these cannot be seen

_SMOOTH = ("left", "right", "up", "down", "grow")
_WAYS = (*_SMOOTH, "bounce")
NAMED: dict[str, tuple[str, ...]] = {
    "donut": (*_WAYS, "turn", "morph"),
    "cup": (*_WAYS, "morph"),
    "heart": _WAYS,
    "star": _WAYS,
    "ball": _WAYS,
    "square": _WAYS,
    "flower": _SMOOTH,
    "fish": _WAYS,
    "puppy": _WAYS,
    "cat": _SMOOTH,
}
"""Subject -> the motions in which the tiny video model is promised to draw it so that one can name it.

What else it knows keeps its colour, place and motion, and may blur: turns above all. Chosen by eye on clips of other
prompts than those that were judged (`assets/train/judge`): 260 of 261 of these could be named, 34 of 39 of the others.
"""

CLIP_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "subject": MOVING,
    "colour": COLOURS,
    "scene": BACKGROUNDS,
    "light": LIGHTS,
    "motion": MOTIONS,
}
"""Attribute -> its values, in the order of the checker's outputs."""

CLIP_HELD_OUT: tuple[Pair, ...] = (
    *pairs_of("subject", "motion", "puppy right, star down, heart grow"),
    *pairs_of("subject", "scene", "fish moon"),
    *pairs_of("subject", "colour", "ball green"),
    *pairs_of("subject", "motion", "flower bounce"),
    *pairs_of("colour", "motion", "pink up"),
    *pairs_of("colour", "scene", "yellow city"),
)
"""Pairs (attribute, value, attribute, value) that no training clip shows together."""


@dataclass(frozen=True)
class ClipSpec(Choice):
    """Describe one clip by values of ``CLIP_ATTRIBUTES``, as `Choice`.

    Raises:
        BadInput: a subject and a motion that do not go together: only a donut or a cup can morph, and the turn of a
            ball cannot be seen.
    """

    attributes = CLIP_ATTRIBUTES
    pairs = CLIP_HELD_OUT
    always = ("subject", "motion")

    subject: str | None = None
    colour: str | None = None
    scene: str | None = None
    light: str | None = None
    motion: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not go_together(self.subject, self.motion):
            raise BadInput(
                asked=Words(
                    f"a {self.subject} with the motion {self.motion!r}", f"{self.subject} 做 {self.motion!r} 的运动"
                ),
                found=Words(
                    "only donut and cup can morph, and a ball that turns looks as before",
                    "只有甜甜圈和杯子能变形；球怎么转看起来都一样",
                ),
                todo=Words("choose another motion or subject", "换一种运动或主体"),
            )

    def _filled(self, rng: random.Random) -> Self:
        """Draw the motion first, so that each is as frequent."""
        motion = self.motion or rng.choice([m for m in MOTIONS if go_together(self.subject, m)])
        subject = self.subject or rng.choice([s for s in MOVING if go_together(s, motion)])
        return super(ClipSpec, replace(self, subject=subject, motion=motion))._filled(rng)


def go_together(subject: str | None, motion: str | None) -> bool:
    """Tell whether a motion of a subject would show."""
    if subject is None or motion is None:
        return True
    return not (motion == "morph" and subject not in MORPHING) and not (motion == "turn" and subject in ROUND)


def nameable(subject: str | None, motion: str | None) -> bool:
    """Tell whether the tiny model is promised to draw it."""
    return subject is None or motion is None or motion in NAMED.get(subject, ())


def path(spec: ClipSpec, frames: int, starts: Starts) -> list[Actor]:
    """Place the subject of a full spec in every frame.

    Travel, growth and turns go on evenly over the whole clip, whatever its number of frames; a bounce is two hops.
    """
    colour = COLOUR_RGB[spec.colour or "red"]
    start = Actor(spec.subject or "ball", colour, *starts.place())
    times = [k / max(1, frames - 1) for k in range(frames)]
    motion = spec.motion or "right"
    far = starts.far(motion in ("left", "right"))
    travel = {"left": (-far, 0.0), "right": (far, 0.0), "up": (0.0, -far), "down": (0.0, far)}
    if motion in travel:
        dx, dy = travel[motion]
        middle = starts.middle(far, bool(dx))
        start = start._replace(x=middle) if dx else start._replace(y=middle)
        return [start._replace(x=start.x + dx * (t - 0.5), y=start.y + dy * (t - 0.5)) for t in times]
    if motion == "grow":
        low, high = starts.between(0.11, 0.14), starts.between(0.36, 0.42)
        return [start._replace(y=0.52, half=low + (high - low) * t) for t in times]
    if motion == "turn":
        begin = starts.between(-0.6, 0.6)
        return [start._replace(turn=begin + 2 * np.pi * 0.75 * t, y=0.5) for t in times]
    if motion == "morph":
        return [start._replace(half=0.3, y=0.52, morph=t) for t in times]
    height = starts.between(0.26, 0.34)
    return [_hop(start, t, height) for t in times]


def _hop(start: Actor, t: float, height: float) -> Actor:
    """Hop twice from a floor, flattened at each landing."""
    phase = (2 * t) % 1.0
    up = 4 * phase * (1 - phase)
    squash = 1 + 0.16 * max(0.0, 1 - up / 0.25)
    return start._replace(y=0.70 - height * up, stretch=squash)


def film(
    spec: ClipSpec, frames: int = 17, height: int = 64, width: int = 64, seed: int = 0, *, marked: bool = False
) -> np.ndarray:
    """Draw a clip: uint8 (frames, height, width, 3).

    The same arguments give the same bytes. More frames show the same motion in smaller steps.

    Args:
        spec: open attributes are filled by chance, from the seed.
        frames, height, width: 1 or more; 32 to 1024 pixels; else BadInput.
        seed: decides what the spec leaves open, where it begins and where the details of the background lie.
        marked: begin at one of few `Marks`, as in the clips that the tiny video model is taught.
    """
    if frames < 1 or not (32 <= height <= 1024 and 32 <= width <= 1024):
        raise BadInput(
            asked=Words(f"a clip of {frames} frames, {height} x {width}", f"{frames} 帧、{height} x {width} 的短片"),
            found=Words("a number out of range", "有一个数超出了范围"),
            todo=Words("at least 1 frame, sides of 32 to 1024 pixels", "至少 1 帧，边长 32 到 1024 像素"),
        )
    rng = random.Random(seed)
    full = spec.fill(rng)
    actors = path(full, frames, Marks(rng, height, width) if marked else Anywhere(rng))
    scene = paint_scene(full.scene or "plain", full.light or "day", height, width, rng)
    clip = np.empty((frames, height, width, 3), np.uint8)
    for index, actor in enumerate(actors):
        shot = Shot(scene, scene, draw(actor, height, width), actor.colour, full.light == "night")
        clip[index] = np.clip(np.rint(flat(shot)), 0, 255)
    return clip
