"""Teach a language model answers, its prompts given.

rows = encode(tokenizer, [("<五绝>春夜<诗>", "……"), ...])
draw = answer_batches(rows, 8, seed=0, steps=60)
for progress in train(Training(network, [optimiser]), draw, lambda some: surprise(network, some)):
    ...

With `soft`, vectors stand before the embeddings of every row: a prompt that is no text.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput

if TYPE_CHECKING:
    from torch import Tensor

IGNORED = -100  # as a label: a token that does not count


@dataclass(frozen=True)
class Rows:
    """Hold rows of tokens, padded on the right.

    Causal attention never looks to the right, so no mask is needed where labels of padding do not count.

    Args:
        ids: int64 (N, T).
        labels: int64 (N, T), the token itself where it counts, else `IGNORED`: the prompt and the padding.
    """

    ids: "Tensor"
    labels: "Tensor"

    def __len__(self) -> int:
        return len(self.ids)

    def of(self, places: Sequence[int]) -> "Rows":
        """Take some rows, cut to the longest of them."""
        ids, labels = self.ids[list(places)], self.labels[list(places)]
        width = int((labels != IGNORED).int().cumsum(1).argmax(1).max()) + 1
        return Rows(ids[:, :width], labels[:, :width])


def encode(tokenizer: Any, pairs: Sequence[tuple[str, str]], *, end: bool = True) -> Rows:
    """Encode prompts and answers.

    Args:
        tokenizer: of transformers, with `pad_token_id` and `eos_token_id`.
        pairs: (prompt, answer), one or more.
        end: the token that ends an answer counts too.

    Raises:
        BadInput: no pair, or an empty prompt or answer.
    """
    import torch

    if not pairs or not all(isinstance(part, str) and part for pair in pairs for part in pair):
        raise BadInput(
            asked=Words(f"{len(pairs)} pairs to learn from", f"用 {len(pairs)} 对文字来训练"),
            found=Words("none, or an empty prompt or answer", "一对也没有，或者有的提示词、回答是空的"),
            todo=Words("give one pair (prompt, answer) of texts at least", "至少给一对（提示词，回答），都不能是空的"),
        )
    sides = [
        tokenizer(list(side), add_special_tokens=False, verbose=False).input_ids for side in zip(*pairs, strict=True)
    ]
    tail = [tokenizer.eos_token_id] if end else []
    width = max(len(before) + len(after) + len(tail) for before, after in zip(*sides, strict=True))
    ids = torch.full((len(pairs), width), tokenizer.pad_token_id)
    labels = torch.full((len(pairs), width), IGNORED)
    for row, (before, after) in enumerate(zip(*sides, strict=True)):
        whole = torch.tensor([*before, *after, *tail])
        ids[row, : len(whole)] = whole
        labels[row, len(before) : len(whole)] = whole[len(before) :]
    return Rows(ids, labels)


def answer_batches(rows: Rows, size: int, *, seed: int, steps: int, start: int = 0) -> Iterator[Rows]:
    """Draw batches, those of a step always the same.

    Args:
        rows: to draw from, `size` at least, none twice in a batch.
        size, seed: of the batches.
        steps: to make in all; start: steps that were made already.

    Raises:
        BadInput: fewer rows than a batch has.
    """
    if not 1 <= size <= len(rows):
        raise BadInput(
            asked=Words(f"batches of {size}", f"每批 {size} 行"),
            found=Words(f"{len(rows)} rows", f"一共只有 {len(rows)} 行"),
            todo=Words("give more rows, or ask for smaller batches", "多给几行，或把每批改小"),
        )
    for step in range(start, steps):
        yield rows.of(random.Random(f"{seed} {step}").sample(range(len(rows)), size))


def surprises(network: Any, rows: Rows, soft: "Tensor | None" = None) -> "Tensor":
    """Measure how surprised a model is by each answer.

    Logits are made for the answers' tokens alone, and what all rows begin with is read once.

    Args:
        network: a causal language model of transformers, or one of PEFT.
        rows: of `encode`.
        soft: floats (K, width), put before the embeddings of every row; None: nothing.

    Returns:
        floats (N,): the mean cross-entropy of a row's answer, in nats per token.
    """
    import torch
    import torch.nn.functional as F

    places = (rows.labels != IGNORED).nonzero()
    inside, head = _parts(network)
    if soft is None:
        read, hidden = _after_prefix(inside, rows)
        column = places[:, 1] - read
    else:
        embedded = network.get_input_embeddings()(rows.ids)
        joined = torch.cat([soft.expand(len(rows), -1, -1), embedded], 1)
        hidden = inside(inputs_embeds=joined, use_cache=False).last_hidden_state
        column = places[:, 1] + len(soft)
    told = head(hidden[places[:, 0], column - 1])  # what stands before a token foretells it
    errors = F.cross_entropy(told, rows.labels[places[:, 0], places[:, 1]], reduction="none")
    counts = (rows.labels != IGNORED).sum(1)
    return errors.new_zeros(len(rows)).index_add(0, places[:, 0], errors) / counts


def surprise(network: Any, rows: Rows, soft: "Tensor | None" = None) -> "Tensor":
    """Measure the mean over all tokens of all answers, ()."""
    counts = (rows.labels != IGNORED).sum(1)
    return (surprises(network, rows, soft) * counts).sum() / counts.sum()


def _after_prefix(inside: Any, rows: Rows) -> "tuple[int, Tensor]":
    """Read rows behind what they all begin with.

    Nothing is foretold from the last token, so it is not read; one token at least before the first answer is read in
    its row.

    Returns:
        length of the common beginning; hidden states, floats (N, T - 1 - length, width).
    """
    ids, counted = rows.ids[:, :-1], rows.labels != IGNORED
    alike = (ids == ids[:1]).all(0) & ~counted[:, 1:].any(0)  # no answer begins right behind it
    length = int(alike.int().cumprod(0).sum())
    if len(rows) < 2 or not length or getattr(inside, "gradient_checkpointing", False):  # that keeps no cache
        return 0, inside(input_ids=ids, use_cache=False).last_hidden_state
    beginning = inside(input_ids=ids[:1, :length], use_cache=True).past_key_values
    beginning.batch_repeat_interleave(len(rows))
    return length, inside(input_ids=ids[:, length:], past_key_values=beginning, use_cache=True).last_hidden_state


def _parts(network: Any) -> tuple[Any, Any]:
    """Find the decoder and its head, inside PEFT's wrapping too."""
    causal = network.get_base_model() if hasattr(network, "get_base_model") else network
    return causal.model, causal.lm_head
