"""Define what sampling, search and measures see of an engine."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Card, Words
from aigc_kit.worlds.prompts.bpe import byte_letters


@dataclass(frozen=True, eq=False)
class Candidates:
    """Hold scores of the next token.

    Args:
        ids: int64 (N,), token ids.
        scores: float32 (N,), logits or natural log-probabilities of these tokens under the model.
        missing_mass: in [0, 1], probability of all tokens that are not listed; 0 when all V are.
        scale: "logits" or "logprobs".
        unlisted: how many tokens are not listed; none of them is more probable than the last that is.
    """

    ids: np.ndarray
    scores: np.ndarray
    missing_mass: float = 0.0
    scale: Literal["logits", "logprobs"] = "logits"
    unlisted: int = 0

    def cut_mass(self, temperature: float) -> tuple[float, float]:
        """Bound the share that unlisted tokens would have at T.

        Temperature lifts the rare ones, so what a list of the most probable leaves out grows with T. How its mass lies
        among them is not known: one bound has it spread evenly, the other heaped on as few as possible, each as
        probable as the last that is listed.

        Args:
            temperature: T >= 0.

        Returns:
            (least, most), in [0, 1], before top-k and top-p; both `missing_mass` at T = 1.

        >>> half = Candidates(np.arange(2), np.log(np.float32([0.25, 0.25])), 0.5, "logprobs", unlisted=2)
        >>> tuple(round(share, 6) for share in half.cut_mass(3.0))
        (0.5, 0.5)
        """
        if not self.missing_mass or not self.unlisted or temperature == 0:
            return 0.0, 0.0
        logprobs = self.logprobs().astype(np.float64)
        last, mass = logprobs.min(), float(self.missing_mass)
        peak = logprobs.max() / temperature  # taken off everywhere: T near 0 would underflow
        listed = float(np.exp(logprobs / temperature - peak).sum())
        heaped = mass / np.exp(last) * np.exp(last / temperature - peak)
        even = self.unlisted * np.exp(np.log(mass / self.unlisted) / temperature - peak)
        low, high = sorted(float(part / (part + listed)) for part in (heaped, even))
        return low, high

    def logprobs(self) -> np.ndarray:
        """Give natural log-probabilities at T = 1, float32 (N,)."""
        return self.scores if self.scale == "logprobs" else self.scores - np.float32(log_sum_exp(self.scores))

    def logprob_of(self, token: int) -> float:
        """Give one token's log-probability, -inf when it is not listed.

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
    """Hold a text in progress, as the model's state."""

    def candidates(self) -> Candidates:
        """Score the token after those appended so far."""

    def append(self, token: int) -> None:
        """Add a token to the text."""

    def close(self) -> None:
        """Free what the session holds, also when called twice."""


class Beams(Protocol):
    """Hold the texts of a beam search, at first one."""

    def candidates(self) -> list[Candidates]:
        """Score each text, a single one at first."""

    def advance(self, parents: Sequence[int], tokens: Sequence[int]) -> None:
        """Let row i become row parents[i] followed by tokens[i]."""

    def close(self) -> None:
        """Free what is held, also when called twice."""


