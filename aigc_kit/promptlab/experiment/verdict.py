"""Read an experiment's outcome, if its arms are sound.

Sources: Fabijan et al. 2019, "Diagnosing Sample Ratio Mismatch in Online Controlled Experiments"; Newcombe 1998,
"Interval estimation for the difference between independent proportions", method 10.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.statistics import Share, wilson
from aigc_kit.core.types.atoms import plain, shown

MISMATCH = 0.001  # below this p the arms are not what was asked for: one false alarm in a thousand experiments
LIMIT = 0.05


def srm(counts: Sequence[int], shares: Sequence[float]) -> float:
    """Test whether arms have the sizes that were asked for.

    Args:
        counts: users of each arm.
        shares: asked for; positive, they are scaled to sum to 1.

    Returns:
        p of Pearson's chi-square test; below `MISMATCH` no other number of the experiment can be trusted.

    >>> srm([9000, 1000], [0.9, 0.1]), srm([9200, 800], [0.9, 0.1]) < 1e-10
    (1.0, True)
    """
    from scipy.special import chdtrc

    sizes = [_users(count) for count in counts]
    if (
        len(sizes) < 2
        or len(shares) != len(sizes)
        or not all(0 < share < float("inf") for share in shares)
        or not sum(sizes)
    ):
        raise BadInput(
            asked=Words(
                f"arms of {list(counts)} for shares {list(shares)}", f"人数 {list(counts)}，要的比例 {list(shares)}"
            ),
            found=Words(
                "not two arms or more with a share each, and somebody in them",
                "不是两个以上的组，每组一个正的比例、总人数大于 0",
            ),
            todo=Words(
                "give counts and shares, such as [900, 100] and [0.9, 0.1]",
                "给人数和比例，例如 [900, 100] 和 [0.9, 0.1]",
            ),
        )
    wanted = [sum(sizes) * share / sum(shares) for share in shares]
    off = sum((size - want) ** 2 / want for size, want in zip(sizes, wanted, strict=True))
    return float(chdtrc(len(sizes) - 1, off))


def contrast(hits: Sequence[int], users: Sequence[int]) -> tuple[float, float, float, float]:
    """Compare two shares of different users.

    Args:
        hits, users: of the old arm, then of the new.

    Returns:
        gain (new minus old), its 95 % interval (Newcombe), p of the pooled two-sided z test; (0, -1, 1, 1) where an arm
        is empty.
    """
    from scipy.special import ndtr

    one, two = (_users(count) for count in users)
    good = [_users(count) for count in hits]
    if good[0] > one or good[1] > two:
        raise BadInput(
            asked=Words(f"{good} of {[one, two]}", f"{[one, two]} 人里有 {good} 人"),
            found=Words("more hits than users", "满意的比人还多"),
            todo=Words("give hits, then users", "先给满意的人数，再给总人数"),
        )
    if not one or not two:
        return 0.0, -1.0, 1.0, 1.0
    (p1, low1, high1), (p2, low2, high2) = wilson(good[0], one), wilson(good[1], two)
    pooled = sum(good) / (one + two)
    error = sqrt(pooled * (1 - pooled) * (1 / one + 1 / two))
    p = float(2 * ndtr(-abs(p2 - p1) / error)) if error else 1.0
    low = p2 - p1 - sqrt((p2 - low2) ** 2 + (high1 - p1) ** 2)
    return p2 - p1, low, p2 - p1 + sqrt((high2 - p2) ** 2 + (p1 - low1) ** 2), p


@dataclass(frozen=True)
class Outcome:
    """Hold what an experiment came to.

    Args:
        experiment: its name.
        old, new: shares of good outcomes among the users who had one.
        rollout: share of the new prompt while they were enrolled.
        enrolled: users of each arm, with an outcome or without.
        srm: p of `srm` on those.
        gain, low, high, p: of `contrast`.
        need: users with an outcome that the old arm was to have, from `needed`; None: nobody planned it.
        left_out: users enrolled under an earlier rollout.
    """

    experiment: str
    old: Share
    new: Share
    rollout: float
    enrolled: tuple[int, int]
    srm: float
    gain: float
    low: float
    high: float
    p: float
    need: int | None
    left_out: int

    @property
    def sound(self) -> bool:
        """Tell whether the arms have the sizes asked for."""
        return self.srm >= MISMATCH

    @property
    def done(self) -> bool:
        """Tell whether as many users came as were planned."""
        return self.need is not None and self.old.count >= self.need

    @property
    def words(self) -> str:
        """Say it in Chinese: no verdict before its time."""
        if not self.sound:
            sizes = f"{self.enrolled[0]} 比 {self.enrolled[1]}"
            why = f"SRM p = {self.srm:.1g}，人数 {sizes}，新版要的比例是 {self.rollout:.0%}"
            return f"分组坏了（{why}）：先找原因，别的数都不能用"
        numbers = f"{100 * self.gain:+.1f} 个百分点，95% 区间 {100 * self.low:+.1f} 到 {100 * self.high:+.1f}"
        if self.need is None:
            return f"{numbers}；没有事先定人数，只能描述，不能下结论"
        if not self.done:
            return f"{numbers}；旧版才有 {self.old.count} 人，定好要 {self.need} 人，还不能下结论"
        real = self.p < LIMIT and not self.low <= 0 <= self.high
        verdict = ("新版更好" if self.gain > 0 else "新版更差") if real else "看不出差别"
        return f"{verdict}：{numbers}，p = {self.p:.2g}"


def _users(value: object) -> int:
    number = plain(value)
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise BadInput(
            asked=Words(f"{shown(value)} users", f"{shown(value)} 个人"),
            found=Words("no count", "这不是人数"),
            todo=Words("give an integer, 0 or more", "给一个不小于 0 的整数"),
        )
    return number
