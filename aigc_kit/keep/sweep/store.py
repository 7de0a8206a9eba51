"""Keep cells on disk, named by what decides them.

    <folder>/<digest>/made.json, made.txt, ...   what the worker handed back
    <folder>/<digest>/cell.json                  written last: {"asked", "files": {name: sha256}, "seconds", "where"}

A cell counts only when `cell.json` is there and every file has the sha256 in it; whatever a killed process left is
written again.
"""

import hashlib
import inspect
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aigc_kit.core.errors import BadInput
from aigc_kit.core.paths import write_atomically
from aigc_kit.core.redact import redact
from aigc_kit.core.types import Request, Words, as_json
from aigc_kit.keep import record
from aigc_kit.keep.sweep.workers import Made
from aigc_kit.models import cards
from aigc_kit.models.fetch.hublock import fill_in

MANIFEST = "cell.json"
DIGITS = 20  # of the digest; 80 bits: no two cells of any course meet by chance


def digest(request: Request, run: Callable[..., Any]) -> str:
    """Digest what decides a cell.

    The request, the bytes of its model, the versions of what computes, and the function that runs it.
    """
    card = cards.ALL.get(request.card)
    model = [
        [of.kind, of.ref, of.revision, [[file.path, fill_in(of, file).sha256] for file in of.files]]
        for of in (card.sources if card else ())
    ]
    decides = {"request": as_json(request), "model": model, "versions": record.versions(), "run": _function(run)}
    text = json.dumps(decides, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def read(folder: Path) -> dict[str, Any] | None:
    """Read the manifest of a whole cell, else None."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        whole = all(
            Path(name).name == name and hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha256
            for name, sha256 in manifest["files"].items()
        )
        return manifest if whole and isinstance(manifest["seconds"], float) and manifest["where"] else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write(folder: Path, request: Request, made: Made) -> dict[str, Any]:
    """Write a cell, its manifest last, and return that.

    Raises:
        BadInput: a worker handed back something else than bytes under plain file names.
    """
    wrong = [n for n, data in made.files.items() if Path(n).name != n or n == MANIFEST or not isinstance(data, bytes)]
    if wrong or not made.files:
        raise BadInput(
            asked=Words(f"to keep a cell of {request.card}", f"保存 {request.card} 的一格结果"),
            found=Words(f"{wrong[0]!r} is no plain file with bytes", f"{wrong[0]!r} 不是带字节的普通文件")
            if wrong
            else Words("no file", "没有文件"),
            todo=Words('let the run function return {"name.ending": bytes}', '让运行函数返回 {"名字.后缀": 字节}'),
        )
    manifest = {
        "asked": redact(as_json(request)),
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in made.files.items()},
        "seconds": made.seconds,
        "where": made.where,
    }
    for name, data in made.files.items():
        write_atomically(folder / name, data)
    write_atomically(folder / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1) + "\n")
    return manifest


def _function(run: Callable[..., Any]) -> list[str]:
    """Give name and text of a function: both decide."""
    try:
        source = inspect.getsource(run)
    except (OSError, TypeError):  # written at a prompt, or no plain function
        source = ""
    return [getattr(run, "__module__", ""), getattr(run, "__qualname__", repr(type(run))), source]
