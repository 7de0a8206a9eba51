"""Find the world's words in a prompt."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

from aigc_kit.worlds.tinyworld.words import GRAMMAR, NEGATIONS, NOT_OURS, SYNONYMS, TERMS, Terms

PLURAL = frozenset({"subject", "scene", "style", "unknown"})
Meaning = tuple[str, str]


class Hit(NamedTuple):
    """Mark one word of a prompt, known or not.

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
    """Hold the pattern and the meanings of known words."""

    pattern: re.Pattern[str]
    meanings: dict[str, Meaning]


def scan(prompt: str, lexicon: Lexicon | None = None) -> list[Hit]:
    """List all words of a prompt in order.

    Between the known ones (None: those of pictures) stand English words and single characters.
    """
    text, origin = _plain(prompt)
    pattern, meanings = lexicon or pictures()
    hits: list[Hit] = []
    at = clause = 0
    while at < len(text):
        if not _is_text(text[at]):
            clause += not (text[at].isspace() or text[at] in "-_")
            at += 1
            continue
        match = pattern.match(text, at) or _OTHER.match(text, at)
        end = match.end() if match else at + 1
        attribute, value = meanings.get(key(text[at:end]), ("unknown", ""))
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
    """List characters that only Traditional Chinese writes, each once.

    They are in Big5 (Traditional), and not in GB 2312 (Simplified).

    >>> traditional("一隻紅色的小貓，a red cat")
    '隻紅貓'
    """
    hanzi = dict.fromkeys(char for char in text if "\u4e00" <= char <= "\u9fff")
    return "".join(char for char in hanzi if not char.encode("gb2312", "ignore") and char.encode("big5", "ignore"))


_OTHER = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")


def _plain(prompt: str) -> tuple[str, list[int]]:
    """Write a prompt in lower case, with each character's origin."""
    letters, origin = [], []
    for place, character in enumerate(prompt):
        for letter in unicodedata.normalize("NFKC", character).lower():
            letters.append(letter)
            origin.append(place)
    return "".join(letters), origin


def _is_text(character: str) -> bool:
    """Accept letters, digits and pictographs alone."""
    category = unicodedata.category(character)
    return category[0] in "LN" or category == "So"


def key(text: str) -> str:
    """Write hyphens between a phrase's words, as the lexicon does."""
    return re.sub(r"[\s_-]+", "-", text)


@cache
def pictures() -> Lexicon:
    """Compile the words of pictures, 大 and 小 among them."""
    return compiled(attribute_words() | {"大": ("adjective", "large"), "小": ("adjective", "small")})


def attribute_words() -> dict[str, Meaning]:
    """Map words to what they stand for."""
    meanings: dict[str, Meaning] = {}
    for attribute, terms in TERMS.items():
        learn_terms(meanings, attribute, terms, SYNONYMS[attribute])
    for words, name in ((GRAMMAR, "grammar"), (NOT_OURS, "unknown"), (NEGATIONS, "negation")):
        learn(meanings, (name, ""), entries(words))
    return meanings


def learn_terms(meanings: dict[str, Meaning], attribute: str, terms: Terms, synonyms: Mapping[str, str]) -> None:
    """Give the words of an attribute's values their meaning."""
    for value, (chinese, english) in terms.items():
        learn(meanings, (attribute, value), [*chinese, *map(key, english), *entries(synonyms[value])])


def learn(meanings: dict[str, Meaning], meaning: Meaning, words: Iterable[str]) -> None:
    """Give words a meaning, unless they have one."""
    for word in words:
        meanings.setdefault(word, meaning)


def entries(table: str) -> list[str]:
    """Split "Chinese entries | English entries"."""
    return table.replace("|", " ").split()


def compiled(meanings: Mapping[str, Meaning]) -> Lexicon:
    """Compile a lexicon, with plurals of English words."""
    words = dict(meanings)
    for word, meaning in meanings.items():
        if word.isascii() and word[-1].isalpha() and meaning[0] in PLURAL:
            words.setdefault(word + "s", meaning)
    return Lexicon(re.compile("|".join(_piece(word) for word in sorted(words, key=len, reverse=True))), words)


def _piece(word: str) -> str:
    if not word.isascii():
        return re.escape(word)
    return r"(?<![a-z0-9])" + r"[\s_-]+".join(map(re.escape, word.split("-"))) + r"(?![a-z0-9])"
