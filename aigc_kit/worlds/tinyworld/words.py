"""Say each attribute value in Chinese and in English.

These few words are all that the captions use, so that a tokenizer can give each of them one token. What else learners
may write is in `synonyms`.
"""

Terms = dict[str, tuple[tuple[str, ...], tuple[str, ...]]]


def rows_of(table: str) -> dict[str, str]:
    """Read a table "value: words" with semicolons between."""
    rows = (row.partition(":") for row in table.split(";"))
    return {value.strip(): words.strip() for value, _, words in rows}


def terms_of(table: str) -> Terms:
    """Read rows of "Chinese words | English phrases".

    A hyphen stands for a space. Entries of one value stand apart by spaces.

    >>> terms_of("cup: 咖啡杯 杯子 | coffee-cup cup")
    {'cup': (('咖啡杯', '杯子'), ('coffee cup', 'cup'))}
    """
    terms = {}
    for value, words in rows_of(table).items():
        chinese, english = map(str.split, words.split("|"))
        terms[value] = tuple(chinese), tuple(phrase.replace("-", " ") for phrase in english)
    return terms


TERMS: dict[str, Terms] = {
    "subject": terms_of(
        "puppy: 小狗 狗 | puppy dog; cat: 小猫 猫 | cat kitten; wizard: 法师 巫师 | wizard; flower: 花朵 鲜花 | flower;"
        "donut: 甜甜圈 | donut; cup: 咖啡杯 杯子 | coffee-cup cup; heart: 爱心 心形 | heart; star: 五角星 星星 | star; "
        "fish: 小鱼 鱼 | fish; ball: 圆球 球 | ball; square: 方块 正方形 | square; triangle: 三角形 | triangle"
    ),
    "colour": terms_of(
        "red: 红色 | red; orange: 橙色 | orange; yellow: 黄色 | yellow; green: 绿色 | green; blue: 蓝色 | blue; "
        "purple: 紫色 | purple; pink: 粉色 | pink; white: 白色 | white"
    ),
    "scene": terms_of(
        "plain: 纯色背景 | plain-background; flowers: 花丛 花海 | flower-field; sea: 海边 沙滩 | sea beach; "
        "moon: 月球 | moon; forest: 森林 树林 | forest; city: 城市 街道 | city street"
    ),
    "style": terms_of(
        "flat: 扁平插画 卡通 | flat-illustration cartoon; sketch: 素描 | sketch; ink: 水墨画 水墨 | ink-wash; "
        "oil: 油画 | oil-painting; neon: 霓虹 | neon; pixel: 像素画 像素 | pixel-art"
    ),
    "light": terms_of("day: 白天 | day daytime; night: 夜晚 | night"),
    "size": terms_of("small: 小小的 | small tiny; medium: 中等大小的 | medium; large: 大大的 巨大的 | large big"),
    "position": terms_of("left: 左边 | left; centre: 中间 | center middle; right: 右边 | right"),
}
"""attribute -> value -> (Chinese words, English phrases), the first of each canonical."""

MEASURE = {
    "puppy": "一只", "cat": "一只", "wizard": "一位", "flower": "一朵", "donut": "一个", "cup": "一个", "heart": "一颗",
    "star": "一颗", "fish": "一条", "ball": "一个", "square": "一个", "triangle": "一个",
}  # fmt: skip
"""The Chinese measure word of each subject."""

WHERE_ZH = {"plain": "上", "flowers": "里", "sea": "", "moon": "上", "forest": "里", "city": "里"}
"""What follows the scene's word in Chinese: 在月球上, 在森林里."""

WHERE_EN = {"plain": "on a", "flowers": "in a", "sea": "by the", "moon": "on the", "forest": "in the", "city": "in the"}
"""What goes before the scene's word in English."""

GRAMMAR_ZH = (
    "一只", "一位", "一朵", "一个", "一颗", "一条", "的", "在", "上", "里", "风格", "画面", "一张", "图画", "东西",
)  # fmt: skip
GRAMMAR_EN = (
    "a", "an", "the", "of", "in", "on", "at", "by", "side", "with", "style", "background", "picture", "thing", "during",
)  # fmt: skip
MARKS = ("，", "。", ",", ".")


def every_word() -> tuple[str, ...]:
    """List each word and mark of a caption once."""
    pairs = [pair for values in TERMS.values() for pair in values.values()]
    chinese = [word for words, _ in pairs for word in words]
    english = [word for _, phrases in pairs for phrase in phrases for word in phrase.split()]
    return tuple(dict.fromkeys([*GRAMMAR_ZH, *chinese, *GRAMMAR_EN, *english, *MARKS]))
