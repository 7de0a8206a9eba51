"""Means and shares with their 95 % intervals: the error bars of the labs."""

import numpy as np


def mean_interval(values: np.ndarray) -> tuple[float, float]:
    """Give the mean and the half-width of its 95 % interval.

    By Student's t; the half-width is 0 for a single value.

    >>> mean, half = mean_interval(np.array([1.0, 2.0, 3.0]))
    >>> round(mean, 3), round(half, 3)
    (2.0, 2.484)
    """
    count = len(values)
    if count < 2:
        return float(values.mean()), 0.0
    from scipy.special import stdtrit

    return float(values.mean()), float(stdtrit(count - 1, 0.975)) * float(values.std(ddof=1)) / count**0.5


def wilson(hits: int, count: int) -> tuple[float, float, float]:
    """Give a share with its 95 % interval.

    It stays within [0, 1] and is right for few trials too.

    Args:
        hits: 0 <= hits <= count.
        count: trials, >= 1.

    Returns:
        share, low, high.

    Source: Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference".

    >>> [round(value, 3) for value in wilson(8, 10)]
    [0.8, 0.49, 0.943]
    """
    z = 1.959964
    share = hits / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * (share * (1 - share) / count + z * z / (4 * count * count)) ** 0.5
    return share, max(0.0, middle - half), min(1.0, middle + half)
