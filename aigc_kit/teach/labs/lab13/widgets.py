"""Turn how words are deleted, and work off a queue."""

from collections.abc import Sequence
from html import escape
from typing import Any

from aigc_kit.core.errors import AigcError
from aigc_kit.promptlab import inspect
from aigc_kit.promptlab.inspect.question import OPERATORS
from aigc_kit.promptlab.logs import ReviewQueue
from aigc_kit.teach.labs.lab13.tables import heat, readings
from aigc_kit.teach.show.page import Html, error
from aigc_kit.teach.show.plots import Form, follow
from aigc_kit.worlds.logs.lines import FIELDS

_WIDE: Any = {"style": {"description_width": "6em"}, "layout": {"width": "34em"}}


def dial(engine: Any, prompt: str, answer: str, part: tuple[int, int], truth: Sequence[tuple[int, int]] = ()) -> None:
    """Choose method and deletion, and watch the words' colours."""
    import ipywidgets as widgets

    method = widgets.Dropdown(
        options=[(each.name.zh, name) for name, each in inspect.METHODS.items()],
        value="integrated",
        description="方法",
        **_WIDE,
    )
    operator = widgets.Dropdown(
        options=[(words.zh, name) for name, words in OPERATORS.items()], description="怎么删", **_WIDE
    )

    def drawn() -> Html:
        try:
            inspector = inspect.AlignInspector(engine, operator.value)
            return heat(inspector.explain(prompt, answer, method.value, part=part, scale="odds"), answer, truth)
        except AigcError as problem:
            return error(problem)

    follow([method, operator], drawn)


class _Desk(Form):
    """Show a waiting line, to be mended or dropped."""

    def __init__(self, queue: ReviewQueue) -> None:
        import ipywidgets as widgets

        self.queue, self._problem = queue, ""
        self.boxes = {name: widgets.Text(description=name, continuous_update=False, **_WIDE) for name in FIELDS}
        keep, drop = widgets.Button(description="就是这样"), widgets.Button(description="不是日志，丢掉")
        keep.on_click(lambda _: self.settle(keep=True))
        drop.on_click(lambda _: self.settle(keep=False))
        self.widget = widgets.VBox([*self.boxes.values(), widgets.HBox([keep, drop])])
        self.views = (self.drawn,)
        self._fill()

    def settle(self, *, keep: bool) -> None:
        """Decide on the first waiting line and go on."""
        try:
            if not self.queue.waiting:
                pass
            elif keep:
                self.queue.correct(0, {name: box.value for name, box in self.boxes.items() if box.value})
            else:
                self.queue.drop(0)
            self._problem = ""
        except AigcError as problem:
            self._problem = "；".join(problem.in_chinese())
        else:
            self._fill()
        self.redraw()

    def drawn(self) -> Html:
        """Show the waiting lines and what went wrong."""
        waiting = self.queue.waiting
        shown = readings(waiting[:4])
        words = f"还有 {len(waiting)} 行等着，已经有 {len(self.queue.rows())} 行。{self._problem}"
        whole = len(waiting) + len(self.queue.rows())
        width = round(300 * len(self.queue.rows()) / max(whole, 1))
        bar = f'<rect width="300" height="12" fill="#b9bec7"/><rect width="{width}" height="12" fill="#2e9e5b"/>'
        picture = f'<svg width="300" height="12" role="img" aria-label="{escape(words)}">{bar}</svg>'
        return Html(f"<p>{escape(words)}</p>{picture}{shown.html}", f"{words}\n{shown.text}", shown.rows)

    def _fill(self) -> None:
        labels = self.queue.waiting[0].labels if self.queue.waiting else {}
        for name, box in self.boxes.items():
            box.value = labels.get(name, "")


def review(queue: ReviewQueue) -> _Desk:
    """Work off a queue of log lines by hand."""
    return _Desk(queue).show()
