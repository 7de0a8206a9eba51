"""Plan how many users an experiment needs, before it starts.

Source: Cohen 1988, "Statistical Power Analysis for the Behavioral Sciences", chapter 6: effect sizes of two shares by
the arcsine; the same as statsmodels' NormalIndPower, which the tests hold it against.
"""

from math import asin, ceil, sin, sqrt

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types.atoms import plain, shown
from aigc_kit.promptlab.experiment.assignment import checked_share

MOST = 10**9  # users of an arm: more than there are


def power(old: float, new: float, users: float, ratio: float = 1, alpha: float = 0.05) -> float:
    """Give the chance that a true difference is noticed.

    By the two-sided test of two shares.

    Args:
        old, new: the true shares, within (0, 1).
        users: of the arm with the old prompt.
        ratio: users of the new arm over those of the old.
        alpha: false alarms that are allowed.

    Returns:
        in [alpha, 1].
    """
    from scipy.special import ndtr, ndtri

    effect = abs(_effect(old, new)) * sqrt(_count("users", users) / (1 + 1 / _count("ratio", ratio)))
    limit = ndtri(1 - checked_share("alpha", alpha, inside=True) / 2)
    return float(ndtr(effect - limit) + ndtr(-effect - limit))


def needed(old: float, new: float, chance: float = 0.8, ratio: float = 1, alpha: float = 0.05) -> int:
    """Give how many users the old arm needs.

    The new one needs `ratio` times as many.

    Args:
        old, new, ratio, alpha: as in `power`.
        chance: of noticing the difference.

    Raises:
        BadInput: the shares are the same, or no shares.

    >>> needed(0.76, 0.796), needed(0.92, 0.99)
    (2089, 113)
    """
    chance = checked_share("chance", chance, inside=True)
    if _effect(old, new) == 0:
        raise BadInput(
            asked=Words(f"users to notice {old} against {new}", f"要多少人才看得出 {old} 和 {new} 的差别"),
            found=Words("no difference to notice", "两个比例一样，没有差别可看"),
            todo=Words("give the smallest difference that matters to you", "写出你在意的最小差别"),
        )
    from scipy.optimize import brentq

    if power(old, new, 1, ratio, alpha) >= chance:
        return 1
    if power(old, new, MOST, ratio, alpha) < chance:
        raise BadInput(
            asked=Words(f"users to notice {old} against {new}", f"要多少人才看得出 {old} 和 {new} 的差别"),
            found=Words(f"more than {MOST:,}", f"超过 {MOST:,} 人"),
            todo=Words("look for a larger difference", "换一个大一些的差别"),
        )
    return ceil(brentq(lambda users: power(old, new, users, ratio, alpha) - chance, 1, MOST, xtol=1e-6))


def detectable(old: float, users: int, chance: float = 0.8, ratio: float = 1, alpha: float = 0.05) -> float:
    """Give the smallest rise that so many users show.

    Args:
        old, users, ratio, alpha: as in `power`; chance: as in `needed`.

    Returns:
        new share minus old share; infinite where even a share of 1 would often be missed.
    """
    from scipy.special import ndtri

    size = sqrt(_count("users", users) / (1 + 1 / _count("ratio", ratio)))
    alpha, chance = checked_share("alpha", alpha, inside=True), checked_share("chance", chance, inside=True)
    effect = (ndtri(1 - alpha / 2) + ndtri(chance)) / size  # the other tail adds less than 1e-5 at a chance of .8
    angle = asin(sqrt(checked_share("old", old, inside=True))) + effect / 2
    return sin(angle) ** 2 - old if angle <= asin(1) else float("inf")


def _effect(old: float, new: float) -> float:
    """Give Cohen's h of two shares."""
    one, two = checked_share("old", old, inside=True), checked_share("new", new, inside=True)
    return 2 * asin(sqrt(two)) - 2 * asin(sqrt(one))


def _count(name: str, value: float) -> float:
    number = plain(value)
    if not isinstance(number, (int, float)) or isinstance(number, bool) or not 0 < number < float("inf"):
        raise BadInput(
            asked=f"{name}={shown(value)}",
            found=Words("not a positive number", "这不是正数"),
            todo=Words(f"give one, such as {name}=1000", f"给一个正数，例如 {name}=1000"),
        )
    return number
