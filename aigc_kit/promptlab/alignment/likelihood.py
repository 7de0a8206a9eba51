"""Measure how likely a model finds an answer.

Only the answer's tokens count (the prompt is masked), by the model that is named. Per token the numbers of two models
cannot be compared, since they cut the same text into different tokens; per byte they can.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.statistics import bootstrap
from aigc_kit.make.text.engines.base import Engine
from aigc_kit.make.text.measures import Likelihood


def response(engine: Engine, prompt: str, answer: str) -> Likelihood:
    """Score an answer after its prompt, the prompt masked.

    Raises:
        BadInput: no answer; one of the two is longer than the model's context; or the tokens of the prompt change when
            the answer follows, so that there is no border between them.
    """
    before, ids = engine.encode(prompt), engine.encode(prompt + answer)
    if not before or len(ids) <= len(before):
        raise BadInput(
            asked=Words("the likelihood of an answer", "一个回答的似然"),
            found=Words(f"{len(before)} and no more tokens", f"提示词有 {len(before)} 个词元，接上回答也没有更多"),
            todo=Words("give a prompt and an answer of at least one token each", "提示词和回答各给至少一个词元"),
        )
    if ids[: len(before)] != before:
        raise BadInput(
            asked=Words("the likelihood of an answer alone", "只算回答的似然"),
            found=Words("prompt and answer share a token", "提示词的末尾和回答的开头合成了一个词元"),
            todo=Words("end the prompt with a space or a mark", "让提示词以空格或标点结尾"),
        )
    logprobs = engine.logprobs(ids, len(before))
    return Likelihood(-float(logprobs.sum()), len(logprobs), len(answer.encode()))


def text(engine: Engine, words: str) -> Likelihood:
    """Score a text by itself, its first token given.

    Raises BadInput for fewer than two tokens.
    """
    ids = engine.encode(words)
    if len(ids) < 2:
        raise BadInput(
            asked=Words("the likelihood of a text", "一段文字的似然"),
            found=Words(f"{len(ids)} tokens", f"只有 {len(ids)} 个词元"),
            todo=Words("give a longer text", "给长一些的文字"),
        )
    logprobs = engine.logprobs(ids, 1)
    return Likelihood(-float(logprobs.sum()), len(logprobs), len(words.encode()))


@dataclass(frozen=True)
class Delta:
    """Hold a mean difference of pairs with its interval.

    Args:
        mean: of second minus first, in their unit.
        low, high: 95 % interval of the mean, by bootstrap.
        count: pairs.
    """

    mean: float
    low: float
    high: float
    count: int

    @property
    def told_apart(self) -> bool:
        """Tell whether the interval leaves 0 out."""
        return self.low > 0 or self.high < 0


def delta(first: Sequence[float], second: Sequence[float], seed: int = 0, draws: int = 4000) -> Delta:
    """Compare two conditions on the same items.

    Args:
        first, second: one number for each item, in the same order, such as nats of an answer under two prompts.
        seed: of the resampling of items.
        draws: bootstrap samples.

    Raises:
        BadInput: fewer than two pairs, or lists of different lengths.
    """
    if len(first) != len(second) or len(first) < 2:
        raise BadInput(
            asked=Words("a paired comparison", "成对比较"),
            found=Words(f"{len(first)} and {len(second)} numbers", f"一边 {len(first)} 个数，一边 {len(second)} 个数"),
            todo=Words("give at least two pairs, one for each item", "至少给两对，每题一对"),
        )
    apart = np.asarray(second, dtype=np.float64) - np.asarray(first, dtype=np.float64)
    return Delta(float(apart.mean()), *bootstrap(apart, seed, draws), len(apart))
