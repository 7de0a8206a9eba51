"""Notebooks for the tests: `good()` keeps every rule, and each test breaks one."""

import base64
from io import BytesIO
from pathlib import Path

import nbformat
from nbformat import v4
from PIL import Image

from aigc_kit.teach.notebooks.cells import put_stamp

PROSE = "这里是一句中文说明。"


def png(width=2, height=2, pixels=None):
    """A PNG as base64, as in an output."""
    image = Image.fromarray(pixels) if pixels is not None else Image.new("RGB", (width, height), "navy")
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def prose(text=PROSE, *tags):
    return v4.new_markdown_cell(text, metadata={"tags": list(tags)} if tags else {})


def code(source, *tags, outputs=None, count=None):
    metadata = {"tags": list(tags)} if tags else {}
    return v4.new_code_cell(source, metadata=metadata, outputs=outputs or [], execution_count=count)


def stream(text):
    return v4.new_output("stream", name="stdout", text=text)


def display(**data):
    return v4.new_output("display_data", data={k.replace("__", "/"): v for k, v in data.items()})


def notebook(*cells, stamped=True):
    made = v4.new_notebook(
        cells=list(cells),
        metadata={
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        },
    )
    for index, cell in enumerate(made.cells):
        cell.id = f"cell-{index}"
    if stamped:
        put_stamp(made)
    return made


def good(*more):
    """Keeps every rule; `more` cells come before the last."""
    cells = [prose(f"## {n}\n{PROSE}", f"step-{n}") for n in range(1, 9)]
    first = code("x = 1\nprint(x)", outputs=[stream("1\n")], count=1)
    return notebook(*cells, first, *more, code("x + 1", count=2 + sum(c.cell_type == "code" for c in more)))


def put(path: Path, made) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(made), encoding="utf-8")
    return path
