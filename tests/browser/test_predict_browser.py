"""A guess in JupyterLab and in an app: by the keyboard, without a kernel the result is folded."""

import nbformat
import pytest
from app_server import app_server
from browsing import needs_chromium, screenshot, until
from lab_server import ROOT, lab_server
from test_labs_browser import DONE, OPEN, RUN

from aigc_kit.teach.notebooks import cells, refresh

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
def folder(tmp_path_factory):
    """A notebook with two questions, run as those of the project are."""
    folder = tmp_path_factory.mktemp("guess")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in SOURCES])
    refresh.refresh(cells.write(notebook, folder / "06_guess.ipynb"), timeout=120)
    return folder


@pytest.fixture(scope="module")
def page(folder, browser):
    environment = {"AIGC_OUT": str(folder / "out"), "PYTHONPATH": str(ROOT)}
    options = ["--LabApp.expose_app_in_browser=True", "--LabApp.news_url="]
    with lab_server(folder / "home", *options, folder=folder, **environment) as server:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(server.url("lab/tree/06_guess.ipynb"), timeout=120_000)
        page.wait_for_function(OPEN, timeout=240_000)
        yield page
        page.close()


ANSWERS = "document.querySelectorAll('.jp-OutputArea-output details').length"


def test_as_it_is_opened_every_result_is_folded(page):
    until(page, f"{ANSWERS} === 2")
    screenshot(page, "predict-opened")
    told = page.get_by_text("分数除以更大的数")  # in the folded output; the code of that cell is folded too
    assert told.count() and not any(told.nth(index).is_visible() for index in range(told.count()))


def test_the_keyboard_gives_the_guesses(page):
    page.evaluate(RUN)
    page.wait_for_function(DONE, timeout=240_000, polling=500)
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


def test_in_an_app_a_click_opens_the_result(folder, browser, tmp_path):
    with app_server(tmp_path, folder / "06_guess.ipynb") as server:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(server.url(""), timeout=120_000)
        page.wait_for_function("() => document.querySelectorAll('details').length === 2", timeout=240_000)
        page.get_by_role("button", name="变平").click()
        until(page, "document.querySelectorAll('details').length === 1")
        screenshot(page, "predict-app")
