"""Make parts of a work with the engines here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aigc_kit.core.errors import AigcError, BadInput, NotOnDisk
from aigc_kit.core.types import Take
from aigc_kit.works.prompts import visual
from aigc_kit.works.storyboard import TOTAL, Storyboard, draft, parse, prompt


def paint(style: str = "科技感", moment: str = "", **values: Any) -> Take:
    """Paint the lesson's picture with the image model here.

    `style` and `moment` are those of `visual`, `values` those of `aigc_kit.make.image.plan_for`, such as seed=42.
    Returns a Take of uint8 (1, H, W, 3), whose words say what of the prompt was read.

    Raises:
        NotOnDisk: no image model is on this machine.
    """
    from aigc_kit.make import image

    prompts = visual(style, moment)
    card = image.plan_for(prompts.zh, **values).card
    words, negative = prompts.asked(card)
    return image.make(words, negative=negative, **{**values, "card": card.name})


def film(moment: str = "一个黄色的甜甜圈变成咖啡杯", **values: Any) -> Take | None:
    """Film the change with the video model here, else None.

    `moment` says in Chinese what happens, `values` are those of `aigc_kit.make.video.plan_for`. Returns a Take of
    frames uint8 (T, H, W, 3).
    """
    from aigc_kit.make import video

    try:
        plan = video.plan_for(moment, **values)
    except NotOnDisk:
        return None
    return video.run(plan)


def storyboard(
    article: str, shots: int = 8, total: float = TOTAL, *, ask: Callable[[str], Take] | None = None
) -> tuple[Storyboard, Take | None]:
    """Draft a storyboard by a Chinese model, else by rule.

    Args:
        article: the finished text.
        shots: how many, at most.
        total: seconds.
        ask: prompt -> Take of a text; None asks the model on this machine, if `can_write` names one.

    Returns:
        The storyboard; the Take of the answer, or None where no model is here or its answer holds no table.

    Raises:
        BadInput: no text.
    """
    from aigc_kit.works.writing import can_write

    if ask is None and can_write() is None:
        return draft(article, shots, total), None
    answer = (ask or _answer)(prompt(article, shots, total))
    try:
        return parse(str(answer.data), total), answer
    except BadInput:
        return draft(article, shots, total), None


def _answer(words: str) -> Take:
    from aigc_kit.make import text

    return text.run(text.plan_for(words, language="zh", chat=True, temperature=0.3, max_new_tokens=900))


@dataclass(frozen=True)
class Maker:
    """Name the model that makes one kind of part.

    `model` is "" where there is none; so are `tier` and `licence`, also of text.
    """

    kind: str
    model: str
    tier: str = ""
    licence: str = ""


def makers() -> list[Maker]:
    """List which model makes what here, one row a kind."""
    from aigc_kit.make import image, speech, video
    from aigc_kit.works.writing import can_write

    rows = [Maker("text", can_write() or "")]
    trials = (("image", image, "一个甜甜圈"), ("audio", speech, "一个洞"), ("video", video, "一个甜甜圈变成咖啡杯"))
    for kind, modality, words in trials:
        try:
            card = modality.plan_for(words).card
            rows.append(Maker(kind, card.name, card.tier, card.licence))
        except AigcError:
            rows.append(Maker(kind, ""))
    return rows
