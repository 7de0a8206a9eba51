"""Wish for tunes in Chinese, English or tokens."""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import NamedTuple

from aigc_kit.core.bilingual import Words

MODES = ("gong", "shang", "jue", "zhi", "yu", "major", "minor")
METRES = ("2/4", "3/4", "4/4", "6/8")
FORMS = ("AABA", "ABAC", "qczh")
TEMPI = ("slow", "moderate", "fast")
SPANS = ("narrow", "medium", "wide")
DENSITIES = ("sparse", "even", "dense")
REGIONS = ("jiangnan", "shanbei", "steppe")
CHOICES: dict[str, tuple[str, ...]] = {
    "mode": MODES,
    "metre": METRES,
    "form": FORMS,
    "tempo": TEMPI,
    "span": SPANS,
    "density": DENSITIES,
    "region": REGIONS,
}
TITLES = {
    "mode": Words("mode", "调式"),
    "metre": Words("metre", "拍子"),
    "form": Words("form", "曲式"),
    "tempo": Words("tempo", "速度"),
    "span": Words("range", "音域"),
    "density": Words("density", "疏密"),
    "region": Words("region", "地方"),
}
NAMES: dict[str, Words] = {
    "gong": Words("gong mode", "宫调式"),
    "shang": Words("shang mode", "商调式"),
    "jue": Words("jue mode", "角调式"),
    "zhi": Words("zhi mode", "徵调式"),
    "yu": Words("yu mode", "羽调式"),
    "major": Words("major", "大调"),
    "minor": Words("minor", "小调"),
    "2/4": Words("2/4 time", "二四拍"),
    "3/4": Words("3/4 time", "三四拍"),
    "4/4": Words("4/4 time", "四四拍"),
    "6/8": Words("6/8 time", "六八拍"),
    "AABA": Words("AABA form", "AABA 曲式"),
    "ABAC": Words("ABAC form", "ABAC 曲式"),
    "qczh": Words("qi-cheng-zhuan-he form", "起承转合"),
    "slow": Words("slow", "慢速"),
    "moderate": Words("moderate tempo", "中速"),
    "fast": Words("fast", "快速"),
    "narrow": Words("narrow range", "音域窄"),
    "medium": Words("medium range", "音域适中"),
    "wide": Words("wide range", "音域宽"),
    "sparse": Words("sparse notes", "音符稀疏"),
    "even": Words("even notes", "音符匀称"),
    "dense": Words("dense notes", "音符密集"),
    "jiangnan": Words("Jiangnan style", "江南风格"),
    "shanbei": Words("Shanbei style", "陕北风格"),
    "steppe": Words("steppe style", "草原风格"),
}
PATTERNS: dict[str, str] = {
    "gong": r"宫调式?|宫(?=调)|\bgong\b",
    "shang": r"商调式?|\bshang\b",
    "jue": r"角调式?|\bjue\b|\bjiao\b",
    "zhi": r"[徵征]调式?|\bzhi\b",
    "yu": r"羽调式?|\byu\b",
    "major": r"大调|明亮|\bmajor\b|\bbright\b",
    "minor": r"小调|忧伤|悲伤|\bminor\b|\bsad\b",
    "2/4": r"二四拍|四二拍|\b2/4|2拍子|进行曲|\bmarch\b",
    "3/4": r"三四拍|四三拍|\b3/4|三拍子|圆舞曲|华尔兹|\bwaltz\b",
    "4/4": r"四四拍|\b4/4|四拍子|\bcommon time\b",
    "6/8": r"六八拍|八六拍|\b6/8|摇篮曲|\blullaby\b|\bjig\b",
    "AABA": r"\bA-?A-?B-?A'?(?![A-Za-z])",
    "ABAC": r"\bA-?B-?A-?C(?![A-Za-z])|平行乐段|\bparallel period\b",
    "qczh": r"起承转合|\bqi-?\s?cheng-?\s?zhuan-?\s?he\b",
    "slow": r"慢速|慢板|缓慢|舒缓|慢(?!慢?地?变)|\bslow(ly)?\b|\badagio\b|\bcalm\b",
    "moderate": r"中速|行板|中等速度|\bmoderate(ly)?\b|\bandante\b|\bmedium tempo\b",
    "fast": r"快速|快板|欢快|轻快|快(?!乐)|\bfast\b|\ballegro\b|\bquick\b|\blively\b",
    "narrow": r"音域窄|窄音域|音域小|\bnarrow\b",
    "medium": r"音域适中|中等音域|\bmedium range\b",
    "wide": r"音域宽广?|宽音域|音域大|\bwide\b",
    "sparse": r"稀疏|疏朗|长音|\bsparse\b|\blong notes\b",
    "even": r"匀称|疏密适中|\beven\b",
    "dense": r"密集|繁密|华彩|\bdense\b|\bbusy\b|\bmany notes\b",
    "jiangnan": r"江南|水乡|苏州|\bjiangnan\b",
    "shanbei": r"陕北|西北|信天游|黄土|\bshanbei\b|\bnorth-?west\b",
    "steppe": r"草原|蒙古|长调|\bsteppe\b|\bmongolia\w*\b",
}
_READERS = {value: re.compile(pattern, re.IGNORECASE) for value, pattern in PATTERNS.items()}
ANY = "any"


