"""Chinese words drawn into frames, in the forms of the mainland: one character is written differently by region."""

from functools import cache
from pathlib import Path
from typing import Any

from PIL import ImageDraw, ImageFont, features

from aigc_kit import cards, device, fetch

LANGUAGE = "zh-Hans"


def caption_font(height: int) -> Any | None:
    """A font with Chinese characters, of this system or fetched; None where there is none (never boxes).

    Args:
        height: pixels.

    Returns:
        Of a collection the face named SC (simplified), where it has one; else its first.
    """
    path = device.cjk_font()
    if path is None:
        card = cards.get("font-cjk")
        folder = fetch.find(card)
        path = folder / card.parts["font"] if folder else None
    if path is None:
        return None
    return ImageFont.truetype(str(path), height, index=_simplified(Path(path)))


def write(draw: ImageDraw.ImageDraw, place: tuple[float, float], words: str, **how: Any) -> None:
    """`draw.text`, which asks the font for the simplified forms where the text layout of Pillow can (libraqm)."""
    if isinstance(how.get("font"), ImageFont.FreeTypeFont) and features.check("raqm"):
        how["language"] = LANGUAGE
    draw.text(place, words, **how)


@cache
def _simplified(path: Path) -> int:
    """The number of the face in a font file that is named SC, else 0; looked up once, though every frame asks."""
    return next((i for i, name in enumerate(_faces(path)) if "SC" in name.split()), 0)


def _faces(path: Path) -> list[str]:
    """The names of the faces in a font file."""
    names: list[str] = []
    while path.suffix.lower() == ".ttc" or not names:
        try:
            names.append(str(ImageFont.truetype(str(path), 10, index=len(names)).getname()[0]))
        except OSError:
            if not names:
                raise
            break
    return names
