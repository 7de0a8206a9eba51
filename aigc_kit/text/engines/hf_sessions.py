"""Texts in progress in a transformers model: one of them, or the rows of a beam search as one batch."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc_kit.text.engines.base import Candidates, check_prompt

if TYPE_CHECKING:
    from aigc_kit.text.engines.hf import TransformersEngine


class TransformersSession:
    """A text in progress. The pass for an appended token runs when its successor's scores are asked for."""

    def __init__(self, engine: "TransformersEngine", ids: Sequence[int]) -> None:
        from transformers import DynamicCache

        check_prompt(ids, engine.vocab_size, engine.context)
        self._engine = engine
        self._cache: Any = DynamicCache(config=engine.model.config)
        self._latest: np.ndarray | None = engine.forward([list(ids)], self._cache)[0]
        self._pending: list[int] = []

    def candidates(self) -> Candidates:
        """Scores of all tokens."""
        if self._pending:
            self._latest = self._engine.forward([self._pending], self._cache)[0]
            self._pending = []
        assert self._latest is not None
        return self._engine.everything(self._latest)

    def append(self, token: int) -> None:
        """Add a token to the text."""
        self._pending.append(int(token))

    def close(self) -> None:
        """Free the KV cache."""
        self._cache = self._latest = None


class TransformersBeams:
    """Rows of a beam search in one batch; the cache is reordered with them."""

    def __init__(self, engine: "TransformersEngine", ids: Sequence[int]) -> None:
        from transformers import DynamicCache

        check_prompt(ids, engine.vocab_size, engine.context)
        self._engine = engine
        self._cache: Any = DynamicCache(config=engine.model.config)
        self._latest = engine.forward([list(ids)], self._cache)
        self._pending: list[int] = []

    def candidates(self) -> list[Candidates]:
        """One entry per row."""
        if self._pending:
            self._latest = self._engine.forward([[token] for token in self._pending], self._cache)
            self._pending = []
        return [self._engine.everything(row) for row in self._latest]

    def advance(self, parents: Sequence[int], tokens: Sequence[int]) -> None:
        """Row i becomes row parents[i] followed by tokens[i]."""
        import torch

        with torch.inference_mode():
            self._cache.reorder_cache(torch.tensor(list(parents), device=self._engine.device))
        self._pending = [int(token) for token in tokens]

    def close(self) -> None:
        """Free the KV cache."""
        self._cache = None
        self._latest = np.empty((0, 0), dtype=np.float32)
