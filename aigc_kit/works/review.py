"""Review an article for what a reader stumbles over."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import FrozenMap, Words

LENGTH, TOLERANCE = 400, 0.2
FEWEST_STEPS = 3

JARGON: Mapping[str, str] = FrozenMap(
    同胚="能互相捏成对方",
    同伦="能慢慢变过去",
    流形="放大了看都是平的形状",
    拓扑不变量="怎么捏都不变的数",
    拓扑等价="能互相捏成对方",
    欧拉示性数="顶点数减棱数加面数",
    单连通="没有洞",
    连通分支="有几块",
    连续映射="不撕破的变形",
    双射="一个对一个",
    嵌入="放进空间里",
    紧致="有边有界",
    基本群="绕洞的不同走法",
    开集="不带边的一片",
    等价类="算作同一种的一群",
    微分同胚="光滑地捏成对方",
)
"""Words of the trade -> how to say it."""

_STEPS = re.compile(
    r"首先|第[一二三四五六七八九十]步|一开始|然后|接着|接下来|随后|再(?=[把用将往捏压拉按推])|最后|最终|先(?=[把用将往拿捏])|^\s*[1-9][.、)）]",
    re.M,
)
_LEFT = (
    re.compile(r"\[cite[^\]]*\]?", re.I),
    re.compile(r"\[\d+\]\(@ref\)|\[\^?\d+\]|【[^】\n]{0,40}】|\[\[[^\]\n]*\]\]"),
    re.compile(r"\b(?:TODO|TBD|FIXME|XXX|lorem ipsum)\b", re.I),
    re.compile(r"\{\{?\s*[\w一-鿿]+\s*\}?\}|<[\w一-鿿/][^>\n]{0,40}>"),
    re.compile(r"此处(?:插入|填写|省略)|待补充|待定|（略）|（此处|\[插入[^\]]*\]|\[图[^\]]*\]"),
    re.compile(
        r"作为(?:一个|一名)?(?:AI|人工智能|语言模型)|好的，(?:以下|这是|下面)|希望(?:这|以上)[^。\n]{0,12}(?:帮助|满意)"
    ),
)
_MARKUP = re.compile(r"\*\*|^#{1,6}\s|```|^\s*[-*]\s|^\|", re.M)
_ENDS = re.compile(r"[。！？!?…][”’』」）)]*$")
_CLOSING = re.compile(r"所以|下次|以后|原来|总之|毕竟|这就是|记住|别忘|不妨|也许|如今|从此|你看|说到底|说不定")
_LIKENING = re.compile(r"橡皮|黏土|粘土|面团|泥|气球|好像|就像|像|如同|好比|仿佛|比作|假如|想象")


@dataclass(frozen=True)
class Finding:
    """Hold one point of the review.

    `words` say what was found, with a piece of the text where that helps; `todo` what to change, "" when it is in
    order.
    """

    title: str
    ok: bool
    words: str
    todo: str = ""


@dataclass(frozen=True)
class Review:
    """Hold all points, true when all are in order."""

    findings: tuple[Finding, ...]

    @property
    def failed(self) -> tuple[Finding, ...]:
        """List the points that are not in order."""
        return tuple(finding for finding in self.findings if not finding.ok)

    def __bool__(self) -> bool:
        return not self.failed

    def __str__(self) -> str:
        marks = ("要改", "通过")
        return "\n".join(f"{marks[f.ok]} {f.title}：{f.words}{'。' * bool(f.todo)}{f.todo}" for f in self.findings)


def length(text: str) -> int:
    """Count characters, and words or numbers of Latin letters.

    >>> length("甜甜圈 donut，有 1 个洞。")
    8
    """
    return len(re.findall(r"[㐀-鿿豈-﫿]|[A-Za-z0-9]+(?:[.'-][A-Za-z0-9]+)*", text))


def review(
    text: str, *, about: int = LENGTH, must: Sequence[Sequence[str]] = (("洞", "孔", "亏格", "窟窿"),)
) -> Review:
    """Look through an article in Chinese for a young reader.

    It should be `about` so long, a fifth more or less; `must` has, for each thing to be named, the words for it.

    Raises:
        BadInput: no text.
    """
    if not text.strip():
        raise BadInput(
            asked=Words("a review", "给文章做检查"),
            found=Words("no text", "没有文字"),
            todo=Words("write or paste one first", "先写或粘贴一篇"),
        )
    points = (_steps, _likeness, _ending, _leftovers, _jargon)
    return Review((_length(text, about), _concepts(text, must), *(point(text) for point in points)))


def _length(text: str, about: int) -> Finding:
    count, low, high = length(text), round(about * (1 - TOLERANCE)), round(about * (1 + TOLERANCE))
    ok = low <= count <= high
    todo = "" if ok else f"{'加' if count < low else '删'}到 {low}–{high} 字"
    return Finding("长度", ok, f"{count} 字（标点不算），目标约 {about} 字", todo)


def _concepts(text: str, must: Sequence[Sequence[str]]) -> Finding:
    missing = ["／".join(words) for words in must if not any(word in text for word in words)]
    if missing:
        return Finding("关键概念", False, f"没有提到 {'；'.join(missing)}", "这是全文的核心，至少说一次")
    return Finding("关键概念", True, f"提到了 {'、'.join(word for words in must for word in words if word in text)}")


def _steps(text: str) -> Finding:
    steps = list(dict.fromkeys(map(str.strip, _STEPS.findall(text))))
    ok = len(steps) >= FEWEST_STEPS
    todo = "" if ok else f"至少 {FEWEST_STEPS} 步，用“首先、然后、接着、最后”带出来"
    return Finding("步骤", ok, f"看到 {len(steps)} 个步骤词{'：' + '、'.join(steps) if steps else ''}", todo)


def _likeness(text: str) -> Finding:
    match = _LIKENING.search(text)
    if match:
        return Finding("比喻", True, f"有：{_around(text, match.start())}")
    return Finding("比喻", False, "没有找到比喻", "用橡皮泥、面团这样摸得着的东西打比方")


def _ending(text: str) -> Finding:
    for pattern in (*_LEFT, _MARKUP):  # what is left over is another point, and is no part of a sentence
        text = pattern.sub("", text)
    last = (text.strip().splitlines() or [""])[-1].strip()
    if not _ENDS.search(last):
        return Finding("结尾", False, f"最后一句没有说完：…{last[-16:]}", "补完这一句；生成时可以加大长度上限")
    close = _CLOSING.search(last)
    if not close:
        todo = "用一两句话收尾，回到开头，或者逗读者一笑"
        return Finding("结尾", False, f"最后一段像是戛然而止：…{last[-16:]}", todo)
    return Finding("结尾", True, f"最后一段用“{close[0]}”收尾")


def _leftovers(text: str) -> Finding:
    scraps = [match[0].strip() for pattern in _LEFT for match in pattern.finditer(text)]
    scraps += [f"排版符号 {match[0].strip()}" for match in _MARKUP.finditer(text)]
    if not scraps:
        return Finding("残留", True, "没有占位符和排版残留")
    kinds = Counter(piece[:24] for piece in scraps)
    words = "、".join(f"{piece}（{count} 处）" if count > 1 else piece for piece, count in kinds.items())
    many = f"，{len(kinds)} 种" if len(kinds) < len(scraps) else ""
    return Finding("残留", False, f"有 {len(scraps)} 处{many}：{words}", "删掉，或者换成真正的内容")


def _jargon(text: str) -> Finding:
    words = [word for word in JARGON if _unexplained(word, text)]
    words = [word for word in words if sum(word in longer for longer in words) == 1]
    if not words:
        return Finding("术语", True, "没有未解释的术语")
    todo = "；".join(f"“{word}”可以说成“{JARGON[word]}”" for word in words)
    return Finding("术语", False, f"有 {'、'.join(words)}", todo)


def _unexplained(word: str, text: str) -> bool:
    """Tell whether a word stands there without any explanation."""
    pattern = rf"(?:叫做?|称为|称作|所谓的?)[“「]?{word}|{word}[”」]?(?:（|\(|，?就是|，?也就是|，?意思是)"
    return word in text and not re.search(pattern, text)


def _around(text: str, place: int) -> str:
    return "…" + re.sub(r"\s+", " ", text[max(place - 6, 0) : place + 10]) + "…"
