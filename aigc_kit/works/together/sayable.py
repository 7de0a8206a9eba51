"""Read a prompt's facts, and who can say which.

A fact is an attribute of the tiny world with the value that the prompt gives it. What the world does not know stays
beside, as words that no medium here can say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, unknown_name
from aigc_kit.core.types import FrozenMap
from aigc_kit.core.types.records import freeze
from aigc_kit.worlds.tinyworld import vocab
from aigc_kit.worlds.tinyworld.captions import MOTION_TERMS, canonical
from aigc_kit.worlds.tinyworld.clip_vocab import clip_phrase
from aigc_kit.worlds.tinyworld.motion import CLIP_ATTRIBUTES, MOTIONS
from aigc_kit.worlds.tinyworld.spec import ATTRIBUTES, FACES, Spec

MEDIA = ("text", "image", "audio", "video", "speech")
MEDIA_ZH: Mapping[str, str] = FrozenMap(text="文字", image="图片", audio="配乐", video="短片", speech="朗读")
EVERY: Mapping[str, tuple[str, ...]] = FrozenMap(ATTRIBUTES, motion=MOTIONS)
"""Attribute -> its values, of pictures and clips together."""

AUDIBLE: Mapping[tuple[str, str], Words] = MappingProxyType(
    {
        ("light", "night"): Words("low, and slow unless something bounces", "低；没有东西在跳，就慢"),
        ("light", "day"): Words("high", "高"),
        ("motion", "bounce"): Words("fast and dense", "快，音符密"),
    }
)
"""What music says of the world: a rule that we stated, nothing that music means by itself."""


@dataclass(frozen=True)
class Facts:
    """Hold what a prompt says.

    Args:
        prompt: as it was given.
        values: attribute -> value, in the world's order.
        unread: pieces of the prompt that the world does not know.
        language: "zh" or "en", of the prompt.
    """

    prompt: str
    values: Mapping[str, str]
    unread: tuple[str, ...]
    language: str

    def __post_init__(self) -> None:
        freeze(self, "values")

    def of(self, medium: str) -> dict[str, str]:
        """Pick the facts that a medium can say."""
        return {name: value for name, value in self.values.items() if can_say(medium, name, value, self)}

    def left_out(self, medium: str) -> dict[str, str]:
        """Pick the facts that it cannot."""
        own = self.of(medium)
        return {name: value for name, value in self.values.items() if name not in own}

    def caption(self, language: str) -> str:
        """Say all facts in the world's words, "zh" or "en"."""
        values = dict(self.values)
        motion = values.pop("motion", None)
        words = canonical(Spec(**values), language)
        if motion is None:
            return words
        moving = MOTION_TERMS[motion][language == "en"][0]
        return ("，" if language == "zh" else ", ").join(filter(None, (words, moving)))


def facts_of(prompt: str) -> Facts:
    """Read the facts of a prompt.

    Raises:
        BadInput: no text, or one that names nothing of the world.
    """
    read = vocab.phrase(prompt)
    motion = clip_phrase(prompt).spec.known().get("motion")
    values = read.spec.known() | ({"motion": motion} if motion else {})
    if not values:
        raise BadInput(
            asked=Words(f"one work in several media of {prompt[:40]!r}", f"按 {prompt[:40]!r} 做几种模态"),
            found=Words("no fact that the tiny world knows", "里面没有一件小世界认识的事"),
            todo=Words(
                "name a subject, a scene, a colour or a light, such as a yellow flower in the forest at night",
                "写上主体、场景、颜色或光线，例如：夜晚的森林里，一朵黄色的花",
            ),
        )
    moving = {hit.text for hit in clip_phrase(prompt).kept if hit.attribute == "motion"}
    unread = [piece.text for piece in read.dropped if piece.why == "unknown"]
    unread = [text for text in unread if not any(text in word or word in text for word in moving)]
    return Facts(prompt, FrozenMap(values), tuple(unread), "en" if prompt.isascii() else "zh")


def can_say(medium: str, name: str, value: str, facts: Facts) -> bool:
    """Tell whether a medium can say a fact at all.

    A small face is a blot in a picture of 128 pixels, and clips know fewer scenes and subjects.

    Raises:
        UnknownName: no such medium.
    """
    check_medium(medium)
    if medium == "text":
        return True
    if medium == "image":
        coarse = name == "size" and value == "small" and facts.values.get("subject") in FACES
        return name in ATTRIBUTES and not coarse
    if medium == "video":
        return value in CLIP_ATTRIBUTES.get(name, ())
    return medium == "audio" and (name, value) in AUDIBLE


def check_medium(medium: str) -> None:
    """Refuse a medium that is none."""
    if medium not in MEDIA:
        raise unknown_name(
            Words(f"the modality {medium!r}", f"模态 {medium!r}"), medium, MEDIA, Words("modality", "模态")
        )
