"""Chinese in plots: find a font that has it, use it, and never draw boxes."""

import unicodedata
from functools import cache
from pathlib import Path

from aigc_kit import cards, device, fetch

MISSING = "图中的中文改用英文：本机没有中文字体。运行 aigc fetch font-cjk，再重启内核，即可显示中文。"


@cache
def use() -> str | None:
    """Make matplotlib draw Chinese from here on, in the forms of the mainland.

    Returns:
        The font family in use: one of this system, else the fetched Noto Sans CJK; None when there is neither
        (then `label` gives English and `glyphs` gives code points).
    """
    import matplotlib as mpl
    from matplotlib import font_manager

    path = device.cjk_font() or _fetched()
    if path is None:
        return None
    font_manager.fontManager.addfont(str(path))
    family = font_manager.FontProperties(fname=str(path)).get_name()
    mpl.rcParams["font.family"] = [family, "DejaVu Sans"]
    mpl.rcParams["axes.unicode_minus"] = False
    if "text.language" in mpl.rcParams:  # since 3.11; before, characters have the forms of the font's own region
        mpl.rcParams["text.language"] = "zh-Hans"
    return family


def label(zh: str, en: str) -> str:
    """The Chinese text where a font can draw it, else the English one."""
    return zh if use() else en


def glyphs(text: str) -> str:
    """Text as a plot can draw it: white space made visible, and without a Chinese font code points in its place."""
    return drawable(visible(text))


def drawable(text: str) -> str:
    """The text, without a Chinese font with code points in place of what would become boxes."""
    if use():
        return text
    return "".join(char if _is_latin(char) else f"U+{ord(char):04X}" for char in text)


def visible(text: str) -> str:
    """Line breaks, tabs and spaces as signs.

    >>> visible(" a\\n")
    '␣a↵'
    """
    return "".join(_VISIBLE.get(char, char) for char in text)


_VISIBLE = {"\n": "↵", "\t": "⇥", " ": "␣", "\r": "↵"}


_CHINESE = ("CJK", "IDEOGRAPHIC", "FULLWIDTH", "LEFT CORNER", "RIGHT CORNER", "LEFT DOUBLE ANGLE", "RIGHT DOUBLE ANGLE")


def _is_latin(char: str) -> bool:
    return char in _VISIBLE.values() or not unicodedata.name(char, "").startswith(_CHINESE)


def _fetched() -> Path | None:
    card = cards.get("font-cjk")
    folder = fetch.find(card)
    return folder / card.parts["font"] if folder else None
