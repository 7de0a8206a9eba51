"""An error of the kit in JupyterLab: its three lines first, then the learner's own line, and no page of internals."""

import notebook_page
import pytest
from browsing import needs_chromium, screenshot
from notebook_page import OPEN, leave, visit

pytestmark = [needs_chromium, pytest.mark.filterwarnings("ignore:.*:ResourceWarning")]
SOURCES = (
    "from aigc_kit import image",
    'seed = -1\ntake = image.make("一只猫", seed=seed)',
    "%tb",
    "1 / 0",
)
ERRORS = ".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']"


@pytest.fixture(scope="module")
def page(browser, server, classroom):
    notebook_page.write(classroom / "errors.ipynb", SOURCES)
    page = visit(browser, server, "errors.ipynb")
    page.wait_for_function(OPEN)
    page.locator(".jp-Notebook .jp-CodeCell").first.click()
    for number in range(1, len(SOURCES) + 1):  # each by itself: Run All stops at an error
        page.keyboard.press("Shift+Enter")
        page.wait_for_selector(f".jp-InputPrompt:text-is('[{number}]:')")
    yield page
    leave(page)


def shown(page, number):
    """The lines of error below a cell, as they are to be seen."""
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(number)
    return [line for line in cell.locator(ERRORS).first.inner_text().splitlines() if line.strip()]


def test_the_three_lines_come_first_and_fit_the_page(page):
    lines = shown(page, 1)
    page.locator(".jp-Notebook .jp-CodeCell").nth(1).scroll_into_view_if_needed()
    screenshot(page, "error-of-the-kit")
    assert lines[:3] == ["要求：seed=-1", "发现：不是 0 到 4294967295 的整数", "怎么办：改成整数，例如 seed=0"]
    assert lines[3] == '你的代码，第 2 行：take = image.make("一只猫", seed=seed)'
    assert lines[4].startswith("（") and "%tb" in lines[4] and len(lines) == 5
    box = page.locator(".jp-Notebook .jp-CodeCell").nth(1).locator(ERRORS).first
    assert box.evaluate("box => box.scrollWidth <= box.clientWidth")


def test_the_whole_way_is_there_when_asked_for(page):
    lines = shown(page, 2)
    assert any("Traceback" in line for line in lines) and len(lines) > 5
    assert any("BadInput" in line for line in lines)


def test_other_errors_look_as_always(page):
    assert any("ZeroDivisionError" in line for line in shown(page, 3))
