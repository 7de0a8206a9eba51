"""Give the shop's team twenty feedbacks."""

import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aigc_kit.core.statistics import Share
from aigc_kit.works.team import CreativeTeam
from aigc_kit.worlds.shop import messages
from aigc_kit.worlds.shop.free_texts import MARKS

_WISHES = (
    ("再活泼一点", "活泼", "安心退"),
    ("亲切些", "活泼", ""),
    ("太长了，简短些", "简短", "极速查"),
    ("要客气、礼貌", "正式", ""),
    ("语气正式些", "正式", "放心换"),
    ("热情一点", "活泼", "贴心答"),
    ("一句话就行，简洁", "简短", ""),
    ("俏皮一点", "活泼", "云朵办"),
    ("短一点", "简短", "阳光谢"),
    ("庄重些", "正式", "金牌宝"),
)
FEEDBACKS = _WISHES * 2
"""(words, the style they mean, the term they name or ""), one for each of twenty messages."""


@dataclass(frozen=True)
class Trials:
    """Hold how many second drafts do all that was asked.

    `met`: of the draft that is kept. `first`: of the first rewrite. `control`: of a rewrite without feedback.
    """

    met: Share
    first: Share
    control: Share

    def __iter__(self) -> Iterator[Share]:
        yield from (self.met, self.first, self.control)


def twenty(folder: Path) -> Trials:
    """Run twenty projects of 小店客服, each with one feedback.

    Judged by the shop's own marks of a style, and by 「term」 in brackets, as its tasks want it.

    Args:
        folder: for their checkpoints, emptied before.
    """
    shutil.rmtree(folder, ignore_errors=True)
    rows = []
    for number, (words, style, term) in enumerate(FEEDBACKS):
        message = messages.draw(random.Random(1500 + number), "held")
        crew = CreativeTeam("小店客服", 2, folder=folder / f"{number:02}")
        crew.set_goal(message.text)
        crew.start_project()
        crew.provide_feedback(f"{words}，用上「{term}」" if term else f"{words}，别的不变")
        draft = crew.get_final_result().state["drafts"][-1]
        rows.append([_does(draft[name], style, term) for name in ("text", "first", "control")])
    names = ("第二稿", "第一次改写", "对照：不提意见")
    return Trials(*(Share.of(name, column) for name, column in zip(names, zip(*rows, strict=True), strict=True)))


def _does(text: str, style: str, term: str) -> bool:
    return MARKS[style] in text and (not term or f"「{term}」" in text)
