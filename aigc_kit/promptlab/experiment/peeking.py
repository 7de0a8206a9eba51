"""Look at experiments while they run, at a cost.

Whoever tests at 5 % after every hundred users and stops at the first "significant" result is wrong much more often
than in 5 of 100 experiments in which nothing differs. Group-sequential bounds give the error back: they are set so
that noise crosses any of them with the chance alpha.

Sources: Armitage, McPherson, Rowe 1969, "Repeated Significance Tests on Accumulating Data"; Pocock 1977; O'Brien,
Fleming 1979; constants as in Jennison, Turnbull 2000, "Group Sequential Methods", tables 2.1 and 2.3.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, unknown_name
from aigc_kit.core.statistics import Share
from aigc_kit.core.types.atoms import plain, shown
from aigc_kit.promptlab.experiment.assignment import checked_share

SHAPES = ("plain", "pocock", "obrien-fleming")
MOST_LOOKS = 50
_NODES = 160  # of Gauss-Legendre: constants agree with the tables to their three digits


def looked(
    looks: int, old: float = 0.76, new: float = 0.76, users: int = 1000, runs: int = 2000, seed: int = 0
) -> np.ndarray:
    """Run experiments, and give z at every look.

    Args:
        looks: equally far apart, the last at the end; they divide `users`.
        old, new: true shares; equal ones make an A/A test.
        users: of each arm.
        runs, seed: of the simulation.

    Returns:
        float64 (runs, looks): z of the pooled test of two shares; 0 where nothing varies.
    """
    looks = _whole("looks", looks, MOST_LOOKS)
    users, runs = _whole("users", users, 10**7), _whole("runs", runs, 10**6)
    if users % looks:
        raise BadInput(
            asked=Words(f"{looks} looks at {users} users", f"{users} 人，看 {looks} 次"),
            found=Words("they do not divide", "除不尽"),
            todo=Words(f"give {users // looks * looks or looks} users", f"人数改成 {users // looks * looks or looks}"),
        )
    rng, step = np.random.default_rng(seed), users // looks
    shares = [checked_share("old", old), checked_share("new", new)]
    hits = np.stack([rng.binomial(step, share, (runs, looks)) for share in shares]).cumsum(axis=2)
    count = step * np.arange(1, looks + 1)
    pooled = hits.sum(axis=0) / (2 * count)
    error = np.sqrt(pooled * (1 - pooled) * 2 / count)
    z: np.ndarray = np.divide((hits[1] - hits[0]) / count, error, out=np.zeros_like(error), where=error > 0)
    return z


def alarms(z: np.ndarray, limits: Sequence[float], name: str = "") -> Share:
    """Count the experiments that cross a limit at any look.

    Args:
        z: of `looked`, or columns of it.
        limits: one for each look.
        name: of the share.
    """
    if z.ndim != 2 or z.shape[1] != len(limits):
        raise BadInput(
            asked=Words(f"{len(limits)} limits for z of shape {z.shape}", f"{len(limits)} 个界，z 的形状是 {z.shape}"),
            found=Words("not one limit for each look", "不是每次看各有一个界"),
            todo=Words("take bounds(looks) for all looks", "用 bounds(次数)，次数和看的次数一样"),
        )
    return Share.of(name, (np.abs(z) >= np.asarray(limits)).any(axis=1), len(limits))


@lru_cache(maxsize=128)
def bounds(looks: int, shape: str = "pocock", alpha: float = 0.05) -> tuple[float, ...]:
    """Give a limit for |z| at each look.

    Args:
        looks: 1 to 50, equally far apart.
        shape: "plain" (the limit of a single look, at every look), "pocock" (one limit, higher), "obrien-fleming"
            (very high at first, nearly plain at the end).
        alpha: chance of a false alarm in all; of "plain": at each look.

    >>> [round(limit, 3) for limit in bounds(5, "pocock")][:2], round(bounds(5, "obrien-fleming")[-1], 2)
    ([2.413, 2.413], 2.04)
    """
    from scipy.optimize import brentq
    from scipy.special import ndtri

    looks, alpha = _whole("looks", looks, MOST_LOOKS), checked_share("alpha", alpha, inside=True)
    if shape not in SHAPES:
        raise unknown_name(Words(f"bounds of shape {shown(shape)}", f"界的形状 {shown(shape)}"), shape, SHAPES)
    form = np.sqrt(looks / np.arange(1, looks + 1)) if shape == "obrien-fleming" else np.ones(looks)
    least = float(ndtri(1 - alpha / 2))
    if shape == "plain" or looks == 1:
        return tuple(float(least * each) for each in form)
    constant = brentq(lambda c: crossing(c * form) - alpha, least * 0.999, least + 3, xtol=1e-6)
    return tuple(float(constant * each) for each in form)


def crossing(limits: Sequence[float] | np.ndarray) -> float:
    """Give the chance that noise crosses limits at equal looks.

    Exact for normal outcomes: the density of the sum is carried from look to look by Gauss-Legendre quadrature.

    Args:
        limits: for |z|, one for each look.

    >>> round(crossing([1.959964]), 4), round(crossing([1.959964] * 10), 3)
    (0.05, 0.193)
    """
    points, weights = np.polynomial.legendre.leggauss(_NODES)
    ends = [limit * np.sqrt(k) for k, limit in enumerate(limits, 1)]
    here = ends[0] * points
    mass = _normal(here) * ends[0] * weights
    for end in ends[1:]:
        there = end * points
        mass = (_normal(there[:, None] - here[None, :]) @ mass) * end * weights
        here = there
    return float(1 - mass.sum())


def _normal(x: np.ndarray) -> np.ndarray:
    density: np.ndarray = np.exp(-x * x / 2) / np.sqrt(2 * np.pi)
    return density


def _whole(name: str, value: object, most: int) -> int:
    number = plain(value)
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= most:
        raise BadInput(
            asked=f"{name}={shown(value)}",
            found=Words(f"not an integer from 1 to {most}", f"不是 1 到 {most} 的整数"),
            todo=Words(f"give one, such as {name}=10", f"给一个，例如 {name}=10"),
        )
    return number
