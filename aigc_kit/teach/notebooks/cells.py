"""Read, write, tag and stamp notebooks."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat

from aigc_kit.core.errors import BadInput
from aigc_kit.core.paths import assets, write_atomically

Notebook = nbformat.NotebookNode
Cell = nbformat.NotebookNode
NAMESPACE = "aigc_kit"  # in the notebook's metadata


def folder() -> Path:
    """Find the folder of notebooks beside a clone's assets.

    Raises:
        BadInput: the package was installed without them.
    """
    here = assets().parent / "notebooks"
    if not here.is_dir():
        raise BadInput(asked="the notebooks", found=f"no folder {here}", todo="run this in a clone of the project")
    return here


def all_paths() -> list[Path]:
    """List every notebook, solutions included, by name."""
    return [*sorted(folder().glob("*.ipynb")), *sorted((folder() / "solutions").glob("*.ipynb"))]


def is_solution(path: Path) -> bool:
    """Tell whether a notebook is one of the solutions."""
    return path.parent.name == "solutions"


def read(path: Path) -> Notebook:
    """Read and validate a notebook of format 4.5 or later.

    Raises:
        BadInput: no such file, not a notebook, or one that is not valid.
    """
    path = Path(path)
    name = f"notebook {path.name}"
    try:
        notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=nbformat.NO_CONVERT)
    except FileNotFoundError:
        raise BadInput(asked=name, found="no such file", todo=f"look into {path.parent}") from None
    except Exception as error:  # nbformat raises its own, json's and unicode's errors
        raise BadInput(asked=name, found=f"not a notebook: {error}", todo="restore the file") from error
    if (notebook.nbformat, notebook.nbformat_minor) < (4, 5):
        version = f"{notebook.nbformat}.{notebook.nbformat_minor}"
        raise BadInput(asked=name, found=f"format {version}", todo="save it with JupyterLab 4 (format 4.5)")
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        raise BadInput(asked=name, found=f"not valid: {error.message}", todo="repair that place") from None
    return notebook


def write(notebook: Notebook, path: Path) -> Path:
    """Write a notebook atomically, with a final line end."""
    return write_atomically(path, nbformat.writes(notebook).rstrip("\n") + "\n")


def tags(cell: Cell) -> set[str]:
    """List the tags of a cell."""
    return set(cell.metadata.get("tags", ()))


def code_cells(notebook: Notebook) -> Iterator[tuple[int, Cell]]:
    """Yield code cells that are not empty, numbered from 1."""
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "code" and cell.source.strip():
            yield number, cell


def outputs(cell: Cell) -> list[Any]:
    """Give a cell's outputs, none for prose."""
    return cell.get("outputs", []) if cell.cell_type == "code" else []


def source_hash(notebook: Notebook) -> str:
    """Hash type, source and tags of cells: sha256, hex.

    Outputs and counts do not count.

    Returns:
        sha256, hex.
    """
    cells = [[cell.cell_type, cell.source, sorted(tags(cell))] for cell in notebook.cells]
    return hashlib.sha256(json.dumps(cells, ensure_ascii=False).encode()).hexdigest()


def stamped_hash(notebook: Notebook) -> str | None:
    """Read the hash in the metadata, None without a stamp."""
    return notebook.metadata.get(NAMESPACE, {}).get("source_sha256")


def is_stale(notebook: Notebook) -> bool:
    """Tell whether cells changed since the outputs were made."""
    return stamped_hash(notebook) != source_hash(notebook)


def put_stamp(notebook: Notebook) -> None:
    """Note the cells' hash in this notebook's metadata."""
    notebook.metadata[NAMESPACE] = {**notebook.metadata.get(NAMESPACE, {}), "source_sha256": source_hash(notebook)}


def clear_outputs(notebook: Notebook) -> None:
    """Forget what the cells showed when they were run before."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.metadata.pop("widgets", None)


def put_count(cell: Cell, count: int) -> None:
    """Note the execution count of a cell and its result."""
    cell.execution_count = count
    for output in cell.outputs:
        if output.output_type == "execute_result":
            output.execution_count = count
