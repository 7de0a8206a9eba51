"""Replace Chinese by English for encoders that read English only.

It goes by a word list and is no translator. The course's own prompts have translations written by a person, which are
used whole or clause by clause. All else is replaced word by word: word order and grammar stay Chinese, and what the
list does not hold is left out and shown. What the prompt says must not be there (不要文字) is left out too: an encoder
that reads "text" draws some, no or not; it belongs into the negative prompt.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from aigc_kit.core.types import FrozenMap
from aigc_kit.core.types.atoms import check_prompt, freeze
from aigc_kit.worlds.prompts.library import all_words, course_prompts, has_hanzi
from aigc_kit.worlds.tinyworld.negation import negated_spans
from aigc_kit.worlds.tinyworld.scan import scan
from aigc_kit.worlds.tinyworld.synonyms import NEGATIONS

_BY_ZH = {
    "person": "人工撰写的译文，非模型生成",
    "words": "按词表逐词替换，不是翻译：语序仍是中文的",
    "edited": "你改写的英文",
    "none": "没有中文，不需要替换",
}
_MARKS = str.maketrans(
    dict.fromkeys("，、；：", ", ") | dict.fromkeys("（）“”‘’《》【】…·", " ") | {"。": ". ", "！": "! ", "？": "? "}
)


@dataclass(frozen=True)
class Found:
    """Hold a stretch of a prompt and its English.

    Args:
        zh: as written.
        en: its English; "" for a particle that English has no word for; None when the list does not hold it.
        how: "person" (a clause translated by a person), "word", "particle", "own" (a word that you added),
            "kept" (no Chinese in it), "negated" (must not be there) or "unknown".
    """

    zh: str
    en: str | None
    how: str


@dataclass(frozen=True)
class Translation:
    """Hold a prompt's English and the way it was made.

    Args:
        source: the prompt.
        found: its stretches in order.
        by: "person" when all of it was translated by a person, "words", "edited" or "none" (no Chinese in it).
        own: words added by the reader.
        text: given when somebody rewrote the English.
        negations: False for a negative prompt, where 不要文字 asks for no text as 文字 does.
    """

    source: str
    found: tuple[Found, ...]
    by: str
    own: Mapping[str, str] = field(default_factory=FrozenMap)
    text: str | None = None
    negations: bool = True

    def __post_init__(self) -> None:
        freeze(self, "own")

    @property
    def en(self) -> str:
        """Give the English prompt, without the unknown words."""
        return self.text if self.text is not None else _joined(self.found)

    @property
    def kept(self) -> tuple[tuple[str, str], ...]:
        """List (Chinese, English) of everything that was replaced."""
        return tuple((f.zh, f.en or "") for f in self.found if f.how in ("person", "word", "own", "particle"))

    @property
    def unknown(self) -> tuple[str, ...]:
        """List what is missing in the English."""
        return tuple(f.zh for f in self.found if f.how == "unknown")

    @property
    def negated(self) -> tuple[str, ...]:
        """List what must not be there, and is left out."""
        return tuple(f.zh for f in self.found if f.how == "negated")

    @property
    def label(self) -> str:
        """Say in Chinese who or what made the English."""
        return _BY_ZH[self.by]

    def add(self, words: Mapping[str, str]) -> "Translation":
        """Translate again, with own words above those of the list."""
        return translate(self.source, {**self.own, **words}, negative=not self.negations)

    def rewrite(self, en: str) -> "Translation":
        """Replace the English by one's own."""
        check_prompt(en)
        return Translation(self.source, self.found, "edited", self.own, en)


def translate(prompt: str, own: Mapping[str, str] | None = None, *, negative: bool = False) -> Translation:
    """Replace the Chinese of a prompt by English.

    Everything else (Latin text, weights, brackets) stays as it is.

    Args:
        prompt: with or without Chinese.
        own: Chinese word -> English, added to the list for this call.
        negative: it is a negative prompt: what it names with a no is named all the same.

    Raises:
        BadInput: an empty prompt.

    >>> translation = translate("(红色:1.3)的小狗，麒麟")
    >>> translation.en, translation.unknown
    ('(red:1.3) puppy', ('麒麟',))
    """
    check_prompt(prompt)
    own = FrozenMap(own or {})
    if not has_hanzi(prompt):
        return Translation(prompt, (Found(prompt, prompt, "kept"),), "none", own, prompt)
    whole = next((course.en for course in course_prompts() if _normal(course.zh) == _normal(prompt)), None)
    if whole and not own:
        return Translation(prompt, (Found(prompt, whole, "person"),), "person", own)
    lexicon = {**_lexicon(), **{zh: (en, "own") for zh, en in own.items()}}
    pieces, at = list[Found](), 0
    for start, end in negated_spans(prompt, scan(prompt)):
        what = prompt[start:end]
        pieces += _replaced(prompt[at:start], lexicon)
        pieces += _replaced(_NO.sub("", what), lexicon) if negative else [Found(what, None, "negated")]
        at = end
    pieces += _replaced(prompt[at:], lexicon)
    ways = {piece.how for piece in pieces} - {"kept"}
    by = "person" if ways == {"person"} else "words"
    return Translation(prompt, tuple(pieces), by, own, negations=not negative)


