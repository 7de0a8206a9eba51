"""Check the outputs that a notebook keeps."""

import json
import re
from collections.abc import Iterator
from typing import Any

from aigc_kit.core.redact import LOOKS_SECRET
from aigc_kit.core.units import MB, format_bytes
from aigc_kit.teach.notebooks.cells import code_cells, outputs, tags
from aigc_kit.teach.notebooks.findings import Finding, Page, Rule
from aigc_kit.teach.notebooks.lint_guesses import is_question

_ADDRESS = re.compile(r"\b(?:https?|ftp|ssh)://[^\s\"'<>)]+", re.IGNORECASE)
_ROOTS = "home|root|Users|Volumes|tmp|work|var|opt|mnt|media|usr|srv|private|data|content|kaggle|workspace|scratch"
_PATHS = (
    re.compile(rf"(?<![A-Za-z0-9_./~-])/(?:{_ROOTS})/[^\s\"'<>),;]+"),
    re.compile(r"\bfile:/+[^\s\"'<>),;]+", re.IGNORECASE),
    re.compile(
        r"(?<![A-Za-z0-9])[A-Za-z]:(?:\\{1,2}|/)(?:Users|Windows|Program Files|Temp)(?:\\|/)[^\s\"'<>]*", re.IGNORECASE
    ),
)
_HOSTS = (
    re.compile(r"\b(?:https?|ftp|ssh)://(?!127\.0\.0\.1|localhost|www\.w3\.org)[^\s\"'<>)]+", re.IGNORECASE),
    re.compile(
        r"(?:\b(?:src|srcset|href|action|poster|data)\s*=\s*[\"']?|\burl\(\s*[\"']?)//\w[^\s\"'<>)]*", re.IGNORECASE
    ),
)
_KEYS = (LOOKS_SECRET, re.compile(r"\bBearer\s+[A-Za-z0-9._-]{16,}|\bAKIA[0-9A-Z]{16}\b"))
LARGEST_FILE = 1 * MB
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
PICTURES = ("image/png", "image/jpeg", "image/svg+xml")
_DATA_URI = re.compile(r"data:[\w/+.-]+;base64,[A-Za-z0-9+/=\s]+")
_CODE_OF_A_WIDGET = re.compile(r"\s*\w*\(")
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def leaks(text: str, *, hosts: bool) -> Iterator[tuple[str, str]]:
    """Find a path, host and key of a text.

    Yields ("path"

    "host"

    "key", a start of it); a key is never given in full. Without `hosts` addresses of servers do not count: prose may
    cite pages.
    """
    bare = _ADDRESS.sub(" ", text)  # what follows a host is no path of this machine
    places = (("path", _PATHS, bare), ("host", _HOSTS if hosts else (), text), ("key", _KEYS, text))
    for kind, patterns, where in places:
        match = next((match for match in (pattern.search(where) for pattern in patterns) if match), None)
        if match:
            yield kind, match.group()[:4] + "..." if kind == "key" else match.group()[:80]


def executed(page: Page) -> Iterator[Finding]:
    """Find counts that do not run 1, 2, 3."""
    cells = list(code_cells(page.notebook))
    for count, (number, cell) in enumerate(cells, 1):
        if cell.execution_count != count:
            message = f"execution count {cell.execution_count}, expected {count}: aigc notebook refresh"
            yield page.finding("executed", message, number)
            break  # what follows is out of order for the same reason
    if cells and not any(outputs(cell) for _, cell in cells):
        yield page.finding("executed", "no cell has an output: aigc notebook refresh")


def no_errors(page: Page) -> Iterator[Finding]:
    """Find errors not meant, and meant ones that lack."""
    for number, cell in code_cells(page.notebook):
        errors = [output for output in outputs(cell) if output.output_type == "error"]
        raises = "raises-exception" in tags(cell)
        if errors and not raises:
            yield page.finding("error-output", f"{errors[0].ename}: {errors[0].evalue[:80]}", number)
        if raises and not errors and cell.execution_count:
            yield page.finding("error-output", "tagged raises-exception, but nothing was raised", number)


def small_file(page: Page) -> Iterator[Finding]:
    """Find a file of 1 MB or more."""
    size = page.path.stat().st_size
    if size >= LARGEST_FILE:
        yield page.finding("size", f"{format_bytes(size, decimal=True)}; less than 1 MB is right")


def nothing_of_the_machine(page: Page) -> Iterator[Finding]:
    """Find paths, addresses and keys in outputs."""
    places: list[tuple[int | None, Any]] = [(number, cell.outputs) for number, cell in code_cells(page.notebook)]
    places.append((None, page.notebook.metadata.get("widgets", {})))
    for number, value in places:
        for text in _texts(value):
            bare = _ANSI.sub("", _DATA_URI.sub("", text))
            for kind, excerpt in leaks(bare, hosts=True):
                yield page.finding(f"leak-{kind}", f"an output shows {excerpt!r}", number)


def widgets_leave_a_picture(page: Page) -> Iterator[Finding]:
    """Find widgets without a static picture or tag.

    What takes a guess needs neither: its question stands above it.
    """
    for number, cell in code_cells(page.notebook):
        if any(map(is_question, outputs(cell))):
            continue
        data = [output.get("data", {}) for output in outputs(cell)]
        view = any(WIDGET_VIEW in item for item in data)
        html = "".join(_joined(item.get("text/html", "")) for item in data)
        picture = "<img" in html or "<svg" in html or any(kind in item for item in data for kind in PICTURES)
        words = [_joined(item.get("text/plain", "")) for item in data if WIDGET_VIEW in item]
        if any(_CODE_OF_A_WIDGET.match(text) for text in words):
            yield page.finding("widget", "its text form is code: show it by plots.show_widget", number)
        if view and not picture:
            yield page.finding("widget", "a widget without a static picture beside it", number)
        if view and "widget" not in tags(cell):
            yield page.finding("widget", "shows a widget, but has no tag 'widget'", number)
        if "widget" in tags(cell) and not view and cell.execution_count:
            yield page.finding("widget", "tagged 'widget', but shows none", number)


def _texts(value: Any) -> Iterator[str]:
    """Yield every string in a JSON value, except pictures."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            if key.startswith("text/") or key in {"text", "traceback", "source"}:
                yield _joined(item)
            elif not key.startswith(("image/png", "image/jpeg", "audio/", "video/")):
                yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _joined(value: Any) -> str:
    return "".join(value) if isinstance(value, list) else value if isinstance(value, str) else json.dumps(value)


OUTPUT_RULES: tuple[Rule, ...] = (executed, no_errors, small_file, nothing_of_the_machine, widgets_leave_a_picture)
