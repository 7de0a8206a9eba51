"""How every plot of the kit is made: one style, Chinese text, no global matplotlib state, one way to keep it."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from aigc_kit.show import fonts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, GREY, RED = "#3b7dd8", "#d9822b", "#2e9e5b", "#b9bec7", "#c8443c"
TEMPERATURE_COLOURS = ("#3b7dd8", "#2e9e5b", "#d9822b", "#c8443c", "#8e5bd0")


class Picture:
    """A finished plot: shows itself in a notebook, and is written with `save`.

    Args:
        figure: a matplotlib Figure.
        words: what it shows, for a page that cannot show pictures and for screen readers.
    """

    def __init__(self, figure: "Figure", words: str) -> None:
        self.figure, self.words = figure, words

    def png(self, dpi: int = 88) -> bytes:
        """The plot as PNG bytes."""
        from matplotlib.text import Text

        for text in self.figure.findobj(Text):
            text.set_text(fonts.drawable(text.get_text()))
        buffer = io.BytesIO()
        frame = "tight" if self.figure.get_layout_engine() else None
        self.figure.savefig(buffer, format="png", dpi=dpi, bbox_inches=frame, facecolor="white")
        return buffer.getvalue()

    def save(self, name: str) -> Path:
        """Write `name`.png into the folder of this run ($AIGC_OUT, else out/), for the gallery; returns its path."""
        folder = Path(os.environ.get("AIGC_OUT", "out"))
        folder.mkdir(parents=True, exist_ok=True)
        path, partial = folder / f"{name}.png", folder / f".{name}.partial"
        partial.write_bytes(self.png(dpi=110))
        partial.replace(path)
        return path

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, bytes | str]:
        return {"image/png": self.png(), "text/plain": self.words}

    def __repr__(self) -> str:
        return self.words


def canvas(
    rows: int = 1, columns: int = 1, width: float = 9, height: float = 3, *, tight: bool = True
) -> tuple["Figure", list["Axes"]]:
    """An empty figure of inches `width` x `height` with `rows` x `columns` axes, in the kit's style.

    With tight=False the caller sets the margins itself: a picture that follows a slider is then drawn twice as fast.
    """
    from matplotlib.figure import Figure

    fonts.use()
    figure = Figure(figsize=(width, height), layout="constrained" if tight else None)
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=9)
    return figure, axes


class Live:
    """A picture in an output cell that is redrawn in place: it stays there, as it was, when no kernel runs.

    Args:
        draw: returns the picture for the current values.
    """

    def __init__(self, draw: Callable[[], Picture]) -> None:
        from IPython.display import display

        self._draw = draw
        picture = draw()
        self._handle = display(picture, display_id=True)

    def redraw(self) -> None:
        """Replace the shown picture; outside a notebook there is nothing to replace."""
        if self._handle is not None:
            self._handle.update(self._draw())
