"""Read and write many prompts at once with transformers.

Rows of different length are padded on the left, where no token looks. What is written is what the model writes to each
prompt alone, but for ties in the last bits of a sum.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_kit.core.errors import BadInput
from aigc_kit.make.text.engines.hf import SMALL

if TYPE_CHECKING:
    import torch

Rows = Sequence[Sequence[int]]


def greedy(engine: Any, rows: Rows, limit: int) -> list[list[int]]:
    """Continue each row by its most probable tokens.

    Args:
        engine: a `TransformersEngine`.
        rows: token ids, each ready for the answer.
        limit: most tokens of an answer.

    Returns:
        The new tokens of each row, without the one that ends it.

    Raises:
        BadInput: a row and its answer do not fit into the context.
    """
    import torch
    from transformers import GenerationConfig

    check_length(engine, rows, limit)
    ids, mask = _padded(engine, rows)
    ends = sorted(engine.eos_ids)
    config = GenerationConfig(max_new_tokens=limit, do_sample=False, eos_token_id=ends, pad_token_id=ends[0])
    with torch.inference_mode():
        written = engine.model.generate(ids, attention_mask=mask, generation_config=config)[:, ids.shape[1] :].tolist()
    return [row[: next((at for at, token in enumerate(row) if token in engine.eos_ids), len(row))] for row in written]


def label_scores(engine: Any, rows: Rows, ends: Rows) -> np.ndarray:
    """Score how probable each label is as the answer's beginning.

    Args:
        engine: a `TransformersEngine`.
        rows: token ids of prompts, each ready for the answer.
        ends: token ids of labels.

    Returns:
        float64 (rows, labels), the sum of the log-probabilities of a label's tokens; what comes after does not count.
    """
    import torch

    check_length(engine, rows, max(map(len, ends)))
    if all(len(end) == 1 for end in ends):
        ids, mask = _padded(engine, rows)
        with torch.inference_mode():
            last = engine.model(ids, attention_mask=mask, position_ids=_places(mask), logits_to_keep=1).logits[:, -1]
        return torch.log_softmax(last.double(), dim=-1)[:, [end[0] for end in ends]].cpu().numpy()
    return np.array([_scores_of(engine, row, ends) for row in rows])


def _scores_of(engine: Any, row: Sequence[int], ends: Rows) -> list[float]:
    """Score labels of several tokens behind one prompt."""
    return [float(engine.logprobs([*row, *end], len(row)).sum()) for end in ends]


def check_length(engine: Any, rows: Rows, limit: int) -> None:
    """Refuse rows that leave no room for an answer."""
    longest = max(map(len, rows))
    if longest + limit > engine.context:
        room = engine.context - limit
        raise BadInput(
            asked=f"an answer of {limit} tokens to a prompt of {longest}",
            found=f"{engine.card.name} reads and writes {engine.context} tokens in all",
            todo=f"shorten the prompt to {room} tokens, or the answer" if room > 0 else "ask for a shorter answer",
        )


def _padded(engine: Any, rows: Rows) -> tuple["torch.Tensor", "torch.Tensor"]:
    """Pad rows on the left: ids and mask (rows, longest)."""
    import torch

    if engine.device == "cpu" and engine.model.num_parameters() < SMALL:
        torch.set_num_threads(1)  # more wait for each other longer than they work
    longest, pad = max(map(len, rows)), min(engine.eos_ids)
    ids = torch.tensor([[pad] * (longest - len(row)) + list(row) for row in rows], device=engine.device)
    mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows], device=engine.device)
    return ids, mask


def _places(mask: "torch.Tensor") -> "torch.Tensor":
    """Count positions from the first real token."""
    return (mask.cumsum(1) - 1).clamp(min=0)
