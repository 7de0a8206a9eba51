"""Put trainable vectors before a frozen model's input."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput

if TYPE_CHECKING:
    from torch import Tensor

START = "风雅颂古诗"  # the tokens whose vectors a soft prompt starts from


def starting_vectors(engine: Any, words: str = START) -> "Tensor":
    """Copy the embeddings of a text, one vector a token.

    Returns:
        float32 (tokens, width), a copy that no gradient ties to the model.

    Raises:
        BadInput: a text without tokens.
    """
    import torch

    ids = engine.tokenizer(words, add_special_tokens=False).input_ids
    if not ids:
        raise BadInput(
            asked=Words("vectors to start from", "软提示的起点"),
            found=Words("a text without tokens", "文字里一个词元也没有"),
            todo=Words(f"give some characters, such as {START}", f"给几个字，例如 {START}"),
        )
    return engine.model.get_input_embeddings().weight[torch.tensor(ids)].detach().clone().float()


def nearest_tokens(engine: Any, vectors: "Tensor") -> tuple[str, tuple[float, ...]]:
    """Find the token nearest to each vector.

    Args:
        engine: of transformers; vectors: (K, width).

    Returns:
        The tokens' text, and each vector's distance in units of the median distance between two tokens: near 0 it is
        a token, near 1 it lies as far off as tokens lie from each other.
    """
    import torch

    table = engine.model.get_input_embeddings().weight.detach()
    apart = torch.cdist(vectors.detach(), table)
    nearest = apart.min(1)
    some = table[torch.randperm(len(table), generator=torch.Generator().manual_seed(0))[:200]]
    usual = float(torch.pdist(some).median())
    text = "".join(engine.tokenizer.decode([int(token)]).strip() for token in nearest.indices)
    return text, tuple(float(distance) / usual for distance in nearest.values)


def continued(engine: Any, network: Any, prompts: Sequence[str], soft: "Tensor | None", **settings: Any) -> list[str]:
    """Continue prompts by a tuned model, by sampling.

    Tokens that the model's own generation config suppresses are never drawn.

    Args:
        engine: whose tokenizer is used; network: the model, wrapped by PEFT or not.
        prompts: of any lengths.
        soft: (K, width), put before every prompt, or None.
        settings: temperature (0.7), max_new_tokens (44), seed (0).

    Returns:
        The texts without the prompts.
    """
    import torch

    engine.use_threads()
    rows = [engine.tokenizer(prompt, add_special_tokens=False).input_ids for prompt in prompts]
    draw = torch.Generator().manual_seed(settings.get("seed", 0))
    causal = network.get_base_model() if hasattr(network, "get_base_model") else network

    def drawn(logits: "Tensor") -> "Tensor":
        logits[:, causal.generation_config.suppress_tokens or []] = -float("inf")
        return torch.multinomial(torch.softmax(logits / settings.get("temperature", 0.7), -1), 1, generator=draw)

    if not rows:
        return []
    with torch.inference_mode():
        embedded, seen = _side_by_side(causal.get_input_embeddings(), rows, soft)
        written = _written(causal, embedded, seen, settings.get("max_new_tokens", 44), drawn, engine.eos_ids)
    return [engine.decode(ids) for ids in written]


def _side_by_side(table: Any, rows: list[list[int]], soft: "Tensor | None") -> "tuple[Tensor, Tensor]":
    """Embed rows of any lengths, ending together.

    Returns:
        floats (N, T, width), zeros before the shorter rows; int64 (N, T), 0 there.
    """
    import torch

    parts = [table(torch.tensor(row, dtype=torch.long)) for row in rows]
    if soft is not None:
        parts = [torch.cat([soft.detach(), part]) for part in parts]
    longest = max(map(len, parts))
    embedded = torch.stack([torch.nn.functional.pad(part, (0, 0, longest - len(part), 0)) for part in parts])
    places = torch.arange(longest).expand(len(parts), -1)
    return embedded, (places >= torch.tensor([[longest - len(part)] for part in parts])).long()


def _written(
    causal: Any,
    embedded: "Tensor",
    seen: "Tensor",
    limit: int,
    drawn: "Callable[[Tensor], Tensor]",
    ends: frozenset[int],
) -> list[list[int]]:
    """Sample token by token until each row has ended."""
    import torch
    from transformers import DynamicCache

    cache, rows = DynamicCache(config=causal.config), np.zeros((len(embedded), 0), dtype=int)
    fresh: dict[str, Any] = {"inputs_embeds": embedded}
    padded = not bool(seen.all())  # rows of one length need neither mask nor places
    places = (seen.cumsum(1) - 1).clamp(min=0)
    for _ in range(limit):
        if padded:
            fresh |= {"attention_mask": seen, "position_ids": places}
        ids = drawn(causal(**fresh, past_key_values=cache, use_cache=True, logits_to_keep=1).logits[:, -1])
        rows = np.concatenate([rows, ids.numpy()], 1)
        fresh, places = {"input_ids": ids}, places[:, -1:] + 1
        seen = torch.cat([seen, torch.ones_like(ids)], 1)
        if all(set(row) & ends for row in rows.tolist()):
            break
    return [row[: next((k for k, token in enumerate(row) if token in ends), len(row))] for row in rows.tolist()]
