"""Answer what looks like an old question, at a risk.

A hit is the nearest stored text whose cosine reaches a threshold. That measures what a text is about: "订单 17 到哪了"
and "订单 71 到哪了" are nearly the same to it, and their answers are not.
"""

import re
from collections.abc import Callable, Hashable, Sequence
from itertools import pairwise
from threading import Lock
from typing import Any

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types.atoms import check_prompt
from aigc_kit.promptlab.caches.exact import Tally, normal
from aigc_kit.promptlab.experiment.assignment import checked_share

Embed = Callable[[Sequence[str]], np.ndarray]
_SIDE = 4096  # hashed pairs of characters: collisions move a cosine by less than .03
_SLOT = re.compile(r"\d+(?:\.\d+)?|[A-Z]{2,}\d*")


def bigrams(texts: Sequence[str]) -> np.ndarray:
    """Embed texts by their pairs of neighbouring characters.

    No model: what shares no pair of characters has cosine 0.

    Returns:
        float32 (texts, 4096), rows of length 1; zeros of an empty text.
    """
    vectors = np.zeros((len(texts), _SIDE), np.float32)
    for row, text in enumerate(texts):
        characters = f" {normal(text).lower()} "
        for one, two in set(pairwise(characters)):
            vectors[row, (ord(one) * 31337 + ord(two) * 7919) % _SIDE] = 1
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: np.ndarray = vectors / np.maximum(lengths, 1e-9)
    return unit


def similarity(embed: Embed, first: Sequence[str], second: Sequence[str]) -> np.ndarray:
    """Give the cosine of each text with its partner."""
    one, two = np.asarray(embed(first), np.float64), np.asarray(embed(second), np.float64)
    cosines: np.ndarray = (one * two).sum(axis=1)
    return cosines


def slots(text: str) -> tuple[str, ...]:
    """List numbers and capital codes of a text, in order.

    A cheap guard of a `SemanticCache`: texts whose slots differ are never the same question.

    >>> slots("把 300 美元换成人民币，寄到 SF2")
    ('300', 'SF2')
    """
    return tuple(_SLOT.findall(normal(text)))


class SemanticCache:
    """Keep answers by what their questions look like.

    Safe for threads. One cache belongs to one template version, model and setting: `scope` keeps the others apart.

    Args:
        embed: texts -> float (texts, D), rows of length 1.
        threshold: cosine from which it is a hit, in [0, 1].
        guard: text -> what must agree besides, such as `slots`; None: nothing.
    """

    def __init__(self, embed: Embed, threshold: float, guard: Callable[[str], Hashable] | None = None) -> None:
        self.embed, self.guard, self.tally = embed, guard, Tally()
        self.threshold = checked_share("threshold", threshold)
        self._rows: dict[Hashable, list[tuple[str, np.ndarray, Any]]] = {}
        self._lock = Lock()

    def put(self, text: str, value: Any, scope: Hashable = None) -> None:
        """Keep a value, in place of an older one."""
        vector = self._vector(text)
        with self._lock:
            rows = self._rows.setdefault(scope, [])
            for number, (kept, *_) in enumerate(rows):
                if normal(kept) == normal(text):
                    rows[number] = (text, vector, value)
                    return
            rows.append((text, vector, value))

    def get(self, text: str, scope: Hashable = None) -> tuple[Any, str, float] | None:
        """Give value, stored text and cosine of the nearest.

        None where nothing in `scope` is near enough, or the guard refuses.
        """
        vector = self._vector(text)
        with self._lock:
            rows = self._rows.get(scope, [])
            fitting = [row for row in rows if self.guard is None or self.guard(row[0]) == self.guard(text)]
            cosines = np.array([row[1] @ vector for row in fitting])
            best = int(cosines.argmax()) if len(cosines) else -1
            if best < 0 or cosines[best] < self.threshold - 1e-6:  # float32: a text is not quite 1 with itself
                self.tally.misses += 1
                return None
            self.tally.hits += 1
            return fitting[best][2], fitting[best][0], float(cosines[best])

    def _vector(self, text: str) -> np.ndarray:
        check_prompt(text)
        vectors = np.asarray(self.embed([text]), np.float64)
        if vectors.shape[:1] != (1,) or vectors.ndim != 2 or not np.isfinite(vectors).all():
            raise BadInput(
                asked=Words(f"the embedding of {text[:20]!r}", f"{text[:20]!r} 的向量"),
                found=Words(
                    f"shape {vectors.shape}, or numbers that are not finite",
                    f"形状是 {vectors.shape}，或者有不是有限数的值",
                ),
                todo=Words("return float (1, D), all finite", "返回 (1, D) 的有限数"),
            )
        row: np.ndarray = vectors[0]
        return row
