"""Find the world's words that have endings, gaps or neighbours.

Plain words are in `synonyms`; where a pattern and a word begin at the same place, the longer one counts. A pattern is
written one way a line; a blank stands for spaces or hyphens, ``\b`` for an edge of a Latin word.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from aigc_kit.worlds.tinyworld.synonyms import SYNONYMS
from aigc_kit.worlds.tinyworld.words import TERMS


class Rule(NamedTuple):
    """Say what a pattern stands for.

    "grammar" and "unknown" have no value.
    """

    pattern: re.Pattern[str]
    attribute: str
    value: str
    hint: bool = False


_BORDER = r"(?:(?<![a-z0-9])(?=[a-z0-9])|(?<=[a-z0-9])(?![a-z0-9]))"


def rule(attribute: str, value: str, ways: str) -> Rule:
    """Compile ways, one a line.

    A value that ends in "?" is only suggested.
    """
    text = "|".join(line.strip() for line in ways.splitlines() if line.strip())
    text = text.replace("[ -]", "\0").replace(" ", r"(?:[\s_-]+)").replace("\0", r"[\s_-]").replace("\\b", _BORDER)
    return Rule(re.compile(text), attribute, value.rstrip("?"), value.endswith("?"))


def _words(attribute: str, value: str, *, chinese: bool) -> str:
    """Give the longer synonyms as a pattern."""
    words = SYNONYMS[attribute][value].split("|")[0 if chinese else 1].split()
    words = sorted((word for word in words if word.isascii() != chinese and len(word) > 1), key=len, reverse=True)
    return "|".join(word.replace("-", " ") for word in words)


_BASE = {zh[0][0]: value for value, (zh, _) in TERMS["colour"].items()} | {"橘": "orange"}
"""The one Chinese character of each colour."""

_FLOWER_ZH, _FLOWER_EN = (_words("subject", "flower", chinese=chinese) for chinese in (True, False))
_FLOWERS_EN = rf"(?:(?:{_FLOWER_EN}|flower|violet)(?:e?s)?|lavender)"
_CLEAN = r"(?:纯|全|素|单|净|干净|简单|简洁|简约|空白|空|极简|纯净|纯白)"
_CLEAN_EN = r"(?:plain|blank|empty|solid|simple|clean|white|studio|minimal|minimalist|neutral)"
_PICTURE = r"(?:picture|page|frame|image|canvas|screen|photo|scene|composition)"
_AMONG = r"(?:among|amid|amidst|surrounded by|picking|smelling|through|in|into)"
_SOME = r"(?: the| a| some| lots of| all)?(?: \w+)?"
_COLOURS_EN = r"(?:red|blue|green|white|orange|yellow|purple|pink|gold|golden|black|silver)"

_SUBJECTS_EN = (
    "puppy|dog|cat|kitten|flower|rose|tulip|lily|donut|cup|coffee|latte|heart|star|fish|goldfish|shark|ball|wizard"
)
_HEADS_EN = (
    "girl|boy|lady|man|woman|kid|house|food|market|ship|pit|surgeon|attack|disease|holder|shop|store|tank|van|truck|"
    "owner|lover|show|club|hospital|power|ice cream|machine|bean|table|pot|seed|oil|sauce|sticks?|player|game|"
    "team|room|fight|nap|walk|rate|beat|burn|sign|map|chart|system|light|anise|fruit|skin|cake|jar|stand|toy|costume|mask|boots?|coat|book"
)
"""English nouns that a subject only describes: a flower girl is no flower."""


def _colours() -> Iterator[tuple[str, str, str]]:
    for zh, value in _BASE.items():
        yield (
            "colour",
            value,
            rf"[深浅淡亮暗嫩鲜大艳]?{zh}(?:颜色|色系|色)|{zh}{zh}(?:的|色)?|[深浅淡亮暗嫩鲜]{zh}|{zh}不溜秋",
        )


_SUBJECTS = (
    ("subject", "heart", rf"(?<=[{''.join(_BASE)}色的颗])心(?![情里中事愿意理灵思得态动跳脏想目慌急疼血机电地])"),
    ("subject", "star", rf"(?<=[{''.join(_BASE)}色的颗])星(?![空际球期座光辰云系河人巴级号])"),
    (
        "unknown",
        "",
        r"""[吃抓钓捕打喂摸养杀烤煎沉咸]鱼|鱼(?=[翅肉汤鳞油丸刺缸塘池网骨竿饵苗香肚松汛虾贩肝钩篓市米目])
        [浇买送献插绣印提雕泪水礼麻葱椰校眼昏酒老棉天金探菱雌雄]花|花(?=[岗样哨费钱销轿椒生炮掉言盆鼓斑式期丝药蜜茶天脸市容盘呢影魁匠架头帽车腔灯厅序圈篮])
        [撸铲]猫|猫(?=[眼腻薄科])|[遛搜走]狗|狗(?=[肉屁熊血仔贼官头眼腿洞急])|[鹰鸡]犬|犬(?=[齿吠马子])|狂犬病?
        [打踢传进发击罚控投扣接持运角点头入失输假开半天椭煤马]球|[足篮排网棒乒乓冰]{0,2}球(?=俱乐部|运动员|[队场迷员馆鞋衣门拍赛网形状面果菌类票技手粒市道台蛋根茎])
        [洲军界奖赛超联斯伦总举干碰捧夺]杯|杯(?=[赛具口])|圆(?:圆|滚滚|鼓鼓|溜溜|嘟嘟)(?!的?[球圈形])|[椭扁半]圆形?|[长四]方形
        (?:管理|服务|数据|计算|活动|购物|体育)中心|中[心央间](?=[论点组线主体派人价商件层集委政电])|[棕灰银][黄绿红白]色?
        太阳(?=[能系报电镜伞])|城市(?=[化户])|三角(?=[学翼函恋洲])|[珠金]三角|海洋(?=[性法学能])|[油漫插动]画(?=[家师片])|桃花[源运]|荧光[屏灯]|大大(?=[方咧提增超降])""",
    ),
    ("unknown", "", rf"\b(?:{_SUBJECTS_EN}) (?:{_HEADS_EN})s?\b"),
    ("unknown", "", rf"\b{_COLOURS_EN} (?:house|herring|county|carpet|card|collar|cross|panda|medal|rush|tea)\b"),
)

_SCENES = (
    (
        "scene",
        "plain",
        rf"""{_CLEAN}白?(?:色)?(?:的)?(?:一?点儿?)?(?:的)?背景
        (?:{_CLEAN}|白)色?底(?![部层座下色])
        背景(?:是|要|为|用|就|保持|尽量|全|都|很)*(?:{_CLEAN}|白)(?:色的?|的)?(?:一?点儿?|一些|就好|就行)?(?![\u4e00-\u9fff]*[景图画])
        (?:不要|无|去掉|不需要|不用|别画)(?:任何|其他)?背景
        (?:啥|什么|任何)背景(?:都|也)(?:不要|不用|别)
        \b(?:{_CLEAN_EN}(?: colou?r(?:ed)?)? )+(?:background|backdrop|bg)\b
        \b(?:no|without (?:a |any )?) ?(?:background|backdrop|bg)\b
        \bisolated on (?:a )?white\b""",
    ),
    (
        "scene",
        "flowers",
        rf"""(?:{_FLOWER_ZH})(?:花?[田海丛园]|丛[中里间]|树下|林|地)
        \b(?:field|bed|sea|meadow|garden|patch|valley|carpet)s? (?:full )?of (?:\w+ )?{_FLOWERS_EN}\b
        \b{_FLOWERS_EN} (?:field|garden|patch|bed|meadow)s?\b""",
    ),
    (
        "scene",
        "flowers?",
        rf"""\b{_AMONG}{_SOME} (?:{_FLOWER_EN}|flower|violet)s\b""",
    ),
    ("scene", "forest", r"林(?=[里中间]|深处)"),
    (
        "scene",
        "forest?",
        r"""(?:都是|到处是|全是|很多|许多|好多|一片)大?树(?!叶)
        \b(?:surrounded by|among|between) (?:tall |big |the )*trees\b""",
    ),
    ("scene", "sea?", r"\b(?:big |huge |giant |ocean |sea )?waves\b"),
    ("scene", "city?", r"(?<=夜)市"),
)

_LIGHTS = (
    (
        "light",
        "night",
        r"""夜(?=市)
        \b(?:late |dark )?(?:at )?nights?\b
        \bpitch (?:dark|black)(?: sky| night)?\b
        \b(?:under|beneath|below) (?:the|a sky full of)(?: \w+)? stars\b
        \blit by (?:the )?(?:moon|stars)\b""",
    ),
    (
        "light",
        "night?",
        r"""[看望赏观](?:着)?月亮?|[圆满弯明]月|月亮?(?:下|当空|高悬)
        \b(?:under|beneath|below|at|by|facing|watching) (?:the|a)(?: \w+)? moon(?! ?(?:surface|base))\b
        \b(?:full|crescent|half) moon\b
        \bmoon in the sky\b""",
    ),
    (
        "light",
        "day",
        r"""天气?(?:特别|非常|很|真|超级?)?(?:好|晴朗?)(?!吃)
        (?:阳光|太阳)(?:很|特别|超级?)?(?:灿烂|明媚|普照|大|好|刺眼|下)
        \b(?:a |one )?(?:bright |clear |hot |beautiful )*sunny (?:day|morning|afternoon|weather)\b
        \b(?:bright|broad|full) (?:sun|day)(?:light)?\b
        \bin the sun\b
        \b(?:clear|bright) (?:blue )?(?:sky|skies|day)\b""",
    ),
)

_SIZES = (
    (
        "size",
        "large",
        r"""[占铺填撑]满(?:整个)?(?:画面|屏幕|画布)|特大号?|大大大+的?
        \bfill(?:s|ing)? the (?:whole )?(?:frame|picture|page|screen)\b""",
    ),
    ("size", "small", r"小小小+的?|一丁点大?|\b(?:super |very |really )*tiny(?: little)?\b"),
)

_POSITIONS = (
    (
        "position",
        "centre",
        rf"""(?:画面|图片|画布|纸)的?[最正]?(?:中间|中央|中心)
        \b(?:right |dead |exactly )?(?:in|at) the (?:very |exact )?(?:middle|cent(?:re|er))(?: of the {_PICTURE})?\b
        \bdead cent(?:re|er)\b""",
    ),
    (
        "grammar",
        "",
        rf"""\bin the (?:middle|cent(?:re|er)) of\b(?! (?:the |my |your )?{_PICTURE})
        \b(?:smack )?right(?= (?:in|at|next|behind|under|above|beside|between|through|out|into|after|before)\b)
        (?<!the.)\bleft(?= (?:behind|over|alone|out|in|on|the|my|his|her|a|by|luggage)\b)
        \b(?:was|were|has|have|had|i|we|he|she|they) left\b""",
    ),
)


@cache
def picture_rules() -> tuple[Rule, ...]:
    """List the rules for pictures, whose attributes clips share."""
    return tuple(rule(*row) for row in (*_colours(), *_SUBJECTS, *_SCENES, *_LIGHTS, *_SIZES, *_POSITIONS))
