"""A place whose content is replaced: by display id in a notebook, by an output widget in an app."""

import base64

import IPython.display
import pytest
from IPython.core.interactiveshell import InteractiveShell

from aigc_kit.teach.show.markup import Html, Place
from aigc_kit.teach.show.plots import Live, Picture, canvas


@pytest.fixture
def shown(monkeypatch):
    """What is displayed; there is a shell that formats."""
    shell = InteractiveShell.instance()
    seen = []
    monkeypatch.setattr(IPython.display, "display", lambda content, **_: seen.append(content))
    yield seen
    InteractiveShell.clear_instance()
    del shell


def bars(high):
    figure, (axis,) = canvas(1, 1)
    axis.bar([0], [high])
    return Picture(figure, f"a bar of {high}")


def test_in_an_app_html_and_pictures_are_replaced_in_an_output_widget(shown, monkeypatch):
    monkeypatch.setenv("SERVER_SOFTWARE", "voila/0.5.13")
    html = Place(Html("<b>one</b>", "one"))
    (widget,) = shown
    assert widget.outputs[0]["data"]["text/html"] == "<b>one</b>"
    html.put(Html("<b>two</b>", "two"))
    assert [output["data"]["text/html"] for output in widget.outputs] == ["<b>two</b>"]

    heights = iter((1, 5))
    live = Live(lambda: bars(next(heights)))
    widget = shown[1]
    before = widget.outputs[0]["data"]["image/png"]
    live.redraw()
    after = widget.outputs[0]["data"]["image/png"]
    assert base64.b64decode(before).startswith(b"\x89PNG") and base64.b64decode(after).startswith(b"\x89PNG")
    assert before != after


def test_in_a_notebook_the_display_id_is_used(monkeypatch):
    monkeypatch.delenv("SERVER_SOFTWARE", raising=False)
    updates = []

    class Handle:
        update = staticmethod(updates.append)

    monkeypatch.setattr(IPython.display, "display", lambda content, display_id: Handle)
    place = Place("one")
    place.put("two")
    assert place.replaceable and updates == ["two"]


def test_outside_a_notebook_nothing_is_drawn_in_vain(monkeypatch):
    monkeypatch.setattr(IPython.display, "display", lambda content, **_: None)
    heights = iter((1,))
    live = Live(lambda: bars(next(heights)))
    live.redraw()
    Place(Html("one", "one")).put(Html("two", "two"))
