"""A guess in JupyterLab and in an app: by the keyboard, without a kernel the result is folded."""

import notebook_page
import pytest
from app_server import app_server
from browsing import needs_chromium, screenshot, until
from notebook_page import CLEAR, DONE, OPEN, RUN, leave, visit

from aigc_kit.teach.notebooks import refresh

pytestmark = [needs_chromium, pytest.mark.filterwarnings("ignore:.*:ResourceWarning")]
SOURCES = (
    "from aigc_kit.teach import page",
    'who = page.predict("温度升高，分布变平还是变尖？", ["变平", "变尖", "不变"])',
    'share = page.predict("第一名占多少？", unit="%")',
    '# 先猜再看\nwho.reveal("变平", "各温度的分布", says="分数除以更大的数，差距就小了。")',
    "# 先猜再看\nshare.reveal(97.1)",
    "page.hits()",
)


@pytest.fixture(scope="module")
def guesses(classroom):
    """A notebook with two questions, run as those of the project are."""
    path = notebook_page.write(classroom / "06_guess.ipynb", SOURCES)
    refresh.refresh(path)
    return path


@pytest.fixture(scope="module")
def page(guesses, browser, server):
    page = visit(browser, server, guesses.name)
    page.wait_for_function(OPEN)
    yield page
    leave(page)


ANSWERS = "document.querySelectorAll('.jp-OutputArea-output details').length"


def test_as_it_is_opened_every_result_is_folded(page):
    until(page, f"{ANSWERS} === 2")
    screenshot(page, "predict-opened")
    told = page.get_by_text("分数除以更大的数")  # in the folded output; the code of that cell is folded too
    assert told.count() and not any(told.nth(index).is_visible() for index in range(told.count()))


def test_the_keyboard_gives_the_guesses(page):
    page.evaluate(CLEAR)  # else it might pass for done before it begins
    page.evaluate(RUN)
    page.wait_for_function(DONE, polling=500)
    until(page, f"{ANSWERS} === 2")
    button = page.get_by_role("button", name="变尖")
    button.focus()
    screenshot(page, "predict-focus")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")  # 变平
    until(page, f"{ANSWERS} === 1")
    told = page.locator(".jp-OutputArea-output").get_by_text("分数除以更大的数")
    assert told.is_visible() and page.get_by_text("猜中了").count() == 1
    number = page.locator("input[placeholder='一个数']")
    number.focus()
    page.keyboard.type("50%")
    page.keyboard.press("Enter")
    until(page, f"{ANSWERS} === 0")
    assert page.get_by_text("本课猜中 1/2").count() >= 1
    assert page.evaluate(DONE), "a key of the notebook was pressed instead"
    screenshot(page, "predict-answered")


def test_in_an_app_a_click_opens_the_result(guesses, browser, tmp_path):
    with app_server(tmp_path, guesses) as server:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(server.url(""))
        page.wait_for_function("() => document.querySelectorAll('details').length === 2")
        page.get_by_role("button", name="变平").click()
        until(page, "document.querySelectorAll('details').length === 1")
        screenshot(page, "predict-app")
