"""An executed notebook as one HTML page that asks nothing of the network."""

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

from aigc_kit.notebooks.cells import Notebook, outputs
from aigc_kit.notebooks.lint_outputs import WIDGET_VIEW
from aigc_kit.notebooks.mathml import formulas_to_mathml
from aigc_kit.paths import assets, write_atomically

_MARK = re.compile("\ue000(\\d+)\ue001")


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
