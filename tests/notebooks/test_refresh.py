"""Stamps, small pictures, student copies: what needs no kernel."""

import base64
import json
from copy import deepcopy
from io import BytesIO

import ipywidgets
import nbformat
import numpy as np
import pytest
from PIL import Image

from aigc_kit.core.errors import BadInput
from aigc_kit.teach.notebooks import cells
from aigc_kit.teach.notebooks.cells import is_stale, source_hash
from aigc_kit.teach.notebooks.copies import student
from aigc_kit.teach.notebooks.lint import lint
from aigc_kit.teach.notebooks.refresh import fit, normalise, shrink_png, stamp

from .build import code, display, good, notebook, png, prose, put, stream

STATE = "application/vnd.jupyter.widget-state+json"


def noise(side):
    return np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)


def test_hash_follows_sources_types_tags_and_order_but_not_outputs():
    base = good()
    same = deepcopy(base)
    same.cells[8].outputs, same.cells[8].execution_count = [stream("other")], 7
    same.metadata.kernelspec.name = "other"
    assert source_hash(same) == source_hash(base)

    def with_source(made):
        made.cells[8].source += " "

    def with_tag(made):
        made.cells[8].metadata.tags = ["slow"]

    def with_type(made):
        made.cells[0].cell_type = "raw"

    def with_order(made):
        made.cells.insert(0, made.cells.pop())

    for change in (with_source, with_tag, with_type, with_order):
        other = deepcopy(base)
        change(other)
        assert source_hash(other) != source_hash(base), change.__name__


def test_tags_count_as_a_set():
    one, two = notebook(prose("一", "a", "b")), notebook(prose("一", "b", "a"))
    assert source_hash(one) == source_hash(two)


def test_stamp_writes_only_when_stale(tmp_path):
    path = put(tmp_path / "x.ipynb", notebook(prose("一"), stamped=False))
    assert is_stale(cells.read(path))
    assert stamp(path) is True and not is_stale(cells.read(path))
    before = path.read_bytes()
    assert stamp(path) is False and path.read_bytes() == before


def test_pictures_shrink_until_the_notebook_is_small(tmp_path):
    big = png(pixels=noise(700))
    assert len(big) > 1_000_000
    small = png()
    made = notebook(
        code("1", outputs=[display(image__png=big)], count=1), code("2", outputs=[display(image__png=small)])
    )
    fit(made, "x.ipynb")
    assert len(nbformat.writes(made)) < 1_000_000
    picture = Image.open(BytesIO(base64.b64decode(made.cells[0].outputs[0].data["image/png"])))
    assert picture.format == "PNG" and 64 < picture.width <= 700
    assert made.cells[1].outputs[0].data["image/png"] == small  # untouched


def test_many_pictures_get_a_lower_limit_each():
    made = notebook(*(code(f"{i}", outputs=[display(image__png=png(pixels=noise(300)))], count=i) for i in range(1, 9)))
    assert len(nbformat.writes(made)) > 1_000_000
    fit(made, "x.ipynb")
    assert len(nbformat.writes(made)) < 1_000_000


def test_text_that_is_too_long_is_named():
    made = notebook(code("1", outputs=[stream("x")]), code("2", outputs=[stream("x" * 1_100_000)]))
    with pytest.raises(BadInput, match=r"cell 2 alone shows 1.10 MB[\s\S]*show less there"):
        fit(made, "x.ipynb")


@pytest.mark.parametrize("address", ["0x7f35a1c3c7f0", "0x000001F2A9C3B4D0", "0x10a3b4c5"])
def test_addresses_of_objects_are_cleaned_wherever_they_are_shown(tmp_path, address):
    shown = f"<Thing at {address}>"
    error = nbformat.v4.new_output("error", ename="E", evalue=shown, traceback=[shown])
    outputs = [stream(shown), display(text__html=f"<pre>{shown}</pre>", text__plain=shown), error]
    made = notebook(code("1", outputs=outputs, count=1))
    made.metadata.widgets = {"application/vnd.jupyter.widget-state+json": {"state": {"a": {"value": shown}}}}
    text = nbformat.writes(normalise(made, tmp_path))
    assert address not in text and text.count("<Thing at 0x...>") == 6
    ordinary = notebook(code("1", outputs=[stream("look at 0x10 and 0x7f35a1c3c7f0")], count=1))
    assert normalise(ordinary, tmp_path).cells[0].outputs[0].text == "look at 0x10 and 0x7f35a1c3c7f0"


