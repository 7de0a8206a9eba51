"""Take a prompt's own leaning out of label scores.

A prompt may favour a label before it has seen any message. Ask it about messages without content, and take what it says
to them off: contextual calibration (Zhao et al. 2021, "Calibrate Before Use").
"""

from collections.abc import Callable, Sequence

import numpy as np

BLANKS = ("。", "……", "无")  # messages that say nothing


def leaning(scores_of: Callable[[Sequence[str]], np.ndarray], write: Callable[[str], str]) -> np.ndarray:
    """Measure which labels a prompt favours by itself.

    Args:
        scores_of: prompts -> float64 (prompts, labels), log-probabilities.
        write: message -> the whole prompt.

    Returns:
        float64 (labels,), log-probabilities among the labels alone; exp of them sums to 1.
    """
    shares = among(scores_of([write(blank) for blank in BLANKS]))
    return np.log(shares.mean(axis=0))


def calibrated(scores: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Take a prompt's leaning off.

    Args:
        scores: float64 (prompts, labels), log-probabilities.
        own: float64 (labels,), what `leaning` gives.

    Returns:
        float64 (prompts, labels), to be compared within a row.

    >>> calibrated(np.log([[0.6, 0.4]]), np.log([0.8, 0.2])).argmax(axis=1)
    array([1])
    """
    return scores - own


def among(scores: np.ndarray) -> np.ndarray:
    """Share probability among the labels alone: rows sum to 1."""
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)
