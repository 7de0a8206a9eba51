"""Turn cells into HTML that stands still.

For slides and paper: nothing in it runs, plays or loads; films leave their poster.
"""

import re
from collections.abc import Iterable
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from aigc_kit.media.pages import visible
from aigc_kit.teach.notebooks.cells import Cell, outputs
from aigc_kit.teach.notebooks.copies import formulas_to_mathml
from aigc_kit.teach.notebooks.lint_outputs import WIDGET_VIEW
from aigc_kit.teach.show.embed import uri

PLAYS_ZH = {"video": "▶ 短片：在笔记本里播放", "audio": "♪ 声音：在笔记本里听"}
_GONE = frozenset({"script", "style", "iframe", "object", "form", "button", "input", "select", "textarea", "progress"})
_VOID = frozenset({"br", "hr", "img", "input", "source", "col", "wbr", "track"})
_KEPT = frozenset(
    (
        *("class", "style", "alt", "title", "width", "height", "colspan", "rowspan", "scope", "lang", "role", "xmlns"),
        *("aria-label", "display", "viewbox", "d", "fill", "stroke", "stroke-width", "stroke-dasharray", "points"),
        *("x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "transform", "text-anchor", "font-size"),
    )
)
_MEDIA = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp", ".gif": "image/gif"}
_FORMULA = re.compile("\ue000(\\d+)\ue001")


class _Still(HTMLParser):
    """Write HTML again without what runs, plays or loads."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._depth or tag in _GONE or tag in PLAYS_ZH:
            if not self._depth and tag in PLAYS_ZH:
                self.parts.append(_played(tag, dict(attrs)))
            self._depth += tag not in _VOID
            return
        kept = "".join(f' {name}="{escape(value or "")}"' for name, value in attrs if _keeps(name, value or ""))
        self.parts.append(f"<{tag}{' open' if tag == 'details' else ''}{kept}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self._depth and tag not in _GONE:
            self.handle_starttag(tag, attrs)
            if tag in PLAYS_ZH:
                self._depth -= 1
            elif tag not in _VOID:
                self.parts.append(f"</{tag}>")

    def handle_endtag(self, tag: str) -> None:
        if self._depth:
            self._depth -= tag not in _VOID
        elif tag not in _VOID:
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._depth:
            self.parts.append(escape(data, quote=False))


def still(html: str) -> str:
    """Take what runs, plays or loads out of HTML.

    >>> still('<b onclick="x()">a</b><script>y()</script><audio src="data:,"></audio>')
    '<b>a</b><p class="plays">♪ 声音：在笔记本里听</p>'
    """
    parser = _Still()
    parser.feed(html)
    parser.close()
    return "".join(parser.parts)


def _keeps(name: str, value: str) -> bool:
    if name == "src" or (name == "href" and not value.startswith("#")):
        return value.startswith("data:image/")
    return name in _KEPT and "url(" not in value.lower()


def _played(tag: str, attributes: dict[str, str | None]) -> str:
    poster, words = attributes.get("poster") or "", escape(visible(attributes.get("aria-label") or ""))
    shown = f'<img class="poster" src="{escape(poster)}" alt="{words}">' if poster.startswith("data:image/") else ""
    return f'{shown}<p class="plays">{PLAYS_ZH[tag]}</p>'


def prose(cell: Cell, home: Path, part: str | None = None) -> str:
    """Render a cell's Markdown as still HTML, its pictures inside.

    Args:
        cell: of prose, with its attachments.
        home: folder that its other pictures are relative to.
        part: of its text; None: all.
    """
    from nbconvert.filters import markdown2html

    formulas: list[str] = []

    def aside(formula: str) -> str:
        formulas.append(formula)
        return f"\ue000{len(formulas) - 1}\ue001"

    markdown = cell.source if part is None else part
    for name, bundle in cell.get("attachments", {}).items():
        kind = next(iter(bundle))
        address = f"data:{kind};base64,{_joined(bundle[kind]).strip()}" if kind in _MEDIA.values() else ""
        markdown = markdown.replace(f"attachment:{name}", address)
    html = markdown2html(formulas_to_mathml(markdown, aside))
    html = re.sub(r'<a class="anchor-link"[^>]*>.*?</a>', "", html)
    html = re.sub(r'src="([^"]*)"', lambda match: f'src="{_inside(match[1], home)}"', html)
    return _FORMULA.sub(lambda match: formulas[int(match[1])], still(html))


def _inside(address: str, home: Path) -> str:
    """Put a picture of the clone into the page."""
    path = home / address
    if address.startswith("data:") or path.suffix.lower() not in _MEDIA or not path.is_file():
        return address if address.startswith("data:") else ""
    return uri(_MEDIA[path.suffix.lower()], path.read_bytes())


def listing(source: str) -> str:
    """Colour Python code, as still HTML."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return f'<div class="code">{highlight(source.strip(), PythonLexer(), HtmlFormatter(nowrap=False))}</div>'


def code_css() -> str:
    """Write the style of coloured code."""
    from pygments.formatters import HtmlFormatter

    return str(HtmlFormatter(style="default").get_style_defs(".code"))


def results(cell: Cell, most_lines: int) -> list[tuple[str, str]]:
    """List what a cell left, as (kind, still HTML).

    Kinds: "picture", "table" (any HTML) and "text". A widget leaves the picture beside it. Texts longer than
    `most_lines` lines are cut, and say so.
    """
    rows = []
    for output in outputs(cell):
        data = output.get("data", {})
        if WIDGET_VIEW in data or output.output_type == "error":
            continue
        if "image/png" in data:
            words = escape(visible(_joined(data.get("text/plain", ""))[:300]), quote=True)
            rows.append(
                ("picture", f'<img src="data:image/png;base64,{_joined(data["image/png"]).strip()}" alt="{words}">')
            )
        elif "text/html" in data:
            rows += [("table", html)] if (html := still(_joined(data["text/html"])).strip()) else []
        else:
            text = _joined(output.get("text", data.get("text/plain", "")))
            if output.get("name") != "stderr" and text.strip():
                rows.append(("text", _text(text, most_lines)))
    return rows


def _joined(text: str | Iterable[Any]) -> str:
    return text if isinstance(text, str) else "".join(text)


def _text(text: str, most_lines: int) -> str:
    lines = visible(text).rstrip().split("\n")
    cut = len(lines) - most_lines
    more = f"\n……（还有 {cut} 行）" if cut > 0 else ""
    return f"<pre>{escape(chr(10).join(lines[:most_lines]))}{more}</pre>"
