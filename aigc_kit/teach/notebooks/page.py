"""An executed notebook as one HTML page that asks nothing of the network."""

import re
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

from aigc_kit.core.paths import assets, write_atomically
from aigc_kit.teach.notebooks.cells import Notebook, outputs
from aigc_kit.teach.notebooks.lint_outputs import WIDGET_VIEW

_FORMULA = re.compile(
    r"(```.*?```|`[^`\n]*`)|\$\$(.+?)\$\$|(?<![\\$A-Za-z0-9])\$(?!\s)([^$\n]+?)(?<![\s\\])\$(?!\d)", re.DOTALL
)
_MARK = re.compile("\ue000(\\d+)\ue001")


def formulas_to_mathml(markdown: str, put: Callable[[str], str] = str) -> str:
    """The same Markdown with `$...$` and `$$...$$` as MathML; code stays, and so does what is no formula.

    Args:
        markdown: prose of a cell.
        put: what stands in the result for a formula's MathML; by default the MathML itself.

    >>> formulas_to_mathml("`$y$` costs $5 or $6")
    '`$y$` costs $5 or $6'
    """
    from latex2mathml.converter import convert

    def replace(match: re.Match[str]) -> str:
        code, block, inline = match.groups()
        if code:
            return code
        try:
            return put(convert(block or inline, display="block" if block else "inline"))
        except Exception:  # the library has no common base for its errors; a page with TeX in it beats no page
            return match.group()

    return _FORMULA.sub(replace, markdown)


def write_page(notebook: Notebook, path: Path, home: Path) -> Path | None:
    """Write the page.

    Styles and pictures are inside it. There are no scripts: formulas become MathML, and widgets, which are dead without
    a kernel, are left out; the picture beside each stays.

    Args:
        notebook: executed; not changed.
        path: of the page.
        home: folder of the notebook, to which the pictures in its prose are relative.

    Returns:
        The path, or None when nbconvert is not installed.
    """
    try:
        from nbconvert import HTMLExporter
    except ImportError:
        return None
    copy = deepcopy(notebook)
    formulas: list[str] = []
    copy.metadata.pop("widgets", None)
    for cell in copy.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in outputs(cell) if WIDGET_VIEW not in output.get("data", {})]
        elif cell.cell_type == "markdown":
            cell.source = formulas_to_mathml(cell.source, lambda formula: _mark(formulas, formula))
    template = (assets() / "templates" / "notebook.html.j2").read_text(encoding="utf-8")
    exporter: Any = HTMLExporter(template_name="lab", raw_template=template, language_code="zh", embed_images=True)
    html, _ = exporter.from_notebook_node(copy, resources={"metadata": {"name": path.stem, "path": str(home)}})
    return write_atomically(path, _MARK.sub(lambda match: formulas[int(match[1])], html))


def _mark(formulas: list[str], formula: str) -> str:
    """Keep a formula aside: nbconvert would take it apart, tag by tag. The marks are private-use characters."""
    formulas.append(formula)
    return f"\ue000{len(formulas) - 1}\ue001"
