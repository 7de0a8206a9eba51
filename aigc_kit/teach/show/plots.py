"""How every plot of the kit is made: one style, Chinese text, no global matplotlib state, one way to keep it."""

import io
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aigc_kit.core import paths
from aigc_kit.core.errors import BadInput
from aigc_kit.media import fonts
from aigc_kit.media.fonts import glyphs, label
from aigc_kit.teach.show.page import Place, WithRows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, GREY, RED = "#3b7dd8", "#d9822b", "#2e9e5b", "#b9bec7", "#c8443c"
FIGURES = 12  # pictures whose figure is kept after they were shown: a figure takes 2 to 5 MB
TEMPERATURE_COLOURS = ("#3b7dd8", "#2e9e5b", "#d9822b", "#c8443c", "#8e5bd0")


class Picture(WithRows):
    """A finished plot: shows itself in a notebook, and is written with `save`.

    A notebook keeps whatever its cells return, so figures of pictures that were shown long ago are let go: those keep
    the PNG that was shown.

    Args:
        figure: a matplotlib Figure.
        words: what it shows, for a page that cannot show pictures and for screen readers.
        rows: the numbers that it was drawn from; they stay when the figure is let go.
    """

    def __init__(self, figure: "Figure", words: str, rows: Iterable[Any] = ()) -> None:
        super().__init__(rows)
        self._figure: Figure | None = figure
        self._png = b""
        self.words = words

    @property
    def figure(self) -> "Figure":
        """The matplotlib figure.

        Raises:
            BadInput: it was let go, since `FIGURES` pictures were shown after it.
        """
        if self._figure is None:
            found = f"more than {FIGURES} pictures were shown after it: only its PNG was kept"
            raise BadInput(asked="the figure of a picture", found=found, todo="run the cell that draws it again")
        return self._figure

    def png(self, dpi: int = 88) -> bytes:
        """The plot as PNG bytes; at the resolution at which it was shown once its figure was let go."""
        from matplotlib.text import Text

        if self._figure is None:
            return self._png
        for text in self.figure.findobj(Text):
            text.set_text(fonts.drawable(text.get_text()))
        buffer = io.BytesIO()
        frame = "tight" if self.figure.get_layout_engine() else None
        self.figure.savefig(buffer, format="png", dpi=dpi, bbox_inches=frame, facecolor="white")
        return buffer.getvalue()

    def save(self, name: str) -> Path:
        """Write `name`.png into the folder of this run ($AIGC_OUT, else out/), for the gallery; returns its path."""
        folder = paths.out()
        folder.mkdir(parents=True, exist_ok=True)
        path, partial = folder / f"{name}.png", folder / f".{name}.partial"
        partial.write_bytes(self.png(dpi=110))
        partial.replace(path)
        return path

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, bytes | str]:
        shown = self.png()
        if self._figure is not None:
            self._png = shown
            _let_older_go(self)
        return {"image/png": shown, "text/plain": self.words}

    def __repr__(self) -> str:
        return self.words


_with_figures: deque[Picture] = deque()


def _let_older_go(picture: Picture) -> None:
    """Note that a picture was shown; of those shown before the last `FIGURES`, only the PNG is kept."""
    if picture in _with_figures:
        _with_figures.remove(picture)
    _with_figures.append(picture)
    while len(_with_figures) > FIGURES:
        _with_figures.popleft()._figure = None


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
        self._draw = draw
        self._place = Place(draw())

    def redraw(self) -> None:
        """Replace the shown picture; outside a notebook there is nothing to replace."""
        if self._place.replaceable:
            self._place.put(self._draw())


def flow(stages: Sequence[tuple[str, str]], arrows: Sequence[str]) -> Picture:
    """Boxes from left to right.

    Args:
        stages: (what it is, its size or content in this run), n of them.
        arrows: what turns each into the next, n - 1 of them.
    """
    figure, axes = canvas(width=10, height=1.5, tight=False)
    axis = axes[0]
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.02, top=0.98)
    axis.set_axis_off()
    axis.set_xlim(0, len(stages))
    axis.set_ylim(0, 1)
    colours = (BLUE, GREEN, ORANGE)
    for i, (name, size) in enumerate(stages):
        box = {"boxstyle": "round,pad=0.5", "facecolor": colours[i % 3] + "33", "edgecolor": colours[i % 3]}
        words = f"{glyphs(name).replace('␣', ' ')}\n{size}"
        axis.text(i + 0.5, 0.42, words, ha="center", va="center", fontsize=10, bbox=box)
    for i, name in enumerate(arrows):
        axis.annotate("", (i + 1.16, 0.42), (i + 0.84, 0.42), arrowprops={"arrowstyle": "->", "color": "#555"})
        axis.text(i + 1, 0.66, glyphs(name).replace("␣", " "), ha="center", va="center", fontsize=9.5, color="#333")
    said = " → ".join(f"{name}（{size}）" for name, size in stages)
    rows = [{"name": name, "size": size} for name, size in stages]
    return Picture(figure, label("数据流：", "data flow: ") + said, rows)