_NO = re.compile("^(?:" + "|".join(sorted(filter(has_hanzi, NEGATIONS.split()), key=len, reverse=True)) + ")(?:有)?")
_COUNT = re.compile(
    r"([0-9]+[只个位朵颗条头匹名张辆棵本杯幅座艘片束群双对根件栋]|[三四五六七八九十][只个位朵颗条头匹名张辆棵本幅座艘])"
    r"(?=[\u3400-\u9fff])"
)
_NUMBERS = dict(zip("三四五六七八九十", ("three", "four", "five", "six", "seven", "eight", "nine", "ten"), strict=True))


def _replaced(text: str, lexicon: Mapping[str, tuple[str, str]]) -> list[Found]:
    """Replace part of a prompt, numbers with measure words first."""
    pieces: list[Found] = []
    for stretch in re.findall(r"[\u3400-\u9fff0-9A-Za-z]+|[^\u3400-\u9fff0-9A-Za-z]+", text):
        if not has_hanzi(stretch):
            pieces.append(Found(stretch, stretch.translate(_MARKS), "kept"))
            continue
        for index, part in enumerate(_COUNT.split(stretch)):
            if index % 2 and part not in lexicon:
                pieces.append(Found(part, _NUMBERS.get(part[:-1], part[:-1]), "word"))
            elif part:
                pieces += _segment(part, lexicon)
    return pieces


def _segment(run: str, lexicon: Mapping[str, tuple[str, str]]) -> list[Found]:
    """Cut a run into fewest unknown characters, then fewest pieces."""
    longest = max(map(len, lexicon))
    best: list[tuple[int, int, int]] = [(0, 0, 0)]  # (unknown characters, pieces, where the last piece begins)
    for end in range(1, len(run) + 1):
        ways = [(best[end - 1][0] + has_hanzi(run[end - 1]), best[end - 1][1] + 1, end - 1)]
        for start in range(max(0, end - longest), end):
            if run[start:end].lower() in lexicon:
                ways.append((best[start][0], best[start][1] + 1, start))
        best.append(min(ways, key=lambda way: (way[0], way[1], -way[2])))
    pieces, end = list[Found](), len(run)
    while end:
        start = best[end][2]
        word = run[start:end]
        otherwise = (None, "unknown") if has_hanzi(word) else (word, "kept")
        pieces.insert(0, Found(word, *lexicon.get(word.lower(), otherwise)))
        end = start
    return _merged(_unsure(pieces))


def _unsure(pieces: list[Found]) -> list[Found]:
    """Doubt single characters beside unknown ones: 爱 in 爱因斯坦."""
    out = list(pieces)
    for order in (range(len(out)), range(len(out) - 1, -1, -1)):
        for i in order:
            beside = [out[j].how for j in (i - 1, i + 1) if 0 <= j < len(out)]
            if len(out[i].zh) == 1 and out[i].how == "word" and "unknown" in beside:
                out[i] = Found(out[i].zh, None, "unknown")
    return out


def _merged(pieces: list[Found]) -> list[Found]:
    out: list[Found] = []
    for piece in pieces:
        if out and piece.how == out[-1].how and piece.how in ("unknown", "kept"):
            english = None if piece.en is None else (out[-1].en or "") + piece.en
            out[-1] = Found(out[-1].zh + piece.zh, english, piece.how)
        else:
            out.append(piece)
    return out


def _joined(pieces: tuple[Found, ...]) -> str:
    text = ""
    for piece in pieces:
        new = piece.en or ""
        if new[:1].isalnum() and (text[-1:].isalnum() or text[-1:] == ")"):
            text += " "
        text += new
    text = re.sub(r"\b(an?) (?=an? )", "", text)
    text = re.sub(r"\ba(?= [aeio])", "an", text)
    text = re.sub(r"\(\s*(?::\s*[\d.]+\s*)?\)|\[\s*\]", "", text)  # all that was in it is left out
    text = re.sub(r"(?:\s*,)+(?=\s*[,.)\]]|\s*$)|(?<=[(\[])[\s,]+", "", text)
    return re.sub(r"\s+", " ", text).strip().strip(",").strip()


def _normal(text: str) -> str:
    """Bring prompts to one kind of comma, no spaces."""
    return re.sub(r"\s+", "", text).replace("，", ",").lower()


@cache
def _lexicon() -> Mapping[str, tuple[str, str]]:
    """Map Chinese to (English, how).

    Clauses of the course's prompts count where both texts have as many.
    """
    data = json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))
    table = {zh: (en, "particle") for zh, en in data["function_words"].items()}
    table |= {zh: (en, "word") for zh, en in data["words"].items()}
    table |= {word.zh: (re.sub(r"^an? ", "", word.en), "word") for word in all_words()}
    for prompt in course_prompts():
        zh, en = (re.split(r"\s*[,，|]\s*", text) for text in (prompt.zh, prompt.en))
        if len(zh) == len(en):
            clauses = zip(zh, en, strict=True)
            table |= {a: (b, "person") for a, b in clauses if len(a) > 2 and not re.search(r"[()]|AND", a)}
    return table
