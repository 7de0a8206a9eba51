"""Give means and shares their 95 % intervals."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import comb
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


def bootstrap(values: np.ndarray, seed: int, draws: int = 4000) -> tuple[float, float]:
    """Give the 95 % interval of a mean, by resampling.

    Args:
        values: float (N,), one for each item.
        seed: of the resampling.
        draws: samples of N items, with replacement.

    Source: Efron 1979, "Bootstrap methods" (percentile interval).
    """
    places = np.random.default_rng(seed).integers(0, len(values), (draws, len(values)))
    low, high = np.quantile(values[places].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def crossed(first: np.ndarray, second: np.ndarray, seed: int, draws: int = 4000) -> tuple[float, float]:
    """Give a difference's 95 % interval over items and seeds.

    Items are resampled once for both, runs for each by itself: what varies is which items were drawn, and which seeds.
    With two or three runs the interval is too narrow, since so few cannot show how far runs lie apart.

    Args:
        first, second: float (runs, N), a value for each run and item; the items are the same.
        seed: of the resampling; draws: samples.

    Source: Owen 2007, "The pigeonhole bootstrap".

    >>> crossed(np.array([[2.0, 2.0], [2.0, 2.0]]), np.array([[1.0, 1.0]]), 0)
    (1.0, 1.0)
    """
    rng, count = np.random.default_rng(seed), first.shape[1]
    items = rng.multinomial(count, np.full(count, 1 / count), draws) / count
    means = []
    for values in (first, second):
        runs = rng.multinomial(len(values), np.full(len(values), 1 / len(values)), draws) / len(values)
        means.append(np.einsum("dr,rn,dn->d", runs, values, items, optimize=True))
    low, high = np.quantile(means[0] - means[1], [0.025, 0.975])
    return float(low), float(high)


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

    def around(self, lowest: float, highest: float) -> tuple[float, float]:
        """Reach below and above the mean, within bounds.

        >>> Mean("recall", None, 0.75, 0.5, 3).around(0, 1)
        (0.5, 0.25)
        """
        return min(self.half, self.mean - lowest), min(self.half, highest - self.mean)


@dataclass(frozen=True)
class Difference:
    """Hold how much more often one thing held than another.

    Both were tried on the same cases.

    Args:
        gain: share of the second minus share of the first, in [-1, 1].
        low, high: its 95 % interval, of Wilson's two, less what the cases have in common.
        worse, better: cases in which only the first, only the second held.
        count: cases.
        p: of the exact sign test: how often chance alone parts such cases so unevenly.
    """

    gain: float
    low: float
    high: float
    worse: int
    better: int
    count: int
    p: float

    def real(self, limit: float = 0.05) -> bool:
        """Tell whether chance is refused: p and interval agree."""
        return self.p < limit and not self.low <= 0 <= self.high


def paired(first: Sequence[bool], second: Sequence[bool]) -> Difference:
    """Compare two outcomes on the same cases.

    Args:
        first, second: whether each case held, in the same order; at least one case.

    Source: McNemar 1947, with the exact binomial; Newcombe 1998, "Improved confidence intervals for the difference
    between binomial proportions based on paired data", method 10.

    >>> change = paired([False] * 9 + [True], [True] * 10)
    >>> change.gain, change.better, round(change.p, 4), change.real()
    (0.9, 9, 0.0039, True)
    """
    one, two = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    count, both, neither = len(one), int((one & two).sum()), int((~one & ~two).sum())
    worse, better = int((one & ~two).sum()), int((~one & two).sum())
    tail = sum(comb(worse + better, k) for k in range(min(worse, better) + 1)) / 2 ** (worse + better)
    (p1, low1, high1), (p2, low2, high2) = wilson(both + worse, count), wilson(both + better, count)
    product = (both + worse) * (better + neither) * (both + better) * (worse + neither)
    common: float = both * neither - worse * better
    common = max(common - count / 2, 0) if common > 0 else common
    alike = common / product**0.5 if product else 0.0
    below = _joined(p2 - low2, high1 - p1, alike)
    above = _joined(high2 - p2, p1 - low1, alike)
    gain = p2 - p1
    return Difference(gain, gain - below, gain + above, worse, better, count, min(1.0, 2 * tail))


def _joined(one: float, two: float, alike: float) -> float:
    """Join two half-widths of outcomes that are correlated."""
    return max(0.0, one * one - 2 * alike * one * two + two * two) ** 0.5


def holm(values: Sequence[float]) -> list[float]:
    """Raise p values for how many were looked at.

    Of 20 comparisons in which nothing differs one has p < .05 on average; those that are still below it after this are
    all true in 95 of 100 such families.

    Source: Holm 1979, "A simple sequentially rejective multiple test procedure".

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(values)), key=lambda k: values[k])
    raised, highest = [0.0] * len(values), 0.0
    for rank, k in enumerate(order):
        highest = max(highest, min(1.0, (len(values) - rank) * values[k]))
        raised[k] = highest
    return raised


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
