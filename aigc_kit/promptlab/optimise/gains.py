"""Tell what a search gained, from items and seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.statistics import crossed
from aigc_kit.promptlab.optimise.runs import Evolution


@dataclass(frozen=True)
class Gain:
    """Hold how much better some searches are than others.

    Args:
        name: what is compared with what.
        mean, low, high: in the unit of the scores, with the 95 % interval over items and seeds.
        seeds, items: that it rests on; calls: the budget of each search.
        unit: of the scores.
    """

    name: str
    mean: float
    low: float
    high: float
    seeds: int
    items: int
    calls: int
    unit: str

    @property
    def verdict(self) -> Words:
        """Say "no gain" wherever the interval holds zero."""
        if self.low <= 0 <= self.high:
            return Words("no gain", "没有提升")
        return Words("gain", "有提升") if self.mean > 0 else Words("loss", "变差了")

    @property
    def words(self) -> str:
        """Say it in Chinese, from the numbers."""
        numbers = f"{self.mean:+.3f}，95% 区间 {self.low:+.3f} 到 {self.high:+.3f}"
        basis = f"{self.unit}；{self.items} 道没见过的题，{self.seeds} 个种子，每次 {self.calls} 次调用"
        return f"{self.name}：{self.verdict.zh}（{numbers}，{basis}）"


def against_start(runs: Sequence[Evolution], name: str = "", seed: int = 0) -> Gain:
    """Compare the best prompts of some searches with the start.

    Args:
        runs: of one method and one budget, one a seed.
        name: in the words; "" writes one.
        seed: of the resampling.

    Raises:
        BadInput: no run, or runs that cannot be compared.
    """
    first = _checked(runs)
    best = np.array([run.best_scores for run in runs])
    start = np.array([runs[0].start_scores])
    return _gain(name or f"{first.method} 比起点", best, start, first, seed)


def against(runs: Sequence[Evolution], others: Sequence[Evolution], name: str = "", seed: int = 0) -> Gain:
    """Compare searches with others at equal calls.

    Args:
        runs, others: of one method each, on the same items.
        name, seed: as in `against_start`.

    Raises:
        BadInput: other items, or other budgets.
    """
    first, _ = _checked(runs), _checked(others)
    _checked([*runs, *others])
    one, two = (np.array([run.best_scores for run in some]) for some in (runs, others))
    return _gain(name or f"{first.method} 比 {others[0].method}", one, two, first, seed)


def _gain(name: str, one: np.ndarray, two: np.ndarray, run: Evolution, seed: int) -> Gain:
    low, high = crossed(one, two, seed)
    mean = float(one.mean() - two.mean())
    return Gain(name, mean, low, high, len(one), one.shape[1], run.budget, run.unit)


def _checked(runs: Sequence[Evolution]) -> Evolution:
    alike = {(run.budget, run.dev, run.test, run.unit) for run in runs}
    if len(alike) != 1:
        calls = sorted({run.budget for run in runs})
        raise BadInput(
            asked=Words(f"to compare {len(runs)} searches", f"比较 {len(runs)} 次搜索"),
            found=Words(f"other items, or other budgets: {calls} calls", f"题目不同，或预算不同：{calls} 次调用"),
            todo=Words("compare searches of the same items and calls", "只比较题目相同、调用次数相同的搜索"),
        )
    return runs[0]
