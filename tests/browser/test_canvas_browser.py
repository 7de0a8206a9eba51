"""The drawing canvas of lab 06 in JupyterLab: what a mouse draws reaches the kernel, undo and clear do too."""

import notebook_page
import numpy as np
import pytest
from browsing import needs_chromium, screenshot
from notebook_page import OPEN, leave, visit

pytestmark = [needs_chromium, pytest.mark.filterwarnings("ignore:.*:ResourceWarning")]
SOURCES = (
    "from aigc_kit.teach import lab06\nboard = lab06.board()",
    "print(board.is_own, lab06.drawn(board.picture).sum())",
)
CAPTION = ".jp-Notebook figcaption"


@pytest.fixture(scope="module")
def page(browser, server, classroom):
    notebook_page.write(classroom / "canvas.ipynb", SOURCES)
    page = visit(browser, server, "canvas.ipynb")
    page.wait_for_function(OPEN)
    page.locator(".jp-Notebook .jp-CodeCell").first.click()
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector(".jp-Notebook canvas")
    page.wait_for_selector("[id^=canvas-][data-ready]")
    yield page
    leave(page)


def drag(page, start, end):
    box = page.locator(".jp-Notebook canvas").bounding_box()
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)]
    page.mouse.move(*points[0])
    page.mouse.down()
    page.mouse.move(*points[1], steps=8)
    page.mouse.up()


def told(page, words):
    page.wait_for_function(
        f"() => [...document.querySelectorAll('{CAPTION}')].some(one => one.textContent.includes('{words}'))",
    )


def test_a_stroke_reaches_the_kernel(page):
    told(page, "示例")
    page.locator(".jp-Notebook canvas").scroll_into_view_if_needed()
    drag(page, (0.3, 0.3), (0.7, 0.7))
    told(page, "你画的")
    screenshot(page, "canvas-drawn")
    page.locator(".jp-Notebook .jp-CodeCell").nth(1).click()
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector(".jp-OutputArea-output:has-text('True')")
    said = page.locator(".jp-OutputArea-output:has-text('True')").last.inner_text().split()
    length, width = 0.4 * np.hypot(128, 128), 7  # of the stroke in pixels of 128: 14 on a canvas of 256
    assert int(said[1]) == pytest.approx(length * width, rel=0.3)  # round ends and soft edges add to it


def test_clearing_brings_the_example_back(page):
    page.locator(".jp-Notebook [data-act=clear]").click()
    told(page, "示例")
    drag(page, (0.2, 0.5), (0.8, 0.5))
    told(page, "你画的")
    page.locator(".jp-Notebook [data-act=undo]").click()
    told(page, "示例")