@dataclass(frozen=True)
class TuneWish:
    """Hold what is wished of a tune.

    None is left open.

    Values are those of `CHOICES`.
    """

    mode: str | None = None
    metre: str | None = None
    form: str | None = None
    tempo: str | None = None
    span: str | None = None
    density: str | None = None
    region: str | None = None

    def items(self) -> list[tuple[str, str]]:
        """List what is wished: (quality, value)."""
        pairs = [(field.name, getattr(self, field.name)) for field in fields(self)]
        return [(name, value) for name, value in pairs if value is not None]

    def tokens(self) -> list[str]:
        """Write it as seven tokens, "<any>" for what is open."""
        return [f"<{getattr(self, name) or f'{name} {ANY}'}>".replace(" ", "-") for name in CHOICES]


class ReadWish(NamedTuple):
    """Hold a wish, its words, and words left over."""

    wish: TuneWish
    kept: tuple[str, ...]
    dropped: str


def wish_tokens() -> list[str]:
    """List every token that a wish can be written with."""
    named = [f"<{value}>" for values in CHOICES.values() for value in values]
    return [*named, *(f"<{name}-{ANY}>" for name in CHOICES)]


def whole_wish(wish: TuneWish, draw: random.Random) -> TuneWish:
    """Fill what is open by chance."""
    chosen = {name: draw.choice(values) for name, values in CHOICES.items()}
    return TuneWish(**(chosen | dict(wish.items())))


def caption(wish: TuneWish, language: str = "zh", draw: random.Random | None = None) -> str:
    """Say a wish in Chinese ("zh") or English ("en").

    Its parts are shuffled by `draw`.
    """
    words = [getattr(NAMES[value], language) for _, value in wish.items()]
    if draw is not None:
        draw.shuffle(words)
    return ("，" if language == "zh" else ", ").join(words)


def read_wish(text: str) -> ReadWish:
    """Read a wish from words.

    Of two values of one quality the first counts.

    Returns:
        The wish, the words that carried it, and what is left of the text without them and without punctuation.
    """
    found: list[tuple[int, str, str, str]] = []
    for name, values in CHOICES.items():
        for value in values:
            match = _READERS[value].search(text)
            if match:
                found.append((match.start(), name, value, match.group()))
    chosen: dict[str, str] = {}
    kept: list[str] = []
    rest = text
    for _, name, value, word in sorted(found):
        if name not in chosen:
            chosen[name] = value
            kept.append(word)
            rest = rest.replace(word, " ", 1)
    dropped = " ".join(re.sub(r"[，。、,.;；:：!！?？]+|\s+", " ", rest).split())
    return ReadWish(TuneWish(**chosen), tuple(kept), dropped)


def wish_of(values: Mapping[str, str | None]) -> TuneWish:
    """Make a wish of values, passing over unknown ones."""
    return TuneWish(**{name: values[name] for name in CHOICES if values.get(name) in CHOICES[name]})
