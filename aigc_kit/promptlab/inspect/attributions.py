"""Share an answer's log-probability between the words, in five ways.

Each is a few lines; `libraries` does the same by captum, shap and lime.
"""

import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, unknown_name
from aigc_kit.promptlab.inspect.question import Question

STEPS, ORDERS, MASKS, WIDTH = 24, 4, 200, 0.25
"""Steps of a path, orders (pairs of them) of Shapley, masks of LIME, width of its kernel."""


@dataclass(frozen=True)
class Explanation:
    """Hold which word carries how much of an answer.

    Args:
        words, spans: of the prompt, and where they stand in it.
        scores: float64 (words,), in nats: how much the word raises the answer's log-probability, by this method.
        method: of `METHODS`. operator: how a word is deleted, of `question.OPERATORS`.
        evaluations: versions of the prompt that were read, backward passes counted as one more each.
        full, empty: the answer's log-probability with all words, and with none.
    """

    words: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    scores: np.ndarray
    method: str
    operator: str
    evaluations: int
    full: float
    empty: float

    @property
    def gap(self) -> float:
        """Measure how far scores are from adding up."""
        return float(self.scores.sum() - (self.full - self.empty))

    def top(self, count: int = 1) -> tuple[str, ...]:
        """List the words with the highest scores."""
        return tuple(self.words[place] for place in np.argsort(-self.scores, kind="stable")[:count])


def occlusion(question: Question, seed: int = 0) -> np.ndarray:
    """Delete each word alone: v(all) - v(all but it)."""
    count = len(question.words)
    values = question.value(np.vstack([np.ones((1, count), bool), ~np.eye(count, dtype=bool)]))
    return values[0] - values[1:]


def gradient_x_input(question: Question, seed: int = 0) -> np.ndarray:
    """Multiply the slope by the way from the deleted word."""
    return _path(question, np.ones(1), np.ones(1))


def integrated(question: Question, seed: int = 0, steps: int = STEPS) -> np.ndarray:
    """Average the slope on the straight way from nothing.

    Source: Sundararajan et al. 2017, "Axiomatic Attribution for Deep Networks"; Gauss-Legendre as in captum.
    """
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    return _path(question, (nodes + 1) / 2, weights / 2)


