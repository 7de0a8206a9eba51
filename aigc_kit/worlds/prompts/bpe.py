"""Encode text as CLIP does: words, bytes, merges, ids.

The merges are those of CLIP ViT-L/14 (OpenAI, MIT), which both text encoders of SDXL use; they lie in
`assets/data/clip_merges.txt.gz`. The steps are those of transformers' CLIPTokenizer, and a test compares the two.
"""

import gzip
import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.paths import assets

SPECIALS = ("<|startoftext|>", "<|endoftext|>")
CONTRACTIONS = ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d")
WORD_END = "</w>"
_RUN = re.compile("L+|O+|.")  # of kinds
VOCABULARY = 49_408
START, END = VOCABULARY - 2, VOCABULARY - 1


@dataclass(frozen=True)
class Token:
    """Hold one token of a text.

    Args:
        id: in the vocabulary.
        piece: for display; bytes that are no whole character look like <E4><BA>.
        start, end: the characters text[start:end] that it holds, whole or in part.
    """

    id: int
    piece: str
    start: int
    end: int


def encode(text: str) -> tuple[str, tuple[Token, ...]]:
    """Cut a text into tokens, without start and end marks.

    Args:
        text: any text; it is brought to Unicode form NFC first, and read in lower case.

    Returns:
        (the text in NFC, its tokens); the places of the tokens refer to it.

    >>> [token.piece for token in encode("a photo of a corgi")[1]]
    ['a', 'photo', 'of', 'a', 'corgi']
    """
    text = unicodedata.normalize("NFC", text)
    lower = [(small, place) for place, character in enumerate(text) for small in character.lower()]
    tokens: list[Token] = []
    for first, last in _words([small for small, _ in lower]):
        word, places = lower[first:last], []
        for small, place in word:
            places += [place] * len(small.encode("utf-8", "surrogatepass"))
        at = 0
        for id_, size in _merged("".join(small for small, _ in word)):
            inside = places[at : at + size]
            tokens.append(Token(id_, _piece(id_), inside[0], inside[-1] + 1))
            at += size
    return text, tuple(tokens)


def _words(letters: list[str]) -> list[tuple[int, int]]:
    """Find words: runs of letters, single digits, other runs."""
    text, kinds, spans, at = "".join(letters), "".join(map(_kind, letters)), [], 0
    while at < len(letters):
        special = next((s for s in (*SPECIALS, *CONTRACTIONS) if text.startswith(s, at)), "")
        end = at + (len(special) or len(_RUN.match(kinds, at)[0]))  # type: ignore[index]
        if special or kinds[at] != " ":
            spans.append((at, end))
        at = end
    return spans


def _kind(letter: str) -> str:
    category = unicodedata.category(letter)
    if letter in "\t\n\v\f\r\x85" or category[0] == "Z":
        return " "
    return category[0] if category[0] in "LN" else "O"


@lru_cache(maxsize=4096)
def _merged(word: str) -> tuple[tuple[int, int], ...]:
    """Merge best-ranked neighbours again and again: (id, number of bytes)."""
    if word in SPECIALS:
        return ((START + SPECIALS.index(word), len(word)),)
    letters, ranks, ids = byte_letters(), _ranks(), _ids()
    symbols = [letters[byte] for byte in word.encode("utf-8", "surrogatepass")]
    sizes = [1] * len(symbols)
    symbols[-1] += WORD_END
    while len(symbols) > 1:
        rank, i = min((ranks.get(pair, len(ranks)), i) for i, pair in enumerate(pairwise(symbols)))
        if rank == len(ranks):
            break
        symbols[i : i + 2] = [symbols[i] + symbols[i + 1]]
        sizes[i : i + 2] = [sizes[i] + sizes[i + 1]]
    return tuple((ids[symbol], size) for symbol, size in zip(symbols, sizes, strict=True))


def vocabulary() -> dict[str, int]:
    """Map every token, as CLIP writes it, to its id."""
    return dict(_ids())


def merges() -> list[tuple[str, str]]:
    """List the 48,894 merges in order."""
    return list(_ranks())


@cache
def _ranks() -> dict[tuple[str, str], int]:
    file = assets() / "data" / "clip_merges.txt.gz"
    if not file.is_file():
        raise BadInput(
            asked=Words("CLIP's tokens", "CLIP 的词元"),
            found=Words(f"{file} is missing", f"没有 {file}"),
            todo=Words("install from a full clone, or set AIGC_ASSETS", "从完整的克隆安装，或设置环境变量 AIGC_ASSETS"),
        )
    lines = gzip.decompress(file.read_bytes()).decode().splitlines()
    return {(left, right): rank for rank, (left, right) in enumerate(line.split(" ") for line in lines)}


@cache
def _pieces() -> tuple[str, ...]:
    base = sorted(byte_letters())
    return (*base, *(letter + WORD_END for letter in base), *(a + b for a, b in _ranks()), *SPECIALS)


@cache
def _ids() -> dict[str, int]:
    return {piece: id_ for id_, piece in enumerate(_pieces())}


@cache
def byte_letters() -> list[str]:
    """List the letter for each byte in byte-level BPE.

    Source: GPT-2 encoder.py, bytes_to_unicode.

    >>> byte_letters()[32], byte_letters()[65]
    ('Ġ', 'A')
    """
    plain = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = map(chr, range(256, 512))
    return [chr(byte) if byte in plain else next(others) for byte in range(256)]


@lru_cache(maxsize=4096)
def _piece(id_: int) -> str:
    raw = _pieces()[id_]
    if raw in SPECIALS:
        return raw
    to_byte = {letter: byte for byte, letter in enumerate(byte_letters())}
    data = bytes(to_byte[letter] for letter in raw.removesuffix(WORD_END))
    try:
        return data.decode()
    except UnicodeDecodeError:
        return "".join(f"<{byte:02X}>" for byte in data)
