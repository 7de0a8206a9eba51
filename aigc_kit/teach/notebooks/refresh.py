"""Execute a notebook cleanly and keep its outputs small.

This is the only way by which the notebooks of the project get outputs.
"""

import base64
import binascii
import hashlib
import json
import re
import site
import sysconfig
import tempfile
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import nbformat

from aigc_kit.core.errors import BadInput
from aigc_kit.core.units import KB, format_bytes
from aigc_kit.teach.notebooks import cells
from aigc_kit.teach.notebooks.attachments import attach
from aigc_kit.teach.notebooks.cells import put_stamp
from aigc_kit.teach.notebooks.execution import Tier, execute
from aigc_kit.teach.notebooks.lint_guesses import calls
from aigc_kit.teach.notebooks.lint_outputs import LARGEST_FILE

PICTURE_LIMITS = tuple(size * KB for size in (200, 120, 80, 50, 30))  # tried in turn until the file is small enough
WIDEST = 1800  # pixels
FAITHFUL = 1.0  # of 255: how much the pixels of a picture may change on average when it gets a palette

_WIDGETS = "application/vnd.jupyter.widget-state+json"
_EMBEDDED = re.compile(r"(data:image/png;base64,)([A-Za-z0-9+/=]+)")
_MODEL_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{8,16}\b")  # Windows writes capitals


def refresh(path: Path, *, tier: Tier = "tiny", offline: bool = False, timeout: int = 600) -> bool:
    """Run a notebook, slow cells included, and keep its outputs.

    The file is replaced only when all went well. Options are those of `execution.execute`. Returns whether it changed.

    Raises:
        BadInput: not a notebook; a cell failed (which, and how); or the outputs do not fit into 1 MB.
    """
    path = Path(path)
    notebook = cells.read(path)
    attach(notebook, path.parent)
    with tempfile.TemporaryDirectory(prefix="aigc-refresh-") as folder:
        execution = execute(notebook, Path(folder), tier=tier, offline=offline, slow=True, timeout=timeout)
        if failure := execution.failure:
            raise BadInput(asked=failure.asked(path.name), found=failure.error, todo=failure.todo)
        result = normalise(execution.notebook, Path(folder))
    fold_answers(result)
    put_stamp(result)
    fit(result, path.name)
    old = path.read_bytes()
    cells.write(result, path)
    return path.read_bytes() != old


def stamp(path: Path) -> bool:
    """Stamp a file whose change cannot alter its outputs.

    Such as a word of prose, or a picture in it, which is attached; otherwise refresh it. Returns whether the file
    changed.

    Raises:
        BadInput: not a notebook, or one that does not fit into 1 MB.
    """
    notebook = cells.read(path)
    fold_answers(notebook)
    attach(notebook, path.parent)
    put_stamp(notebook)
    fit(notebook, path.name)
    old = path.read_bytes()
    cells.write(notebook, path)
    return path.read_bytes() != old


def fold_answers(notebook: cells.Notebook) -> None:
    """Hide the source of cells that answer, in place.

    JupyterLab shows a bar in its stead, which opens it.
    """
    for _, cell in cells.code_cells(notebook):
        if calls(cell, "reveal"):
            cell.metadata["jupyter"] = {**cell.metadata.get("jupyter", {}), "source_hidden": True}


def normalise(notebook: cells.Notebook, folder: Path) -> cells.Notebook:
    """Remove what differs between two equal runs, in place.

    Counts, timings, versions, ids of widgets, addresses, and paths: of the package, of Python's libraries, and of the
    folder in which it ran.
    """
    for count, (_, cell) in enumerate(cells.code_cells(notebook), 1):
        cells.put_count(cell, count)
        cell.metadata.pop("execution", None)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata |= nbformat.from_dict({"language_info": {"name": "python"}, "kernelspec": kernel})
    roots = _machine_roots(folder)
    for _, cell in cells.code_cells(notebook):
        cell.outputs = nbformat.from_dict([_clean(output, roots) for output in cell.outputs])
    if "widgets" in notebook.metadata:
        notebook.metadata.widgets = nbformat.from_dict(_clean(notebook.metadata.widgets, roots))
    return _stable_widget_ids(notebook)


