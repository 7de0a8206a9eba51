"""Count a prompt's tokens, and tell what is cut off."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types.atoms import check_text
from aigc_kit.worlds.prompts.bpe import Token, encode
from aigc_kit.worlds.prompts.library import has_hanzi

LIMIT = 75
"""Tokens that CLIP reads: 77 places, of which two mark the start and the end."""


@dataclass(frozen=True)
class TokenBudget:
    """Hold a prompt as its text encoder reads it.

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
        """Count the tokens of the whole prompt."""
        return len(self.tokens)

    @property
    def fits(self) -> bool:
        """Tell whether nothing is cut."""
        return self.used <= self.limit

    @property
    def kept(self) -> str:
        """Give what is read, without a character cut in two."""
        return self.text[: self._border]

    @property
    def cut(self) -> str:
        """Give what is never read, "" when all fits."""
        return self.text[self._border :]

    @property
    def costs(self) -> tuple[tuple[str, int], ...]:
        """List (character, tokens that begin in it)."""
        begins = [0] * len(self.text)
        for token in self.tokens:
            begins[token.start] += 1
        return tuple(zip(self.text, begins, strict=True))

    @property
    def tokens_per_hanzi(self) -> float | None:
        """Count tokens that hold 汉字, per 汉字, None without any."""
        hanzi = {place for place, character in enumerate(self.text) if has_hanzi(character)}
        holding = sum(any(place in hanzi for place in range(t.start, t.end)) for t in self.tokens)
        return holding / len(hanzi) if hanzi else None

    @property
    def _border(self) -> int:
        return min((token.start for token in self.tokens[self.limit :]), default=len(self.text))


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
        raise BadInput(
            asked=Words(f"a limit of {limit} tokens", f"上限 {limit} 个词元"),
            found=Words("less than 1", "小于 1"),
            todo=Words("choose 1 or more", "改成 1 或更大"),
        )
    whole, tokens = "", list[Token]()
    for part in prompt if isinstance(prompt, (list, tuple)) else (prompt,):
        check_text("prompt", part)
        text, own = encode(part) if tokenizer is None else (part, _encode_with(tokenizer, part))
        tokens += [Token(t.id, t.piece, t.start + len(whole), t.end + len(whole)) for t in own]
        whole += text
    return TokenBudget(whole, tuple(tokens), limit)


def _encode_with(tokenizer: Any, text: str) -> Sequence[Token]:
    pieces = getattr(getattr(tokenizer, "tokenizer", None), "sp_model", None)
    if pieces is not None:  # of sentencepiece, inside ChatGLM's tokenizer
        own = pieces.encode(text, return_type="proto").pieces
        ends = accumulate(len(piece.surface) for piece in own)  # their surfaces joined are the text
        return [Token(p.id, p.surface, end - len(p.surface), end) for p, end in zip(own, ends, strict=True)]
    if not getattr(tokenizer, "is_fast", False):
        raise BadInput(
            asked=Words(f"tokens of a {type(tokenizer).__name__}", f"{type(tokenizer).__name__} 给出的词元"),
            found=Words("it does not tell where in the text a token stands", "它不说一个词元在文字的什么地方"),
            todo=Words(
                "pass a fast tokenizer of transformers, such as pipe.tokenizer",
                "给 transformers 的快速分词器，例如 pipe.tokenizer",
            ),
        )
    batch = tokenizer(text, add_special_tokens=False, truncation=False, return_offsets_mapping=True, verbose=False)
    places = zip(batch["input_ids"], batch["offset_mapping"], strict=True)
    return [Token(id_, text[start:end], start, end) for id_, (start, end) in places]
