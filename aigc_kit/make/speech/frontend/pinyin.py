"""Turn Chinese characters into syllables.

Readings by pypinyin's phrases, particles by place, tone sandhi by our own rules.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from aigc_kit.core.types.atoms import check_text
from aigc_kit.make.speech.frontend import lexicon, polyphones
from aigc_kit.make.speech.frontend.sandhi import change

_ALONE = set("的了着过是在和与我你他她它真很不都也就还要去来有把被给让吧呢吗啊这那个从到对为而但或及")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\u3007\uf900-\ufaff\U00020000-\U0003ffff]+")
_DICTIONARY = {"不": "bu4", "一": "yi1"}


@lru_cache(maxsize=256)
def words(text: str) -> tuple[str, ...]:
    """Split a text into phrases, and pairs of single characters.

    >>> words("今天的天气真不错")
    ('今天', '的', '天气', '真不错')
    """
    pieces: list[str] = []
    half = ""  # a single character that waits for another one
    for piece in segment(text):
        single = len(piece) == 1 and "\u4e00" <= piece <= "\u9fff" and piece not in _ALONE
        if single and not half:
            half = piece
            continue
        pieces += [half + piece] if single else [half, piece]
        half = ""
    return tuple(filter(None, [*pieces, half]))


def boundaries(text: str) -> list[int]:
    """List the indices between two words, inside the text.

    >>> boundaries("今天的天气真不错")
    [2, 3, 5]
    """
    places, at = [], 0
    for word in words(text):
        at += len(word)
        places.append(at)
    return places[:-1]


@dataclass(frozen=True)
class Syllable:
    """Hold one syllable: character, index, pinyin and tone.

    Pinyin is without tone (v for ü), tone 1..5 (5 is neutral).
    """

    character: str
    index: int
    pinyin: str
    tone: int

    @property
    def text(self) -> str:
        """Write it such as "hao3"."""
        return f"{self.pinyin}{self.tone}"


def syllables(text: str, sandhi: bool = True) -> list[Syllable]:
    """List the syllables of a text, unreadable characters left out.

    Args:
        text: normalised; marks end the reach of tone sandhi.
        sandhi: change tones as they are changed in speech: 不 and 一 by what follows, third tones in a row.

    Raises:
        BadInput: no text.

    >>> [s.text for s in syllables("你好，不是一个")]
    ['ni2', 'hao3', 'bu2', 'shi4', 'yi2', 'ge5']
    """
    check_text("text", text)
    result: list[Syllable] = []
    for match in _HAN.finditer(text):
        place = match[0], match.start()
        run = _readings(*place)
        result += change(run, *place, _word_ends(run, *place)) if sandhi else run
    return result


def _readings(text: str, start: int) -> list[Syllable]:
    run, at = [], 0
    for word in (part for long in segment(text) for part in _known(long)):
        for offset, (character, reading) in enumerate(zip(word, _word(word, text, at), strict=True)):
            pinyin = _DICTIONARY.get(character, reading)  # some phrases of pypinyin have the changed tone already
            if pinyin != "?" and pinyin[-1].isdigit():
                run.append(Syllable(character, start + at + offset, pinyin[:-1], int(pinyin[-1])))
        at += len(word)
    return run


def _word(word: str, text: str, at: int) -> list[str]:
    """Read a word at `at`: ours, pypinyin's, else by context."""
    from pypinyin import Style, lazy_pinyin
    from pypinyin.constants import PHRASES_DICT

    def unknown(characters: str) -> Any:  # pypinyin takes a list, whatever its types say
        return list("?" * len(characters))

    if word in lexicon.PHRASES:
        return lexicon.PHRASES[word].split("-")
    readings = lazy_pinyin([word], style=Style.TONE3, neutral_tone_with_five=True, errors=unknown)
    if word not in PHRASES_DICT or lexicon.UNSURE.fullmatch(word):
        readings = [polyphones.by_context(text, at + i) or reading for i, reading in enumerate(readings)]
    return lexicon.lighter(word, readings)


@lru_cache(maxsize=1)
def _segmenter() -> Any:
    import rjieba

    segmenter = rjieba.Jieba()
    for word in (*lexicon.PHRASES, *lexicon.LIGHT, *lexicon.FULL_ZI):
        if not segmenter.has_word(word):
            segmenter.add_word(word, segmenter.suggest_freq(word), "n")
    return segmenter


@lru_cache(maxsize=256)
def segment(text: str) -> tuple[str, ...]:
    """Split a text into words of a dictionary.

    >>> segment("这个会计会计算")
    ('这个', '会计', '会', '计算')
    """
    return tuple(_segmenter().cut(text, False))


@lru_cache(maxsize=1024)
def _known(word: str) -> tuple[str, ...]:
    """Split a word into few words of known readings."""
    from pypinyin.constants import PHRASES_DICT

    if len(word) <= 2 or word in PHRASES_DICT or word in lexicon.PHRASES:
        return (word,)
    has = _segmenter().has_word
    ways: list[tuple[str, ...]] = [()]
    for end in range(1, len(word) + 1):
        parts = [(start, word[start:end]) for start in range(end) if end - start < len(word)]
        known = [(*ways[i], part) for i, part in parts if len(part) == 1 or part in PHRASES_DICT or has(part)]
        ways.append(min(known, key=len))
    return ways[-1]


def _word_ends(run: list[Syllable], text: str, start: int) -> set[int]:
    """List the indices into `run` at which a word begins."""
    at, starts = start, set[int]()
    for word in words(text):
        starts.add(at)
        at += len(word)
    return {i for i, syllable in enumerate(run) if syllable.index in starts}
