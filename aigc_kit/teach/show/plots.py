"""Draw every plot of the kit in one style.

With Chinese text and without global matplotlib state; forms and sliders that draw again stand here too.
"""

import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from aigc_kit.core import paths
from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import AigcError, BadInput
from aigc_kit.media import fonts
from aigc_kit.media.fonts import glyphs, label
from aigc_kit.media.stamp import stamp
from aigc_kit.teach.show.markup import Place, WithRows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, GREY, RED = "#3b7dd8", "#d9822b", "#2e9e5b", "#b9bec7", "#c8443c"
SHOWN_DPI, SHARPNESS = 96, 2  # pixels per inch on the page, and pixels of the picture for each of them
WIDEST = 8.8  # inches: what the column of a notebook holds beside an open file browser, on a screen of 1280 pixels
SMALL = 10.5  # points: 14 pixels on the page, the smallest label that is read from the back of a classroom
FIGURES = 12  # pictures whose figure is kept after they were shown: a figure takes 2 to 5 MB
NAMED_CONTROLS = 6  # in the sentence that stands for a widget
TEMPERATURE_COLOURS = ("#3b7dd8", "#2e9e5b", "#d9822b", "#c8443c", "#8e5bd0")


class Picture(WithRows):
    """Hold a finished plot, which shows itself in a notebook.

    A notebook keeps whatever its cells return, so figures of pictures that were shown long ago are let go: those keep
    the PNG that was shown. `words`: what it shows, for a page that cannot show pictures and for screen readers. `rows`:
    the numbers that it was drawn from; they stay when the figure is let go.
    """

    def __init__(self, figure: "Figure", words: str, rows: Iterable[Any] = ()) -> None:
        super().__init__(rows)
        self._figure: Figure | None = figure
        self._png = b""
        self.words = words

    @property
    def figure(self) -> "Figure":
        """Give the matplotlib figure.

        Raises:
            BadInput: it was let go, since `FIGURES` pictures were shown after it.
        """
        if self._figure is None:
            why = Words(
                f"more than {FIGURES} pictures were shown after it: only its PNG was kept",
                f"它后面又显示了 {FIGURES} 张以上的图片：只留下了 PNG",
            )
            raise BadInput(
                asked=Words("the figure of a picture", "一张图片的图（figure）"),
                found=why,
                todo=Words("run the cell that draws it again", "再运行一次画它的那一格"),
            )
        return self._figure

    def png(self) -> bytes:
        """Encode the plot as PNG, twice as sharp."""
        from matplotlib.text import Text

        if self._figure is None:
            return self._png
        for text in self.figure.findobj(Text):
            text.set_text(fonts.drawable(text.get_text()))
        buffer = io.BytesIO()
        frame = "tight" if self.figure.get_layout_engine() else None
        dpi = SHOWN_DPI * SHARPNESS
        self.figure.savefig(buffer, format="png", dpi=dpi, bbox_inches=frame, facecolor="white")
        return buffer.getvalue()

    def save(self, name: str) -> Path:
        """Write `name`.png for the gallery, into $AIGC_OUT or out/.

        The file says in words what it shows.
        """
        data = stamp(self.png(), "image/png", {"Title": self.words, "Software": "aigc-kit"})
        return paths.write_atomically(paths.out() / f"{name}.png", data)

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict[str, bytes | str], dict[str, dict[str, int]]]:
        png = self.png()
        if self._figure is not None:
            self._png = png
            _let_older_go(self)
        size = {"width": int.from_bytes(png[16:20], "big") // SHARPNESS}  # of its header: on the page, in CSS pixels
        return {"image/png": png, "text/plain": self.words}, {"image/png": size}

    def __repr__(self) -> str:
        return self.words


_with_figures: deque[Picture] = deque()


def _let_older_go(picture: Picture) -> None:
    """Keep the figures of the last `FIGURES` shown only."""
    if picture in _with_figures:
        _with_figures.remove(picture)
    _with_figures.append(picture)
    while len(_with_figures) > FIGURES:
        _with_figures.popleft()._figure = None


def canvas(
    rows: int = 1, columns: int = 1, width: float = WIDEST, height: float = 3, *, tight: bool = True
) -> tuple["Figure", list["Axes"]]:
    """Make an empty figure of `rows` x `columns` axes.

    In the kit's style, `width` x `height` inches. With tight=False the caller sets the margins itself: a picture that
    follows a slider is then drawn twice as fast.
    """
    from matplotlib.figure import Figure

    fonts.use()
    figure = Figure(figsize=(width, height), layout="constrained" if tight else None)
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=SMALL)
    return figure, axes


def bare(axis: "Axes", *, frame: bool = False) -> "Axes":
    """Take ticks away, and the frame unless it is wanted."""
    axis.set(xticks=[], yticks=[])
    if not frame:
        axis.spines[:].set_visible(False)
    return axis


