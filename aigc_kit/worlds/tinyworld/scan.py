"""Finds the world's words in a prompt: the first half of ``vocab.phrase``."""

import re
import unicodedata
from functools import cache
from typing import NamedTuple

from aigc_kit.worlds.tinyworld.words import GRAMMAR, NEGATIONS, NOT_OURS, SYNONYMS, TERMS

PLURAL = frozenset({"subject", "scene", "style", "unknown"})


class Hit(NamedTuple):
    """One word of a prompt, known or not.

    Attributes:
        start, end, text: where it stands in the prompt, and what stands there.
        clause: counts up at every punctuation mark but the hyphen.
        attribute: one of ``ATTRIBUTES``, or "unknown", "grammar", "negation", "adjective" (大 or 小).
        value: of the attribute, else "".
    """

    start: int
    end: int
    text: str
    clause: int
    attribute: str
    value: str


class Lexicon(NamedTuple):
    """The pattern of all known words, longest first, and word -> (attribute, value)."""

    pattern: re.Pattern[str]
    known: dict[str, tuple[str, str]]


def scan(prompt: str, lexicon: Lexicon | None = None) -> list[Hit]:
    """All words of a prompt in order: known ones, and between them English words and single characters.

    Args:
        prompt: any text.
        lexicon: what is known; None: the words of pictures.
    """
    text, origin = _plain(prompt)
    pattern, known = lexicon or pictures()
    hits: list[Hit] = []
    at = clause = 0
    while at < len(text):
        if not _is_text(text[at]):
            clause += not (text[at].isspace() or text[at] in "-_")
            at += 1
            continue
        match = pattern.match(text, at) or _OTHER.match(text, at)
        end = match.end() if match else at + 1
        attribute, value = known.get(key(text[at:end]), ("unknown", ""))
        start, stop = origin[at], origin[end - 1] + 1
        if hits and hits[-1].end > start:  # one character that became several
            start = hits[-1].end
        if start < stop:
            if text[at:end] in _ENDINGS and hits and hits[-1].end == start and hits[-1].attribute == "unknown":
                attribute = "unknown"
            hits.append(Hit(start, stop, prompt[start:stop], clause, attribute, value))
        at = end
    return hits


_ENDINGS = "色地里"
"""Grammar after a word of this world, but the end of an unknown word right after one: 藏青色, 沼泽地."""


def traditional(text: str) -> str:
    """The characters of a text that are written so only in Traditional Chinese, each once.

    In Big5 (Traditional), and not in GB 2312 (Simplified).

    >>> traditional("一隻紅色的小貓，a red cat")
    '隻紅貓'
    """
    found = dict.fromkeys(char for char in text if "\u4e00" <= char <= "\u9fff")
    return "".join(char for char in found if not _in(char, "gb2312") and _in(char, "big5"))


def _in(char: str, charset: str) -> bool:
    try:
        char.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


_OTHER = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")


def _plain(prompt: str) -> tuple[str, list[int]]:
    """The prompt in lower case and compatibility form, and for each of its characters the place it came from."""
    letters, origin = [], []
    for place, character in enumerate(prompt):
        for letter in unicodedata.normalize("NFKC", character).lower():
            letters.append(letter)
            origin.append(place)
    return "".join(letters), origin


def _is_text(character: str) -> bool:
    """Letters, digits and pictographs; not spaces, punctuation, marks, controls and mathematical signs."""
    category = unicodedata.category(character)
    return category[0] in "LN" or category == "So"


def key(text: str) -> str:
    """A phrase as the lexicon writes it: hyphens between its words."""
    return re.sub(r"[\s_-]+", "-", text)


@cache
def pictures() -> Lexicon:
    """The words of pictures and their synonyms; 大 and 小 may be sizes."""
    known = attribute_words()
    known |= {"大": ("adjective", "large"), "小": ("adjective", "small")}
    return compiled(known)


def attribute_words() -> dict[str, tuple[str, str]]:
    """Word -> what it stands for, of all attributes, grammar and words that are not ours; earlier ones stay."""
    known: dict[str, tuple[str, str]] = {}
    for attribute, values in TERMS.items():
        for value, (zh, en) in values.items():
            own = [*zh, *(key(word) for word in en)]
            more = SYNONYMS[attribute][value].replace("|", " ").split()
            for word in [*own, *more]:
                known.setdefault(word, (attribute, value))
    for words, name in ((GRAMMAR, "grammar"), (NOT_OURS, "unknown"), (NEGATIONS, "negation")):
        for word in words.replace("|", " ").split():
            known.setdefault(word, (name, ""))
    return known


def compiled(known: dict[str, tuple[str, str]]) -> Lexicon:
    """The lexicon of these words; English ones stand for their plural too."""
    known = dict(known)
    for word, meaning in list(known.items()):
        if word.isascii() and word[-1].isalpha() and meaning[0] in PLURAL:
            known.setdefault(word + "s", meaning)
    pieces = [_piece(word) for word in sorted(known, key=len, reverse=True)]
    return Lexicon(re.compile("|".join(pieces)), known)


def _piece(word: str) -> str:
    if not word.isascii():
        return re.escape(word)
    return r"(?<![a-z0-9])" + r"[\s_-]+".join(map(re.escape, word.split("-"))) + r"(?![a-z0-9])"
