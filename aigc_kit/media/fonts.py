"""Find a font with Chinese for plots, never drawing boxes."""

import re
import shutil
import subprocess
import unicodedata
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from PIL import ImageDraw, ImageFont, features

from aigc_kit.models import cards, fetch

MISSING = "图中的中文改用英文：本机没有中文字体。运行 aigc fetch font-cjk，再重启内核，即可显示中文。"
LANGUAGE = "zh-Hans"
POINTS = 11  # of plain text in a plot
_FONT_FOLDERS = (
    *("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts"),
    *("/System/Library/Fonts", "/Library/Fonts", "~/Library/Fonts", "C:/Windows/Fonts"),
)
_FONT_NAMES = (
    *("notosanscjk", "notosanssc", "sourcehansans", "notoserifcjk", "wqy-", "simhei", "msyh", "simsun", "pingfang"),
    *("stheiti", "hiragino sans gb", "droidsansfallback", "uming", "ukai", "lxgw", "harmonyos"),
)


@cache
def use() -> str | None:
    """Make matplotlib draw Chinese, in the forms of the mainland.

    Returns:
        The font family in use: one of this system, else the fetched Noto Sans CJK; None when there is neither
        (then `label` gives English and `glyphs` gives code points).
    """
    import matplotlib as mpl
    from matplotlib import font_manager

    mpl.rcParams["font.size"] = POINTS
    path = chinese()
    if path is None:
        return None
    font_manager.fontManager.addfont(str(path))
    family = font_manager.FontProperties(fname=str(path)).get_name()
    mpl.rcParams["font.family"] = [family, "DejaVu Sans"]
    mpl.rcParams["axes.unicode_minus"] = False
    if "text.language" in mpl.rcParams:  # since 3.11; before, characters have the forms of the font's own region
        mpl.rcParams["text.language"] = LANGUAGE
    return family


def label(zh: str, en: str) -> str:
    """Choose the Chinese text if a font allows, else English."""
    return zh if use() else en


def glyphs(text: str) -> str:
    """Write a text for a plot: spaces visible, no boxes."""
    return drawable(visible(text))


def drawable(text: str) -> str:
    """Replace characters without a font here by code points."""
    if use():
        return text
    return "".join(char if _is_latin(char) else f"U+{ord(char):04X}" for char in text)


def visible(text: str) -> str:
    """Show line breaks, tabs and spaces as signs.

    >>> visible(" a\\n")
    '␣a↵'
    """
    return "".join(_VISIBLE.get(char, char) for char in text)


_VISIBLE = {"\n": "↵", "\t": "⇥", " ": "␣", "\r": "↵"}
_CHINESE = ("CJK", "IDEOGRAPHIC", "FULLWIDTH", "LEFT CORNER", "RIGHT CORNER", "LEFT DOUBLE ANGLE", "RIGHT DOUBLE ANGLE")


def _is_latin(char: str) -> bool:
    return char in _VISIBLE.values() or not unicodedata.name(char, "").startswith(_CHINESE)


def chinese() -> Path | None:
    """Find a font file with Chinese, the system's or fetched."""
    return system_font() or fetched_font()


def fetched_font() -> Path | None:
    """Find the font that `aigc fetch font-cjk` brought, or None."""
    card = cards.get("font-cjk")
    folder = fetch.find(card)
    return folder / card.parts["font"] if folder else None


def caption_font(height: int) -> Any | None:
    """Open a font with Chinese for Pillow, `height` pixels high.

    Of a collection the face named SC (simplified), where it has one, else its first; None without any such font.
    """
    path = chinese()
    return path and ImageFont.truetype(str(path), height, index=_simplified(path))


def write(draw: ImageDraw.ImageDraw, place: tuple[float, float], words: str, **how: Any) -> None:
    """Draw words as `draw.text`, in simplified forms where Pillow can.

    The font is asked for them where the text layout of Pillow can (libraqm).
    """
    if isinstance(how.get("font"), ImageFont.FreeTypeFont) and features.check("raqm"):
        how["language"] = LANGUAGE
    draw.text(place, words, **how)


@cache
def _simplified(path: Path) -> int:
    """Find the face named SC, else 0."""
    return next((i for i, name in enumerate(_faces(path)) if "SC" in name.split()), 0)


def _faces(path: Path) -> list[str]:
    names = [str(ImageFont.truetype(str(path), 10).getname()[0])]
    with suppress(OSError):  # no more faces
        while path.suffix.lower() == ".ttc":
            names.append(str(ImageFont.truetype(str(path), 10, index=len(names)).getname()[0]))
    return names


def system_font() -> Path | None:
    """Find a system font with Chinese by name, or None."""
    if shutil.which("fc-list"):
        try:
            command = ["fc-list", ":lang=zh-cn", "file"]
            lines = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False).stdout.splitlines()
        except (OSError, subprocess.SubprocessError):
            lines = []
        if names := [Path(line.rstrip(": ")) for line in lines if line.strip()]:
            return min(names, key=_font_rank)
    folders = (Path(name).expanduser() for name in _FONT_FOLDERS)
    files = (path for folder in folders if folder.is_dir() for path in folder.rglob("*"))
    candidates = [path for path in files if path.suffix.lower() in {".ttf", ".ttc", ".otf"} and _is_known_font(path)]
    return min(candidates, key=_font_rank, default=None)


def _is_known_font(path: Path) -> bool:
    return any(name in path.name.lower() for name in _FONT_NAMES)


def _font_rank(path: Path) -> tuple[bool, bool, bool, int, str]:
    """Rank a font for plots, best first.

    Known families first, upright sans-serif of normal weight first among them: plots are small print. Then files
    made for Simplified Chinese, then those of all regions, then those made for others.
    """
    name = path.name.lower()
    other_weight = any(word in name for word in ("bold", "black", "light", "thin", "medium", "heavy", "italic"))
    region = re.search(r"(?:cjk|sans|serif)(sc|tc|hk|jp|kr)", name)
    order = 1 if region is None else 0 if region[1] == "sc" else 2
    return not _is_known_font(path), other_weight, "serif" in name or "mono" in name, order, str(path)
