"""What a learner meets before the first cell: `make lab` in a browser, no cell run. Each lab: test_labs_browser.py.

Needs a system Chromium, and `pip install 'aigc-kit[browser]'`. Screenshots go to out/browser/ for a person to look at.
"""

import re

import ipywidgets
import nbformat
import pytest
from browsing import needs_chromium, screenshot
from notebook_page import DRAWN, lacking, leave, visit

from aigc_kit.teach.show.plots import controls_in_words
from aigc_kit.works import morph_view, notebook_html

pytestmark = [needs_chromium, pytest.mark.filterwarnings("ignore:.*:ResourceWarning")]

CHINESE = re.compile(r"[\u4e00-\u9fff]")
WIDGET = "application/vnd.jupyter.widget-view+json"


def untrusted() -> nbformat.NotebookNode:
    """What somebody sent: the viewer in a frame, and a form."""
    form = ipywidgets.VBox([ipywidgets.IntSlider(description="步数"), ipywidgets.Button(description="画一张")])
    words = {WIDGET: form._repr_mimebundle_()[WIDGET], "text/plain": controls_in_words(form)}
    page = {"text/html": notebook_html(morph_view(moments=2, cell=0.3)), "text/plain": "模型"}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nbformat.v4.new_notebook(metadata=kernel, cells=[nbformat.v4.new_markdown_cell("## 上传的")])
    for data in (page, words):
        cell = nbformat.v4.new_code_cell("1", execution_count=1, outputs=[nbformat.v4.new_output("display_data", data)])
        notebook.cells.append(cell)
    return notebook


def test_the_first_screen_is_lab_01_in_chinese_and_asks_nothing(browser, server):
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(server.url(server.first))
    page.wait_for_function(DRAWN, polling=500)
    assert "01 温度采样" in page.locator(".jp-Notebook h1").first.inner_text()
    page.wait_for_timeout(3000)  # news would have been asked about by now
    assert page.locator(".Toastify__toast").count() == 0
    menus = page.locator(".lm-MenuBar-itemLabel").all_inner_texts()
    assert len(menus) >= 8 and all(map(CHINESE.search, menus)), menus
    files = page.locator(".jp-DirListing-itemText").all_inner_texts()
    assert files[0] == "01_temperature.ipynb" and "solutions" not in files, files
    screenshot(page, "opening")
    leave(page)


def test_in_a_notebook_that_nobody_trusts_pictures_and_sentences_stay(browser, server, classroom):
    nbformat.write(untrusted(), classroom / "uploaded.ipynb")
    page = visit(browser, server, "uploaded.ipynb", width=1440)
    assert page.locator(".jp-OutputArea-output iframe").count() == 0, "it is trusted: this shows nothing"
    assert lacking(page) == []
    assert page.locator(".jp-OutputArea-output img").count() == 1
    words = page.locator(".jp-Notebook").inner_text()
    assert "控件：步数、画一张。" in words and "VBox(" not in words
    screenshot(page, "opening-untrusted")
    leave(page)
