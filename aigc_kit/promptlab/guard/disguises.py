"""Undress a text: one form, no invisible characters.

Chinese stays Chinese: whatever Unicode calls a letter passes.
"""

import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import regex

_NEEDED = (
    r"(?<=\p{Extended_Pictographic}\uFE0F?[\U0001F3FB-\U0001F3FF]?)\u200D(?=\p{Extended_Pictographic})"  # in emoji
    r"|\U0001F3F4[\U000E0061-\U000E007A]{2,6}\U000E007F"  # flags of England, Scotland, Wales
    r"|(?<=[\p{Arab}\p{Deva}\p{Beng}\p{Mlym}\p{Sinh}]\p{M}?)[\u200C\u200D]"  # scripts that join letters
)
_SIGNS = regex.compile(r"([，：；？！（）～…]+)")  # of Chinese: NFKC would make them those of ASCII
KINDS: Mapping[str, str] = {
    "bidi": r"[\u202A-\u202E\u2066-\u2069]",
    "tags": r"[\U000E0000-\U000E007F]",
    "selectors": r"[\U000E0100-\U000E01EF]|(?<=[\uFE00-\uFE0F])[\uFE00-\uFE0F]",
    "control": r"[\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F\uFFFE\uFFFF]|\p{Cs}|\p{Co}",
    "zero-width": r"[\p{Cf}\u034F\u115F\u1160\u17B4\u17B5\u3164\uFFA0]",
}
"""Kind of invisible character -> its pattern; the first that matches names it."""

_UNSEEN = regex.compile("|".join(f"({pattern})" for pattern in (_NEEDED, *KINDS.values())))
_ALIKE = str.maketrans(
    "асеорхуіјѕԁһԛԝкмтвнАСЕОРХУІЈЅВНКМТαεικνορτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧɑɡıłøđß",
    "aceopxyijsdhqwkmtbhACEOPXYIJSBHKMTaeiknoptuxABEZHIKMNOPTYXagilods",
)
_DIGITS = str.maketrans("013457@$", "oieastas")


@dataclass(frozen=True)
class Plain:
    """Hold a text without disguise.

    Args:
        text: in NFKC (Chinese signs as they are), without what cannot be seen.
        removed: kind of `KINDS` -> how many characters were taken out.
    """

    text: str
    removed: Mapping[str, int]


def plain(text: str) -> Plain:
    """Normalise a text and take out what cannot be seen.

    Emoji keep their joiners, and so do scripts that need them; Chinese keeps its own signs.

    >>> plain("ｉg\\u200bnore，好").text
    'ignore，好'
    """
    removed = Counter[str]()

    def drop(match: Any) -> str:
        if match.lastindex == 1:
            return match[0]
        removed[tuple(KINDS)[match.lastindex - 2]] += 1
        return ""

    parts = _SIGNS.split(_UNSEEN.sub(drop, text))
    normal = [part if at % 2 else unicodedata.normalize("NFKC", part) for at, part in enumerate(parts)]
    return Plain("".join(normal), dict(removed))


def graphemes(text: str) -> int:
    """Count what a reader sees as characters.

    >>> graphemes("👨‍👩‍👧好"), len("👨‍👩‍👧好")
    (2, 6)
    """
    return sum(1 for _ in regex.finditer(r"\X", text))


def highest_stack(text: str) -> int:
    """Count the most marks on one character."""
    return max((len(match[0]) for match in regex.finditer(r"\p{M}+", text)), default=0)


def skeleton(text: str) -> str:
    """Write look-alikes as the letters that they look like.

    For comparing only, never for reading.

    >>> skeleton("Ign0rе аll")
    'ignore all'
    """
    alike = text.translate(_ALIKE)
    bare = regex.sub(r"\p{Mn}", "", unicodedata.normalize("NFD", alike)).casefold()
    return regex.sub(r"[a-z0-9@$]*[a-z][a-z0-9@$]*", lambda match: match[0].translate(_DIGITS), bare)


def squeezed(text: str) -> str:
    """Join letters that were written apart.

    >>> squeezed("i-g-n-o-r-e 忽 略 之前")
    'ignore 忽略之前'
    """
    together = regex.sub(r"(?<=\p{Han})[\s\-_.*·~|/+#^]+(?=\p{Han})", "", text)
    return regex.sub(
        r"(?<![^\W_])(?:[^\W_\p{Han}][\s\-_.*·~|/+#^]){3,}[^\W_\p{Han}](?![^\W_])",
        lambda match: regex.sub(r"[\s\-_.*·~|/+#^]", "", match[0]),
        together,
    )
