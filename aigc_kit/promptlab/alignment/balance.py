"""Give rare classes more weight, and count what that costs.

The weight of a class is (its examples + smoothing) ** -alpha: 0 weighs all examples alike, 1 all classes. The numbers
themselves have no meaning, only their ratios: what a learner meets is the share of each class.
"""

from collections.abc import Sequence

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput

SMOOTHING = 1e-6


def weights(counts: Sequence[int] | np.ndarray, alpha: float, smoothing: float = SMOOTHING) -> np.ndarray:
    """Weigh an example of each class, float64 (C,).

    Args:
        counts: examples of each class, C of them.
        alpha: 0 or more.
        smoothing: above 0, so that an empty class has a weight too.

    Raises:
        BadInput: no class, a negative count, a negative alpha.

    >>> [round(float(weight), 4) for weight in weights([620, 280, 100], 0.75)]
    [0.008, 0.0146, 0.0316]
    """
    array = np.asarray(counts, dtype=np.float64)
    if array.ndim != 1 or not len(array) or array.min() < 0 or alpha < 0 or smoothing <= 0:
        raise BadInput(
            asked=Words(
                f"weights of classes with {list(counts)} examples at alpha {alpha:g}",
                f"各类样本数为 {list(counts)}、alpha={alpha:g} 时的权重",
            ),
            found=Words("no class, or a negative number", "一个类也没有，或者有负数"),
            todo=Words(
                "give one count of 0 or more for each class, alpha of 0 or more, smoothing above 0",
                "每类给一个不小于 0 的样本数，alpha 不小于 0，smoothing 大于 0",
            ),
        )
    return (array + smoothing) ** -alpha


def shares(counts: Sequence[int] | np.ndarray, alpha: float, smoothing: float = SMOOTHING) -> np.ndarray:
    """Share the draws among classes, float64 (C,), sum 1.

    Args and errors as in `weights`.

    >>> [round(100 * float(share)) for share in shares([620, 280, 100], 0.75)]
    [41, 33, 26]
    """
    mass = np.asarray(counts, dtype=np.float64) * weights(counts, alpha, smoothing)
    if not mass.sum() > 0:
        raise BadInput(
            asked=Words("shares of classes", "各类所占的份额"),
            found=Words("no example at all", "一个样本也没有"),
            todo=Words("give counts above 0", "给大于 0 的样本数"),
        )
    return mass / mass.sum()


def drawn(labels: np.ndarray, alpha: float, count: int, seed: int) -> np.ndarray:
    """Draw examples by weight: int64 (count,), places in `labels`.

    With replacement. `labels`: int (N,), classes 0 .. C - 1.
    """
    labels = np.asarray(labels)
    each = weights(np.bincount(labels), alpha)[labels]
    return np.random.default_rng(seed).choice(len(labels), size=count, p=each / each.sum())


def spread(labels: np.ndarray, batch: int, seed: int) -> np.ndarray:
    """Order examples so that batches resemble the whole.

    Every example once: the share of a class does not change, only which of them meet in a batch. Within a class the
    order is random; classes are dealt out evenly over the whole length.

    Args:
        labels: int (N,).
        batch: examples of a batch, 1 or more.
        seed: of the order within classes.

    Returns:
        int64 (N,), places in `labels`, batch after batch.
    """
    labels = np.asarray(labels)
    if batch < 1:
        raise BadInput(
            asked=Words(f"batches of {batch}", f"每批 {batch} 个样本"),
            found=Words("no example in a batch", "一批里没有样本"),
            todo=Words("give a batch of 1 or more", "batch 改成 1 或更大"),
        )
    rng = np.random.default_rng(seed)
    places, keys = [], []
    for label in np.unique(labels):
        mine = rng.permutation(np.flatnonzero(labels == label))
        places.append(mine)
        keys.append((np.arange(len(mine)) + rng.random()) / len(mine))  # evenly over 0 .. 1, from a random start
    order = np.concatenate(places)[np.argsort(np.concatenate(keys), kind="stable")]
    whole = len(order) // batch * batch
    batches = order[:whole].reshape(-1, batch)
    return np.concatenate([*rng.permutation(batches), order[whole:]]) if whole else order


def effective(labels: np.ndarray, alpha: float) -> float:
    """Count the even examples that weighted ones are worth.

    (sum w) ** 2 / sum w ** 2, between 1 and N: N at alpha 0.

    Source: Kish 1965, "Survey Sampling".
    """
    labels = np.asarray(labels)
    each = weights(np.bincount(labels), alpha)[labels]
    return float(each.sum() ** 2 / (each**2).sum())
