"""Sample by hand, from scores to the next token.

Numpy only, and every function is pure. A model gives one score (logit) per token of its vocabulary. The functions below
are the whole way from there to a token, in the order that transformers uses: repetition penalty, temperature, top-k,
top-p, draw. They compute in the dtype they are given (float32 as models give it, float64 otherwise), as transformers'
processors do, so the values are equal bit for bit for penalty, temperature and top-k. Top-p adds up probabilities, and
two things are open there: numpy and torch round `exp` and sums differently in the last bit, so a token whose cumulated
probability lies within rounding of 1 - p (about 1e-6 of the mass in float32) may fall on either side; and of several
tokens with the score at the border torch's sort keeps any, this one the last of the vocabulary.

A filtered token has the score -inf: it stays in the array with the probability 0.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput

if TYPE_CHECKING:
    from aigc_kit.make.text.settings import Settings


def softmax(logits: np.ndarray | Sequence[float], temperature: float = 1.0) -> np.ndarray:
    """Turn scores into exp(z / T) / sum(exp(z / T)).

    The highest score is subtracted first; that changes nothing in the quotient and keeps exp from overflowing. At
    T = 0 the formula divides by zero; its limit for T -> 0 puts everything on the highest score (on the first of
    equal ones), and that is what is returned.

    Args:
        logits: (V,), -inf for excluded tokens.
        temperature: T >= 0.

    Returns:
        Probabilities (V,), the same dtype, sum 1.

    Raises:
        BadInput: T < 0 or not finite; NaN or +inf among the scores; no finite score.

    Source: Ackley, Hinton, Sejnowski 1985 (T of the Boltzmann distribution); transformers TemperatureLogitsWarper.

    >>> softmax([1000.0, 1000.0]).tolist(), softmax([1.0, 3.0, 3.0], temperature=0).tolist()
    ([0.5, 0.5], [0.0, 1.0, 0.0])
    """
    scores = apply_temperature(logits, temperature)
    weights = np.exp(scores - _highest(scores))
    return weights / weights.sum()


def apply_temperature(logits: np.ndarray | Sequence[float], temperature: float) -> np.ndarray:
    """Divide the scores (V,) by T >= 0.

    Below 1 the differences grow, above 1 they shrink. T = 0 leaves the highest score (the first of equal ones) as 0,
    the others as -inf; a highest score that is not finite stays as it is, for `softmax` to refuse.

    Raises:
        BadInput: T < 0 or not finite; NaN among the scores.

    >>> apply_temperature([1.0, 4.0], 2.0).tolist()
    [0.5, 2.0]
    """
    scores = _scores(logits)
    if not 0 <= temperature < np.inf:
        raise BadInput(
            asked=f"temperature={temperature}",
            found=Words("T < 0 or not finite", "温度小于 0，或不是有限的数"),
            todo=Words("choose T >= 0, say 0.7", "改成 T >= 0，例如 0.7"),
        )
    divisor = scores.dtype.type(min(temperature, float(np.finfo(scores.dtype).max)))
    if not np.isfinite(scores.max()):
        return scores
    if divisor == 0:  # also a T that is too small for the dtype
        only = np.full_like(scores, -np.inf)
        only[np.argmax(scores)] = 0
        return only
    if divisor == 1:
        return scores
    with np.errstate(over="ignore"):
        quotients = scores / divisor
        if np.isposinf(quotients.max()) and np.isfinite(scores.max()):  # the same distribution, measured from the top
            return (scores - scores.max()) / divisor
    return quotients


def top_k(logits: np.ndarray | Sequence[float], k: int) -> np.ndarray:
    """Keep the k highest scores (V,), the others become -inf.

    Scores equal to the k-th all stay, so more than k may; k >= V keeps everything.

    Raises:
        BadInput: k < 1 or not an integer; NaN among the scores.

    Source: Fan, Lewis, Dauphin 2018, "Hierarchical Neural Story Generation", 5.4; transformers TopKLogitsWarper.

    >>> top_k([1.0, 3.0, 2.0], k=2).tolist()
    [-inf, 3.0, 2.0]
    """
    scores = _scores(logits)
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1:
        raise BadInput(
            asked=f"top_k={k!r}",
            found=Words("not an integer >= 1", "不是大于等于 1 的整数"),
            todo=Words("choose k >= 1, say 40; V keeps all", "改成 k >= 1，例如 40；写词表的大小就保留所有词元"),
        )
    if k >= len(scores):
        return scores.copy()
    kth = np.partition(scores, len(scores) - k)[len(scores) - k]
    return np.where(scores < kth, scores.dtype.type(-np.inf), scores)


def top_p(logits: np.ndarray | Sequence[float], p: float) -> np.ndarray:
    """Keep the nucleus of scores (V,), the others become -inf.

    It is the smallest set of most probable tokens whose mass reaches p, 0 < p <= 1. As in transformers, tokens are
    sorted upwards and dropped while their cumulated probability is <= 1 - p; the most probable one always stays. Of
    equal scores at the border the ones that come first in the vocabulary go first. p = 1 keeps every token with a
    probability above 0.

    Raises:
        BadInput: p outside (0, 1]; NaN or +inf among the scores; no finite score.

    Source: Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration", eq. 2; transformers TopPLogitsWarper.

    >>> top_p(np.log([0.5, 0.125, 0.25, 0.125]), p=0.7).tolist() == [np.log(0.5), -np.inf, np.log(0.25), -np.inf]
    True
    """
    scores = _scores(logits)
    if not 0 < p <= 1:
        raise BadInput(
            asked=f"top_p={p}",
            found=Words("p outside (0, 1]", "p 不在 0（不含）到 1 之间"),
            todo=Words("choose 0 < p <= 1, say 0.9; 1 keeps all", "改成 0 < p <= 1，例如 0.9；1 表示全部保留"),
        )
    top = _highest(scores)
    upwards = np.sort(scores[scores > -np.inf])  # the rest has probability 0 and would be dropped first
    weights = np.exp(upwards - top)
    # torch adds float32 up in double and stores float32; 1 - p is rounded to the dtype of the scores
    sums = np.cumsum(weights / weights.sum(), dtype=np.float64).astype(scores.dtype)
    count = min(int(np.count_nonzero(sums <= scores.dtype.type(1 - float(p)))), len(upwards) - 1)
    border = upwards[count]
    nucleus = np.where(scores < border, scores.dtype.type(-np.inf), scores)
    equal_ones = count - int(np.searchsorted(upwards, border))
    nucleus[np.flatnonzero(scores == border)[:equal_ones]] = -np.inf
    return nucleus


def repetition_penalty(
    logits: np.ndarray | Sequence[float], ids: Iterable[int], penalty: float, vocabulary: np.ndarray | None = None
) -> np.ndarray:
    """Lower the scores (V,) of tokens that stood before.

    They are divided by the penalty if > 0, multiplied if < 0.

    Args:
        logits: (V,).
        ids: tokens of the prompt and of what was written so far; each counts once.
        penalty: > 0; 1 changes nothing, 1.2 is the paper's value, below 1 rewards repetition.
        vocabulary: token id of each score, int (V,); None when score i belongs to token i.

    Raises:
        BadInput: penalty <= 0 or not finite; NaN among the scores.

    Source: Keskar et al. 2019 (CTRL), 4.1; transformers RepetitionPenaltyLogitsProcessor.

    >>> repetition_penalty([2.0, -2.0, 2.0], ids=[0, 1], penalty=2.0).tolist()
    [1.0, -4.0, 2.0]
    """
    scores = _scores(logits)
    if not 0 < penalty < np.inf:
        raise BadInput(
            asked=f"repetition_penalty={penalty}",
            found=Words("not > 0", "不是大于 0 的数"),
            todo=Words("choose 1.0 (off) to about 1.3", "选 1.0（不惩罚）到 1.3 左右"),
        )
    before = np.unique(np.fromiter(ids, dtype=np.int64))
    if vocabulary is None:
        where = before[(before >= 0) & (before < len(scores))]
    else:
        where = np.isin(vocabulary, before).nonzero()[0]
    factor, lower = scores.dtype.type(penalty), scores.copy()
    lower[where] = np.where(scores[where] < 0, scores[where] * factor, scores[where] / factor)
    return lower


@dataclass(frozen=True, eq=False)
class Stage:
    """Hold the scores after one filter.

    Args:
        name: "logits", "repetition_penalty", "temperature", "top_k" or "top_p".
        value: of the filter's setting; None for "logits".
        logits: (V,), -inf for what is excluded by now.
    """

    name: str
    value: float | None
    logits: np.ndarray

    @property
    def probabilities(self) -> np.ndarray:
        """Give what a draw here would follow: (V,), sum 1."""
        return softmax(self.logits)

    @property
    def kept(self) -> int:
        """Count the tokens that can still be drawn."""
        return int((self.logits > -np.inf).sum())


def warp(
    logits: np.ndarray | Sequence[float],
    settings: "Settings",
    ids: Iterable[int] = (),
    vocabulary: np.ndarray | None = None,
) -> list[Stage]:
    """Apply all filters of the settings in transformers' order.

    The last stage is what is drawn from. Filters that change nothing (penalty 1, T = 1, k None, p = 1) are left out.
    `repetition_penalty` describes the scores (V,), `ids` and `vocabulary`.
    """
    filters: tuple[tuple[str, Callable[..., np.ndarray], float | None], ...] = (
        ("repetition_penalty", lambda scores, by: repetition_penalty(scores, ids, by, vocabulary), 1),
        ("temperature", apply_temperature, 1),
        ("top_k", top_k, None),
        ("top_p", top_p, 1),
    )
    stages = [Stage("logits", None, _scores(logits))]
    for name, change, off in filters:
        value = getattr(settings, name)
        if value != off:
            stages.append(Stage(name, value, change(stages[-1].logits, value)))
    return stages


def draw(probabilities: np.ndarray | Sequence[float], rng: np.random.Generator) -> int:
    """Pick an index with the given probabilities (V,), >= 0.

    Their sum may be any above 0. One uniform number is taken from `rng`, such as `Generator(PCG64(seed))`, and looked
    up in the cumulated distribution.

    Raises:
        BadInput: a negative or NaN entry, or nothing above 0.

    >>> draw([0.0, 1.0, 0.0], np.random.default_rng(0))
    1
    """
    weights = np.asarray(probabilities, dtype=np.float64)
    sums = np.cumsum(weights)
    if not (sums.size and 0 < sums[-1] < np.inf) or weights.min() < 0:
        raise BadInput(
            asked=Words("a draw", "抽一个词元"),
            found=Words("probabilities that are negative, NaN or all 0", "概率里有负数或 NaN，或全是 0"),
            todo=Words("pass softmax(logits)", "给出 softmax(logits)"),
        )
    index = int(np.searchsorted(sums, rng.random() * sums[-1], side="right"))
    # u * sum can round up to the sum itself, which lies behind the last token
    return index if index < len(weights) else int(np.flatnonzero(weights)[-1])


def _scores(logits: np.ndarray | Sequence[float]) -> np.ndarray:
    scores = np.asarray(logits)
    if scores.dtype != np.float32:
        scores = scores.astype(np.float64)
    if scores.ndim != 1 or not scores.size:
        raise BadInput(
            asked=Words(f"scores of shape {scores.shape}", f"形状为 {scores.shape} 的分数"),
            found=Words("not one row of scores", "这不是一行分数"),
            todo=Words("pass an array (V,), V >= 1", "给一个形状为 (V,) 的数组，V >= 1"),
        )
    if np.isnan(scores).any():
        raise BadInput(
            asked=Words("sampling", "采样"),
            found=Words("NaN among the scores", "分数里有 NaN"),
            todo=Words("look for an overflow in the model's dtype", "看看模型的精度里是不是有溢出"),
        )
    return scores


def _highest(scores: np.ndarray) -> np.floating:
    highest = scores.max()
    if not np.isfinite(highest):
        raise BadInput(
            asked=Words("probabilities", "概率"),
            found=Words("a score of +inf", "有一个分数是 +inf")
            if highest > 0
            else Words("every token is excluded (-inf)", "所有词元都被排除了（-inf）"),
            todo=Words("leave at least one finite score, and none of +inf", "至少留一个有限的分数，不要有 +inf"),
        )
    return highest
