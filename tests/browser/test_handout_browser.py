"""Handouts in a real browser: every slide fits, the PDFs have their pages, nothing is asked of another machine.

Needs a system Chromium, and `pip install 'aigc-kit[browser]'`.
"""

import re

import pytest
from browsing import CHROMIUM, needs_chromium, screenshot

from aigc_kit.teach import labs
from aigc_kit.teach.notebooks import handout

pytestmark = needs_chromium
SMALLEST = 15  # CSS pixels of a slide that is 720 high: 2 % of the height of the screen


@pytest.mark.parametrize("lab", labs.every(), ids=lambda lab: lab.number)
def test_every_slide_fits_and_can_be_read(browser, lab, tmp_path):
    page_file = handout.write(lab, "slides", tmp_path).page
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    troubles = []
    page.on("console", lambda m: troubles.append(m.text) if m.type == "error" else None)
    page.on("request", lambda r: troubles.append(r.url) if not r.url.startswith(("file:", "data:")) else None)
    page.goto(page_file.as_uri())
    fits = page.locator(".slide").evaluate_all("all => all.map(one => one.dataset.fits)")
    assert set(fits) == {"yes"}, [index + 1 for index, fit in enumerate(fits) if fit != "yes"]
    assert page.evaluate("[...document.images].filter((image) => image.complete && !image.naturalWidth).length") == 0
    sizes = page.locator(".slide .prose > p").evaluate_all(
        "all => all.map(p => parseFloat(getComputedStyle(p).fontSize))"
    )
    assert min(sizes) >= SMALLEST
    tables = page.locator(".slide").evaluate_all(
        "all => all.map(slide => +(slide.querySelector('.table')?.style.zoom || 1))"
    )
    assert min(tables) >= 0.6, [index + 1 for index, size in enumerate(tables) if size < 0.6]  # of 30 pixels a line
    page.keyboard.press("ArrowRight")
    screenshot(page, f"slides-{lab.number}")
    page.close()
    assert troubles == []


def pages_of(pdf):
    """Width and height of every page, points."""
    boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", pdf.read_bytes())
    return [(round(float(width)), round(float(height))) for width, height in boxes]


def test_pdfs_have_a_page_for_each_slide_and_the_size_of_their_paper(tmp_path):
    lab = labs.get("01")
    slides = handout.write(lab, "slides", tmp_path, program=CHROMIUM)
    deck = slides.page.read_text(encoding="utf-8").count("<section")
    assert pages_of(slides.pdf) == [(960, 540)] * deck  # 1280 x 720 CSS pixels of 0.75 points
    noted = handout.write(lab, "slides", tmp_path, notes=True, program=CHROMIUM)
    assert pages_of(noted.pdf) == [(960, 810)] * deck
    paper = pages_of(handout.write(lab, "paper", tmp_path, program=CHROMIUM).pdf)
    assert set(paper) <= {(595, 842), (596, 842), (595, 841), (594, 841)} and 5 <= len(paper) <= 40