def _path(question: Question, places: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weigh slopes at places between nothing and all."""
    import torch

    question.engine.use_threads()
    embedded = question.embeddings()
    mine = torch.from_numpy(question.owners().any(0))[:, None].to(embedded.device)
    start = torch.where(mine, question.baseline().to(embedded.dtype), embedded)
    at = torch.tensor(places, dtype=embedded.dtype)[:, None, None]
    points = (start + at * (embedded - start)).requires_grad_(True)
    (slopes,) = torch.autograd.grad(question.score(points).sum(), points)
    mean = (slopes * torch.tensor(weights, dtype=slopes.dtype)[:, None, None]).sum(0)
    question.evaluations += 2 * len(places)
    return question.owners() @ ((embedded - start) * mean).sum(1).double().numpy()


def shapley(question: Question, seed: int = 0, orders: int = ORDERS) -> np.ndarray:
    """Average what each word brings, in random orders.

    Each order is also gone through backwards. The scores add up exactly to v(all) - v(none).

    Source: Castro et al. 2009; Mitchell et al. 2022, "Sampling Permutations for Shapley Value Estimation".
    """
    rng, count = np.random.default_rng(seed), len(question.words)
    scores = np.zeros(count)
    rows, every = [], []
    for _ in range(orders):
        order = rng.permutation(count)
        for way in (order, order[::-1]):
            every.append(way)
            rows.append(np.vstack([np.zeros((1, count), bool), np.tri(count, dtype=bool)[:, np.argsort(way)]]))
    values = question.value(np.vstack(rows)).reshape(len(rows), count + 1)
    for way, row in zip(every, values, strict=True):
        scores[way] += np.diff(row)
    return scores / len(every)


def exact_shapley(question: Question, seed: int = 0) -> np.ndarray:
    """Go through all sets of words: 2^n versions.

    Raises:
        BadInput: more than 12 words.
    """
    count = len(question.words)
    if count > 12:
        raise BadInput(
            asked=Words(f"exact Shapley values of {count} words", f"{count} 个词的准确 Shapley 值"),
            found=Words(f"2^{count} versions of the prompt", f"要读 2 的 {count} 次方个版本"),
            todo=Words('sample: method "shapley"', '用抽样的："shapley"'),
        )
    sets = np.array(list(itertools.product([False, True], repeat=count)))
    values = question.value(sets)
    sizes = sets.sum(1)
    share = np.array([math.factorial(k) * math.factorial(count - k - 1) / math.factorial(count) for k in range(count)])
    scores = np.zeros(count)
    for word in range(count):
        without = ~sets[:, word]
        other = np.flatnonzero(without) + (1 << (count - 1 - word))
        scores[word] = (share[sizes[without]] * (values[other] - values[without])).sum()
    return scores


def masks_of(question: Question, seed: int = 0, count: int = MASKS) -> np.ndarray:
    """Draw LIME's masks: bool (count, words), the first keeps all.

    How many words go is drawn evenly, then which.
    """
    rng, words = np.random.default_rng(seed), len(question.words)
    masks = np.ones((count, words), bool)
    for row in masks[1:]:
        row[rng.permutation(words)[: rng.integers(1, words + 1)]] = False
    return masks


def ridge(masks: np.ndarray, values: np.ndarray, alpha: float = 1.0, width: float = WIDTH) -> np.ndarray:
    """Fit a line through masked values, near ones weigh more.

    Args:
        masks: bool (N, words). values: float64 (N,).
        alpha: of the ridge; the constant is free.
        width: of the kernel sqrt(exp(-d^2 / width^2)), d the cosine distance from the whole prompt.

    Source: Ribeiro et al. 2016, "Why Should I Trust You?", as the library lime does it for texts.
    """
    kept = masks.mean(1)
    distance = np.where(kept > 0, 1 - np.sqrt(kept), 1.0)
    weights = np.sqrt(np.exp(-(distance**2) / width**2))
    x, y = masks.astype(float), values
    x_mean, y_mean = np.average(x, 0, weights), np.average(y, weights=weights)
    x, y = x - x_mean, y - y_mean
    return np.linalg.solve((x * weights[:, None]).T @ x + alpha * np.eye(x.shape[1]), x.T @ (weights * y))


def lime(question: Question, seed: int = 0) -> np.ndarray:
    """Fit a weighted ridge to random deletions."""
    masks = masks_of(question, seed)
    return ridge(masks, question.value(masks))


@dataclass(frozen=True)
class Method:
    """Hold a way to share the credit."""

    name: Words
    scores: Callable[..., np.ndarray]
    gradients: bool = False


METHODS: Mapping[str, Method] = {
    "occlusion": Method(Words("occlusion", "遮挡"), occlusion),
    "gradient": Method(Words("gradient x input", "梯度 × 输入"), gradient_x_input, gradients=True),
    "integrated": Method(Words("integrated gradients", "积分梯度"), integrated, gradients=True),
    "shapley": Method(Words("Shapley, sampled", "Shapley（抽样）"), shapley),
    "lime": Method(Words("LIME, a weighted ridge", "LIME（加权岭回归）"), lime),
}


class AlignInspector:
    """Explain a model's answers word by word.

    Args:
        engine: of transformers; its weights get no gradients.
        operator: how words are deleted, of `question.OPERATORS`.
    """

    def __init__(self, engine: Any, operator: str = "unk") -> None:
        engine.model.requires_grad_(False)
        self.engine, self.operator = engine, operator

    def question(self, prompt: str, answer: str, **settings: Any) -> Question:
        """Put a question, settings as in `Question`."""
        return Question(self.engine, prompt, answer, operator=self.operator, **settings)

    def explain(
        self, prompt: str, answer: str, method: str = "shapley", *, seed: int = 0, **settings: Any
    ) -> Explanation:
        """Explain one answer by one method.

        Raises:
            UnknownName: no such method. BadInput: what `Question` refuses.
        """
        if method not in METHODS:
            raise unknown_name(
                Words(f"to explain by {method!r}", f"用 {method!r} 解释"), method, METHODS, Words("method", "方法")
            )
        question = self.question(prompt, answer, **settings)
        scores = METHODS[method].scores(question, seed)
        evaluations = question.evaluations
        count = len(question.words)
        full, empty = question.value(np.stack([np.ones(count, bool), np.zeros(count, bool)]))
        return Explanation(
            question.words, tuple(question.spans), scores, method, self.operator, evaluations, float(full), float(empty)
        )
