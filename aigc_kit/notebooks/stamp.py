"""The source hash: whether the outputs that a notebook keeps belong to the cells that it has."""

import hashlib
import json
from pathlib import Path

from aigc_kit.notebooks.cells import Notebook, read, tags, write

NAMESPACE = "aigc_kit"  # in the notebook's metadata


def source_hash(notebook: Notebook) -> str:
    """Digest of what a person wrote: type, source and tags of every cell, in order; outputs and counts do not count.

    Returns:
        sha256, hex.
    """
    cells = [[cell.cell_type, cell.source, sorted(tags(cell))] for cell in notebook.cells]
    return hashlib.sha256(json.dumps(cells, ensure_ascii=False).encode()).hexdigest()


def stamped_hash(notebook: Notebook) -> str | None:
    """The hash in the metadata; None when the notebook was never stamped."""
    return notebook.metadata.get(NAMESPACE, {}).get("source_sha256")


def is_stale(notebook: Notebook) -> bool:
    """Whether the cells changed since the outputs were made, or nobody knows."""
    return stamped_hash(notebook) != source_hash(notebook)


def put_stamp(notebook: Notebook) -> None:
    """Note the hash of the cells in the metadata of this notebook (in memory)."""
    notebook.metadata[NAMESPACE] = {**notebook.metadata.get(NAMESPACE, {}), "source_sha256": source_hash(notebook)}


def stamp(path: Path) -> bool:
    """Stamp a file, for a change that cannot alter its outputs (a word of prose); otherwise refresh it.

    Returns:
        Whether the file changed.

    Raises:
        BadInput: the file is not a valid notebook.
    """
    notebook = read(path)
    if not is_stale(notebook):
        return False
    put_stamp(notebook)
    write(notebook, path)
    return True
