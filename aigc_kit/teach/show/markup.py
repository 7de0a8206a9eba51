"""Hold pieces of a page, and their place."""

import base64
import os
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

SHORT = 6  # characters of a cell that is not broken: two Chinese signs would stand one above the other
GREY = "opacity:.75;font-size:max(.88em,14px)"  # of the page's own colour: readable on white and on black
CARD = "border:1px solid #8885;border-radius:8px;padding:.7em 1em;margin:.4em 0;max-width:60em"


class Place:
    """Show something, and later something else in its place.

    What was shown last stays, as it was, when no kernel runs. A notebook replaces what bears a display id. Voilà (`aigc
    app`) ignores such messages, so there the place is an output widget. `content`: anything that `display` can show.
    Outside a notebook it is printed, and nothing can be replaced. Without it the first `put` shows something.
    """

    def __init__(self, content: Any = None) -> None:
        self._widget: Any = None
        self._handle: Any = None
        self._empty = content is None
        if content is not None:
            self._show(content)

    def _show(self, content: Any) -> None:
        from IPython.display import display

        if in_an_app():
            import ipywidgets as widgets

            self._widget = widgets.Output()
            self._widget.outputs = _outputs(content)
            display(self._widget)
        else:
            self._handle = display(content, display_id=True)

    @property
    def replaceable(self) -> bool:
        """Say whether what is shown can be replaced."""
        return self._widget is not None or self._handle is not None

    def put(self, content: Any) -> None:
        """Show this there instead."""
        if self._empty:
            self._empty = False
            self._show(content)
        elif self._widget is not None:
            self._widget.outputs = _outputs(content)
        elif self._handle is not None:
            self._handle.update(content)


def in_an_app() -> bool:
    """Tell by the environment whether Voilà started this kernel."""
    return os.environ.get("SERVER_SOFTWARE", "").startswith("voila/")


def _outputs(content: Any) -> tuple[dict[str, Any], ...]:
    """Format content for an output widget, bytes as base64."""
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    bundle, metadata = shell.display_formatter.format(content)
    data = {
        kind: base64.b64encode(value).decode() if isinstance(value, bytes) else value for kind, value in bundle.items()
    }
    return ({"output_type": "display_data", "data": data, "metadata": metadata},)


class WithRows:
    """Keep the numbers behind what is shown.

    `.rows` has one record for each thing drawn or line written: a frozen dataclass with named fields, or a mapping;
    pandas.DataFrame(shown.rows) takes both.
    """

    def __init__(self, rows: Iterable[Any] = ()) -> None:
        self.rows: tuple[Any, ...] = tuple(rows)


class Html(WithRows):
    """Hold a piece of HTML and its plain-text twin.

    A notebook shows the one, a terminal the other. `html`, `text`: the twins. `rows`: the numbers that they were
    written from.
    """

    def __init__(self, html: str, text: str, rows: Iterable[Any] = ()) -> None:
        super().__init__(rows)
        self.html, self.text = html, text

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


def table(
    lines: Iterable[Sequence[Any]], head: Sequence[str], caption: str = "", rows: Iterable[Any] | None = None
) -> Html:
    """Write a table, every cell escaped, numbers to the right.

    Args:
        lines: the cells, line by line.
        head: name of each column.
        caption: below the table.
        rows: what the cells were written from; None keeps the cells themselves, under the names of their columns.
    """
    lines = [list(line) for line in lines]
    records = [dict(zip(head, line, strict=False)) for line in lines] if rows is None else rows
    cells = "".join(f"<tr>{''.join(_cell(value) for value in line)}</tr>" for line in lines)
    heads = "".join(f'<th style="text-align:left">{escape(name)}</th>' for name in head)
    under = f'<caption style="caption-side:bottom;text-align:left;{GREY}">{escape(caption)}</caption>'
    html = f"<table>{under if caption else ''}<thead><tr>{heads}</tr></thead><tbody>{cells}</tbody></table>"
    plain = [" | ".join(head), *(" | ".join(str(value) for value in line) for line in lines), caption]
    return Html(html, "\n".join(line for line in plain if line), records)


def _cell(value: Any) -> str:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    text = f"{value:.3g}" if isinstance(value, float) else str(value)
    whole = ";white-space:nowrap" if len(text) <= SHORT else ""
    return f'<td style="text-align:{"right" if number else "left"}{whole}">{escape(text)}</td>'


def barred(page: Html, values: Sequence[float], limit: float, words: str) -> Html:
    """Put a bar for each line above a table.

    Args:
        page: the table.
        values: 0 or more; the bars' lengths.
        limit: where a line is drawn across the bars.
        words: what the bars show, for who cannot see them.
    """
    longest = max([limit, *values]) or 1.0
    bars = "".join(
        f'<rect x="0" y="{14 * k + 2}" width="{600 * value / longest:.1f}" height="10" '
        f'fill="{"#3b7dd8" if value <= limit else "#d0453c"}"/>'
        for k, value in enumerate(values)
    )
    at, height = 600 * limit / longest, 14 * len(values)
    line = f'<line x1="{at:.1f}" x2="{at:.1f}" y1="0" y2="{height}" stroke="currentColor" stroke-dasharray="4 3"/>'
    drawn = f'<svg viewBox="0 0 602 {height}" style="max-width:602px" role="img" aria-label="{escape(words)}">'
    return Html(f"{drawn}{bars}{line}</svg>{page.html}", page.text, page.rows)
