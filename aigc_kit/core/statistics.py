"""Means and shares with their 95 % intervals: the error bars of the labs."""

import numpy as np

_T95: tuple[float, ...] = (
    12.706,
    4.303,
    3.182,
    2.776,
    2.571,
    2.447,
    2.365,
    2.306,
    2.262,
    2.228,
    2.201,
    2.179,
    2.160,
    2.145,
    2.131,
    2.120,
    2.110,
    2.101,
    2.093,
    2.086,
    2.080,
    2.074,
    2.069,
    2.064,
    2.060,
    2.056,
    2.052,
    2.048,
    2.045,
    2.042,
    1.96,
)


def mean_interval(values: np.ndarray) -> tuple[float, float]:
    """Mean and half-width of its 95 % interval (Student's t, for n = 2 to 30; 0 for a single value).

    >>> mean, half = mean_interval(np.array([1.0, 2.0, 3.0]))
    >>> round(mean, 3), round(half, 3)
    (2.0, 2.484)
    """
    count = len(values)
    if count < 2:
        return float(values.mean()), 0.0
    return float(values.mean()), _T95[min(count - 1, len(_T95)) - 1] * float(values.std(ddof=1)) / count**0.5


def wilson(hits: int, count: int) -> tuple[float, float, float]:
    """A share with its 95 % interval, which stays within [0, 1] and is right for few trials too.

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
