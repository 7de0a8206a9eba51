"""Copy a notebook: tidied, as a page, or for students."""

import re
from collections.abc import Callable
from copy import deepcopy
from itertools import pairwise
from pathlib import Path
from typing import Any

from aigc_kit.core.errors import BadInput
from aigc_kit.core.paths import assets, write_atomically
from aigc_kit.teach.notebooks import cells
from aigc_kit.teach.notebooks.cells import NAMESPACE, Notebook, outputs, put_stamp
from aigc_kit.teach.notebooks.lint_outputs import WIDGET_VIEW

LONGEST_LINE = 10_000  # characters
LONGEST_TEXT = 200_000  # characters of one output
_TEXTS = ("text/plain", "text/markdown", "text/latex")
_FORMULA = re.compile(
    r"(```.*?```|`[^`\n]*`)|\$\$(.+?)\$\$|(?<![\\$A-Za-z0-9])\$(?!\s)([^$\n]+?)(?<![\s\\])\$(?!\d)", re.DOTALL
)
_MARK = re.compile("\ue000(\\d+)\ue001")


def tidy(notebook: Notebook) -> None:
    """Tidy the outputs of an executed copy, in place.

    Streams of every cell are merged, carriage returns applied; what is too long is cut, and says so there. nbclient can
    merge streams itself, but its regular expression takes time quadratic in the length of a line.
    """
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs = merged(outputs(cell))
        for output in cell.outputs:
            _shorten(output)


def merged(items: list[Any]) -> list[Any]:
    """Merge outputs of a cell into one per stream.

    It stands at the place of its first part; where the two meet, stdout comes before stderr.
    """
    texts: dict[str, list[str]] = {}
    singles = []
    for output in items:
        stream = output.name if output.output_type == "stream" else None
        if stream not in texts:
            singles.append(output)
        if stream is not None:
            texts.setdefault(stream, []).append(output.text)
    for output in singles:
        if output.output_type == "stream":
            output.text = overwritten("".join(texts[output.name]))
    names = [output.get("name") for output in singles]
    for index, pair in enumerate(pairwise(names)):
        if pair == ("stderr", "stdout"):  # they arrive in any order; a file should not depend on it
            singles[index : index + 2] = singles[index + 1], singles[index]
    return singles


def overwritten(text: str) -> str:
    """Show what a terminal shows after carriage returns.

    >>> overwritten("10 %\\r50 %\\r100 %\\ndone\\r\\n")
    '100 %\\ndone\\r\\n'
    """
    if "\r" not in text:
        return text
    return "\n".join(line[line.rfind("\r", 0, max(len(line) - 1, 0)) + 1 :] for line in text.split("\n"))


def shortened(text: str) -> str:
    """Cut lines and texts that are too long, marking cuts."""
    lines = text.split("\n")
    for index, line in enumerate(lines):
        if len(line) > LONGEST_LINE:
            rest = len(line) - LONGEST_LINE
            lines[index] = f"{line[:LONGEST_LINE]} ……（这一行还有 {rest:,} 个字符，没有保存）"
    text = "\n".join(lines)
    if len(text) <= LONGEST_TEXT:
        return text
    head, tail = LONGEST_TEXT * 3 // 4, LONGEST_TEXT // 4
    return f"{text[:head]}\n……（中间 {len(text) - head - tail:,} 个字符没有保存）……\n{text[-tail:]}"


def _shorten(output: Any) -> None:
    if output.output_type == "stream":
        output.text = shortened(output.text)
    elif output.output_type == "error":
        output.evalue = shortened(output.evalue)
        output.traceback = [shortened(part) for part in output.traceback]
    else:
        for kind in _TEXTS:
            if isinstance(output.data.get(kind), str):
                output.data[kind] = shortened(output.data[kind])


def formulas_to_mathml(markdown: str, put: Callable[[str], str] = str) -> str:
    """Turn `$...$` and `$$...$$` into MathML, but not in code.

    `put` gives what stands for a formula's MathML, by default itself.

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
    """Write a page with everything inside and no scripts.

    Formulas become MathML. Widgets, which are dead without a kernel, are left out; the picture beside each stays.
    Pictures in the prose are relative to `home`. Returns None where nbconvert is not installed.
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
    """Keep a formula aside, which nbconvert would take apart."""
    formulas.append(formula)
    return f"\ue000{len(formulas) - 1}\ue001"


def student(path: Path, dest: Path, *, overwrite: bool = False) -> Path:
    """Write a copy without solutions or exercises' outputs.

    Both are known by the tags `solution` and `exercise`. `dest` is the copy, or an existing folder for it; `overwrite`
    replaces an existing copy, which may hold a student's work.

    Raises:
        BadInput: not a notebook; the copy would replace the notebook, or an existing file without `overwrite`.
    """
    path, dest = Path(path), Path(dest)
    target = dest / path.name if dest.is_dir() else dest
    if target.resolve() == path.resolve():
        task = f"a student copy of {path.name}"
        raise BadInput(asked=task, found="it would replace the notebook", todo="go elsewhere")
    if target.exists() and not overwrite:
        fault, todo = "a file is there, maybe with a student's work", "choose another place, or ask for --overwrite"
        raise BadInput(asked=f"a student copy at {target}", found=fault, todo=todo)
    return cells.write(without_solutions(cells.read(path)), target)


def without_solutions(notebook: Notebook) -> Notebook:
    """Drop solutions and clear exercises, in place.

    Cells are counted again from 1; the copy is stamped.
    """
    notebook.cells = [cell for cell in notebook.cells if "solution" not in cells.tags(cell)]
    for count, (_, cell) in enumerate(cells.code_cells(notebook), 1):
        if "exercise" in cells.tags(cell):
            cell.outputs, cell.execution_count = [], None
        elif cell.execution_count is not None:
            cells.put_count(cell, count)
    put_stamp(notebook)
    notebook.metadata[NAMESPACE]["copy"] = "student"
    return notebook
