"""Chinese characters -> syllables: readings by pypinyin's phrases, particles by place, tone sandhi by our own rules."""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
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
_PHRASES = {
    "着急": "zhao2 ji2",
    "了不起": "liao3 bu4 qi3",
    "朝阳区": "chao2 yang2 qu1",
    "银行": "yin2 hang2",
    "长江": "chang2 jiang1",
    "诶": "ei1",
}


@lru_cache(maxsize=256)
def words(text: str) -> tuple[str, ...]:
    """The text as words: known phrases, then neighbouring single characters in pairs; joined they are the text.

    >>> words("今天的天气真不错")
    ('今天', '的', '天气', '真', '不错')
    """
    from pypinyin.seg import mmseg

    found: list[str] = []
    waiting = ""
    for piece in mmseg.seg.cut(text):
        single = len(piece) == 1 and "\u4e00" <= piece <= "\u9fff" and piece not in _ALONE
        if single and waiting:
            found.append(waiting + piece)
            waiting = ""
        elif single:
            waiting = piece
        else:
            found += [waiting, piece] if waiting else [piece]
            waiting = ""
    return tuple([*found, waiting] if waiting else found)


def boundaries(text: str) -> list[int]:
    """Indices between two words, inside the text.

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
    """One syllable: the character, its index in the text, pinyin without tone (v for ü), tone 1..5 (5 is neutral)."""

    character: str
    index: int
    pinyin: str
    tone: int

    @property
    def text(self) -> str:
        """Such as "hao3"."""
        return f"{self.pinyin}{self.tone}"


def syllables(text: str, sandhi: bool = True) -> list[Syllable]:
    """The syllables of a text; characters without a reading are passed over.

    Args:
        text: normalised; marks end the reach of tone sandhi.
        sandhi: change tones as they are changed in speech: 不 and 一 by what follows, third tones in a row.

    Raises:
        BadInput: no text.

    >>> [s.text for s in syllables("你好，不是一个")]
    ['ni2', 'hao3', 'bu2', 'shi4', 'yi2', 'ge5']
    """
    check_text("text", text)
    made: list[Syllable] = []
    for found in _HAN.finditer(text):
        run = _readings(found[0], found.start())
        made += _sandhi(run, found[0], found.start()) if sandhi else run
    return made


def _readings(text: str, start: int) -> list[Syllable]:
    from pypinyin import Style, lazy_pinyin

    read: list[str] = []
    for word in _phrased(text):
        fixed = _PHRASES.get(word)
        read += (
            fixed.split()
            if fixed
            else lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True, errors=_unknown)
        )
    neutral = {found.start() for found in _STRUCTURAL_DE.finditer(text)}
    neutral |= {found.end() - 1 for found in _ADVERB_DI.finditer(text)}
    made = []
    for offset, (character, syllable) in enumerate(zip(text, read, strict=True)):
        said = "de5" if offset in neutral else _FIXED.get(character, syllable)
        if character in _DICTIONARY:  # some phrases of pypinyin have the changed tone already, others not
            said = _DICTIONARY[character]
        if said != "?" and said[-1].isdigit():
            made.append(Syllable(character, start + offset, said[:-1], int(said[-1])))
    return made


def _unknown(characters: str) -> Any:
    """pypinyin takes a list for a run of characters that it has no reading for, whatever its types say."""
    return list("?" * len(characters))


def _phrased(text: str) -> list[str]:
    """Words for pypinyin: whole runs, but our own phrases stand alone."""
    known = "|".join(sorted(_PHRASES, key=len, reverse=True))
    return [part for part in re.split(f"({known})", text) if part]


def _sandhi(run: list[Syllable], text: str, start: int) -> list[Syllable]:
    return _third(_light_ge(_bu_and_yi(run, text, start)), text, start)


def _light_ge(run: list[Syllable]) -> list[Syllable]:
    """个 loses its tone after a numeral or 几, 这, 那, 每; what 一 does before it, it does before the fourth tone."""
    made = list(run)
    for i in range(1, len(run)):
        near = run[i].index == run[i - 1].index + 1
        if run[i].character == "个" and near and run[i - 1].character in "一二两三四五六七八九十几这那每百千万半":
            made[i] = replace(run[i], tone=5)
    return made


def _bu_and_yi(run: list[Syllable], text: str, start: int) -> list[Syllable]:
    """不: 2 before 4. 一: 2 before 4, else 4; but 1 at the end, in a number and as an ordinal."""
    made = list(run)
    for i, syllable in enumerate(run):
        before = run[i - 1].character if i else ""
        following = run[i + 1] if i + 1 < len(run) else None
        if syllable.character == "不" and following and syllable.tone != 5:
            same = before == following.character  # 是不是
            made[i] = replace(syllable, tone=5 if same else 2 if following.tone == 4 else 4)
        elif syllable.character == "一" and following:
            if before == following.character:  # 看一看
                made[i] = replace(syllable, tone=5)
            elif before in _NUMERALS or following.character in _NUMERALS or following.character in "月号楼班":
                made[i] = replace(syllable, tone=4 if following.character in "百千万亿" and following.tone != 4 else 1)
                if following.character in "万亿" and before not in _NUMERALS:
                    made[i] = replace(syllable, tone=2)
            elif _ends_a_word(text, syllable.index - start):
                made[i] = replace(syllable, tone=1)
            elif following.tone == 4:
                made[i] = replace(syllable, tone=2)
            else:
                made[i] = replace(syllable, tone=4)
    return made


_ENDING_IN_YI = ("统一", "唯一", "专一", "单一", "合一", "归一", "不一")


_NUMERALS = tuple("零〇一二三四五六七八九十第百千万亿点幺")


def _ends_a_word(text: str, at: int) -> bool:
    """统一的: the 一 belongs to the word before it."""
    return at > 0 and text[at - 1 : at + 1] in _ENDING_IN_YI


def _third(run: list[Syllable], text: str, start: int) -> list[Syllable]:
    """Third tones in a row: within a word all but the last rise; across words the first of two rises."""
    made, ends = list(run), _word_ends(run, text, start)
    i = 0
    while i < len(run):
        j = i
        while j < len(run) and made[j].tone == 3:
            j += 1
        if j - i >= 2:
            for k in _rising(i, j, ends):
                made[k] = replace(made[k], tone=2)
        i = max(j, i + 1)
    return made


def _rising(start: int, end: int, ends: set[int]) -> list[int]:
    """Which of the third tones run[start:end] rise: each that is followed by one in its own group of words."""
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
    """Indices into `run` at which a word of `text` begins; `start` is the index of `text` in the whole."""
    at, starts = start, set[int]()
    for word in words(text):
        starts.add(at)
        at += len(word)
    return {i for i, syllable in enumerate(run) if syllable.index in starts}
