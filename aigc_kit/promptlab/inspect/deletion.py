"""Judge attributions: by deleting, and by what is known."""

from collections.abc import Sequence

import numpy as np

from aigc_kit.promptlab.inspect.question import Question


def curve(question: Question, scores: np.ndarray) -> np.ndarray:
    """Delete words one after another, the highest score first.

    Returns:
        float64 (words + 1,): the answer's log-probability, from the whole prompt to none of its words.
    """
    return _curves(question, np.argsort(-np.asarray(scores), kind="stable")[None])[0]


def _curves(question: Question, orders: np.ndarray) -> np.ndarray:
    count = len(question.words)
    rows = [~np.vstack([np.zeros((1, count), bool), np.tri(count, dtype=bool)[:, np.argsort(way)]]) for way in orders]
    return question.value(np.vstack(rows)).reshape(len(orders), count + 1)


def fall(values: np.ndarray) -> np.ndarray:
    """Average the fall over the first half of deletions.

    Args:
        values: float64 (..., words + 1), of `curve`.
    """
    half = max(1, (values.shape[-1] - 1) // 2)
    return (values[..., :1] - values[..., 1 : half + 1]).mean(-1)


def random_curves(question: Question, count: int = 5, seed: int = 0) -> np.ndarray:
    """Delete words in random orders: float64 (count, words + 1)."""
    rng = np.random.default_rng(seed)
    return _curves(question, np.array([rng.permutation(len(question.words)) for _ in range(count)]))


def hit(spans: Sequence[tuple[int, int]], scores: np.ndarray, truth: Sequence[tuple[int, int]]) -> bool:
    """Tell whether the highest word carries the answer.

    Args:
        spans: of the words. scores: of each.
        truth: (start, end) characters of the same text that carry it.
    """
    start, end = spans[int(np.argmax(scores))]
    return any(start < high and low < end for low, high in truth)
