"""Show what a text looks like to different tokenizers."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from aigc_kit.core.errors import BadInput, UnknownName
from aigc_kit.core.types import Card, Words
from aigc_kit.make.text.engines.base import legible
from aigc_kit.models import cards, loaded
from aigc_kit.worlds.prompts.bpe import byte_letters

BYTES = "utf-8"  # the baseline: every byte is a token


@dataclass(frozen=True)
class Reading:
    """Hold one text as one tokenizer sees it.

    Args:
        tokenizer: name of a card, or "utf-8".
        text: as given.
        ids: of its tokens.
        pieces: of each token, for display; bytes that are no whole character look like <E4><BA>.
        spans: (start, end) in characters of the text for each token; several tokens may share one character.
        unknown: characters that this tokenizer does not know.
    """

    tokenizer: str
    text: str
    ids: tuple[int, ...]
    pieces: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    unknown: tuple[str, ...] = ()

    @property
    def tokens(self) -> int:
        """Count the tokens."""
        return len(self.ids)

    @property
    def characters_per_token(self) -> float:
        """Divide the length of the text by its tokens."""
        return len(self.text) / self.tokens

    @property
    def tokens_per_hanzi(self) -> float | None:
        """Count tokens with (parts of) 汉字, per 汉字 or None."""
        places = {i for i, character in enumerate(self.text) if is_hanzi(character)}
        holding = sum(any(i in places for i in range(*span)) for span in self.spans)
        return holding / len(places) if places else None

    def cut(self, limit: int) -> tuple[str, str]:
        """Split the text after what `limit` tokens hold.

        A character cut in two is lost; BadInput for a limit below 0.
        """
        if limit < 0:
            raise BadInput(
                asked=Words(f"a limit of {limit} tokens", f"上限 {limit} 个词元"),
                found=Words("less than 0", "小于 0"),
                todo=Words("choose 0 or more", "改成 0 或更大"),
            )
        border = min((start for start, _ in self.spans[limit:]), default=len(self.text))
        return self.text[:border], self.text[border:]


def read(text: str, tokenizer: str) -> Reading:
    """Read a text with one tokenizer, without its model.

    Args:
        text: not empty.
        tokenizer: name of a text card whose files are on this machine, or "utf-8" for bytes.

    Raises:
        BadInput: an empty text.
        UnknownName: no such card. NotOnDisk: its files are not here.
    """
    if not text:
        raise BadInput(
            asked=Words("the tokens of a text", "一段文字的词元"),
            found=Words("an empty text", "文字是空的"),
            todo=Words("give at least one character", "至少给一个字"),
        )
    if tokenizer == BYTES:
        spans = tuple((i, i + 1) for i, character in enumerate(text) for _ in character.encode())
        ids = tuple(text.encode())
        return Reading(BYTES, text, ids, tuple(legible(bytes([byte])) for byte in ids), spans)
    card = cards.get(tokenizer)
    if card.kind != "text" or card.sources[0].kind == "endpoint":
        raise UnknownName(
            asked=Words(f"the tokenizer of {tokenizer!r}", f"{tokenizer!r} 的分词器"),
            found=Words("it has none here", "这里没有它的分词器"),
            todo=Words("name a local model", "写一个本地模型的名字"),
        )
    return _read_with(_tokenizer_file(card), card.name, text)


def readings(text: str, tokenizers: Iterable[str] | None = None) -> list[Reading]:
    """Read a text with several tokenizers, None for all here."""
    from aigc_kit.models import fetch

    if tokenizers is None:
        here = (card for card in cards.of_kind("text") if card.sources[0].kind != "endpoint")
        tokenizers = [BYTES, *(card.name for card in here if fetch.find(card) is not None)]
    return [read(text, name) for name in tokenizers]


def is_hanzi(character: str) -> bool:
    """Accept Chinese characters (CJK ideographs and extension A).

    >>> is_hanzi("春"), is_hanzi("。"), is_hanzi("a")
    (True, False, False)
    """
    return "\u4e00" <= character <= "\u9fff" or "\u3400" <= character <= "\u4dbf"


def _tokenizer_file(card: Card) -> Path:
    folder = loaded.on_disk(card, Words("tokenizer of", "分词器"))
    if (folder / "tokenizer.json").is_file():
        return folder / "tokenizer.json"
    from aigc_kit.make.text.engines.dequantise import converted_tokenizer

    return converted_tokenizer(card, sorted(folder.glob("*.gguf"))[0]) / "tokenizer.json"


@lru_cache(maxsize=4)
def _tokenizer(file: Path, changed: int) -> Any:
    """Keep a tokenizer, whose 15 MB never come back."""
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(file))


def _read_with(file: Path, name: str, text: str) -> Reading:
    tokenizer = _tokenizer(file, file.stat().st_mtime_ns)
    encoding = tokenizer.encode(text, add_special_tokens=False)
    from_letters = {letter: byte for byte, letter in enumerate(byte_letters())}
    byte_level = "ByteLevel" in str(tokenizer.decoder)
    pieces = []
    for letters in encoding.tokens:
        whole = byte_level and all(letter in from_letters for letter in letters)
        pieces.append(legible(bytes(from_letters[c] for c in letters)) if whole else letters)
    unknown_id = tokenizer.token_to_id("<unk>") if not byte_level else None
    spans = tuple((int(start), int(end)) for start, end in encoding.offsets)
    unknown = tuple(text[s:e] for token, (s, e) in zip(encoding.ids, spans, strict=True) if token == unknown_id)
    return Reading(name, text, tuple(encoding.ids), tuple(pieces), spans, unknown)
