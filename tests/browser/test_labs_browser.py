"""The labs in JupyterLab, driven by a real browser: Run All without an error, widgets that answer, media that play.

Needs a system Chromium, and `pip install 'aigc-kit[browser]'`. Screenshots go to out/browser/ for a person to look at.
"""

import os
import subprocess

import lab05_work
import pytest
from browsing import PLAYS, ROOT, move_slider, needs_chromium, screenshot, until_another
from notebook_page import CELLS, CLEAR, DONE, OPEN, RUN, SHORTEN, lacking, leave, visit

from aigc_kit.teach import labs

pytestmark = [needs_chromium, pytest.mark.filterwarnings("ignore:.*:ResourceWarning")]

LONGEST = 2_400_000  # milliseconds that Run All may take; the clock is no test, a hanging one must end
WIDGET = "application/vnd.jupyter.widget-view+json"
MEDIA = {"03": {"audio": 3}, "04": {"video": 2}, "05": {"audio": 1, "video": 1}}  # at least so many
CORE = [lab.number for lab in labs.every() if lab.core]


@pytest.fixture(scope="module")
def page(request, browser, server, tmp_path_factory):
    """The page of a lab, given by its number, after Run All; its kernel ends before the next lab begins."""
    if request.param not in [lab.number for lab in labs.every()]:
        pytest.skip(f"lab {request.param} is not among the labs")
    if "PYTEST_XDIST_WORKER" in os.environ:  # a lab that two processes run would go unnoticed else
        (tmp_path_factory.getbasetemp().parent / f"lab-{request.param}").touch(exist_ok=False)
    page = visit(browser, server, f"notebooks/{labs.get(request.param).notebook}")
    page.opened = as_opened(page) if is_trusted(request.param) else None
    screenshot(page, f"opening-{request.param}")
    page.wait_for_function(OPEN)
    page.evaluate(CLEAR)  # what the notebook brought along must not pass for what this run made
    assert not [cell for cell in page.evaluate(CELLS) if cell.get("outputs") or cell.get("execution_count")]
    page.evaluate(SHORTEN)
    page.evaluate(RUN)
    page.wait_for_function(DONE, timeout=LONGEST, polling=500)
    yield page
    leave(page)


def is_trusted(number: str) -> bool:
    """A notebook that differs from the last commit is not."""
    ask = ["git", "status", "--porcelain", f"notebooks/{labs.get(number).notebook}"]
    return not subprocess.run(ask, cwd=ROOT, capture_output=True, text=True, check=False).stdout


def as_opened(page) -> dict:
    """What a lab holds before a cell runs."""
    return {
        "lacking": lacking(page),
        "words": page.locator(".jp-Notebook").inner_text(),
        "pictures in prose": page.locator(".jp-MarkdownOutput img").count(),
        "frames": page.locator(".jp-OutputArea-output iframe").count(),
    }


def of(*numbers: str):
    """Run a test on the pages of these labs."""
    return pytest.mark.parametrize("page", numbers, indirect=True, scope="module")


def cell_with(page, code: str):
    """The first cell whose code holds these words, scrolled into sight."""
    cell = page.locator(".jp-CodeCell", has_text=code).first
    cell.scroll_into_view_if_needed()
    return cell


def picture(cell):
    """A function that reads which picture a cell shows."""
    return lambda: cell.locator(".jp-OutputArea-output img").first.get_attribute("src")


@of(*CORE)
def test_it_shows_all_it_holds_before_a_cell_runs(page, request):
    if page.opened is None:
        pytest.skip("a notebook that differs from the last commit is not trusted: commit it first")
    assert page.opened["lacking"] == [] and page.opened["pictures in prose"] >= 1
    assert "(children=" not in page.opened["words"] and "IntSlider(" not in page.opened["words"]
    assert page.opened["frames"] == {"05": 2}.get(request.node.callspec.params["page"], 0)


@of(*CORE)
def test_run_all_ends_without_an_error(page, request):
    cells = page.evaluate(CELLS)
    outputs = [(cell, output) for cell in cells for output in cell.get("outputs", [])]
    errors = [
        (cell["source"], output["ename"], output["evalue"])
        for cell, output in outputs
        if output["output_type"] == "error" and "raises-exception" not in cell["metadata"].get("tags", [])
    ]
    assert errors == []
    said = "".join("".join(output["text"]) for _, output in outputs if output.get("name") == "stderr")
    assert "missing from font" not in said, "a character of a plot would be a box"
    pictures = page.locator(".jp-OutputArea-output img")
    assert pictures.count() and all(
        pictures.nth(index).evaluate("img => img.complete && img.naturalWidth > 0") for index in range(pictures.count())
    )
    pictures.first.scroll_into_view_if_needed()
    screenshot(page, request.node.callspec.params["page"])


@of("05")
@pytest.mark.parametrize("asked", lab05_work.ASKED, ids=lambda asked: asked.__name__)
def test_what_lab_05_leaves_is_a_whole_work(page, classroom, asked):
    asked(classroom / "out" / "05_story")


@of(*CORE)
def test_every_widget_appears(page):
    views = [o for cell in page.evaluate(CELLS) for o in cell.get("outputs", []) if WIDGET in o.get("data", {})]
    shown = page.locator(".jp-OutputArea-output:has([class*=widget-])")
    until_another(page, lambda: shown.count() >= len(views), False)
    assert page.locator(".jupyter-widgets-error-widget").count() == 0
    assert page.get_by_text("Error displaying widget").count() == 0


@of("01")
def test_the_temperature_slider_redraws_the_bars(page):
    cell = cell_with(page, "lab01.play(")
    before = picture(cell)()
    screenshot(page, "01-slider-before")
    move_slider(cell.locator(".noUi-handle").first, 5)
    until_another(page, picture(cell), before)
    screenshot(page, "01-slider-after")


