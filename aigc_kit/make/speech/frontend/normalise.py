"""Scan a text, reading each place by the first rule."""

import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, get_args

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types.atoms import check_text, shown
from aigc_kit.make.speech.frontend import symbols
from aigc_kit.make.speech.frontend.rules import RULES, Reading
from aigc_kit.make.speech.frontend.symbols import quantity

_PAUSE = "标点作停顿"
English = Literal["letters", "keep"]


@dataclass(frozen=True)
class Change:
    """Tell what was written, what is said instead, and why.

    `after` is "" for a silent mark; the reasons are Chinese.
    """

    before: str
    after: str
    why: str


@dataclass(frozen=True)
class Unspoken:
    """Tell what was written and is not heard, and why."""

    text: str
    why: str


@dataclass(frozen=True)
class Part:
    """Hold a stretch of the text, with its fate.

    `why` is "" when it is kept as it is.
    """

    before: str
    after: str
    why: str = ""
    heard: bool = True


@dataclass(frozen=True)
class Normalised:
    """Hold a text, and how it is said.

    Args:
        text: as it was written.
        spoken: Chinese characters and the marks ，。！？；：、 (Latin words too, with english="keep").
        parts: in order; their `before` joined are `text`, their `after` joined are `spoken`.
    """

    text: str
    spoken: str
    parts: tuple[Part, ...] = field(repr=False)

    @property
    def changes(self) -> tuple[Change, ...]:
        """List what is said otherwise than written, not reshaped marks."""
        return tuple(Change(p.before, p.after, p.why) for p in self.parts if p.why and p.heard)

    @property
    def unspoken(self) -> tuple[Unspoken, ...]:
        """List what is not said."""
        return tuple(Unspoken(p.before, p.why) for p in self.parts if not p.heard)


def normalise(text: str, english: English = "letters") -> Normalised:
    """Turn what is written into what is said.

    Args:
        text: any text.
        english: "letters" says Latin words by a table of loan words and else letter by letter (for a voice that knows
            no English), "keep" leaves them as they are.

    Raises:
        BadInput: no text, or another word than these two.

    >>> text = normalise("2024年3月5日，气温-5℃😀")
    >>> text.spoken
    '二零二四年三月五日，气温零下五摄氏度'
    >>> text.unspoken
    (Unspoken(text='😀', why='表情符号不发音'),)
    """
    check_text("text", text)
    if english not in get_args(English):
        raise BadInput(
            asked=f"english={shown(english)}",
            found=Words("no such way", "没有这种读法"),
            todo=Words("say letters or keep", "写 letters 或 keep"),
        )
    plain = "".join(map(_fold, text))
    parts, at = list[Part](), 0
    while at < len(text):
        reading, end = _read(plain, at, english)
        before = text[at:end]
        why = "" if reading.text == before else "空白字符" if reading.text == " " else reading.why
        parts.append(Part(before, reading.text, why, reading.heard))
        at = end
    whole = _merge(parts)
    return Normalised(text, "".join(part.after for part in whole), tuple(whole))


@lru_cache(maxsize=4096)
def _fold(character: str) -> str:
    """Turn one full-width letter, digit or sign into ASCII."""
    if "\uff01" <= character <= "\uff5e" and character not in "，！？；：（）［］｛｝":
        return chr(ord(character) - 0xFEE0)
    return " " if character in "\u3000\u00a0\t" or unicodedata.category(character) == "Zs" else character


def _read(text: str, at: int, english: English) -> tuple[Reading, int]:
    for pattern, rule in RULES:
        match = pattern.match(text, at)
        if match and match.end() > at and (reading := rule(match, english)) is not None:
            return reading, match.end()
    return _single(text[at], english), at + 1


def _single(character: str, english: English) -> Reading:
    """Read one character that no rule took."""
    if character in symbols.PAUSES:
        return Reading(symbols.PAUSES[character], "换行作停顿" if character.isspace() else _PAUSE)
    if character in symbols.NAMED:
        return Reading(symbols.NAMED[character], "符号读出名称")
    if character.lower() in symbols.GREEK:
        return Reading(symbols.GREEK[character.lower()], "希腊字母")
    if character == " " or has_reading(character):
        return Reading(character)
    if unicodedata.category(character) in ("Nd", "Nl", "No"):
        return _other_number(character)
    return _plainer(character, english) or Reading("", _why_silent(character), heard=False)


def _why_silent(character: str) -> str:
    """Tell why a character is not heard."""
    category = unicodedata.category(character)
    if character in symbols.SILENT:
        return "标点，不发音"
    if category == "Co":
        return "私用区的字符，没有公认的读法"
    if category[0] in "CZ" or category == "Mn":
        return "看不见的字符"
    if category[0] == "L":
        return f"这个声音不会这种文字（{unicodedata.name(character, '?').split(' ')[0].title()}）"
    return "这个符号没有读法"


def _plainer(character: str, english: English) -> Reading | None:
    """Read é as e, ㎏ as kg, ⁈ as marks."""
    plain = unicodedata.normalize("NFKD", character)
    plain = "".join(sign for sign in plain if unicodedata.category(sign) != "Mn")
    letters = plain.isascii() and plain.isalnum()
    if plain == character or not plain:
        return None
    if letters and plain.isalpha():
        return Reading(plain if english == "keep" else symbols.say(plain)[0], "读作不带符号的字母")
    said = [symbols.PAUSES.get(sign) or symbols.NAMED.get(sign) for sign in plain]
    return Reading("".join(filter(None, said)), "读作等价的符号") if all(said) else None


def _other_number(character: str) -> Reading:
    """Read ①, Ⅻ, ½ and digits of other scripts."""
    value = unicodedata.numeric(character, None)
    if value is None:
        return Reading("", "这个符号没有读法", heard=False)
    if value == int(value) and value < 10**12:
        return Reading(quantity(str(int(value))), "数字符号")
    fraction = unicodedata.normalize("NFKC", character)
    top, slash, bottom = fraction.partition("\u2044")
    if slash and top.isdecimal() and bottom.isdecimal():
        return Reading(f"{quantity(str(int(bottom)))}分之{quantity(str(int(top)))}", "分数")
    digits = f"{value:g}"
    return Reading(quantity(digits if abs(value) < 10**6 and "e" not in digits else "0"), "数字符号")


@lru_cache(maxsize=8192)
def has_reading(character: str) -> bool:
    """Tell whether pypinyin reads a single Chinese character."""
    from pypinyin.constants import PINYIN_DICT

    return ord(character) in PINYIN_DICT


def _merge(parts: list[Part]) -> list[Part]:
    """Join neighbours kept as they are, and equal pauses."""
    whole: list[Part] = []
    for part in parts:
        last = whole[-1] if whole else None
        if last and not part.why and not last.why:
            whole[-1] = Part(last.before + part.before, last.after + part.after)
        elif last and part.why == last.why == _PAUSE and part.after == last.after:
            whole[-1] = Part(last.before + part.before, part.after, _PAUSE)
        else:
            whole.append(part)
    return whole