def test_a_layout_keeps_only_what_it_says():
    """What ipywidgets says is no default stays, and what is dropped is null."""
    form = ipywidgets.VBox([ipywidgets.IntSlider(description="步数", layout={"width": "9em"})])
    parts = [form, form.layout, *form.children, *(part.layout for part in form.children)]
    parts += [part.style for part in form.children]
    full, needed = (
        ipywidgets.Widget.get_manager_state(drop_defaults=drop, widgets=parts)["state"] for drop in (False, True)
    )
    made = notebook(code("1", outputs=[stream("x")], count=1))
    made.metadata.widgets = nbformat.from_dict({STATE: {"state": deepcopy(full)}})
    fit(made, "x.ipynb")
    lean = made.metadata.widgets[STATE]["state"]
    assert len(json.dumps(lean)) < 0.7 * len(json.dumps(full))
    for name, model in full.items():
        kept, whole = lean[name]["state"], json.loads(json.dumps(model["state"]))
        assert needed[name]["state"].keys() <= kept.keys()
        assert whole == {**dict.fromkeys(whole.keys() - kept.keys()), **json.loads(json.dumps(kept))}


def test_small_png_is_returned_as_it_is_and_colours_survive():
    data = base64.b64decode(png(20, 20))
    assert shrink_png(data, 10_000) is data
    flat = np.zeros((900, 900, 3), np.uint8)
    flat[:, 450:] = (200, 30, 30)
    buffer = BytesIO()
    Image.fromarray(flat).save(buffer, "PNG", compress_level=0)
    small = Image.open(BytesIO(shrink_png(buffer.getvalue(), 100_000))).convert("RGB")
    assert small.size == (900, 900)  # fewer colours or better packing was enough
    assert small.getpixel((10, 10)) == (0, 0, 0) and small.getpixel((890, 10)) == (200, 30, 30)


def test_wide_and_transparent_pictures():
    clear = np.zeros((10, 4000, 4), np.uint8)
    clear[:, :2000] = (9, 99, 199, 255)
    buffer = BytesIO()
    Image.fromarray(clear).save(buffer, "PNG")
    small = Image.open(BytesIO(shrink_png(buffer.getvalue(), 200_000))).convert("RGBA")
    assert small.width == 1800
    assert small.getpixel((100, 1)) == (9, 99, 199, 255) and small.getpixel((1500, 1))[3] == 0


def test_student_copy_has_no_solution_and_no_answer(tmp_path):
    secret = "answer_of_the_exercise"
    made = good(
        code("mine = ...", "exercise", outputs=[stream(secret)], count=2),
        code(f"{secret} = 3", "solution", outputs=[stream(secret)], count=3),
        code(
            "x",
            outputs=[nbformat.v4.new_output("execute_result", data={"text/plain": "1"}, execution_count=4)],
            count=4,
        ),
    )
    path = put(tmp_path / "nb" / "06_x.ipynb", made)
    before = path.read_bytes()
    (tmp_path / "copies").mkdir()
    copy = student(path, tmp_path / "copies")
    assert copy == tmp_path / "copies" / "06_x.ipynb" and path.read_bytes() == before
    kept = cells.read(copy)
    assert secret not in copy.read_text() and not is_stale(kept)
    counts = [cell.execution_count for _, cell in cells.code_cells(kept)]
    assert counts == [1, None, 3, 4] and kept.cells[10].outputs[0].execution_count == 3
    assert {finding.rule for finding in lint([copy])} == {"executed"}  # only: the exercise has not been run


def test_student_copy_overwrites_nothing_unasked(tmp_path):
    path = put(tmp_path / "06_x.ipynb", good())
    with pytest.raises(BadInput, match="would replace the notebook"):
        student(path, tmp_path)
    work = put(tmp_path / "copy.ipynb", notebook(code("my_work = 1")))
    with pytest.raises(BadInput, match="a student's work"):
        student(path, work)
    assert "my_work" in work.read_text()
    student(path, work, overwrite=True)
    assert "my_work" not in work.read_text()


def test_solutions_need_no_rhythm(tmp_path):
    made = notebook(prose("答案"), code("print(1)", outputs=[stream("1")], count=1))
    assert lint([put(tmp_path / "solutions" / "01_x.ipynb", made)]) == []
    assert {f.rule for f in lint([put(tmp_path / "01_x.ipynb", made)])} == {"rhythm"}
