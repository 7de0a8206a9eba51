"""Turn Chinese characters into syllables.

Readings by pypinyin's phrases, particles by place, tone sandhi by our own rules.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

from aigc_kit.core.types.atoms import check_text

_ALONE = set("的了着过是在和与我你他她它真很不都也就还要去来有把被给让吧呢吗啊这那个从到对为而但或及")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\u3007\uf900-\ufaff\U00020000-\U0003ffff]+")
_STRUCTURAL_DE = re.compile(
    r"(?<=[跑走说写唱跳做来长飞睡吃喝过画讲想变显打玩坏累高好快慢多少大小美香笑哭气忙急热冷红])得"
    r"(?=[很真太更最不非特那这好快慢多漂清高远早晚对准出来去起])"
)
_ADVERB_DI = re.compile(
    r"(?P<x>[慢渐静悄轻好快默])(?P=x)(?P<di>地)|"
    r"(?<=[快静悄轻重高兴极续然力心])(?P<di2>地)(?=[说走跑看想做笑听读唱变向往飞来去跳叫喊哭问答写吃喝睡站坐])"
)
_FIXED = {"呣": "m2", "嗯": "en4", "欸": "ei4", "诶": "ei1", "哦": "o4", "唔": "wu2", "噷": "hen5", "哼": "heng1"}
_DICTIONARY = {"不": "bu4", "一": "yi1"}
# Phrases that pypinyin reads otherwise than they are said today
_PHRASES = {"着急": "zhao2 ji2", "了不起": "liao3 bu4 qi3", "朝阳区": "chao2 yang2 qu1", "诶": "ei1"}
_PHRASES |= {"银行": "yin2 hang2", "长江": "chang2 jiang1"}


@lru_cache(maxsize=256)
def words(text: str) -> tuple[str, ...]:
    """Split a text into phrases, and pairs of single characters.

    >>> words("今天的天气真不错")
    ('今天', '的', '天气', '真', '不错')
    """
    from pypinyin.seg import mmseg

    pieces: list[str] = []
    half = ""  # a single character that waits for another one
    for piece in mmseg.seg.cut(text):
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
    [2, 3, 5, 6]
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
        result += _third(_light_ge(_bu_and_yi(run, *place)), *place) if sandhi else run
    return result


def _readings(text: str, start: int) -> list[Syllable]:
    from pypinyin import Style, lazy_pinyin

    def unknown(characters: str) -> Any:  # pypinyin takes a list, whatever its types say
        return list("?" * len(characters))

    readings: list[str] = []
    phrases = "|".join(sorted(_PHRASES, key=len, reverse=True))
    for part in filter(None, re.split(f"({phrases})", text)):  # our own phrases stand alone
        if part in _PHRASES:
            readings += _PHRASES[part].split()
        else:
            readings += lazy_pinyin(part, style=Style.TONE3, neutral_tone_with_five=True, errors=unknown)
    neutral = {match.start() for match in _STRUCTURAL_DE.finditer(text)}
    neutral |= {match.end() - 1 for match in _ADVERB_DI.finditer(text)}
    run = []
    for offset, (character, reading) in enumerate(zip(text, readings, strict=True)):
        pinyin = "de5" if offset in neutral else _FIXED.get(character, reading)
        pinyin = _DICTIONARY.get(character, pinyin)  # some phrases of pypinyin have the changed tone already
        if pinyin != "?" and pinyin[-1].isdigit():
            run.append(Syllable(character, start + offset, pinyin[:-1], int(pinyin[-1])))
    return run


def _light_ge(run: list[Syllable]) -> list[Syllable]:
    """Take the tone of 个 after a numeral or pronoun."""
    result = list(run)
    for i, (before, syllable) in enumerate(pairwise(run), 1):
        near = syllable.index == before.index + 1
        if syllable.character == "个" and near and before.character in "一二两三四五六七八九十几这那每百千万半":
            result[i] = replace(syllable, tone=5)
    return result


def _bu_and_yi(run: list[Syllable], text: str, start: int) -> list[Syllable]:
    """Change the tones of 不 and 一 by what follows.

    不: 2 before 4. 一: 2 before 4, else 4; but 1 at the end, in a number and as an ordinal.
    """
    result = list(run)
    for i, (syllable, following) in enumerate(pairwise(run)):
        before = run[i - 1].character if i else ""
        if syllable.character not in "不一" or (syllable.character == "不" and syllable.tone == 5):
            continue
        tone = 2 if following.tone == 4 else 4
        if before == following.character:  # 是不是, 看一看
            tone = 5
        elif syllable.character == "一":
            if before in _NUMERALS or following.character in (*_NUMERALS, *"月号楼班"):
                tone = 4 if following.character in "百千万亿" and following.tone != 4 else 1
                if following.character in "万亿" and before not in _NUMERALS:
                    tone = 2
            elif text[max(syllable.index - start - 1, 0) :].startswith(_ENDING_IN_YI):
                tone = 1
        result[i] = replace(syllable, tone=tone)
    return result


_ENDING_IN_YI = ("统一", "唯一", "专一", "单一", "合一", "归一", "不一")
_NUMERALS = tuple("零〇一二三四五六七八九十第百千万亿点幺")


def _third(run: list[Syllable], text: str, start: int) -> list[Syllable]:
    """Raise third tones before another, within words and across."""
    result, ends = list(run), _word_ends(run, text, start)
    i = 0
    while i < len(run):
        j = i
        while j < len(run) and result[j].tone == 3:
            j += 1
        if j - i >= 2:
            for k in _rising(i, j, ends):
                result[k] = replace(result[k], tone=2)
        i = max(j, i + 1)
    return result


def _rising(start: int, end: int, ends: set[int]) -> list[int]:
    """List the third tones followed by one in their group."""
    if end - start == 3 and start + 1 in ends and start + 2 not in ends:
        return [start + 1]  # one and two: 老 + 保管 stays 3 2 3
    if end - start <= 3:
        return list(range(start, end - 1))
    groups, last = [], start
    for k in range(start + 1, end + 1):
        if k == end or (k in ends and k - last >= 2 and end - k >= 2):
            groups.append((last, k))
            last = k
    return [k for low, high in groups for k in range(low, high - 1)]


def _word_ends(run: list[Syllable], text: str, start: int) -> set[int]:
    """List the indices into `run` at which a word begins."""
    at, starts = start, set[int]()
    for word in words(text):
        starts.add(at)
        at += len(word)
    return {i for i, syllable in enumerate(run) if syllable.index in starts}
