"""Let learners draw: a canvas, a file, or an example."""

import base64
import binascii
import io
import secrets
from pathlib import Path
from typing import Any

import numpy as np

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.media import pages
from aigc_kit.teach.show.markup import Html
from aigc_kit.teach.show.plots import Live, show_widget

SIDE = 128
SHOWN = 320  # CSS pixels of the canvas
LARGEST = 20_000_000  # bytes of a file
MOST_PIXELS = 40_000_000
PREFIX = "data:image/png;base64,"
INK = 40
"""Distance from the paper's colour, 0-255, from which a pixel counts as drawn."""


class Canvas:
    """Hold a drawing, or the example.

    Args:
        example: uint8 (128, 128, 3), what is taken while nothing is drawn.
        note: who made the example, in Chinese.
    """

    def __init__(self, example: np.ndarray, note: str) -> None:
        self._example, self._note = example, note
        self._own: np.ndarray | None = None
        self._text: Any = None
        self._name = f"canvas-{secrets.token_hex(4)}"
        self._live: Live | None = None

    @property
    def picture(self) -> np.ndarray:
        """Give the drawing, uint8 (128, 128, 3)."""
        return self._example if self._own is None else self._own

    @property
    def is_own(self) -> bool:
        """Say whether the learner drew it."""
        return self._own is not None

    def show(self) -> "Canvas":
        """Show canvas, file button, and what is taken."""
        import ipywidgets as widgets

        self._text = widgets.Textarea(layout={"display": "none"})
        self._text.add_class(self._name)
        upload = widgets.FileUpload(accept="image/*", multiple=False, description="用一张图片")
        page = widgets.HTML(self._page())
        self._text.observe(lambda change: self.take(change["new"]), names="value")
        upload.observe(lambda change: self._uploaded(change["new"]), names="value")
        script = pages.template_text("canvas.js").replace("NAME", self._name)
        runs = widgets.Output()  # its script lives in the page alone, and is not saved in the notebook
        data = {"application/javascript": script, "text/plain": ""}
        runs.outputs = ({"output_type": "display_data", "data": data, "metadata": {}},)
        show_widget(widgets.VBox([page, upload, self._text, runs]))
        self._live = Live(self.html)
        return self

    def take(self, address: str) -> None:
        """Take what the page sends: the address of a PNG."""
        if not address.startswith(PREFIX):
            return
        try:
            self.put(picture_of(base64.b64decode(address[len(PREFIX) :], validate=True)))
        except (BadInput, binascii.Error):
            return

    def put(self, picture: np.ndarray | None) -> None:
        """Take a picture as the drawing.

        None, or a blank one, brings the example back.
        """
        blank = picture is None or not drawn(picture).any()
        self._own = None if blank else picture
        if self._live:
            self._live.redraw()

    def html(self) -> Html:
        """Show the picture that is taken, and whose it is."""
        from aigc_kit.teach.labs.lab02a.pictures import row

        whose = "你画的" if self.is_own else self._note
        return row(
            [self.picture, np.repeat(drawn(self.picture)[..., None], 3, 2).astype(np.uint8) * 255], [whose, "它的剪影"]
        )

    def _uploaded(self, files: Any) -> None:
        for file in files:
            self.put(picture_of(bytes(file["content"])))

    def _page(self) -> str:
        buttons = '<button data-act="undo">撤销</button> <button data-act="clear">清空</button>'
        tools = (
            f'颜色 <input type="color" value="#d02828"> 粗细 <input type="range" min="2" max="60" value="14"> {buttons}'
        )
        frame = "border:1px solid #8888;touch-action:none;cursor:crosshair;background:#fff"
        style = f"width:{SHOWN}px;height:{SHOWN}px;{frame}"
        return (
            f'<div id="{self._name}"><canvas width="{2 * SIDE}" height="{2 * SIDE}" style="{style}" '
            f'aria-label="画布" tabindex="0"></canvas><div style="margin:.4em 0">{tools}</div></div>'
        )


def picture_of(source: bytes | str | Path | np.ndarray) -> np.ndarray:
    """Read a picture of any size and mode.

    It becomes uint8 (128, 128, 3).

    What is transparent becomes white; it is cut to a square around its middle.

    Raises:
        BadInput: no picture, cut short, or too large.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        if isinstance(source, np.ndarray):
            if source.dtype != np.uint8:
                raise ValueError(f"an array of {source.dtype}, not uint8")
            image = Image.fromarray(source)
        else:
            data = source if isinstance(source, bytes) else Path(source).read_bytes()
            if len(data) > LARGEST:
                raise ValueError(f"{len(data)} bytes")
            image = Image.open(io.BytesIO(data))
            if image.width * image.height > MOST_PIXELS:
                raise ValueError(f"{image.width} x {image.height}")
        page = ImageOps.exif_transpose(image).convert("RGBA")
    except (OSError, ValueError, TypeError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise BadInput(
            asked=Words("a drawing from a file", "从文件读一张画"),
            found=Words(f"no picture that can be read: {error}", f"读不出图片（原话：{error}）"),
            todo=Words("give a PNG, JPEG or WebP below 20 MB", "换成 20 MB 以内的 PNG、JPEG 或 WebP"),
        ) from error
    paper = Image.new("RGBA", page.size, "white")
    return np.asarray(ImageOps.fit(Image.alpha_composite(paper, page).convert("RGB"), (SIDE, SIDE)))


def drawn(picture: np.ndarray) -> np.ndarray:
    """Find what is drawn, its holes too: bool (H, W).

    The paper's colour is what most of the rim shows.
    """
    from scipy import ndimage

    page = picture.astype(np.float32)
    rim = np.concatenate([page[0], page[-1], page[:, 0], page[:, -1]])
    far = np.sqrt(((page - np.median(rim, 0)) ** 2).sum(2))
    return np.asarray(ndimage.binary_fill_holes(far > INK), bool)
