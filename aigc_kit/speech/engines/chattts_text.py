"""The alphabet of ChatTTS: what its own normaliser would do with a text, done openly.

ChatTTS 0.2.5 keeps Chinese characters (U+4E00 to U+9FFF), Latin letters, `，。、,.` and the space. It turns `！；（）`
into a comma or a full stop and deletes everything else without a word: digits, question marks, quotes, emoji. Here
each of these is told. The result is a text of which its normaliser changes nothing any more (a test says so); it
is therefore not called, which also saves its just-in-time compilation of 3 to 20 seconds.
Source: `norm.py` of ChatTTS 0.2.5.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aigc_kit.errors import BadInput
from aigc_kit.speech import controls
from aigc_kit.speech.frontend import Change, Unspoken

_HAN = "\u4e00-\u9fff"
_KEPT = re.compile(rf"[{_HAN}A-Za-z，。、,. ]")
_WORDS = re.compile(r"\b[A-Za-z]+\b")

_STOP, _COMMA = "读作句号的停顿", "读作逗号的停顿"
_MARKS = {
    **dict.fromkeys("！？…", ("。", _STOP)),
    **dict.fromkeys("!?", (".", _STOP)),
    **dict.fromkeys("：；（）【】『』「」《》－—～", ("，", _COMMA)),
    **dict.fromkeys(":;()<>-~", (",", _COMMA)),
}
_SILENT = "“”‘’\"'`"  # told as marks that are not heard
_SPACE = "\n\t\r\u3000\u00a0"
_WIDE = str.maketrans(",.", "，。")


@dataclass(frozen=True)
class Fitted:
    """A text in the alphabet of ChatTTS, with what became of the rest of it."""

    text: str
    changes: tuple[Change, ...]
    unspoken: tuple[Unspoken, ...]


def fit(text: str, homophones: Mapping[str, str]) -> Fitted:
    """Bring a text into the alphabet.

    Args:
        text: may contain inline tokens.
        homophones: characters that the model reads better as another of the same sound; `homophones_of` reads them.

    Raises:
        BadInput: a bracket that ChatTTS would stumble over, or nothing that can be said.
    """
    fitted, changes, unspoken = "", dict[tuple[str, str], str](), dict[str, str]()
    for piece, is_token in controls.pieces(text):
        if is_token:
            fitted += piece
            continue
        for character in piece:
            given, why, heard = _read(character)
            other = homophones.get(given, given)
            if other != given:
                why = why or "ChatTTS 的同音字表：读音相同的字，它读得更准"
                given = other
            fitted += given
            if not heard:
                unspoken[character] = why
            elif why:
                changes[character, given] = why
    if _is_chinese(text) or _is_chinese(fitted):
        fitted = fitted.translate(_WIDE)
    if not any(c.isalpha() for c in controls.without_tokens(fitted)):
        raise BadInput(
            asked=f"speech of {text[:40]!r} by ChatTTS",
            found="nothing of it is in its alphabet: Chinese characters and Latin letters",
            todo="write numbers and signs in words, or leave normalise=True, which does",
        )
    return Fitted(
        fitted,
        tuple(Change(before, after, why) for (before, after), why in changes.items()),
        tuple(Unspoken(character, why) for character, why in unspoken.items()),
    )


def homophones_of(folder: Path) -> dict[str, str]:
    """The package's table of characters, from its own `res/homophones_map.json`: {character: character}.

    Args:
        folder: of the installed package.
    """
    table = json.loads((folder / "res" / "homophones_map.json").read_text(encoding="utf-8"))
    return {str(a): str(b) for a, b in table.items()}


def lost(before: str, after: str) -> str:
    """The letters and characters of `before` that `after` does not have, in order; marks, tokens and case do not count.

    >>> lost("今天天气好[laugh]", "今天 天气 [uv_break] 嗯"), lost("OK 好", "ok 好")
    ('好', '')
    """
    have = Counter(letters(after))
    missing = ""
    for character in letters(before):
        if have[character] > 0:
            have[character] -= 1
        else:
            missing += character
    return missing


def letters(text: str) -> str:
    """The letters and characters of a text in lower case, without marks, spaces and anything in brackets."""
    return "".join(c for c in re.sub(r"\[[^\]]*\]", "", text).lower() if c.isalpha())


def _read(character: str) -> tuple[str, str, bool]:
    """(what the model is given, why, whether it is heard) of one character; why is "" for what stays as it is."""
    same = " " if character in _SPACE else character
    if _KEPT.match(same):
        return same, "", True
    if character in _MARKS:
        mark, pause = _MARKS[character]
        what = "没有问号，疑问语气靠用词" if character in "?？" else f"没有它，{pause}"
        return mark, f"ChatTTS 的字表里{what}", True
    if character in _SILENT:
        return "", "ChatTTS 的字表里没有引号", False
    return "", "不在 ChatTTS 的字表里（只有汉字、拉丁字母和，。、），它自己会不声不响地删去", False


def _is_chinese(text: str) -> bool:
    """As ChatTTS decides it: more Chinese characters than Latin words."""
    return len(re.findall(f"[{_HAN}]", text)) > len(_WORDS.findall(text))
