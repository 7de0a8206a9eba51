"""Keep pictures of prose inside the notebook.

JupyterLab serves no file above the folder that it was started in, and a notebook that was uploaded alone has no files
beside it: only an attachment of the cell is shown everywhere.
"""

import base64
import mimetypes
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from aigc_kit.core.paths import assets
from aigc_kit.teach.notebooks.cells import Cell, Notebook

_FILE = re.compile(r"!\[([^\]]*)\]\(((?!\w+:)[^)\s]+)\)")
_ATTACHED = re.compile(r"!\[[^\]]*\]\(attachment:([^)\s]+)\)")
_STRANGE = re.compile(r"[^\w.-]")  # nbconvert looks for the name as the text has it, JupyterLab without the escapes
_KINDS = {".webp": "image/webp"}  # which Python 3.11 and 3.12 do not know


def attach(notebook: Notebook, home: Path) -> None:
    """Attach pictures of the prose to their cells, in place.

    What the text takes from a file becomes an attachment; one that stands in `assets/readme` under its name is taken
    anew from there; one that no text shows any more is dropped. A picture whose file is not there stays as written.

    Args:
        home: the folder from which the text's paths go out.
    """
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            _attach(cell, home)


def shown(cell: Cell) -> set[str]:
    """List the attachments that a cell's text shows."""
    return set(_ATTACHED.findall(cell.source))


def outdated(cell: Cell) -> Iterator[str]:
    """Name attachments unlike their file in `assets/readme`."""
    for name, bundle in cell.get("attachments", {}).items():
        file = assets() / "readme" / name
        if file.is_file() and bundle != _bundle(file):
            yield name


def _attach(cell: Cell, home: Path) -> None:
    files: dict[str, Path] = {}

    def point(match: re.Match[str]) -> str:
        words, target = match.groups()
        file = home / unquote(target)
        if not file.is_file() or _bundle(file) is None:
            return match.group()
        name = _STRANGE.sub("-", file.name)
        files[name] = file
        return f"![{words}](attachment:{name})"

    cell.source = _FILE.sub(point, cell.source)
    kept = {name: bundle for name, bundle in cell.get("attachments", {}).items() if name in shown(cell)}
    for name in kept:
        files.setdefault(name, assets() / "readme" / name)
    kept |= {name: bundle for name, file in files.items() if file.is_file() and (bundle := _bundle(file))}
    cell.pop("attachments", None)
    if kept:
        cell.attachments = kept


def _bundle(file: Path) -> dict[str, str] | None:
    """Encode a picture file for `attachments`, None for another."""
    kind = _KINDS.get(file.suffix) or mimetypes.guess_type(file.name)[0]
    if kind is None or not kind.startswith("image/"):
        return None
    return {kind: base64.b64encode(file.read_bytes()).decode()}
