"""Put pictures, sounds and clips into the page itself."""

import base64
import io
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from aigc_kit.teach.show.markup import Html

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image


def uri(kind: str, data: bytes) -> str:
    """Write bytes as an address that holds them.

    >>> uri("text/plain", b"a")
    'data:text/plain;base64,YQ=='
    """
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def webp(picture: "np.ndarray | Image", most: int | None = None, **how: Any) -> str:
    """Write a picture as the address of a WebP.

    Args:
        picture: PIL.Image or uint8 (H, W, 3).
        most: pixels of its longer side; larger ones are made smaller.
        how: `quality` and `method`, as Pillow's encoder takes them.
    """
    from PIL import Image

    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    if most and max(image.size) > most:
        image = image.copy()
        image.thumbnail((most, most))
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "WEBP", **how)
    return uri("image/webp", buffer.getvalue())


CONTROLS = 84  # pixels beneath a clip that a browser's own controls take


def clip(source: str, poster: str, size: tuple[int, int], title: str, more: str = "") -> str:
    """Write a video whose controls stand beneath its picture.

    Its element is higher than the picture, which stands at the top: browsers draw controls at the bottom. A clip of few
    pixels is enlarged without smoothing.

    Args:
        source, poster: their addresses.
        size: width and height of the picture on the page, pixels.
        title: for screen readers.
        more: further attributes, such as "muted".
    """
    width, height = size
    style = (
        f"width:{width}px;height:{height + CONTROLS}px;object-fit:contain;object-position:top;"
        "image-rendering:pixelated;background:#4a4f58;border-radius:4px"
    )
    return (
        f'<video controls loop playsinline preload="metadata" {more} poster="{poster}" aria-label="{escape(title)}" '
        f'style="{style}" src="{source}"></video>'
    )


def beside(pieces: Sequence[Html], gap: str = "1em", more: str = "") -> Html:
    """Show pieces side by side, wrapped.

    Args:
        pieces: whose rows follow each other.
        gap: between them, in CSS.
        more: HTML behind the last one.
    """
    blocks, text = "".join(piece.html for piece in pieces), "\n".join(piece.text for piece in pieces)
    rows = [row for piece in pieces for row in piece.rows]
    return Html(f'<div style="display:flex;gap:{gap};flex-wrap:wrap">{blocks}{more}</div>', text, rows)