def name_bars(axis: "Axes", names: Sequence[str], size: float = SMALL) -> None:
    """Name horizontal bars, the first at the top."""
    axis.set_yticks(range(len(names)), names, fontsize=size)
    axis.invert_yaxis()


def patch(colour: str, name: str) -> Any:
    """Make a patch for a legend."""
    from matplotlib.patches import Patch

    return Patch(color=colour, label=name)


def show_widget(widget: Any) -> None:
    """Show a widget, with a sentence in its stead.

    It stands where no widget can live, as in a notebook that is not trusted or was uploaded; else the widget's code
    would.
    """
    from IPython.display import display

    display({**widget._repr_mimebundle_(), "text/plain": controls_in_words(widget)}, raw=True)


def controls_in_words(widget: Any) -> str:
    """Say in Chinese which controls a widget holds.

    >>> import ipywidgets
    >>> slider, button = ipywidgets.IntSlider(description="步数"), ipywidgets.Button(description="画")
    >>> controls_in_words(ipywidgets.VBox([slider, button]))
    '控件：步数、画。运行这个单元格就能操作；没有运行时，看它下面保存的结果。'
    """
    names = list(dict.fromkeys(_descriptions(widget)))
    some = "、".join(names[:NAMED_CONTROLS]) + (f"等 {len(names)} 个" if len(names) > NAMED_CONTROLS else "")
    return f"控件{'：' if some else ''}{some}。运行这个单元格就能操作；没有运行时，看它下面保存的结果。"


def _descriptions(widget: Any) -> Iterator[str]:
    """Yield the names of a widget and all within it."""
    yield from filter(None, [getattr(widget, "description", ""), *getattr(widget, "titles", ())])
    for child in getattr(widget, "children", ()):
        yield from _descriptions(child)


class Live:
    """Show what `draw` returns, and draw it again in place.

    `draw`: returns a picture, or `Html`, for the current values.
    """

    def __init__(self, draw: Callable[[], Any]) -> None:
        self._draw = draw
        self._place = Place(draw())

    def redraw(self) -> None:
        """Replace it, where it can be replaced."""
        if self._place.replaceable:
            self._place.put(self._draw())


def follow(controls: Sequence[Any], *draws: Callable[[], Any], box: Any = None) -> None:
    """Show controls, and below them what each change draws.

    Args:
        controls: ipywidgets whose `value` counts.
        draws: as in `Live`, called in this order.
        box: the widget that holds the controls; without it they stand below each other.
    """
    import ipywidgets as widgets

    show_widget(box or (widgets.VBox(controls) if len(controls) > 1 else controls[0]))
    lives = [Live(draw) for draw in draws]

    def redraw(_: Any) -> None:
        for live in lives:
            live.redraw()

    for control in controls:
        control.observe(redraw, names="value")


class Form:
    """Show widgets, and below them what follows from their state.

    A subclass sets `widget` and `views`, which draw what stands below it, and calls `redraw` when its state changed.
    """

    widget: Any
    views: tuple[Callable[[], Any], ...]
    _lives: tuple[Live, ...] = ()

    def show(self) -> Self:
        """Show all, as it stays without a kernel."""
        show_widget(self.widget)
        self._lives = tuple(map(Live, self.views))
        return self

    def redraw(self) -> None:
        """Draw anew each view that can be."""
        for live in self._lives:
            with suppress(AigcError):  # another view says what is wrong
                live.redraw()


def flow(stages: Sequence[tuple[str, str]], arrows: Sequence[str]) -> Picture:
    """Draw boxes from left to right, with arrows.

    Rows: {"name", "size"}, the boxes. `stages`: (what it is, its size or content in this run), n of them. `arrows`:
    what turns each into the next, n - 1 of them.
    """
    figure, axes = canvas(width=WIDEST, height=1.5, tight=False)
    axis = axes[0]
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.02, top=0.98)
    axis.set_axis_off()
    axis.set_xlim(0, len(stages))
    axis.set_ylim(0, 1)
    colours = (BLUE, GREEN, ORANGE)
    for i, (name, size) in enumerate(stages):
        box = {"boxstyle": "round,pad=0.5", "facecolor": colours[i % 3] + "33", "edgecolor": colours[i % 3]}
        words = f"{glyphs(name).replace('␣', ' ')}\n{size}"
        axis.text(i + 0.5, 0.42, words, ha="center", va="center", fontsize=SMALL, bbox=box)
    for i, name in enumerate(arrows):
        axis.annotate("", (i + 1.16, 0.42), (i + 0.84, 0.42), arrowprops={"arrowstyle": "->", "color": "#555"})
        axis.text(i + 1, 0.66, glyphs(name).replace("␣", " "), ha="center", va="center", fontsize=SMALL, color="#333")
    words = label("数据流：", "data flow: ") + " → ".join(f"{name}（{size}）" for name, size in stages)
    return Picture(figure, words, [{"name": name, "size": size} for name, size in stages])