def fit(notebook: cells.Notebook, name: str) -> None:
    """Shrink pictures in place until a notebook fits 1 MB.

    Before, the state of widgets loses what says nothing.

    Raises:
        BadInput: it does not fit; the error names the largest output.
    """
    _drop_nulls(notebook)
    for _, cell in cells.code_cells(notebook):
        for output in cell.outputs:
            _each_picture(output, packed)
    for limit in PICTURE_LIMITS:
        for _, cell in cells.code_cells(notebook):
            for output in cell.outputs:
                _each_picture(output, partial(shrink_png, limit=limit * 3 // 4))
        if len(nbformat.writes(notebook).encode()) < LARGEST_FILE:
            return
    sizes = {number: len(json.dumps(cell.outputs)) for number, cell in cells.code_cells(notebook)}
    size, largest = max((size, -number) for number, size in sizes.items())
    task = f"the outputs of {name} in less than {format_bytes(LARGEST_FILE, decimal=True)}"
    fault = f"cell {-largest} alone shows {format_bytes(size, decimal=True)}"
    raise BadInput(asked=task, found=fault, todo="show less there: a smaller figure, a few rows, no animation")


def packed(data: bytes) -> bytes:
    """Give a PNG a palette where nobody sees it.

    Plots have few colours; a picture whose pixels would change more than `FAITHFUL` on average stays as it is.
    """
    from PIL import Image, ImageChops, ImageStat

    whole = Image.open(BytesIO(data))
    if whole.mode == "P" or ("A" in whole.getbands() and min(whole.getchannel("A").tobytes()) < 255):
        return data
    image = whole.convert("RGB")
    few = image.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    if max(ImageStat.Stat(ImageChops.difference(image, few.convert("RGB"))).mean) > FAITHFUL:
        return data
    buffer = BytesIO()
    few.save(buffer, "PNG", optimize=True)
    return min(data, buffer.getvalue(), key=len)


def shrink_png(data: bytes, limit: int) -> bytes:
    """Shrink a PNG to `limit` bytes: fewer colours, then pixels.

    One that is small enough, and not wider than 1600 pixels, is returned itself.
    """
    from PIL import Image

    image: Image.Image = Image.open(BytesIO(data))
    if len(data) <= limit and image.width <= WIDEST:
        return data
    image = image.convert("RGBA" if "A" in image.getbands() or "transparency" in image.info else "RGB")
    image.thumbnail((WIDEST, 8 * WIDEST), Image.Resampling.LANCZOS)
    best = data
    while True:
        method = Image.Quantize.FASTOCTREE if image.mode == "RGBA" else Image.Quantize.MEDIANCUT
        palettes = [image.quantize(count, method=method, dither=Image.Dither.NONE) for count in (256, 64)]
        for candidate in (image, *palettes):
            buffer = BytesIO()
            candidate.save(buffer, "PNG", optimize=True)
            best = buffer.getvalue()
            if len(best) <= limit:
                return best
        if min(image.size) < 64:
            return best
        image = image.resize((image.width * 4 // 5, image.height * 4 // 5), Image.Resampling.LANCZOS)


def _each_picture(output: Any, change: Callable[[bytes], bytes]) -> None:
    """Change every PNG of an output and its HTML."""

    def changed(text: str) -> str:
        try:
            data = base64.b64decode(text)
            small = change(data)
        except (OSError, binascii.Error):
            return text  # not a picture
        return text if small is data else base64.b64encode(small).decode()

    bundle = output.get("data", {})
    if "image/png" in bundle:
        bundle["image/png"] = changed(bundle["image/png"])
    if "data:image/png" in (html := "".join(bundle.get("text/html", ""))):
        bundle["text/html"] = _EMBEDDED.sub(lambda match: match[1] + changed(match[2]), html)


def _machine_roots(folder: Path) -> list[tuple[str, str]]:
    """Map this machine's paths to short ones, longest first."""
    package = Path(__file__).resolve().parents[3]
    libraries = {sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib")} | set(site.getsitepackages())
    roots = {f"{root}/": "" for root in (*libraries, str(package))}
    roots |= {f"{folder.resolve()}/": "", str(folder.resolve()): ".", f"{folder}/": "", str(Path.home()): "~"}
    roots.pop("/", None)
    return sorted(roots.items(), key=lambda pair: -len(pair[0]))


def _clean(value: Any, roots: list[tuple[str, str]]) -> Any:
    if isinstance(value, dict):
        pictures = {kind for kind in value if kind.startswith("image/") and "svg" not in kind}
        return {key: item if key in pictures else _clean(item, roots) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item, roots) for item in value]
    if not isinstance(value, str):
        return value
    for root, short in roots:
        value = value.replace(root, short)
    return _ADDRESS.sub("at 0x...", value)


def _drop_nulls(notebook: cells.Notebook) -> None:
    """Drop nulls of widgets' layouts and styles, their defaults.

    They are most of the bytes of a form's state.
    """
    for model in notebook.metadata.get("widgets", {}).get(_WIDGETS, {}).get("state", {}).values():
        if model["model_name"].endswith(("LayoutModel", "StyleModel")):
            model["state"] = {key: value for key, value in model["state"].items() if value is not None}


def _stable_widget_ids(notebook: cells.Notebook) -> cells.Notebook:
    """Name widgets' models by order, so that reruns agree."""
    state = notebook.metadata.get("widgets", {}).get(_WIDGETS, {}).get("state", {})
    texts = {name: json.dumps(model, sort_keys=True) for name, model in state.items()}
    ids = _MODEL_ID.findall(json.dumps([cell.outputs for _, cell in cells.code_cells(notebook)]))
    order: dict[str, None] = {}
    waiting = [*ids, *sorted(texts, key=lambda name: _MODEL_ID.sub("", texts[name]))]
    while waiting:  # from what is shown to what it refers to
        name = waiting.pop(0)
        if name in texts and name not in order:
            order[name] = None
            waiting = _MODEL_ID.findall(texts[name]) + waiting
    names = {old: hashlib.sha256(f"widget {index}".encode()).hexdigest()[:32] for index, old in enumerate(order)}
    text = _MODEL_ID.sub(lambda match: names.get(match.group(), match.group()), nbformat.writes(notebook))
    return nbformat.reads(text, as_version=nbformat.NO_CONVERT)
