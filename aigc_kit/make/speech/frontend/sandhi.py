"""Change tones as speech does: 不, 一, third tones.

A run is the list of syllables of characters without a mark between them.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aigc_kit.make.speech.frontend.pinyin import Syllable

_NUMERALS = "零〇一二三四五六七八九十百千万亿点幺"
_DATES = ("月一日", "月一号")
_DIGITS = "零〇一二三四五六七八九十幺"
# Behind these, 一 ends a name of a day, a class, a share or a word
_ENDS = re.compile(
    r"(?:第|周|星期|礼拜|[初高大研](?=一(?:[学新年级班上下的和到三二两生数语英，]|$))|之(?!一[百千万亿])|其(?!中)|万(?=一(?:[他她你我它是有不没出下明哪谁这那的]|$))|"
    r"[统唯专单合归逐划始惟]|任(?=一$)|不(?=一(?:的|而足|$|[，。]))|[五十百三二](?=一(?:劳动|国庆|长假|假期|黄金周|小长假|$))|"
    r"独(?=一无二)|说(?=一不二)|[数略](?=一[数知]?二)|挑(?=一)|[二三四五六多]合|举(?=一反三)|知(?=一二))(?=一)"
)
# Before these, 一 orders: 一年级, 一号, 一等奖
_ORDERS = re.compile(
    r"[号楼班](?!人)|月(?!饼)|年级|等[奖功品舱座兵地]|级|季度?|单元|期工程|审|区|更|点钟|分之|[维阶]|[加减乘]|除以|等于|比[一二三四五六七八九十]|五一十|二[三年]|战|九[零一二三四五六七八九]"
)


def change(run: "list[Syllable]", text: str, start: int, ends: set[int]) -> "list[Syllable]":
    """Change the tones of a run.

    Args:
        run: with the tones of the dictionary.
        text: the characters of the run.
        start: index of `text` in the whole text.
        ends: indices into `run` at which a word begins.
    """
    return _third(_light_ge(_bu_and_yi(run, text, start)), ends)


def _light_ge(run: "list[Syllable]") -> "list[Syllable]":
    """Take the tone of 个 after a numeral or pronoun."""
    result = list(run)
    for i, (before, syllable) in enumerate(pairwise(run), 1):
        near = syllable.index == before.index + 1
        if syllable.character == "个" and near and before.character in "一二两三四五六七八九十几这那每百千万半":
            result[i] = replace(syllable, tone=5)
    return result


def _bu_and_yi(run: "list[Syllable]", text: str, start: int) -> "list[Syllable]":
    """Change the tones of 不 and 一 by what follows.

    不: 2 before 4. 一: 2 before 4, else 4; but 1 at the end, in a number and as an ordinal.
    """
    result = list(run)
    for i, (syllable, following) in enumerate(pairwise(run)):
        at = syllable.index - start
        if syllable.character == "不" and syllable.tone != 5:
            result[i] = replace(syllable, tone=_between(run, i) or (2 if following.tone == 4 else 4))
        elif syllable.character == "一":
            usual = 2 if following.tone == 4 else 4
            result[i] = replace(syllable, tone=_between(run, i) or (1 if _counts(text, at) else usual))
    return result


def _between(run: "Sequence[Syllable]", i: int) -> int:
    """Give 5 between two equal verbs: 是不是, 看一看, else 0."""
    same = i > 0 and run[i - 1].character == run[i + 1].character
    twice = i > 1 and run[i - 2].character in "一二三四五六七八九十几每"  # 一天一天
    return 5 if same and not twice and run[i - 1].character not in _NUMERALS else 0


def _counts(text: str, at: int) -> bool:
    """Tell whether 一 is a figure or an ordinal."""
    before, tail = text[max(at - 1, 0) : at], text[at + 1 :]
    if any(match.end() == at for match in _ENDS.finditer(text, max(at - 3, 0))) or text[at - 1 : at + 2] in _DATES:
        return True
    if before == "一" and any(match.end() == at - 1 for match in _ENDS.finditer(text, max(at - 4, 0))):
        before = ""  # 唯一一个
    if before == "点":
        return not re.match(r"[刻点]", tail)
    if tail[0] == "点":
        return before in tuple(_NUMERALS) or bool(re.match(rf"点[{_DIGITS}钟]", tail))
    if tail[0] in "百千万亿":
        return before in tuple(_NUMERALS)
    return before in tuple(_NUMERALS) or tail[0] in _DIGITS or bool(_ORDERS.match(tail))


def _third(run: "list[Syllable]", ends: set[int]) -> "list[Syllable]":
    """Raise third tones before another, within words and across."""
    result = list(run)
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
