"""Measure how wrong networks are that denoise or continue."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput

if TYPE_CHECKING:
    from torch import Tensor

Target = Literal["epsilon", "v", "flow"]


def denoising(
    target: Target,
    predict: "Callable[[Tensor], Tensor]",
    clean: "Tensor",
    noise: "Tensor",
    signal: "Tensor",
    share: "Tensor",
    weight: "Tensor | None" = None,
) -> "Tensor":
    """Measure how wrong a network is about noisy samples.

    Args:
        target: what it says: "epsilon" the noise; "v" the velocity of diffusion, signal * noise - share * clean; "flow"
            that of flow matching, noise - clean. Another raises BadInput.
        predict: noisy samples -> what it says of them, float32 of the same shape.
        clean, noise: float32 (N, C, ...).
        signal, share: how much of each is in a noisy sample, (N, 1, ...): the square roots of alpha-bar and of
            1 - alpha-bar in diffusion, 1 - sigma and sigma in flow matching.
        weight: of the squared errors, what can be multiplied with them; None counts all alike.

    Returns:
        The mean squared error, float32 ().

    Source: DDPM (arXiv:2006.11239) eq. 14, Salimans and Ho (arXiv:2202.00512) section 4, Lipman et al.
    (arXiv:2210.02747) eq. 23.
    """
    noisy = signal * clean + share * noise
    if target == "epsilon":
        truth = noise
    elif target == "v":
        truth = signal * noise - share * clean
    elif target == "flow":
        truth = noise - clean
    else:
        raise BadInput(
            asked=f"target={target!r}",
            found=Words("no such target", "没有这种训练目标"),
            todo=Words("say 'epsilon', 'v' or 'flow'", "写 'epsilon'、'v' 或 'flow'"),
        )
    errors = (predict(noisy) - truth).square()
    return errors.mean() if weight is None else (errors * weight).mean() / weight.mean()


def next_token(logits: "Tensor", ids: "Tensor", start: int = 1) -> "Tensor":
    """Measure how surprised a language model is by a text.

    Args:
        logits: floats (N, T - start, vocabulary): what it says after each of the tokens start - 1 to T - 2.
        ids: int64 (N, T).
        start: the first token that counts; what stands before it is given.

    Returns:
        Mean cross-entropy in nats per token, ().
    """
    import torch.nn.functional as F

    return F.cross_entropy(logits.flatten(0, 1), ids[:, start:].flatten())
