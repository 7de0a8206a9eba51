"""What a learner meets before the first cell: `make lab` in a browser, no cell run.

Needs a system Chromium, and `pip install 'aigc-kit[browser]'`. Screenshots go to out/browser/ for a person to look at.
"""

import re
import shutil
import subprocess

import ipywidgets
import nbformat
import pytest
from browsing import ROOT, needs_chromium, screenshot, until_another
from lab_server import lab_server

from aigc_kit.teach import labs
from aigc_kit.teach.show.plots import controls_in_words
from aigc_kit.works import morph_view, notebook_html

pytestmark = [needs_chromium, pytest.mark.filterwarnings("ignore:.*:ResourceWarning")]

LABS = [lab.number for lab in labs.every()]
CHINESE = re.compile(r"[\u4e00-\u9fff]")
WIDGET = "application/vnd.jupyter.widget-view+json"

# The notebook on the page, its cells all drawn; no kernel is waited for
DRAWN = """() => {
  const panel = window.jupyterapp && window.jupyterapp.shell.currentWidget;
  if (!panel || !panel.content || !panel.content.model || !panel.context.isReady) return false;
  panel.content.notebookConfig = {...panel.content.notebookConfig, windowingMode: 'none'};
  const there = panel.content.widgets.filter(cell => cell.isPlaceholder && cell.isPlaceholder()).length;
  return panel.content.widgets.length > 1 && there === 0;
}"""
BROKEN = """() => [...document.querySelectorAll('.jp-Notebook img')]
  .filter(img => !(img.complete && img.naturalWidth > 0)).map(img => img.alt || img.src.slice(0, 80))"""
BLANK = """() => [...document.querySelectorAll('.jp-OutputArea-child')]
  .filter(area => !area.querySelector('img, video, audio, iframe, svg, canvas, input, [class*=widget-]') &&
    !area.querySelector('.jp-OutputArea-output').innerText.trim())
  .map(area => area.closest('.jp-Cell').innerText.slice(0, 80))"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """JupyterLab as `make lab` starts it, over a copy of the notebooks: nothing else of the clone is beside them."""
    changed = subprocess.run(
        ["git", "status", "--porcelain", "notebooks"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if changed.stdout:
        pytest.skip("notebooks that differ from the last commit are not trusted: commit them first")
    root = tmp_path_factory.mktemp("opening")
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    nbformat.write(untrusted(), root / "notebooks" / "uploaded.ipynb")
    with lab_server(root / "home", "--LabApp.expose_app_in_browser=True", folder=root) as started:
        yield started


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


def visit(browser, address: str):
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(address, timeout=120_000)
    page.wait_for_function(DRAWN, timeout=240_000, polling=500)
    return page


def test_the_first_screen_is_lab_01_in_chinese_and_asks_nothing(browser, server):
    page = visit(browser, server.url(server.first))
    assert "01 温度采样" in page.locator(".jp-Notebook h1").first.inner_text()
    page.wait_for_timeout(3000)  # news would have been asked about by now
    assert page.locator(".Toastify__toast").count() == 0
    menus = page.locator(".lm-MenuBar-itemLabel").all_inner_texts()
    assert len(menus) >= 8 and all(map(CHINESE.search, menus)), menus
    files = page.locator(".jp-DirListing-itemText").all_inner_texts()
    assert files[0] == "01_temperature.ipynb" and "solutions" not in files, files
    screenshot(page, "opening")
    page.close()


@pytest.mark.parametrize("number", LABS)
def test_a_lab_shows_all_it_holds_before_a_cell_runs(browser, server, number):
    path = f"lab/workspaces/open{number}/tree/notebooks/{labs.get(number).notebook}"
    page = visit(browser, server.url(path))
    assert page.locator(".jp-MarkdownOutput img").count() >= 1
    until_another(page, lambda: page.evaluate(BROKEN) + page.evaluate(BLANK) == [], False)
    words = page.locator(".jp-Notebook").inner_text()
    assert "(children=" not in words and "IntSlider(" not in words
    frames = {"05": 2}.get(number, 0)
    assert page.locator(".jp-OutputArea-output iframe").count() == frames
    screenshot(page, f"opening-{number}")
    page.close()


def test_in_a_notebook_that_nobody_trusts_pictures_and_sentences_stay(browser, server):
    page = visit(browser, server.url("lab/workspaces/sent/tree/notebooks/uploaded.ipynb"))
    assert page.locator(".jp-OutputArea-output iframe").count() == 0, "it is trusted: this shows nothing"
    until_another(page, lambda: page.evaluate(BROKEN) + page.evaluate(BLANK) == [], False)
    assert page.locator(".jp-OutputArea-output img").count() == 1
    words = page.locator(".jp-Notebook").inner_text()
    assert "控件：步数、画一张。" in words and "VBox(" not in words
    screenshot(page, "opening-untrusted")
    page.close()
