"""Do the same by captum, shap and lime."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import MissingExtra
from aigc_kit.promptlab.inspect.attributions import ORDERS, STEPS, WIDTH
from aigc_kit.promptlab.inspect.question import Question


def by_captum(question: Question, steps: int = STEPS) -> np.ndarray:
    """Take integrated gradients by captum.

    Raises:
        MissingExtra: it is not installed.
    """
    import torch

    with _installed("captum"):
        from captum.attr import IntegratedGradients
    embedded = question.embeddings()
    mine = torch.from_numpy(question.owners().any(0))[:, None]
    start = torch.where(mine, question.baseline(), embedded)
    path = IntegratedGradients(question.score)
    scores = path.attribute(embedded[None], start[None], n_steps=steps, method="gausslegendre")
    return question.owners() @ scores.sum(-1)[0].detach().double().numpy()


def by_shap(question: Question, way: str = "permutation", orders: int = ORDERS) -> np.ndarray:
    """Take Shapley values by shap: "permutation" or "exact".

    Raises:
        MissingExtra: it is not installed.
    """
    with _installed("shap"):
        import shap
    count = len(question.words)
    nothing = np.zeros((1, count))

    def value(masks: np.ndarray) -> np.ndarray:
        return question.value(masks.astype(bool))

    if way == "exact":
        return shap.explainers.Exact(value, nothing)(np.ones((1, count)), max_evals=2**count, silent=True).values[0]
    explainer = shap.explainers.Permutation(value, nothing, seed=0)
    return explainer(np.ones((1, count)), max_evals=2 * orders * (count + 1), silent=True).values[0]


def by_lime(masks: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Fit LIME's ridge by lime, as `attributions.ridge` does by hand.

    Raises:
        MissingExtra: it is not installed.
    """
    with _installed("lime"):
        from lime.lime_base import LimeBase
    kept = masks.mean(1)
    distance = np.where(kept > 0, 1 - np.sqrt(kept), 1.0)
    base = LimeBase(lambda d: np.sqrt(np.exp(-(d**2) / WIDTH**2)), random_state=0)
    _, pairs, _, _ = base.explain_instance_with_data(
        masks.astype(float), values[:, None], distance, 0, masks.shape[1], feature_selection="none"
    )
    return np.array([weight for _, weight in sorted(pairs)])


@contextmanager
def _installed(name: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise MissingExtra(
            asked=Words(f"an explanation by {name}", f"用 {name} 解释"),
            found=Words("it is not installed", "没有安装"),
            todo=Words("pip install 'aigc-kit[attribution]'", "在终端运行：pip install 'aigc-kit[attribution]'"),
        ) from error
