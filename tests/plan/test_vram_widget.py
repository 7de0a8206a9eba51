"""The picture of labs 02 and 04 shows what the planner said, and a slider that redraws it."""

import pytest

from aigc_kit import footprint
from aigc_kit.core.errors import BadInput, DoesNotFit
from aigc_kit.core.units import GIB
from aigc_kit.teach.show import plots, vram

pytestmark = pytest.mark.usefixtures("by_rule")


def bars(axis):
    """Row -> total length of its bars."""
    rows = {}
    for patch in axis.patches:
        rows[patch.get_y()] = rows.get(patch.get_y(), 0) + patch.get_width()
    return [rows[y] for y in sorted(rows, reverse=True)]


def test_bars_are_the_predicted_bytes_of_each_phase():
    picture = vram.picture("sdxl", 8)
    made = vram.plan_at("sdxl", 8)
    said = made.need.prediction
    context = said.context_bytes
    expected = [(phase.reserved_bytes + context) / GIB for phase in said.phases]
    assert bars(picture.figure.axes[0]) == pytest.approx(expected, rel=1e-6)
    limits = sorted({line.get_xdata()[0] for line in picture.figure.axes[0].lines if len(set(line.get_xdata())) == 1})
    assert limits == pytest.approx([7.2, 8])
    assert picture.png()[:4] == b"\x89PNG" and "sdxl" in repr(picture)


def test_what_does_not_fit_is_drawn_over_the_limit():
    made = vram.plan_at("sdxl", 2, height=1024, width=1024)
    assert isinstance(made, DoesNotFit)
    picture = vram.picture("sdxl", 2, height=1024, width=1024)
    assert max(bars(picture.figure.axes[0])) > 0.9 * 2 / 1.25
    assert "装不下" in repr(picture) or "does not fit" in repr(picture)


def test_the_strip_has_one_cell_a_stop_and_marks_the_chosen_one():
    strip = vram.picture("wan2.1-1.3b", 12).figure.axes[1]
    outlined = [patch for patch in strip.patches if patch.get_facecolor()[3] == 0]
    assert len(strip.patches) == len(vram.STOPS) + 1
    assert [patch.get_x() for patch in outlined] == [vram.STOPS.index(12)]
    assert [text.get_text() for text in strip.get_xticklabels()] == [str(stop) for stop in vram.STOPS]


def test_the_table_of_what_fits():
    table = vram.fits(["sdxl", "wan2.1-1.3b"])
    rows = repr(table).splitlines()
    assert [row.split(" | ")[0] for row in rows[1:8]] == [
        "4 GiB",
        "6 GiB",
        "8 GiB",
        "12 GiB",
        "16 GiB",
        "24 GiB",
        "80 GiB",
    ]
    reserved = footprint.predict(footprint.cached("sdxl", 1024, 1024), "resident").reserved_bytes
    assert f"全部常驻 · {reserved / GIB:.1f} GiB" in rows[7] and "预测" in rows[-1]


def test_the_slider_redraws_the_picture(monkeypatch):
    import IPython.display
    from ipywidgets.widgets.widget import _instances as widgets

    shown, redrawn = [], []
    monkeypatch.setattr(IPython.display, "display", lambda *things, **_: shown.extend(things))
    monkeypatch.setattr(plots.Live, "redraw", lambda live: redrawn.append(live._draw()))
    vram.slide("sdxl", 7)
    bundle = next(thing for thing in shown if isinstance(thing, dict))
    slider = widgets[bundle["application/vnd.jupyter.widget-view+json"]["model_id"]]
    assert slider.value == 6 and slider.description == "显存"  # the nearest stop; there is a static picture beside it
    assert any(isinstance(thing, vram.Picture) for thing in shown)
    slider.value = 24
    assert "24 GiB" in repr(redrawn[0])


def test_a_model_that_was_not_traced_is_refused():
    with pytest.raises(BadInput):
        vram.picture("sdxl", 24, height=2000, width=2000)
