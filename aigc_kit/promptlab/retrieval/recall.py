"""Measure searches: R@1, R@5, and how long the slowest wait."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.statistics import Share


def hits(queries: np.ndarray, pictures: np.ndarray, right: np.ndarray, name: str = "") -> tuple[Share, Share]:
    """Count queries whose right picture is among the first.

    Args:
        queries: float (Q, D), rows of length 1; pictures: float (N, D).
        right: bool (Q, N): which pictures a query means, one at least; any of them counts.
        name: of the shares.

    Returns:
        R@1, R@5.

    Raises:
        BadInput: a query without a right picture, or other shapes.
    """
    truth = np.asarray(right, bool)
    if truth.shape != (len(queries), len(pictures)) or not truth.size or not truth.any(axis=1).all():
        raise BadInput(
            asked=Words(f"R@1 of {len(queries)} queries", f"{len(queries)} 个查询的 R@1"),
            found=Words(
                f"right pictures of shape {truth.shape}, or a query without one",
                f"正确答案的形状是 {truth.shape}，或者有查询没有正确答案",
            ),
            todo=Words("give bool (Q, N), one True in each row at least", "给 (Q, N) 的真假，每行至少一个真"),
        )
    order = np.argsort(-(queries @ pictures.T), axis=1, kind="stable")[:, :5]
    found = np.take_along_axis(truth, order, 1)
    five = [bool(row.any()) for row in found]
    return Share.of(f"{name} R@1".strip(), found[:, 0], 1), Share.of(f"{name} R@5".strip(), five, 5)


@dataclass(frozen=True)
class Quantile:
    """Hold a quantile with its 95 % interval.

    Args:
        share: which, in (0, 1); value: of the sample.
        low, high: the interval; high is infinite where so few values cannot bound it.
        count: values.
    """

    share: float
    value: float
    low: float
    high: float
    count: int


def quantile(values: np.ndarray, share: float) -> Quantile:
    """Estimate a quantile, whatever the distribution.

    The interval stands between two of the sorted values: how many lie below the true quantile is binomial. Of 100
    values none bounds the 99th percentile from above: that takes 368.

    Source: Hahn & Meeker 1991, "Statistical Intervals", section 5.2.

    >>> import numpy as np
    >>> found = quantile(np.arange(1.0, 101), 0.5)
    >>> found.value, found.low, found.high
    (50.5, 40.0, 61.0)
    """
    from scipy.special import bdtr

    rows = np.sort(np.asarray(values, float))
    count = len(rows)
    if not count or not np.isfinite(rows).all() or not 0 < share < 1:
        raise BadInput(
            asked=Words(f"the quantile {share} of {count} values", f"{count} 个数的 {share} 分位数"),
            found=Words(
                "no values, some not finite, or a share outside 0 to 1",
                "一个数也没有、有不是有限的数，或者比例不在 0 到 1 之间",
            ),
            todo=Words("give finite values, and such as 0.99", "给有限的数，比例例如 0.99"),
        )
    below = bdtr(np.arange(count, dtype=float), count, share)  # P(at most k values lie below), k = 0 ..
    lows, highs = np.flatnonzero(below <= 0.025), np.flatnonzero(below >= 0.975)
    low, high = rows[lows[-1]] if len(lows) else -np.inf, rows[highs[0]] if len(highs) else np.inf
    return Quantile(share, float(np.quantile(rows, share)), float(low), float(high), count)


def timed(work: Callable[[Any], Any], items: Iterable[Any]) -> np.ndarray:
    """Time a call on each item, float64 seconds."""
    seconds = []
    for item in items:
        start = time.perf_counter()
        work(item)
        seconds.append(time.perf_counter() - start)
    return np.array(seconds)
