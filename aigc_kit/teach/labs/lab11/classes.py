"""Train a small classifier on three classes of unequal size."""

import random
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from aigc_kit.promptlab.alignment import balance
from aigc_kit.worlds.shop import messages as shop

if TYPE_CHECKING:
    from scipy.sparse import csr_array

NAMES = ("咨询", "退款", "换货")
COUNTS = (620, 280, 100)
HELD = (150, 150, 150)
STEPS, RATE = 100, 2.0  # of gradient descent
OFTEN = 5  # messages in which a pair of characters must stand to be looked at


def messages(counts: Sequence[int] = COUNTS, split: str = "train", seed: int = 0) -> tuple[list[str], np.ndarray]:
    """Draw messages of three intents, and their classes.

    Returns:
        texts, N of them; int64 (N,), places in `NAMES`.
    """
    rng = random.Random(f"{split} {seed}")
    texts = [shop.draw(rng, split, intent=name).text for name, n in zip(NAMES, counts, strict=True) for _ in range(n)]
    return texts, np.repeat(np.arange(len(NAMES)), counts)


def recalls(alphas: Sequence[float], seeds: Sequence[int]) -> list[dict[str, float | str]]:
    """Train with each alpha, and count what is found again.

    Each seed draws its own messages; tested on wordings that no training message has.

    Returns:
        {"alpha", "seed", and for each class its recall in [0, 1]}.
    """
    rows: list[dict[str, float | str]] = []
    for seed in seeds:
        (texts, labels), (tests, truth) = messages(COUNTS, "train", seed), messages(HELD, "held", seed)
        known = _known(texts)
        inputs, others = _features(texts, known), _features(tests, known)
        for alpha in alphas:
            each = balance.weights(np.bincount(labels), alpha)[labels]
            guessed = (others @ _trained(inputs, labels, each / each.sum())).argmax(axis=1)
            hits = {name: float((guessed[truth == place] == place).mean()) for place, name in enumerate(NAMES)}
            rows.append({"alpha": alpha, "seed": seed, **hits})
    return rows


def _pairs(text: str) -> set[str]:
    return {text[at : at + size] for size in (1, 2) for at in range(len(text) - size + 1)}


def _known(texts: Sequence[str]) -> dict[str, int]:
    counts = Counter(pair for text in texts for pair in _pairs(text))
    return {pair: place for place, pair in enumerate(sorted(p for p, n in counts.items() if n >= OFTEN))}


def _features(texts: Sequence[str], known: dict[str, int]) -> "csr_array":
    """Say which known pairs each text has.

    Returns:
        float64 (texts, pairs + 1), the last column for what all have in common.
    """
    from scipy.sparse import csr_array

    places = [[*sorted(known[pair] for pair in _pairs(text) if pair in known), len(known)] for text in texts]
    starts = np.cumsum([0, *map(len, places)])
    values = np.repeat([len(row) ** -0.5 for row in places], np.diff(starts))
    return csr_array((values, np.concatenate(places), starts), shape=(len(texts), len(known) + 1))


def _trained(inputs: "csr_array", labels: np.ndarray, each: np.ndarray) -> np.ndarray:
    """Fit a softmax regression to weighted examples."""
    weights, turned = np.zeros((inputs.shape[1], len(NAMES))), inputs.T.tocsr()
    target = np.eye(len(NAMES))[labels]
    for _ in range(STEPS):
        scores = inputs @ weights
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        weights -= RATE * (turned @ (each[:, None] * (shares / shares.sum(axis=1, keepdims=True) - target)))
    return weights