@of("02a")
def test_choosing_words_and_generating_gives_a_new_picture(page):
    cell = cell_with(page, "lab02a.composer(")
    before = picture(cell)()
    cell.locator("select").nth(2).select_option(label="自然 · 森林")
    cell.get_by_role("button", name="画出来").click()
    until_another(page, picture(cell), before)
    screenshot(page, "02a-composer")


@of("02a")
def test_another_seed_gives_another_picture(page):
    cell = cell_with(page, "lab02a.dials(")
    before = picture(cell)()
    seed = cell.locator("input[type=number]")
    seed.fill("43")
    seed.press("Enter")
    until_another(page, picture(cell), before)
    screenshot(page, "02a-dials")


@of("09")
def test_an_example_more_changes_the_prompt_and_the_belief(page):
    cell = cell_with(page, "lab09.play(")
    before = picture(cell)()
    move_slider(cell.locator(".noUi-handle").first, 1)
    until_another(page, picture(cell), before)
    shown = cell.locator(".jp-OutputArea-output table").first
    until_another(page, lambda: shown.inner_text().count("消息：") == 2, False)
    screenshot(page, "09-play")


@of("10")
def test_the_editor_of_schemas_tells_whether_an_answer_fits(page):
    cell = cell_with(page, "lab10.editor(")

    def verdict():
        return cell.locator(".jp-OutputArea-output table").last.inner_text()

    before = verdict()
    assert "不在允许的值里" in before
    answer = cell.locator("textarea").nth(1)
    answer.fill('{"id": "3f2b8c1e-9a4d-4e6f-8b7a-1c2d3e4f5a6b", "status": "failed"}')
    answer.press("Tab")
    until_another(page, lambda: "合格式" in verdict() and "不在允许的值里" not in verdict(), False)
    screenshot(page, "10-editor")


@of("11")
def test_the_alpha_slider_redraws_the_shares(page):
    cell = cell_with(page, "lab11.play(")
    before = picture(cell)()
    move_slider(cell.locator(".noUi-handle").first, 5)
    until_another(page, picture(cell), before)
    screenshot(page, "11-alpha")


@of("08")
def test_the_threshold_of_the_cache_changes_its_counts(page):
    cell = cell_with(page, "lab08.threshold(")
    before = cell.inner_text()
    move_slider(cell.locator(".noUi-handle").first, 1)
    until_another(page, cell.inner_text, before)
    screenshot(page, "08-threshold")


@of("12")
def test_the_tree_of_a_search_grows_with_its_slider(page):
    cell = cell_with(page, "lab12.grow(")
    before = picture(cell)()
    move_slider(cell.locator(".noUi-handle").first, -20)
    until_another(page, picture(cell), before)
    screenshot(page, "12-tree")


@of("13")
def test_the_queue_of_log_lines_gets_shorter(page):
    cell = cell_with(page, "lab13.review(")
    waiting = cell.locator("text=/还有 \\d+ 行等着/").first
    before = waiting.inner_text()
    cell.get_by_role("button", name="不是日志，丢掉").click()
    until_another(page, waiting.inner_text, before)
    screenshot(page, "13-queue")


@of("14")
def test_the_threshold_slider_moves_both_errors(page):
    cell = cell_with(page, "lab14.play(")
    before = picture(cell)()
    move_slider(cell.locator(".noUi-handle").first, 3)
    until_another(page, picture(cell), before)
    screenshot(page, "14-threshold")


@of("02b", "04")
def test_the_memory_slider_changes_the_plan(page, request):
    cell = cell_with(page, "vram.slide(")
    before = picture(cell)()
    move_slider(cell.locator(".noUi-handle").first, 3)
    until_another(page, picture(cell), before)
    screenshot(page, f"{request.node.callspec.params['page']}-memory")


@of("05")
def test_the_change_of_the_donut_follows_its_slider(page):
    cell = cell_with(page, "lab05.explore(")
    before = picture(cell)()
    move_slider(cell.locator(".noUi-handle").first, 10)
    until_another(page, picture(cell), before)
    screenshot(page, "05-slider")


@of("05")
def test_the_wizard_puts_words_into_the_preview(page):
    cell = cell_with(page, "lab05.wizard(")
    preview = cell.locator("iframe").last
    assert "我亲手写的一句话" not in preview.get_attribute("srcdoc")
    cell.locator("textarea:not([disabled])").first.fill("我亲手写的一句话：甜甜圈有一个洞，咖啡杯也有一个洞。")
    cell.get_by_role("button", name="放进文字").click()
    until_another(page, lambda: "我亲手写的一句话" in preview.get_attribute("srcdoc"), False)
    preview.scroll_into_view_if_needed()
    screenshot(page, "05-wizard")


@of("03", "04", "05")
def test_sounds_and_clips_play(page, request):
    number = request.node.callspec.params["page"]
    for tag, count in MEDIA[number].items():
        media = page.locator(f".jp-OutputArea-output {tag}")
        assert media.count() >= count
        for index in range(count):
            found = media.nth(index).evaluate(PLAYS)
            assert found["error"] is None and found["length"] > 0.3 and found["at"] > 0, found
        media.first.scroll_into_view_if_needed()
        screenshot(page, f"{number}-{tag}")


@of("15")
def test_feedback_at_the_gate_becomes_asks(page):
    cell = cell_with(page, "lab15.gate(")
    before = cell.inner_text()
    words = cell.locator("textarea").first
    words.fill("举个例子")
    words.press("Tab")
    until_another(page, cell.inner_text, before)
    until_another(page, lambda: "例子至少" in cell.inner_text(), False)
    screenshot(page, "15-gate")
