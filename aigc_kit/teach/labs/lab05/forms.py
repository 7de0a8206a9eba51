"""Forms whose state is plain data: the learner's marks, and the storyboard to edit."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from aigc_kit.core.errors import AigcError
from aigc_kit.media.pages import visible
from aigc_kit.teach.labs.lab05.pictures import points, timeline
from aigc_kit.teach.labs.lab05.tables import rubric, storyboard
from aigc_kit.teach.show.page import Html, Shown
from aigc_kit.teach.show.page import error as error_card
from aigc_kit.teach.show.plots import Live
from aigc_kit.works.marks import hints
from aigc_kit.works.rubric import CRITERIA, MOST_POINTS
from aigc_kit.works.storyboard import COLUMNS, Storyboard, from_rows

if TYPE_CHECKING:
    from aigc_kit.works import Work


WRAPPED = {"flex_flow": "row wrap"}
WIDTHS = {"画面描述": "16em", "旁白": "22em", "秒": "6em"}


class Marks:
    """The form of the rubric: a slider for each line (0: not marked yet), with its hint; marks go into the work."""

    def __init__(self, work: "Work") -> None:
        import ipywidgets as widgets
        from ipywidgets.widgets.widget_string import HTMLStyle

        self.work, known = work, hints(work)
        self.sliders: dict[str, Any] = {}
        style = widgets.SliderStyle(description_width="9em")  # one for all: a notebook keeps every one
        slim, wide, line = (widgets.Layout(**given) for given in ({"width": "24em"}, {"flex": "1 1 20em"}, WRAPPED))
        plain, rows = HTMLStyle(), []
        for each in CRITERIA:
            given = work.marks.get(each.name, {}).get("points", 0)
            slider = widgets.IntSlider(given, min=0, max=MOST_POINTS, style=style, layout=slim)
            slider.description = f"{each.group}·{each.title}"
            slider.observe(lambda change, name=each.name: self.set(name, change["new"]), names="value")
            hint = visible(known[each.name].words) if each.name in known else ""
            words = widgets.HTML(escape(f"{each.question} {hint}"), style=plain, layout=wide)
            self.sliders[each.name] = slider
            rows.append(widgets.HBox([slider, words], layout=line))
        self.widget = widgets.VBox(rows)
        self._table: Shown | None = None
        self._bars: Live | None = None

    def set(self, name: str, points: int) -> None:
        """Mark a line; 0 takes the mark back."""
        if points:
            self.work.mark(name, points, self.work.marks.get(name, {}).get("note", ""))
        else:
            self.work.marks.pop(name, None)
        if self._table is not None and self._bars is not None:
            self._table.replace(rubric(self.work))
            self._bars.redraw()

    def show(self) -> None:
        """The sliders, and below them bars and table, which stay on a page without a kernel."""
        from IPython.display import display

        display(self.widget)
        self._bars = Live(lambda: points(self.work))
        self._table = Shown(rubric(self.work))


def marks(work: "Work") -> Marks:
    """Show the form for a work."""
    form = Marks(work)
    form.show()
    return form


class Table:
    """A storyboard to edit: five fields a shot; `board` is the storyboard, or an error says what does not add up.

    Args:
        board: to begin with.
        spoken: seconds of voice of each shot, if known; drawn under the shots.
    """

    FIELDS = COLUMNS[1:]

    def __init__(self, board: Storyboard, spoken: Sequence[float] = ()) -> None:
        import ipywidgets as widgets
        from ipywidgets.widgets.widget_description import DescriptionStyle
        from ipywidgets.widgets.widget_string import LabelStyle, TextStyle

        self.total, self.rows, self.spoken = board.total, board.table(), spoken
        self.boxes: list[dict[str, Any]] = []
        lines = []
        layouts = {name: widgets.Layout(width=WIDTHS.get(name, "11em")) for name in self.FIELDS}
        plain, number, label, row_of = TextStyle(), DescriptionStyle(), LabelStyle(), widgets.Layout(**WRAPPED)
        narrow = widgets.Layout(width="2em")
        for index, row in enumerate(self.rows):
            boxes = {
                name: widgets.Textarea(str(row[name]), rows=2, layout=layouts[name], style=plain)
                for name in self.FIELDS[:-1]
            }
            boxes["秒"] = widgets.BoundedFloatText(
                row["秒"], min=1, max=600, step=0.5, layout=layouts["秒"], style=number
            )
            for name, box in boxes.items():
                box.observe(lambda change, at=index, key=name: self.set(at, key, change["new"]), names="value")
            self.boxes.append(boxes)
            head = widgets.Label(f"{index + 1}", layout=narrow, style=label)
            lines.append(widgets.HBox([head, *boxes.values()], layout=row_of))
        self.widget = widgets.VBox(lines)
        self._shown: Shown | None = None
        self._bars: Live | None = None

    @property
    def board(self) -> Storyboard:
        """What the table says now.

        Raises:
            BadInput: the seconds do not add up, or a shot has nothing to see.
        """
        return from_rows(self.rows, self.total)

    def set(self, shot: int, name: str, value: Any) -> None:
        """Change one field of one shot (from 0)."""
        self.rows[shot][name] = value
        if self._shown is not None and self._bars is not None:
            self._shown.replace(self.html())
            try:
                self._bars.redraw()
            except AigcError:
                return  # the table says what is wrong; the picture stays as it was

    def html(self) -> Html:
        """The storyboard as a table, or the error as a card."""
        try:
            return storyboard(self.board)
        except AigcError as problem:
            return error_card(problem)

    def show(self) -> None:
        """The fields, and below them the shots in time and as a table."""
        from IPython.display import display

        display(self.widget)
        self._bars = Live(lambda: timeline(self.board, self.spoken))
        self._shown = Shown(self.html())


def shots(board: Storyboard, spoken: Sequence[float] = ()) -> Table:
    """Show a storyboard to edit; `.board` of what comes back is the edited one. Arguments as in `Table`."""
    form = Table(board, spoken)
    form.show()
    return form
