"""Batches without padding: poems of one form and one title length go together."""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from . import corpus
from .vocabulary import Encoder

LEAVE_OUT_TITLE, LEAVE_OUT_RHYME = 0.25, 0.25


@dataclass(frozen=True)
class Batch:
    """ids: int64 (poems, time); the tokens before ``start`` are given, the rest is predicted."""

    ids: Tensor
    start: int

    @property
    def scored(self) -> int:
        return self.ids[:, self.start :].numel()


def epoch(poems: list[corpus.Poem], encoder: Encoder, tokens: int, seed: int | None) -> Iterator[Batch]:
    """Every poem once, in batches of about ``tokens`` tokens; shuffled and with titles and rhymes left out by ``seed``.

    With ``seed`` None the order is fixed and nothing is left out (for evaluation).
    """
    draw = random.Random(seed)
    buckets: dict[tuple[int, int], list[list[int]]] = defaultdict(list)
    for poem in poems:
        prompt = encoder.prompt(poem, seed is None or draw.random() >= LEAVE_OUT_TITLE)
        answer = encoder.answer(poem, seed is None or draw.random() >= LEAVE_OUT_RHYME)
        buckets[len(prompt), len(answer)].append(prompt + answer)
    groups = []
    for (start, answer_length), rows in buckets.items():
        if seed is not None:
            draw.shuffle(rows)
        size = max(1, round(tokens / (start + answer_length)))
        groups += [(rows[i : i + size], start) for i in range(0, len(rows), size)]
    if seed is not None:
        draw.shuffle(groups)
    for rows, start in groups:
        yield Batch(torch.tensor(rows), start)
