"""How many tokens a prompt costs, and what the limit of the text encoder cuts off. Counted, not estimated."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types.atoms import check_text
from aigc_kit.worlds.prompts.bpe import Token, encode

LIMIT = 75
"""Tokens that CLIP reads: 77 places, of which two mark the start and the end."""


@dataclass(frozen=True)
class TokenBudget:
    """A prompt as its text encoder reads it.

    Args:
        text: the prompt, in Unicode form NFC.
        tokens: all of them, in order, those beyond the limit included.
        limit: how many the encoder reads.
    """

    text: str
    tokens: tuple[Token, ...]
    limit: int = LIMIT

    @property
    def used(self) -> int:
        """Number of tokens of the whole prompt."""
        return len(self.tokens)

    @property
    def fits(self) -> bool:
        """Nothing is cut."""
        return self.used <= self.limit

    @property
    def kept(self) -> str:
        """What the encoder reads. A character that the limit cuts in two is lost."""
        return self.text[: self._border]

    @property
    def cut(self) -> str:
        """What it never sees; "" when all fits."""
        return self.text[self._border :]

    @property
    def costs(self) -> tuple[tuple[str, int], ...]:
        """(character, tokens that begin in it), for every character; the sum is `used`."""
        begins = [0] * len(self.text)
        for token in self.tokens:
            begins[token.start] += 1
        return tuple(zip(self.text, begins, strict=True))

    @property
    def tokens_per_hanzi(self) -> float | None:
        """Tokens that hold a 汉字 or a part of one, per 汉字; None for a text without any."""
        hanzi = {place for place, character in enumerate(self.text) if "\u3400" <= character <= "\u9fff"}
        holding = sum(any(place in hanzi for place in range(t.start, t.end)) for t in self.tokens)
        return holding / len(hanzi) if hanzi else None

    @property
    def _border(self) -> int:
        lost = [token.start for token in self.tokens[self.limit :]]
        return min(lost) if lost else len(self.text)


def budget(prompt: str | Sequence[str], tokenizer: Any = None, *, limit: int | None = None) -> TokenBudget:
    """Count the tokens of a prompt.

    Args:
        prompt: a text; or texts that are read one by one, as the pieces of a weighted prompt are.
        tokenizer: None counts with CLIP's own vocabulary, which SDXL uses; or a fast tokenizer of transformers, such
            as `pipe.tokenizer`; or ChatGLM's.
        limit: None takes the tokenizer's `model_max_length` - 2, 75 for CLIP.

    Raises:
        BadInput: a prompt that is no text, a limit < 1, or a tokenizer that does not tell places.

    >>> budget("一张可爱小狗在花丛中玩耍的照片").used, budget("a photo of a cute puppy").used
    (39, 6)
    """
    if limit is None:
        limit = LIMIT if tokenizer is None else int(tokenizer.model_max_length) - 2
    if limit < 1:
        raise BadInput(asked=f"a limit of {limit} tokens", found="less than 1", todo="choose 1 or more")
    whole, tokens = "", list[Token]()
    for part in prompt if isinstance(prompt, (list, tuple)) else (prompt,):
        check_text("prompt", part)
        text, found = encode(part) if tokenizer is None else _encode_with(tokenizer, part)
        tokens += [Token(t.id, t.piece, t.start + len(whole), t.end + len(whole)) for t in found]
        whole += text
    return TokenBudget(whole, tuple(tokens), limit)


def _encode_with(tokenizer: Any, text: str) -> tuple[str, list[Token]]:
    pieces = getattr(getattr(tokenizer, "tokenizer", None), "sp_model", None)
    if pieces is not None:  # of sentencepiece, inside ChatGLM's tokenizer
        spoken = pieces.encode(text, return_type="proto").pieces
        ends = list(accumulate(len(piece.surface) for piece in spoken))  # their surfaces joined are the text
        return text, [
            Token(piece.id, piece.surface, end - len(piece.surface), end)
            for piece, end in zip(spoken, ends, strict=True)
        ]
    if not getattr(tokenizer, "is_fast", False):
        raise BadInput(
            asked=f"tokens of a {type(tokenizer).__name__}",
            found="it does not tell where in the text a token stands",
            todo="pass a fast tokenizer of transformers, such as pipe.tokenizer",
        )
    found = tokenizer(text, add_special_tokens=False, truncation=False, return_offsets_mapping=True, verbose=False)
    return text, [
        Token(id_, text[start:end], start, end)
        for id_, (start, end) in zip(found["input_ids"], found["offset_mapping"], strict=True)
    ]
