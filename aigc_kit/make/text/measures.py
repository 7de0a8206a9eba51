"""Measure texts and distributions."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Take, Words
from aigc_kit.make.text.engines import Candidates, Engine
from aigc_kit.make.text.sampling import softmax, warp

if TYPE_CHECKING:
    from aigc_kit.make.text.settings import Settings

LISTED = 12  # most probable tokens in a row of `at_temperatures` and `through_filters`


def entropy(probabilities: np.ndarray | Sequence[float]) -> float:
    """Measure uncertainty in bits: -sum p log2 p.

    0 for one certain token, log2 V for V equal ones. The probabilities (V,) are >= 0 and sum to 1 (within 1e-3).

    Raises:
        BadInput: negative values, NaN, or another sum.

    Source: Shannon 1948, "A Mathematical Theory of Communication", 6.

    >>> entropy([0.5, 0.25, 0.25])
    1.5
    """
    p = np.asarray(probabilities, dtype=np.float64)
    if not p.size or not p.min() >= 0 or abs(p.sum() - 1) > 1e-3:
        raise BadInput(
            asked=Words("the entropy of a distribution", "一个分布的熵"),
            found=Words("values that are negative, NaN, or do not sum to 1", "有负数或 NaN，或加起来不等于 1"),
            todo=Words("pass probabilities, such as softmax(logits)", "给出概率，例如 softmax(logits)"),
        )
    positive = p[p > 0]
    return float(max(0.0, -(positive * np.log2(positive)).sum()))


def distinct_n(tokens: Sequence[Hashable], n: int) -> float:
    """Measure the share of different n-grams among all.

    1 when none comes twice or the text has fewer than n tokens, near 0 for a loop. A string counts by its characters.

    Raises:
        BadInput: n < 1.

    Source: Li et al. 2016, "A Diversity-Promoting Objective Function for Neural Conversation Models", 5.2.

    >>> distinct_n("ababab", 2)
    0.4
    """
    grams = _ngrams(tokens, n)
    return len(set(grams)) / len(grams) if grams else 1.0


def repetition(tokens: Sequence[Hashable], n: int = 4) -> float:
    """Measure the share of repeated n-grams: 1 - distinct_n.

    Source: Welleck et al. 2020, "Neural Text Generation with Unlikelihood Training", seq-rep-n (they use n = 4).

    >>> round(repetition("ababab", 2), 3)
    0.6
    """
    return 1.0 - distinct_n(tokens, n)


@dataclass(frozen=True)
class Likelihood:
    """Tell how well a model foresees a text.

    Args:
        nll: sum of -ln p(token | everything before it), in nats, over the continuation.
        tokens: how many tokens were foreseen.
        bytes: length of the continuation in UTF-8.
    """

    nll: float
    tokens: int
    bytes: int

    @property
    def per_token(self) -> float:
        """Give nats a token."""
        return self.nll / self.tokens

    @property
    def perplexity(self) -> float:
        """Count equal choices per token: exp(nll / tokens).

        Source: Jelinek, Mercer, Bahl, Baker 1977, "Perplexity - a measure of the difficulty of speech recognition".
        """
        return float(np.exp(self.per_token))

    @property
    def bits_per_byte(self) -> float:
        """Compute nll / (bytes ln 2), which any tokenizers share.

        Source: Gao et al. 2020, "The Pile", 3.1.
        """
        return self.nll / (self.bytes * float(np.log(2)))


def likelihood(engine: Engine, prompt: str | Sequence[int], continuation: str | Sequence[int]) -> Likelihood:
    """Measure how well a model foresees a continuation.

    The prompt is read, not counted.

    Args:
        engine: local; a server gives no log-probabilities of a given text.
        prompt, continuation: texts or token ids. A text is encoded on its own, so words that would merge across the
            border stay apart; pass `take.labels["ids"]` to measure exactly the tokens of a run.

    Raises:
        BadInput: one of them is empty, or they do not fit the context.

    >>> round(Likelihood(nll=2 * float(np.log(8)), tokens=2, bytes=6).perplexity, 6)
    8.0
    """
    before = engine.encode(prompt) if isinstance(prompt, str) else list(prompt)
    after = _encode_inside(engine, continuation) if isinstance(continuation, str) else list(continuation)
    if not before or not after:
        raise BadInput(
            asked=Words("the likelihood of a continuation", "一段续文的似然"),
            found=Words("an empty prompt or an empty continuation", "提示词或续文是空的"),
            todo=Words(
                "give both at least one token; the first token of a text cannot be foreseen",
                "两段各至少一个词元；一段文字的第一个词元无从预测",
            ),
        )
    text = continuation if isinstance(continuation, str) else engine.decode(after)
    logprobs = engine.logprobs([*before, *after], len(before))
    return Likelihood(float(-logprobs.sum()), len(after), max(1, len(text.encode())))


def perplexity(engine: Engine, prompt: str | Sequence[int], continuation: str | Sequence[int]) -> float:
    """Measure the perplexity of a continuation, as `likelihood` does."""
    return likelihood(engine, prompt, continuation).perplexity


@dataclass(frozen=True)
class NextToken:
    """Describe the next token at one temperature or filter.

    Args:
        name: "temperature", "logits" (the model's own distribution), or the filter: "top_k", "top_p", ...
        value: of its setting; None for "logits".
        kept: tokens that can still be drawn.
        entropy: bits, over all tokens.
        tokens: (characters, probability in [0, 1], whether it can still be drawn) of the tokens that the model finds
            most probable, best first; the same ones in every row.
    """

    name: str
    value: float | None
    kept: int
    entropy: float
    tokens: tuple[tuple[str, float, bool], ...]


def at_temperatures(engine: Engine, candidates: Candidates, temperatures: Sequence[float]) -> list[NextToken]:
    """Spread one next token's scores at several temperatures >= 0."""
    everything = np.ones(len(candidates.ids), bool)
    rows = [("temperature", value, softmax(candidates.scores, value), everything) for value in temperatures]
    return _next_tokens(engine, candidates, rows)


def through_filters(engine: Engine, candidates: Candidates, settings: "Settings") -> list[NextToken]:
    """Follow one next token through the filters, in their order.

    Filters that are off in the settings have no row.
    """
    stages = warp(candidates.scores, settings, vocabulary=candidates.ids)
    rows = [(stage.name, stage.value, stage.probabilities, ~np.isneginf(stage.logits)) for stage in stages]
    return _next_tokens(engine, candidates, rows)


def telling_head(weights: np.ndarray, row: int, column: int) -> tuple[int, int]:
    """Pick the head in which `row` looks at `column` most.

    By contrast with the other tokens after `column` < `row`. The weights are float32 (layers, heads, T, T), layer and
    head count from 0.
    """
    others = [place for place in range(column + 1, weights.shape[-1]) if place != row]
    contrast = weights[:, :, row, column] - weights[:, :, others, column].mean(axis=-1)
    layer, head = np.unravel_index(int(contrast.argmax()), contrast.shape)
    return int(layer), int(head)


@dataclass(frozen=True)
class Writing:
    """Describe one text in numbers.

    Args:
        name: how it was written.
        repetition: share of pairs of tokens that stood before, in [0, 1).
        distinct: share of different tokens, in (0, 1].
        surprise: bits per token under the model itself.
        speed: tokens per second, loading left out.
    """

    name: str
    repetition: float
    distinct: float
    surprise: float
    speed: float


def writings(takes: Mapping[str, Take]) -> list[Writing]:
    """Measure several texts of local engines by name."""
    rows = []
    for name, take in takes.items():
        ids = take.labels["ids"]
        seconds = sum(phase.seconds for phase in take.cost.phases if phase.name != "load")
        surprise = -take.labels["mean_logprob"] / float(np.log(2))
        rows.append(Writing(name, repetition(ids, 2), distinct_n(ids, 1), surprise, take.labels["tokens"] / seconds))
    return rows


def _next_tokens(
    engine: Engine, candidates: Candidates, rows: Sequence[tuple[str, float | None, np.ndarray, np.ndarray]]
) -> list[NextToken]:
    """Describe the best-scored tokens for several shares."""
    best = [
        (place, engine.token_text(int(candidates.ids[place])))
        for place in np.argsort(-candidates.scores, kind="stable")[:LISTED]
    ]
    return [
        NextToken(
            name,
            value,
            int(left.sum()),
            entropy(shares),
            tuple((text, float(shares[place]), bool(left[place])) for place, text in best),
        )
        for name, value, shares, left in rows
    ]


def _encode_inside(engine: Engine, text: str) -> list[int]:
    """Encode without what the engine puts before a whole text."""
    front, whole = engine.encode(""), engine.encode(text)
    return whole[len(front) :] if whole[: len(front)] == front else whole


def _ngrams(tokens: Sequence[Hashable], n: int) -> list[tuple[Hashable, ...]]:
    if not isinstance(n, int) or n < 1:
        raise BadInput(
            asked=Words(f"n-grams with n={n!r}", f"n={n!r} 的 n 元组（n-gram）"),
            found=Words("not an integer >= 1", "不是大于等于 1 的整数"),
            todo=Words("choose n = 1, 2, 3 or 4", "选 n = 1、2、3 或 4"),
        )
    return [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]
