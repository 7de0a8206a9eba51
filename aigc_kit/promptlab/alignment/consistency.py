"""Measure how far an answer is from its prompt.

The course adds a distance of embeddings, how well the template is kept, and a distance of lengths (L2). Added as they
come they do not go together: one is bounded and falls when things improve, one is a similarity and rises, one has no
bound, so that a longer vector decides alone. Here each term lies in [0, 1] and is 0 at best:

    meaning   (1 - cos(prompt, response)) / 2
    template  (1 - cos(response, template)) / 2
    length    |response - prompt| / (|response| + |prompt|)

and loss = alpha * meaning + beta * template + (1 - alpha - beta) * length.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, unknown_name


@dataclass(frozen=True)
class Weights:
    """Weigh the three terms: alpha, beta, and what is left.

    Raises BadInput unless both are 0 or more and their sum at most 1.
    """

    alpha: float = 0.3
    beta: float = 0.4

    def __post_init__(self) -> None:
        """Refuse weights of which one would be negative."""
        if min(self.alpha, self.beta) < 0 or self.alpha + self.beta > 1 + 1e-9:
            raise BadInput(
                asked=Words(
                    f"weights alpha {self.alpha:g}, beta {self.beta:g}",
                    f"权重 alpha={self.alpha:g}、beta={self.beta:g}",
                ),
                found=Words("one of the three would be negative", "三个权重里会有一个是负数"),
                todo=Words("choose both 0 or more, with a sum of at most 1", "两个都不小于 0，加起来不超过 1"),
            )

    @property
    def rest(self) -> float:
        """Give the weight of the third term."""
        return max(0.0, 1 - self.alpha - self.beta)


PRESETS: Mapping[str, Weights] = {
    "usual": Weights(0.3, 0.4),
    "low-resource": Weights(0.5, 0.3),
    "multi-task": Weights(0.4, 0.4),
}
"""The course's three pairs."""


def preset(name: str) -> Weights:
    """Find weights by name, or raise UnknownName."""
    if name not in PRESETS:
        raise unknown_name(Words(f"weights {name!r}", f"权重 {name!r}"), name, PRESETS, Words("weights", "权重"))
    return PRESETS[name]


def terms(prompt: np.ndarray, response: np.ndarray, template: np.ndarray) -> dict[str, float]:
    """Compute "meaning", "template" and "length", each in [0, 1].

    Args:
        prompt, response, template: float (d,), embeddings by one and the same model.

    Raises:
        BadInput: their sizes differ, or one is all zeros, which has no direction.
    """
    vectors = {"prompt": prompt, "response": response, "template": template}
    arrays = {name: np.asarray(vector, dtype=np.float64) for name, vector in vectors.items()}
    sizes = {name: array.shape for name, array in arrays.items()}
    if len(set(sizes.values())) > 1 or len(sizes["prompt"]) != 1:
        shapes = ", ".join(f"{name} {shape}" for name, shape in sizes.items())
        raise BadInput(
            asked=Words("a distance of embeddings", "向量之间的距离"),
            found=Words(f"shapes {shapes}", f"形状是 {shapes}"),
            todo=Words("embed all of them with the same model, one vector each", "用同一个模型求向量，每段文字一个"),
        )
    for name, array in arrays.items():
        if not np.linalg.norm(array) > 0:
            raise BadInput(
                asked=Words("a direction", "向量的方向"),
                found=Words(f"the {name} is all zeros", f"{name} 全是 0"),
                todo=Words("give a text that is not empty", "给一段不空的文字"),
            )
    one, other, shape = arrays.values()
    return {
        "meaning": (1 - _cosine(one, other)) / 2,
        "template": (1 - _cosine(other, shape)) / 2,
        "length": float(np.linalg.norm(other - one) / (np.linalg.norm(other) + np.linalg.norm(one))),
    }


def loss(prompt: np.ndarray, response: np.ndarray, template: np.ndarray, weights: Weights | None = None) -> float:
    """Weigh the three terms of `terms`, in [0, 1]."""
    weights, parts = weights or Weights(), terms(prompt, response, template)
    return weights.alpha * parts["meaning"] + weights.beta * parts["template"] + weights.rest * parts["length"]


def gradient(
    prompt: np.ndarray, response: np.ndarray, template: np.ndarray, weights: Weights | None = None
) -> dict[str, np.ndarray]:
    """Differentiate each weighed term by the response.

    Returns:
        Term -> float64 (d,); their sum is the gradient of `loss`. That of "length" is 0 where response and prompt
        are equal, where it has none.
    """
    weights = weights or Weights()
    terms(prompt, response, template)  # refuses what has no value
    one, other, shape = (np.asarray(vector, dtype=np.float64) for vector in (prompt, response, template))
    apart, size, long = other - one, float(np.linalg.norm(other)), float(np.linalg.norm(one))
    away = float(np.linalg.norm(apart))
    total = size + long
    slope = (apart / (away * total) - away / total**2 * other / size) if away else np.zeros_like(other)
    return {
        "meaning": -weights.alpha / 2 * _slope(other, one),
        "template": -weights.beta / 2 * _slope(other, shape),
        "length": weights.rest * slope,
    }


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.clip(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)), -1, 1))


def _slope(moving: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    """Differentiate the cosine of two vectors by the first."""
    size = np.linalg.norm(moving)
    return fixed / (size * np.linalg.norm(fixed)) - _cosine(moving, fixed) * moving / size**2
