"""CLIP's byte-pair encoding by hand: text -> words -> bytes -> merges -> ids, and the place of each token.

The merges are those of CLIP ViT-L/14 (OpenAI, MIT), which both text encoders of SDXL use; they lie in
`assets/data/clip_merges.txt.gz`. The steps are those of transformers' CLIPTokenizer, and a test compares the two.
"""

import gzip
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

from aigc_kit.core.errors import BadInput
from aigc_kit.core.paths import assets

SPECIALS = ("<|startoftext|>", "<|endoftext|>")
CONTRACTIONS = ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d")
WORD_END = "</w>"
VOCABULARY = 49_408
START, END = VOCABULARY - 2, VOCABULARY - 1


@dataclass(frozen=True)
class Token:
    """One token of a text.

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
    """The tokens of a text, without the two that mark its start and end.

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
    """Where words begin and end: runs of letters, single digits, runs of anything else; spaces separate."""
    joined, kinds, found, at = "".join(letters), [_kind(letter) for letter in letters], [], 0
    while at < len(letters):
        fixed = next((f for f in (*SPECIALS, *CONTRACTIONS) if joined.startswith(f, at)), None)
        end = at + (len(fixed) if fixed else 1)
        if not fixed and kinds[at] in ("letter", "other"):
            while end < len(letters) and kinds[end] == kinds[at]:
                end += 1
        if fixed or kinds[at] != "space":
            found.append((at, end))
        at = end
    return found


def _kind(letter: str) -> str:
    category = unicodedata.category(letter)
    if letter in "\t\n\v\f\r\x85" or category[0] == "Z":
        return "space"
    return {"L": "letter", "N": "digit"}.get(category[0], "other")


@lru_cache(maxsize=4096)
def _merged(word: str) -> tuple[tuple[int, int], ...]:
    """(id, number of bytes) of each token of a word: the best-ranked pair of neighbours merges, again and again."""
    if word in SPECIALS:
        return ((START + SPECIALS.index(word), len(word)),)
    letters, ranks, ids = _byte_letters(), _ranks(), _ids()
    symbols = [letters[byte] for byte in word.encode("utf-8", "surrogatepass")]
    sizes = [1] * len(symbols)
    symbols[-1] += WORD_END
    while len(symbols) > 1:
        known = [(ranks.get(pair, len(ranks)), i) for i, pair in enumerate(pairwise(symbols))]
        rank, i = min(known)
        if rank == len(ranks):
            break
        symbols[i : i + 2] = [symbols[i] + symbols[i + 1]]
        sizes[i : i + 2] = [sizes[i] + sizes[i + 1]]
    return tuple((ids[symbol], size) for symbol, size in zip(symbols, sizes, strict=True))


def vocabulary() -> dict[str, int]:
    """Every token as CLIP writes it -> id; for building a tokenizer of another library from the same data."""
    return dict(_ids())


def merges() -> list[tuple[str, str]]:
    """The 48,894 merges in order."""
    return list(_ranks())


@cache
def _ranks() -> dict[tuple[str, str], int]:
    file = assets() / "data" / "clip_merges.txt.gz"
    if not file.is_file():
        raise BadInput(
            asked="CLIP's tokens", found=f"{file} is missing", todo="install from a full clone, or set AIGC_ASSETS"
        )
    lines = gzip.decompress(file.read_bytes()).decode().splitlines()
    return {(left, right): rank for rank, (left, right) in enumerate(line.split(" ") for line in lines)}


@cache
def _ids() -> dict[str, int]:
    base = sorted(_byte_letters().values(), key=ord)
    base = [letter for letter in base if ord(letter) < 256] + [letter for letter in base if ord(letter) >= 256]
    pieces = [*base, *(letter + WORD_END for letter in base), *(a + b for a, b in _ranks()), *SPECIALS]
    return {piece: id_ for id_, piece in enumerate(pieces)}


@cache
def _pieces() -> dict[int, str]:
    return {id_: piece for piece, id_ in _ids().items()}


@cache
def _byte_letters() -> dict[int, str]:
    """Byte -> a letter that can be seen: printable Latin-1 is itself, the other 68 are letters from U+0100 on."""
    seen = [byte for byte in range(256) if 33 <= byte <= 126 or 161 <= byte <= 172 or byte >= 174]
    hidden = [byte for byte in range(256) if byte not in seen]
    return {**{byte: chr(byte) for byte in seen}, **{byte: chr(256 + i) for i, byte in enumerate(hidden)}}


@lru_cache(maxsize=4096)
def _piece(id_: int) -> str:
    raw = _pieces()[id_]
    if raw in SPECIALS:
        return raw
    to_byte = {letter: byte for byte, letter in _byte_letters().items()}
    data = bytes(to_byte[letter] for letter in raw.removesuffix(WORD_END))
    try:
        return data.decode()
    except UnicodeDecodeError:
        return "".join(f"<{byte:02X}>" for byte in data)
