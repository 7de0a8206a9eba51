"""The one interface that sampling, search and measures see, whatever computes the scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from aigc_kit.errors import BadInput
from aigc_kit.types import Card


@dataclass(frozen=True, eq=False)
class Candidates:
    """Scores of the next token.

    Args:
        ids: int64 (N,), token ids.
        scores: float32 (N,), logits or natural log-probabilities of these tokens under the model.
        missing_mass: in [0, 1], probability of all tokens that are not listed; 0 when all V are.
        scale: "logits" or "logprobs".
    """

    ids: np.ndarray
    scores: np.ndarray
    missing_mass: float = 0.0
    scale: Literal["logits", "logprobs"] = "logits"

    def logprobs(self) -> np.ndarray:
        """Natural log-probabilities under the model (T = 1, no filter), float32 (N,)."""
        if self.scale == "logprobs":
            return self.scores
        return self.scores - np.float32(log_sum_exp(self.scores))

    def logprob_of(self, token: int) -> float:
        """Log-probability of one token under the model; -inf when it is not listed.

        >>> round(Candidates(np.arange(2), np.float32([0.0, 0.0])).logprob_of(1), 4)
        -0.6931
        """
        in_place = token < len(self.ids) and self.ids[token] == token  # all tokens are listed, in order
        at = [token] if in_place else np.flatnonzero(self.ids == token)
        if not len(at):
            return -np.inf
        score = float(self.scores[at[0]])
        return score if self.scale == "logprobs" else score - log_sum_exp(self.scores)


class Session(Protocol):
    """A text in progress: the model's state after some tokens. `close` frees it."""

    def candidates(self) -> Candidates:
        """Scores of the token after those appended so far."""

    def append(self, token: int) -> None:
        """Add a token to the text."""

    def close(self) -> None:
        """Free what the session holds; calling it twice is fine."""


class Beams(Protocol):
    """Several texts in progress, for beam search; they start as one."""

    def candidates(self) -> list[Candidates]:
        """One entry per text; only the first call returns a single one."""

    def advance(self, parents: Sequence[int], tokens: Sequence[int]) -> None:
        """Row i becomes row parents[i] followed by tokens[i]."""

    def close(self) -> None:
        """Free what is held; calling it twice is fine."""


class Engine(Protocol):
    """A loaded model with its tokenizer.

    Attributes:
        card: of the model.
        kind: "transformers", "llama.cpp" or "endpoint".
        vocab_size: V, the number of scores.
        eos_ids: tokens that end a text.
        context: the longest text in tokens, prompt included.
    """

    card: Card
    kind: str
    vocab_size: int
    eos_ids: frozenset[int]
    context: int

    def encode(self, text: str) -> list[int]:
        """Token ids of a text that is to be continued, with what the model wants in front of it."""

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids, without special tokens. Incomplete characters become U+FFFD."""

    def chat(self, messages: Sequence[dict[str, str]]) -> list[int]:
        """Token ids of a conversation in the model's own template, ready for the answer."""

    def token_text(self, token: int) -> str:
        """A token for display: its characters, or its bytes such as <E4><BA> when they are no whole character."""

    def open(self, ids: Sequence[int], need: int | None = None) -> Session:
        """Read a prompt; its cost is the prefill. `need` most probable candidates suffice (None: all there are)."""

    def open_beams(self, ids: Sequence[int], need: int | None = None) -> Beams:
        """Read a prompt for a beam search."""

    def logprobs(self, ids: Sequence[int], start: int) -> np.ndarray:
        """Log-probabilities float64 (len(ids) - start,) of ids[start:], each given everything before it; T = 1."""

    def close(self) -> None:
        """Free the model."""


class RereadBeams:
    """Beams for an engine that has only sessions: each row is read anew, the engine's prompt cache permitting."""

    def __init__(self, engine: Engine, ids: Sequence[int], need: int | None) -> None:
        self._engine, self._need = engine, need
        self._rows = [list(ids)]

    def candidates(self) -> list[Candidates]:
        """One entry per row."""
        found = []
        for row in self._rows:
            session = self._engine.open(row, self._need)
            found.append(session.candidates())
            session.close()
        return found

    def advance(self, parents: Sequence[int], tokens: Sequence[int]) -> None:
        """Row i becomes row parents[i] followed by tokens[i]."""
        self._rows = [[*self._rows[p], t] for p, t in zip(parents, tokens, strict=True)]

    def close(self) -> None:
        """Forget the rows."""
        self._rows = []


def log_sum_exp(scores: np.ndarray) -> float:
    """log(sum(exp(scores))) without overflow.

    >>> round(log_sum_exp(np.array([1000.0, 1000.0])) - 1000, 4)
    0.6931
    """
    top = float(scores.max())
    return top + float(np.log(np.exp(scores - top).sum(dtype=np.float64)))


def check_prompt(ids: Sequence[int], vocab_size: int, context: int) -> None:
    """Refuse a prompt that an engine cannot read.

    Raises:
        BadInput: no token, a token outside the vocabulary, or no room left for a new one.
    """
    if not len(ids):
        raise BadInput(asked="a continuation of nothing", found="a prompt of 0 tokens", todo="write at least one word")
    if min(ids) < 0 or max(ids) >= vocab_size:
        raise BadInput(
            asked=f"tokens from {min(ids)} to {max(ids)}",
            found=f"the vocabulary has the ids 0 to {vocab_size - 1}",
            todo="encode the text with this engine's own encode()",
        )
    if len(ids) >= context:
        raise BadInput(
            asked=f"a prompt of {len(ids)} tokens",
            found=f"the model sees at most {context} tokens, prompt included",
            todo=f"shorten the prompt to fewer than {context} tokens",
        )
