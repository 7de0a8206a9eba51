"""The tiny world's attributes and values in Chinese, and why a word of a prompt was dropped: for labels and tables."""

from collections.abc import Mapping

from aigc_kit.tinyworld.words import TERMS

ATTRIBUTES_ZH: Mapping[str, str] = {
    "subject": "主体",
    "colour": "颜色",
    "scene": "场景",
    "style": "风格",
    "light": "光线",
    "size": "大小",
    "position": "位置",
}
WHY_ZH: Mapping[str, str] = {
    "unknown": "小世界里没有",
    "grammar": "不影响画面的词",
    "second": "已经有一个",
    "elsewhere": "说的是别的东西的颜色",
    "negated": "说了不要",
}


def value_zh(attribute: str, value: str) -> str:
    """The first Chinese word of a value.

    >>> value_zh("subject", "puppy")
    '小狗'
    """
    return TERMS[attribute][value][0][0]
