"""A visible step from Chinese to English for text encoders that read English only. A word list, not a translator.

The course's own prompts have translations written by a person, and these are used whole or clause by clause. All else
is replaced word by word: word order and grammar stay Chinese, and what the list does not hold is left out and shown.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType

from aigc_kit.core.types import FrozenMap
from aigc_kit.core.types.atoms import check_prompt, freeze
from aigc_kit.worlds.prompts.library import all_words, course_prompts

BY_ZH: Mapping[str, str] = MappingProxyType(
    {
        "person": "人工撰写的译文，非模型生成",
        "words": "按词表逐词替换，不是翻译：语序仍是中文的",
        "edited": "你改写的英文",
        "none": "没有中文，不需要替换",
    }
)
_MARKS = {"，": ", ", "、": ", ", "；": ", ", "。": ". ", "：": ", ", "！": "! ", "？": "? ", "（": " ", "）": " "}
_MARKS |= dict.fromkeys("“”‘’《》【】…·", " ")


@dataclass(frozen=True)
class Found:
    """A stretch of the prompt and what became of it.

    Args:
        zh: as written.
        en: its English; "" for a particle that English has no word for; None when the list does not hold it.
        how: "person" (a clause translated by a person), "word", "particle", "own" (a word that you added),
            "kept" (no Chinese in it) or "unknown".
    """

    zh: str
    en: str | None
    how: str


@dataclass(frozen=True)
class Translation:
    """English for a prompt, with the way it was made.

    Args:
        source: the prompt.
        found: its stretches in order.
        by: "person" when all of it was translated by a person, "words", "edited" or "none" (no Chinese in it).
        own: words added by the reader.
        text: given when somebody rewrote the English.
    """

    source: str
    found: tuple[Found, ...]
    by: str
    own: Mapping[str, str] = field(default_factory=FrozenMap)
    text: str | None = None

    def __post_init__(self) -> None:
        freeze(self, "own")

    @property
    def en(self) -> str:
        """The English prompt; unknown words are missing in it."""
        return self.text if self.text is not None else _joined(self.found)

    @property
    def kept(self) -> tuple[tuple[str, str], ...]:
        """(Chinese, English) of everything that was replaced."""
        return tuple((f.zh, f.en or "") for f in self.found if f.how in ("person", "word", "own", "particle"))

    @property
    def unknown(self) -> tuple[str, ...]:
        """What could not be translated, and is missing in the English."""
        return tuple(f.zh for f in self.found if f.how == "unknown")

    @property
    def label(self) -> str:
        """In Chinese, who or what made the English."""
        return BY_ZH[self.by]

    def add(self, words: Mapping[str, str]) -> "Translation":
        """Translate again with words of one's own, which win over the list."""
        return translate(self.source, {**self.own, **words})

    def rewrite(self, en: str) -> "Translation":
        """The same with English of one's own."""
        check_prompt(en)
        return Translation(self.source, self.found, "edited", self.own, en)


def translate(prompt: str, own: Mapping[str, str] | None = None) -> Translation:
    """Replace the Chinese of a prompt by English; everything else (Latin text, weights, brackets) stays as it is.

    Args:
        prompt: with or without Chinese.
        own: Chinese word -> English, added to the list for this call.

    Raises:
        BadInput: an empty prompt.

    >>> made = translate("(红色:1.3)的小狗，麒麟")
    >>> made.en, made.unknown
    ('(red:1.3) puppy', ('麒麟',))
    """
    check_prompt(prompt)
    own = FrozenMap(own or {})
    if not has_hanzi(prompt):
        return Translation(prompt, (Found(prompt, prompt, "kept"),), "none", own, prompt)
    whole = _whole().get(_normal(prompt))
    if whole and not own:
        return Translation(prompt, (Found(prompt, whole, "person"),), "person", own)
    lexicon = {**_lexicon(), **{zh: (en, "own") for zh, en in own.items()}}
    found: list[Found] = []
    for stretch in re.findall(r"[\u3400-\u9fff0-9A-Za-z]+|[^\u3400-\u9fff0-9A-Za-z]+", prompt):
        if has_hanzi(stretch):
            found += _segment(stretch, lexicon)
        else:
            found.append(Found(stretch, "".join(_MARKS.get(c, c) for c in stretch), "kept"))
    meant = {f.how for f in found} - {"kept"}
    return Translation(prompt, tuple(found), "person" if meant == {"person"} else "words", own)


