"""Find the world's words in a prompt."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

from aigc_kit.worlds.tinyworld.synonyms import (
    BESIDE,
    GRAMMAR,
    HINTS,
    LEADS,
    NEGATIONS,
    NOT_OURS,
    SYNONYMS,
    THINGS,
)
from aigc_kit.worlds.tinyworld.word_rules import Rule, picture_rules
from aigc_kit.worlds.tinyworld.words import TERMS, Terms

PLURAL = frozenset({"subject", "scene", "style", "unknown", "thing"})
HINT = "?"
"""Ends the attribute of a word that only suggests its value."""
Meaning = tuple[str, str]


class Hit(NamedTuple):
    """Mark one word of a prompt, known or not.

    Attributes:
        start, end, text: where it stands in the prompt, and what stands there.
        clause: counts up at every punctuation mark but the hyphen.
        attribute: one of ``ATTRIBUTES``, or "unknown", "grammar", "negation", "adjective" (大 or 小), "thing" (another
            one, which may have a colour or a size of its own).
        value: of the attribute, else "".
        hint: whether it only suggests its value (surfing: the sea).
    """

    start: int
    end: int
    text: str
    clause: int
    attribute: str
    value: str
    hint: bool = False


class Lexicon(NamedTuple):
    """Hold pattern and meanings of known words, and rules."""

    pattern: re.Pattern[str]
    meanings: dict[str, Meaning]
    rules: tuple[Rule, ...]


def scan(prompt: str, lexicon: Lexicon | None = None) -> list[Hit]:
    """List all words of a prompt in order.

    Between the known ones (None: those of pictures) stand English words and single characters.
    """
    text, origin = _plain(prompt)
    lexicon = lexicon or pictures()
    hits: list[Hit] = []
    at = clause = 0
    while at < len(text):
        if not _is_text(text[at]):
            clause += not (text[at].isspace() or text[at] in "-_'")
            at += 1
            continue
        end, attribute, value, hint = _longest(text, at, lexicon)
        start, stop = origin[at], origin[end - 1] + 1
        if hits and hits[-1].end > start:  # one character that became several
            start = hits[-1].end
        if start < stop:
            if text[at:end] in ENDINGS and hits and hits[-1].end == start and hits[-1].attribute == "unknown":
                attribute = "unknown"
            hits.append(Hit(start, stop, prompt[start:stop], clause, attribute, value, hint))
        at = end
    return [hit._replace(attribute="unknown", value="") if _in_a_word(hits, k) else hit for k, hit in enumerate(hits)]


def _in_a_word(hits: list[Hit], k: int) -> bool:
    """Tell whether a hit is part of a longer word.

    红 in 红薯, 海 in 海带 or 脑海, 中心 in 中心对称: an unknown character stands beside it.
    """
    hit = hits[k]
    if hit.text in ("中心", "中间", "中央"):
        after = _neighbour(hits, k, 1)
        return after is not None and after.attribute == "unknown" and after.text not in LEADS
    if len(hit.text) != 1 or not (hit.attribute in ("colour", "scene", "light", "position") or hit.text in "圆转"):
        return False
    before, after = (_neighbour(hits, k, step) for step in (-1, 1))
    if after is not None and after.attribute == "unknown" and after.text not in BESIDE:
        return True
    if before is None or before.attribute != "unknown" or before.text in LEADS:
        return False
    goes_on = after is not None and (after.text in "的色" + BESIDE or after.attribute in NOUN_PHRASE)
    return not (hit.attribute == "colour" and goes_on)


NOUN_PHRASE = ("colour", "subject", "size")


def _neighbour(hits: list[Hit], k: int, step: int) -> Hit | None:
    """Find the Chinese hit right beside one, nothing between."""
    if not 0 <= k + step < len(hits):
        return None
    other = hits[k + step]
    beside = other.start == hits[k].end if step > 0 else other.end == hits[k].start
    return other if beside and "\u3400" <= other.text[0] <= "\u9fff" else None


def _longest(text: str, at: int, lexicon: Lexicon) -> tuple[int, str, str, bool]:
    """Find the longest known word here: end, attribute, value, hint."""
    match = lexicon.pattern.match(text, at) or _OTHER.match(text, at)
    end = match.end() if match else at + 1
    attribute, value = lexicon.meanings.get(key(text[at:end]), ("unknown", ""))
    best = (end, attribute.rstrip(HINT), value, attribute.endswith(HINT))
    ruled = False
    for rule in lexicon.rules:
        found = rule.pattern.match(text, at)
        if found and (found.end() > best[0] or (found.end() == best[0] and not ruled)):
            ruled = True
            best = (found.end(), rule.attribute, rule.value, rule.hint)
    return best


ENDINGS = "色地里"
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
            letters.append("'" if letter == "\u2019" else letter)
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
    words = attribute_words() | {"大": ("adjective", "large"), "小": ("adjective", "small")}
    return compiled(words, picture_rules())


def attribute_words() -> dict[str, Meaning]:
    """Map words to what they stand for."""
    meanings: dict[str, Meaning] = {}
    for attribute, terms in TERMS.items():
        learn_terms(meanings, attribute, terms, SYNONYMS[attribute])
    for attribute, rows in HINTS.items():
        for value, table in rows.items():
            learn(meanings, (attribute + HINT, value), entries(table))
    others = {"grammar": GRAMMAR, "unknown": NOT_OURS, "negation": NEGATIONS, "thing": THINGS}
    for name, table in others.items():
        learn(meanings, (name, ""), entries(table))
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


def compiled(meanings: Mapping[str, Meaning], rules: tuple[Rule, ...]) -> Lexicon:
    """Compile a lexicon, with plurals of English words."""
    words = dict(meanings)
    for word, meaning in meanings.items():
        if word.isascii() and word[-1].isalpha() and meaning[0] in PLURAL:
            words.setdefault(word + "s", meaning)
    return Lexicon(re.compile("|".join(_piece(word) for word in sorted(words, key=len, reverse=True))), words, rules)


def _piece(word: str) -> str:
    if not word.isascii():
        return re.escape(word)
    return r"(?<![a-z0-9])" + r"[\s_-]+".join(map(re.escape, word.split("-"))) + r"(?![a-z0-9])"
