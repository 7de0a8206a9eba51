"""The labs in JupyterLab, driven by a real browser: Run All without an error, sliders that redraw, sounds that play.

Needs a system Chromium, and `pip install 'aigc-kit[browser]'`. Screenshots go to out/browser/ for a person to look at.
"""

import shutil
from pathlib import Path

import pytest
from core_models import require_card
from lab_server import lab_server

from aigc_kit import labs

sync_api = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: pip install 'aigc-kit[browser]'"
)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium"),
    pytest.mark.filterwarnings("ignore:.*:ResourceWarning"),
]

ROOT = Path(__file__).parents[2]
FLAGS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--mute-audio"]
LONGEST = 1_200_000  # milliseconds that Run All may take; the clock is no test, a hanging one must end

# The notebook on the page; all cells are put into the page, since a browser cannot look at what is not there.
OPEN = """() => {
  const panel = window.jupyterapp && window.jupyterapp.shell.currentWidget;
  if (!panel || !panel.content || !panel.content.model || !panel.context.isReady) return false;
  if (!panel.sessionContext.session || !panel.sessionContext.session.kernel) return false;
  panel.content.notebookConfig = {...panel.content.notebookConfig, windowingMode: 'none'};
  return panel.sessionContext.session.kernel.status === 'idle';
}"""
DONE = """() => {
  const panel = window.jupyterapp.shell.currentWidget;
  const cells = [...panel.content.model.cells].map(cell => cell.toJSON());
  const failed = cells.some(c => (c.outputs || []).some(o => o.output_type === 'error'));
  const left = cells.filter(c => c.cell_type === 'code' && String(c.source).trim() && !c.execution_count);
  return failed || (!left.length && panel.sessionContext.session.kernel.status === 'idle');
}"""
CELLS = "() => [...window.jupyterapp.shell.currentWidget.content.model.cells].map(cell => cell.toJSON())"
PLAYS = """async sound => {
  sound.currentTime = 0; await sound.play();
  await new Promise(done => setTimeout(done, 1500));
  sound.pause();
  return {at: sound.currentTime, length: sound.duration, error: sound.error && sound.error.message};
}"""


@pytest.fixture(scope="module")
def page_of(tmp_path_factory):
    """page_of(lab): its notebook after Run All, in a page of a browser; every lab is run once."""
    root = tmp_path_factory.mktemp("classroom")
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    if (ROOT / "assets" / "readme").is_dir():
        shutil.copytree(ROOT / "assets" / "readme", root / "assets" / "readme")
    options = ["--LabApp.expose_app_in_browser=True", "--LabApp.news_url="]
    environment = {"AIGC_OUT": str(root / "out"), "AIGC_OFFLINE": "1", "AIGC_PROGRESS": "0", "PYTHONPATH": str(ROOT)}
    environment["AIGC_HOME"] = str(require_card("baker").parents[1])
    opened = {}
    with (
        lab_server(root / "home", *options, folder=root, **environment) as server,
        sync_api.sync_playwright() as play,
    ):
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)

        def page_of(lab: labs.Lab):
            if lab.number not in opened:
                page = browser.new_page(viewport={"width": 1280, "height": 900})
                page.goto(server.url(f"lab/tree/notebooks/{lab.notebook}"), timeout=120_000)
                page.wait_for_function(OPEN, timeout=240_000)
                page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
                page.wait_for_function(DONE, timeout=LONGEST, polling=1000)
                opened[lab.number] = page
            return opened[lab.number]

        yield page_of
        browser.close()


CORE = [pytest.param(lab, id=lab.number) for lab in labs.LABS if lab.core]


def screenshot(page, name: str) -> None:
    folder = ROOT / "out" / "browser"
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(folder / f"{name}.png"))


@pytest.mark.parametrize("lab", CORE)
def test_run_all_ends_without_an_error(page_of, lab):
    page = page_of(lab)
    cells = page.evaluate(CELLS)
    errors = [
        (number, output["ename"], output["evalue"])
        for number, cell in enumerate(cells, 1)
        for output in cell.get("outputs", [])
        if output["output_type"] == "error" and "raises-exception" not in cell["metadata"].get("tags", [])
    ]
    assert errors == []
    said = "".join(
        "".join(output["text"])
        for cell in cells
        for output in cell.get("outputs", [])
        if output.get("name") == "stderr"
    )
    assert "missing from font" not in said, "a character of a plot would be a box"
    pictures = page.locator(".jp-OutputArea-output img")
    assert pictures.count() and all(
        pictures.nth(index).evaluate("img => img.complete && img.naturalWidth > 0") for index in range(pictures.count())
    )
    pictures.first.scroll_into_view_if_needed()
    screenshot(page, lab.number)


def test_the_temperature_slider_redraws_the_bars(page_of):
    page = page_of(labs.get("01"))
    cell = page.locator(".jp-CodeCell", has_text="lab01.play(").first
    cell.scroll_into_view_if_needed()
    picture, handle = cell.locator(".jp-OutputArea-output img").first, cell.locator(".noUi-handle").first
    before = picture.get_attribute("src")
    screenshot(page, "01-slider-before")
    handle.focus()
    for _ in range(5):
        handle.press("ArrowRight")
    _until_changed(page, cell, before)
    screenshot(page, "01-slider-after")


def _until_changed(page, cell, before: str) -> None:
    """Wait till the picture of a cell is another one."""
    for _ in range(600):
        now = cell.locator(".jp-OutputArea-output img").first.get_attribute("src")
        if now != before:
            return
        page.wait_for_timeout(200)
    raise AssertionError("the slider was moved, and the picture is the same")


def test_sounds_of_the_speech_lab_play(page_of):
    page = page_of(labs.get("03"))
    sounds = page.locator(".jp-OutputArea-output audio")
    assert sounds.count() >= 3
    for index in range(3):
        found = sounds.nth(index).evaluate(PLAYS)
        assert found["error"] is None and found["length"] > 0.3 and found["at"] > 0, found
    sounds.first.scroll_into_view_if_needed()
    screenshot(page, "03-sounds")
