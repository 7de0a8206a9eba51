"""Compose a prompt of six parts, and take one apart."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from aigc_kit.core.errors import BadInput, UnknownName
from aigc_kit.core.types import FrozenMap, Words
from aigc_kit.core.types.atoms import check_text, freeze, shown
from aigc_kit.worlds.prompts.library import PARTS, all_words, has_hanzi, negatives, part_names

_SEPARATORS = ",，、;；。\n"
# What a clause sounds like that the library does not hold; the first that fits decides
_CUES = (
    ("technical", r"艺术站|热门|杰作|\b(artstation|masterpiece)\b"),
    ("style", r"风格|画风|艺术|插画|主义|[水油国版]画$|\b(style|painting|art|anime|sketch)\b"),
    (
        "technical",
        r"\d+\s?k|\d+mm|镜头|高清|清晰|细节|分辨率|写实|画质|精细|\b(lens|shot|resolution|detail\w*|focus)\b",
    ),
    ("lighting", r"光|灯|雾|氛围|阴影|夜|晨|黄昏|\b(light\w*|lit|mist|fog|shadows?|night|dawn|glow\w*)\b"),
    ("scene", r"^在|[中里]$|远处|背景|^(in|on|at|under|against|inside) |\b(background|distance)\b"),
    ("details", r"正在|穿|戴|拿|[着]$|^\w+ing\b|\b(wearing|holding)\b"),
)


@dataclass(frozen=True)
class Prompt:
    """Hold a prompt and its six parts.

    Args:
        text: what goes to the model.
        parts: name of a part -> its phrases, in the order of PARTS; only parts that have some.
        unassigned: phrases of a text whose part is not known.
    """

    text: str
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=FrozenMap)
    unassigned: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        freeze(self, "parts")

    @property
    def missing(self) -> tuple[str, ...]:
        """List the parts of the formula that are empty."""
        return tuple(part for part in PARTS if part not in self.parts)


def compose(parts: Mapping[str, str | Sequence[str]]) -> Prompt:
    """Join the parts in the order of the formula.

    Args:
        parts: part (subject, details, scene, lighting, style, technical, or their Chinese names) -> a phrase or
            several. Chinese phrases are joined with ，, others with a comma.

    Raises:
        UnknownName: no such part. BadInput: no subject nor any other phrase, or a phrase that is no text.

    >>> compose({"style": "油画", "主体": "一只猫"}).text
    '一只猫，油画'
    """
    lists = {_part(name): tuple(_phrases(name, value)) for name, value in parts.items()}
    lists = {part: lists[part] for part in PARTS if lists.get(part)}
    phrases = [phrase for part in lists.values() for phrase in part]
    if not phrases:
        raise BadInput(
            asked=Words("a prompt of six parts", "六个部分组成的提示词"),
            found=Words("every part is empty", "每个部分都是空的"),
            todo=Words("write at least the subject", "至少写上主体"),
        )
    joint = "，" if has_hanzi("".join(phrases)) else ", "
    return Prompt(joint.join(phrases), FrozenMap(lists))


def decompose(text: str) -> Prompt:
    """Sort the phrases of a prompt into the six parts.

    The library decides, else cues do (风格, 光, 8k). The first phrase is the subject unless the library knows it as
    something else. What neither tells is `unassigned`. Brackets of the weight grammar stay with their phrase.

    >>> decompose("一只猫，油画，8k").parts
    FrozenMap({'subject': ('一只猫',), 'style': ('油画',), 'technical': ('8k',)})
    """
    check_text("prompt", text)
    lists, rest = {part: list[str]() for part in PARTS}, list[str]()
    for index, phrase in enumerate(_split(text)):
        part = _known().get(_bare(phrase)) or ("subject" if index == 0 else _part_of(_bare(phrase)))
        lists.get(part or "", rest).append(phrase)
    return Prompt(text, FrozenMap({part: tuple(lists[part]) for part in PARTS if lists[part]}), tuple(rest))


def negative(*groups: str, language: str = "zh") -> str:
    """Write a negative prompt from groups of words.

    Args:
        groups: quality, anatomy, composition; none takes all three.
        language: "zh" or "en".

    Raises:
        UnknownName: no such group, or a language that is neither "zh" nor "en".

    >>> negative("quality", language="en")
    'low quality, blurry, distorted'
    """
    lists = negatives()
    for group in groups:
        if group not in lists:
            todo = Words(f"choose from {', '.join(lists)}", f"从 {'、'.join(lists)} 里选")
            raise UnknownName(
                asked=Words(f"negative words {group!r}", f"负面词 {group!r}"),
                found=Words("no group of that name", "没有这个名字的组"),
                todo=todo,
            )
    if language not in ("zh", "en"):
        raise UnknownName(
            asked=f"language={language!r}",
            found=Words("not in the library", "词库里没有"),
            todo=Words("say 'zh' or 'en'", "写 'zh' 或 'en'"),
        )
    words = [word for group in groups or lists for word in lists[group]]
    return "，".join(word.zh for word in words) if language == "zh" else ", ".join(word.en for word in words)


def _part(name: str) -> str:
    names = part_names()
    for part in PARTS:
        if name in (part, names[part], *names[part].split("/")):
            return part
    for part in PARTS:
        if isinstance(name, str) and name and names[part].startswith(name):
            return part
    choices = ", ".join(f"{part} ({names[part]})" for part in PARTS)
    raise UnknownName(
        asked=Words(f"the part {shown(name)} of a prompt", f"提示词的 {shown(name)} 部分"),
        found=Words("not in the formula", "公式里没有这一部分"),
        todo=Words(f"use {choices}", f"用 {choices}"),
    )


def _phrases(name: str, value: str | Sequence[str]) -> Iterator[str]:
    for phrase in value if isinstance(value, (list, tuple)) else (value,):
        check_text(name, phrase)
        if phrase.strip():
            yield phrase.strip()


def _split(text: str) -> list[str]:
    """Split at commas that stand outside brackets."""
    phrases, depth, start = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if letter in _SEPARATORS and depth <= 0:
            phrases.append(text[start:at])
            start = at + 1
    phrases.append(text[start:])
    return [phrase.strip() for phrase in phrases if phrase.strip()]


def _bare(phrase: str) -> str:
    """Take the weights off, in lower case."""
    return re.sub(r"[()\[\]\\]|:\s*[\d.]+(?=\s*\))", "", phrase).strip().lower()


def _part_of(bare: str) -> str | None:
    for part, cue in _CUES:
        if re.search(cue, bare):
            return part
    inside = [word for word in _known() if len(word) > 1 and word in bare]
    return _known()[max(inside, key=len)] if inside else None


@cache
def _known() -> Mapping[str, str]:
    return {text.lower(): word.part for word in all_words() if word.part for text in (word.zh, word.en)}