class Engine(Protocol):
    """Hold a loaded model with its tokenizer.

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
        """Encode a text to continue, with its beginning token."""

    def decode(self, ids: Sequence[int]) -> str:
        """Decode token ids, incomplete characters as U+FFFD, without special tokens."""

    def chat(self, messages: Sequence[dict[str, str]]) -> list[int]:
        """Encode a conversation, ready for the answer."""

    def token_text(self, token: int) -> str:
        """Show a token: its characters, or bytes such as <E4><BA>."""

    def open(self, ids: Sequence[int], need: int | None = None) -> Session:
        """Read a prompt, which is the prefill.

        `need` most probable candidates suffice (None: all there are). An empty prompt, a token outside the vocabulary
        or a prompt that fills the context is refused with BadInput.
        """

    def open_beams(self, ids: Sequence[int], need: int | None = None) -> Beams:
        """Read a prompt for a beam search."""

    def logprobs(self, ids: Sequence[int], start: int) -> np.ndarray:
        """Give log-probabilities of ids[start:], float64 (len(ids) - start,).

        Natural ones under the model itself (T = 1, no filter), each given everything before it; 1 <= start < len(ids).
        """

    def close(self) -> None:
        """Free the model."""


class RereadBeams:
    """Serve beams of an engine with sessions, reading rows anew."""

    def __init__(self, engine: Engine, ids: Sequence[int], need: int | None) -> None:
        self._engine, self._need = engine, need
        self._rows = [list(ids)]

    def candidates(self) -> list[Candidates]:
        """Score each row."""
        rows = []
        for row in self._rows:
            with closing(self._engine.open(row, self._need)) as session:
                rows.append(session.candidates())
        return rows

    def advance(self, parents: Sequence[int], tokens: Sequence[int]) -> None:
        """Let row i become row parents[i] followed by tokens[i]."""
        self._rows = [[*self._rows[p], t] for p, t in zip(parents, tokens, strict=True)]

    def close(self) -> None:
        """Forget the rows."""
        self._rows = []


def log_sum_exp(scores: np.ndarray) -> float:
    """Compute log(sum(exp(scores))) without overflow.

    >>> round(log_sum_exp(np.array([1000.0, 1000.0])) - 1000, 4)
    0.6931
    """
    top = float(scores.max())
    return top + float(np.log(np.exp(scores - top).sum(dtype=np.float64)))


def check_prompt(ids: Sequence[int], vocab_size: int, context: int) -> None:
    """Refuse a prompt that an engine cannot read, by BadInput."""
    if not len(ids):
        raise BadInput(
            asked=Words("a continuation of nothing", "续写一段空的文字"),
            found=Words("a prompt of 0 tokens", "提示词是 0 个词元"),
            todo=Words("write at least one word", "至少写一个词"),
        )
    if min(ids) < 0 or max(ids) >= vocab_size:
        raise BadInput(
            asked=Words(f"tokens from {min(ids)} to {max(ids)}", f"编号从 {min(ids)} 到 {max(ids)} 的词元"),
            found=Words(f"the vocabulary has the ids 0 to {vocab_size - 1}", f"词表里的编号是 0 到 {vocab_size - 1}"),
            todo=Words("encode the text with this engine's own encode()", "用这个引擎自己的 encode() 给文字编码"),
        )
    if len(ids) >= context:
        raise BadInput(
            asked=Words(f"a prompt of {len(ids)} tokens", f"{len(ids)} 个词元的提示词"),
            found=Words(
                f"the model sees at most {context} tokens, prompt included",
                f"模型最多看 {context} 个词元，提示词也算在内",
            ),
            todo=Words(f"shorten the prompt to fewer than {context} tokens", f"把提示词缩短到 {context} 个词元以内"),
        )


def legible(piece: bytes) -> str:
    """Show the bytes of a token.

    >>> legible("人".encode()), legible("人".encode()[:2]), legible(b" the"), legible(b"\\n")
    ('人', '<E4><BA>', ' the', '⏎')
    """
    try:
        text = piece.decode()
    except UnicodeDecodeError:
        return "".join(f"<{byte:02X}>" for byte in piece)
    return text.replace("\n", "⏎").replace("\t", "⇥")


def piece_reader(tokenizer: Any) -> Callable[[int], bytes]:
    """Make a function from token id to bytes."""
    special = set(tokenizer.all_special_ids)
    from_letters = {letter: byte for byte, letter in enumerate(byte_letters())}
    backend = getattr(tokenizer, "backend_tokenizer", None)
    byte_level = backend is not None and "ByteLevel" in str(backend.decoder) + str(backend.pre_tokenizer)

    def piece(token: int) -> bytes:
        letters = tokenizer.convert_ids_to_tokens(int(token))
        if letters is None:
            return b""
        if token in special or not byte_level:
            return letters.replace("▁", " ").encode()
        return bytes(from_letters.get(letter, 0x3F) for letter in letters)

    return piece


def idle_threads(most: int | None = None) -> int:
    """Count the processors that are idle now, up to `most`."""
    import psutil

    from aigc_kit.memory.device import threads

    most = most or threads()
    if most == 1:
        return 1
    busy = psutil.cpu_percent(interval=0.1) / 100
    return max(1, min(most, round(most * (1 - busy))))
