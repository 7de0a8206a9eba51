"""The baseline: an n-gram model with interpolated modified Kneser-Ney smoothing, counted and queried with numpy.

It scores the same tokens as the network, after the same given tokens. Source: S. F. Chen and J. Goodman, "An
empirical study of smoothing techniques for language modeling" (1999), section 3.

An n-gram is one int64, its tokens read as digits in base V (5323**5 < 2**63); level n holds the sorted n-grams.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Level:
    """The n-grams of one order.

    grams: int64 (G,), sorted; mass: float64 (G,), discounted count / count of the context;
    contexts: int64 (C,), sorted; rest: float64 (C,), the probability that a context leaves to the order below.
    """

    grams: np.ndarray
    mass: np.ndarray
    contexts: np.ndarray
    rest: np.ndarray


def pack(sequences: Iterable[tuple[list[int], int]], order: int, vocabulary: int, pad: int) -> np.ndarray:
    """n-grams that end on a scored token: int64 (N,), in the order of the text.

    Args:
        sequences: (ids, start): tokens from ``start`` on are scored, all may be context.
        pad: the id that stands before every sequence.
    """
    ids, scored = [], []
    for sequence, start in sequences:
        ids += [pad] * (order - 1) + sequence
        scored += [False] * (order - 1 + start) + [True] * (len(sequence) - start)
    tokens = np.array(ids, dtype=np.int64)
    ends = np.flatnonzero(scored)
    packed = np.zeros(len(ends), dtype=np.int64)
    for back in range(order - 1, -1, -1):
        packed = packed * vocabulary + tokens[ends - back]
    return packed


def discounts_of(counts: np.ndarray) -> tuple[float, float, float]:
    """D1, D2, D3+ from how many n-grams occur once, twice, three and four times (Chen and Goodman, eq. 26)."""
    once, twice, thrice, four = (float((counts == n).sum()) for n in (1, 2, 3, 4))
    if not (once and twice and thrice):
        raise ValueError("too little text to estimate the discounts: give them")
    y = once / (once + 2 * twice)
    return 1 - 2 * y * twice / once, 2 - 3 * y * thrice / twice, 3 - 4 * y * four / thrice


class KneserNey:
    """Interpolated modified Kneser-Ney of one order over a closed vocabulary.

    Args:
        packed: training n-grams from ``pack``.
        discounts: (D1, D2, D3+) for every order; None estimates them order by order.
    """

    def __init__(
        self, packed: np.ndarray, order: int, vocabulary: int, discounts: tuple[float, float, float] | None = None
    ) -> None:
        self.order, self.vocabulary = order, vocabulary
        self.levels: list[Level] = []
        grams, counts = np.unique(packed, return_counts=True)
        for size in range(order, 0, -1):
            self.levels.insert(0, self._level(grams, counts, discounts or discounts_of(counts)))
            # below the top order an n-gram counts once per distinct token before it
            grams, counts = np.unique(grams % vocabulary ** (size - 1), return_counts=True)

    def _level(self, grams: np.ndarray, counts: np.ndarray, discounts: tuple[float, float, float]) -> Level:
        contexts, first = np.unique(grams // self.vocabulary, return_index=True)
        discount = np.choose(np.minimum(counts, 3) - 1, discounts)
        totals = np.add.reduceat(counts, first).astype(np.float64)
        rest = np.add.reduceat(discount, first) / totals
        width = np.diff(np.append(first, len(grams)))
        return Level(grams, (counts - discount) / np.repeat(totals, width), contexts, rest)

    def probabilities(self, packed: np.ndarray, order: int | None = None) -> np.ndarray:
        """P(last token | tokens before it) of each packed n-gram: float64 (N,), by the model of this order or a lower.

        A lower order is the one that the full model falls back on, not a model estimated for itself.
        """
        found = np.full(len(packed), 1.0 / self.vocabulary)
        for size, level in enumerate(self.levels[:order], 1):
            grams = packed % self.vocabulary**size
            _, rest = lookup(level.contexts, level.rest, grams // self.vocabulary, missing=1.0)
            _, mass = lookup(level.grams, level.mass, grams, missing=0.0)
            found = mass + rest * found
        return found


def lookup(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray, missing: float) -> tuple[np.ndarray, np.ndarray]:
    """(found or not, value or ``missing``) of each wanted key among the sorted ``keys``."""
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    hit = keys[place] == wanted
    return hit, np.where(hit, values[place], missing)
