"""Give means and shares their 95 % intervals."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


def mean_interval(values: np.ndarray) -> tuple[float, float]:
    """Give a mean and half its 95 % interval.

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


@dataclass(frozen=True)
class Share:
    """Hold how often something held, with `wilson`'s interval.

    Args:
        name: what held; at: the setting under which, such as a temperature, or None.
        held, count: how often, among how many trials.
        share, low, high: in [0, 1]; (0, 0, .79) of no trial at all.
    """

    name: str
    at: Any
    held: int
    count: int
    share: float
    low: float
    high: float

    @classmethod
    def of(cls, name: str, trials: Iterable[bool], at: Any = None) -> "Share":
        """Count how many of some trials held."""
        outcomes = [bool(trial) for trial in trials]
        return cls(name, at, sum(outcomes), len(outcomes), *wilson(sum(outcomes), max(len(outcomes), 1)))


@dataclass(frozen=True)
class Mean:
    """Hold a mean with the interval of `mean_interval`.

    Args:
        name: of the measure; at: the setting under which, such as a temperature.
        mean, half: in the unit of the measure; the interval is mean - half to mean + half.
        count: values.
    """

    name: str
    at: Any
    mean: float
    half: float
    count: int


def means(runs: Sequence[Mapping[str, Any]], by: str, measures: Iterable[str]) -> list[Mean]:
    """Average measures of runs for each value of a setting.

    Args:
        runs: one mapping each, with the setting and the measures.
        by: key of the setting.
        measures: keys of the measures.

    Returns:
        One row for each measure and value, measures in their order, values rising.

    >>> means([{"T": 1, "x": 2.0}, {"T": 1, "x": 4.0}], "T", ["x"])[0].mean
    3.0
    """
    return [
        Mean(name, value, *mean_interval(np.array(group, dtype=float)), len(group))
        for name, value, group in _groups(runs, by, measures)
    ]


def shares(runs: Sequence[Mapping[str, Any]], by: str, measures: Iterable[str]) -> list[Share]:
    """Count how often measures hold, arguments as in `means`."""
    return [Share.of(name, group, value) for name, value, group in _groups(runs, by, measures)]


def _groups(
    runs: Sequence[Mapping[str, Any]], by: str, measures: Iterable[str]
) -> Iterable[tuple[str, Any, list[Any]]]:
    values = sorted({run[by] for run in runs})
    for name in measures:
        for value in values:
            yield name, value, [run[name] for run in runs if run[by] == value]
