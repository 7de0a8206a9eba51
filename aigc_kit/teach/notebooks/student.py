"""Copies for students: the notebook without its solutions."""

from pathlib import Path

from aigc_kit.core.errors import BadInput
from aigc_kit.teach.notebooks import cells
from aigc_kit.teach.notebooks.cells import NAMESPACE, put_stamp


def student(path: Path, dest: Path, *, overwrite: bool = False) -> Path:
    """Write a copy without the cells tagged `solution` and without the outputs of the cells tagged `exercise`.

    Args:
        path: of the notebook.
        dest: the copy, or an existing folder for it.
        overwrite: replace an existing copy, which may hold a student's work.

    Returns:
        The copy's path.

    Raises:
        BadInput: not a notebook; the copy would replace the notebook itself, or an existing file without `overwrite`.
    """
    path, dest = Path(path), Path(dest)
    target = dest / path.name if dest.is_dir() else dest
    if target.resolve() == path.resolve():
        raise BadInput(
            asked=f"a student copy of {path.name}", found="it would replace the notebook", todo="go elsewhere"
        )
    if target.exists() and not overwrite:
        raise BadInput(
            asked=f"a student copy at {target}",
            found="a file is there, maybe with a student's work",
            todo="choose another place, or ask for --overwrite",
        )
    return cells.write(without_solutions(cells.read(path)), target)


def without_solutions(notebook: cells.Notebook) -> cells.Notebook:
    """Drop solutions, clear exercises, count again from 1, stamp; in place.

    Returns:
        The notebook.
    """
    notebook.cells = [cell for cell in notebook.cells if "solution" not in cells.tags(cell)]
    for count, (_, cell) in enumerate(cells.code_cells(notebook), 1):
        if "exercise" in cells.tags(cell):
            cell.outputs, cell.execution_count = [], None
        elif cell.execution_count is not None:
            cell.execution_count = count
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = count
    put_stamp(notebook)
    notebook.metadata[NAMESPACE]["copy"] = "student"
    return notebook
