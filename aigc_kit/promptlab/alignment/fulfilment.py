"""Score how many of a prompt's asks an answer meets.

An ask counts only if a program can decide it. The score is the mean, over the answers, of the share of asks that are
met. So it is defined, can be repeated, and has an interval. What no program decides it cannot see: whether a poem is
about its title, whether it is good, whether it says the same every time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.statistics import bootstrap
from aigc_kit.worlds.prompt_task import Mark


@dataclass(frozen=True)
class Fulfilment:
    """Hold a score of answers.

    Args:
        score: in [0, 1].
        low, high: 95 % interval of it; answers are resampled, not asks, which within one answer hang together.
        by_ask: name of an ask -> share of the answers that meet it.
        count: answers.
    """

    score: float
    low: float
    high: float
    by_ask: dict[str, float]
    count: int


def shares(marks: Sequence[Mark]) -> list[float]:
    """Give the share of met asks of each answer.

    An answer judged as a whole has one ask.
    """
    return [sum(met for _, met in mark.parts) / len(mark.parts) if mark.parts else float(mark.right) for mark in marks]


def fulfilment(marks: Sequence[Mark], seed: int = 0, draws: int = 4000) -> Fulfilment:
    """Score the marks of `PromptTask.check`.

    Raises BadInput without an answer.
    """
    if not marks:
        raise BadInput(
            asked=Words("a score", "打分"),
            found=Words("no answer", "一个回答也没有"),
            todo=Words("judge at least one answer", "至少判一个回答"),
        )
    each = np.array(shares(marks))
    asks: dict[str, list[bool]] = {}
    for mark in marks:
        for name, met in mark.parts or (("整体", mark.right),):
            asks.setdefault(name, []).append(met)
    low, high = bootstrap(each, seed, draws)
    by_ask = {name: sum(met) / len(met) for name, met in asks.items()}
    return Fulfilment(float(each.mean()), low, high, by_ask, len(each))
