"""Fill the article's prompt template, and give the sample article."""

from collections.abc import Mapping
from dataclasses import dataclass

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Card, FrozenMap, Words
from aigc_kit.media.pages import template_text
from aigc_kit.promptlab.patterns import Filled, pattern

TITLE = "数学家的魔法：如何把甜甜圈变成咖啡杯？"

TOPOLOGY: Mapping[str, str] = FrozenMap(
    concept="为什么在拓扑学里，咖啡杯和甜甜圈是一样的",
    audience="高中生",
    length="400",
    analogy="橡皮泥（或者橡皮膜）可以随意拉伸、压扁，但不许撕破、不许粘合",
    must="洞的个数；从头到尾，那一个洞一直在",
    steps="从一个甜甜圈开始，一步一步把它捏成有把手的咖啡杯",
    example="早餐桌上的甜甜圈和咖啡杯，再比较一个没有把手的碗",
    ending="幽默而机智",
)
"""The slots of the course's own topic."""

SUGGESTIONS: Mapping[str, tuple[str, ...]] = FrozenMap(
    科学=("薛定谔的猫", "黑洞的信息悖论", "分形几何", "DNA双螺旋结构"),
    人文=("萨丕尔-沃尔夫假说", "奥卡姆剃刀原理", "囚徒困境", "意识流文学"),
)
"""Other concepts for the first exercise."""

_GENERAL = ("audience", "length", "ending")


def slots() -> tuple[str, ...]:
    """Name the slots that must be filled, in order.

    >>> slots()[:3]
    ('audience', 'concept', 'length')
    """
    return pattern("feynman").needed


def feynman(**values: str | int) -> Filled:
    """Fill the pattern's slots (see `slots`).

    What is left out is taken from TOPOLOGY. With a concept of your own all slots but audience, length and ending are
    needed, since the others belong to the donut.

    Raises:
        BadInput: unknown or empty slots, one that is too long, or one that is not filled.

    >>> feynman(audience="小学生").text[:15]
    '请用费曼的方法，给小学生讲清楚'
    """
    own = str(values.get("concept", TOPOLOGY["concept"])).strip() != TOPOLOGY["concept"]
    usual = {name: text for name, text in TOPOLOGY.items() if not own or name in _GENERAL}
    return pattern("feynman").fill(usual, **values)


def sample() -> str:
    """Read the article that comes with the kit."""
    return template_text("story_sample.txt").strip()


STYLES: Mapping[str, str] = FrozenMap(科技感="high-tech, neon", 概念艺术="concept art", 三维卡通="3D cartoon")
"""Styles of the picture in the lesson (三维卡通 is its 3D卡通), Chinese -> English."""

NEAREST: Mapping[str, str] = FrozenMap(科技感="霓虹", 概念艺术="油画", 三维卡通="卡通")
"""Style of the lesson -> what comes nearest to it among the six styles of the tiny world. Our choice."""


@dataclass(frozen=True)
class Visual:
    """Hold one prompt plan for both tiers.

    Args:
        zh, en: the prompt; full models that read English only get the English one.
        negative_zh, negative_en: what to avoid.
        tiny: the prompt of tiny models: the style is replaced by the nearest of their closed world.
        phrase: what they make of it: the part that their vocabulary holds.
    """

    zh: str
    en: str
    negative_zh: str
    negative_en: str
    tiny: str
    phrase: str

    def asked(self, card: Card) -> tuple[str, str]:
        """Choose prompt and negative for a model."""
        if card.facts.world == "tinyworld":
            return self.tiny, self.negative_zh
        if card.facts.languages == ("en",):
            return self.en, self.negative_en
        return self.zh, self.negative_zh


def visual(style: str = "科技感", moment: str = "") -> Visual:
    """Write the lesson's prompt of the glowing torus.

    `style` is a key of STYLES. A `moment`, some words in Chinese such as "一个黄色的咖啡杯", is put before it, and the
    tiny models then show only that.

    Raises:
        BadInput: no such style.
    """
    from aigc_kit.worlds.prompts import translate
    from aigc_kit.worlds.prompts.library import course_prompt
    from aigc_kit.worlds.tinyworld.vocab import phrase

    if style not in STYLES:
        raise BadInput(
            asked=Words(f"style {style!r}", f"风格 {style!r}"),
            found=Words("not one of the lesson's", "课上没有这种风格"),
            todo=Words(f"choose {', '.join(STYLES)}", f"从 {'、'.join(STYLES)} 里选"),
        )
    torus, avoid, own = course_prompt("topology"), course_prompt("topology-negative"), moment.strip()
    zh = "，".join(filter(None, (own, torus.zh, style)))
    en = ", ".join(filter(None, (translate(own).en if own else "", torus.en, STYLES[style])))
    tiny = f"{NEAREST[style]}风格，{own or torus.zh}"
    return Visual(zh, en, avoid.zh, avoid.en, tiny, phrase(tiny).phrase)