def has_hanzi(text: str) -> bool:
    """Whether a Chinese character is in it."""
    return any("\u3400" <= letter <= "\u9fff" for letter in text)


def _segment(run: str, lexicon: Mapping[str, tuple[str, str]]) -> list[Found]:
    """Cut a run into words of the list: fewest unknown characters first, then fewest pieces."""
    longest = max(map(len, lexicon))
    best: list[tuple[int, int, int]] = [(0, 0, 0)]  # (unknown characters, pieces, where the last piece begins)
    for end in range(1, len(run) + 1):
        ways = [(best[end - 1][0] + has_hanzi(run[end - 1]), best[end - 1][1] + 1, end - 1)]
        for start in range(max(0, end - longest), end):
            if run[start:end].lower() in lexicon:
                ways.append((best[start][0], best[start][1] + 1, start))
        best.append(min(ways, key=lambda way: (way[0], way[1], -way[2])))
    cuts, end = [], len(run)
    while end:
        cuts.append((best[end][2], end))
        end = best[end][2]
    pieces = [run[start:end] for start, end in reversed(cuts)]
    known = [lexicon.get(piece.lower()) for piece in pieces]
    found = [
        Found(p, *k) if k else Found(p, None if has_hanzi(p) else p, "kept" if not has_hanzi(p) else "unknown")
        for p, k in zip(pieces, known, strict=True)
    ]
    return _merged(_unsure(found))


def _unsure(found: list[Found]) -> list[Found]:
    """A single character beside an unknown one is a part of an unknown word rather than a word (爱 in 爱因斯坦)."""
    out = list(found)
    for order in (range(len(out)), range(len(out) - 1, -1, -1)):
        for i in order:
            beside = [out[j].how for j in (i - 1, i + 1) if 0 <= j < len(out)]
            if len(out[i].zh) == 1 and out[i].how == "word" and "unknown" in beside:
                out[i] = Found(out[i].zh, None, "unknown")
    return out


def _merged(found: list[Found]) -> list[Found]:
    out: list[Found] = []
    for piece in found:
        if out and piece.how == out[-1].how and piece.how in ("unknown", "kept"):
            english = None if piece.en is None else (out[-1].en or "") + piece.en
            out[-1] = Found(out[-1].zh + piece.zh, english, piece.how)
        else:
            out.append(piece)
    return out


def _joined(found: tuple[Found, ...]) -> str:
    text = ""
    for piece in found:
        new = piece.en or ""
        if new[:1].isalnum() and (text[-1:].isalnum() or text[-1:] == ")"):
            text += " "
        text += new
    text = re.sub(r"\b(an?) (?=an? )", "", text)
    text = re.sub(r"\ba(?= [aeio])", "an", text)
    text = re.sub(r"(?:\s*,)+(?=\s*[,.)\]]|\s*$)|(?<=[(\[])[\s,]+", "", text)
    return re.sub(r"\s+", " ", text).strip().strip(",").strip()


def _normal(text: str) -> str:
    """For comparing prompts: one kind of comma, no spaces."""
    return re.sub(r"\s+", "", text).replace("，", ",").lower()


@cache
def _whole() -> Mapping[str, str]:
    return {_normal(prompt.zh): prompt.en for prompt in course_prompts()}


@cache
def _lexicon() -> Mapping[str, tuple[str, str]]:
    """Chinese -> (English, how). Clauses of the course's prompts count where both texts have as many clauses."""
    data = json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))
    table = {zh: (en, "particle") for zh, en in data["function_words"].items()}
    table |= {zh: (en, "word") for zh, en in data["words"].items()}
    table |= {word.zh: (re.sub(r"^an? ", "", word.en), "word") for word in all_words()}
    for prompt in course_prompts():
        zh, en = (re.split(r"\s*[,，|]\s*", text) for text in (prompt.zh, prompt.en))
        if len(zh) == len(en):
            table |= {
                a: (b, "person") for a, b in zip(zh, en, strict=True) if len(a) > 2 and not re.search(r"[()]|AND", a)
            }
    return table
