"""Say what is looked for in several ways.

An expander appends the nearest phrases of a pool, as some tutorials promise wonders of. Replacing words that the model
never read by words that it did is something else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types.atoms import plain, shown
from aigc_kit.promptlab.caches.exact import normal
from aigc_kit.promptlab.caches.semantic import Embed
from aigc_kit.promptlab.retrieval.queries import Query
from aigc_kit.promptlab.retrieval.two_towers import checked_vectors
from aigc_kit.worlds.tinyworld.captions import canonical
from aigc_kit.worlds.tinyworld.vocab import phrase
from aigc_kit.worlds.tinyworld.words import TERMS


class PromptExpander:
    """Append to a text the nearest phrases of a pool.

    The pool is read once.

    Args:
        phrases: the pool, not empty.
        embed: texts -> float (texts, D), such as `Towers.texts`.
        top_k: phrases appended, >= 0; all, where the pool has fewer.

    Raises:
        BadInput: an empty pool, or no such number.
    """

    def __init__(self, phrases: Sequence[str], embed: Embed, top_k: int = 5) -> None:
        number = plain(top_k)
        if not phrases or not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise BadInput(
                asked=Words(
                    f"{shown(top_k)} phrases of a pool of {len(phrases)}", f"从 {len(phrases)} 条里取 {shown(top_k)} 条"
                ),
                found=Words("an empty pool, or no integer >= 0", "短语池是空的，或者不是大于等于 0 的整数"),
                todo=Words('give phrases and such as top_k=5: pool("zh")', '给短语和个数，例如 pool("zh")、top_k=5'),
            )
        self.phrases, self.embed, self.top_k = tuple(phrases), embed, number
        self.vectors = checked_vectors(embed(list(phrases)), len(phrases))

    def __call__(self, texts: Sequence[str]) -> list[str]:
        """Give the texts, each with its neighbours behind it."""
        if not self.top_k or not texts:
            return list(texts)
        cosines = checked_vectors(self.embed(list(texts)), len(texts)) @ self.vectors.T
        nearest = np.argsort(-cosines, axis=1, kind="stable")[:, : self.top_k]
        return [" ".join([text, *(self.phrases[k] for k in row)]) for text, row in zip(texts, nearest, strict=True)]


@cache
def pool(language: str) -> tuple[str, ...]:
    """List the world's words in a language; "mixed": in both."""
    sides = {"zh": (0,), "en": (1,), "mixed": (0, 1)}[language]
    rows = [value for values in TERMS.values() for value in values.values()]
    return tuple(dict.fromkeys(word for row in rows for side in sides for word in row[side]))


@dataclass(frozen=True)
class Strategy:
    """Say a query in one way.

    Args:
        name: in Chinese; says: query -> text; top_k: phrases that an expander appends.
    """

    name: str
    says: Callable[[Query], str]
    top_k: int = 0


def _template(query: Query) -> str:
    return canonical(query.spec, "en" if query.language == "en" else "zh")


def _replaced(query: Query) -> str:
    """Say known synonyms in the world's own words."""
    text = " ".join(query.others)
    return phrase(text).phrase or text


STRATEGIES: tuple[Strategy, ...] = (
    Strategy("关键词，空格隔开", lambda query: " ".join(query.words)),
    Strategy("关键词，逗号隔开", lambda query: "，".join(query.words)),
    Strategy("关键词，连着写", lambda query: "".join(query.words) if query.language == "zh" else " ".join(query.words)),
    Strategy("模板：一句话", _template),
    Strategy("关键词 + 扩展器 1", lambda query: " ".join(query.words), 1),
    Strategy("关键词 + 扩展器 5", lambda query: " ".join(query.words), 5),
    Strategy("同义词原样", lambda query: " ".join(query.others)),
    Strategy("同义词 + 扩展器 5", lambda query: " ".join(query.others), 5),
    Strategy("同义词换成认识的词", _replaced),
)


def texts_of(strategy: Strategy, queries: Sequence[Query], embed: Embed) -> list[str]:
    """Say queries by a strategy, one text each.

    Args:
        embed: of the expander, where the strategy has one.
    """
    texts = [normal(strategy.says(query)) for query in queries]
    if not strategy.top_k or not queries:
        return texts
    return PromptExpander(pool(queries[0].language), embed, strategy.top_k)(texts)
