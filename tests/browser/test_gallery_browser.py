"""The gallery in a real browser: media play, pictures open, it fits a phone, axe finds nothing serious.

Needs a system Chromium, and `pip install 'aigc-kit[browser]'`.
"""

from dataclasses import replace

import numpy as np
import pytest
from browsing import PLAYS, needs_chromium, screenshot, until

from aigc_kit import record
from aigc_kit.teach.notebooks import gallery
from aigc_kit.teach.notebooks.execution import Run
from aigc_kit.works import Work
from aigc_kit.worlds.tinyworld.motion import ClipSpec
from aigc_kit.worlds.tinyworld.motion import film as draw
from tests.notebooks.test_gallery import make_take

pytestmark = needs_chromium
SIZES = [(390, 844), (1024, 768), (1600, 900)]
TONE = np.sin(np.arange(24000 * 9) / 12).astype(np.float32) / 3
LONG_NAME = "一个没有空格的很长的名字" * 8


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    """A work, a clip, a long sound, four pictures, a text, a wide plot, and a lab that failed."""
    out = tmp_path_factory.mktemp("gallery") / "out"
    frames = draw(ClipSpec("puppy", "orange", "moon", "night", "left"), 17, 64, 112, seed=1)
    image = replace(make_take(), kind="image", data=np.stack([frames[0], frames[9]])[:, :64, :64])
    clip = replace(make_take(), kind="video", data=frames)
    clip = replace(clip, plan=replace(clip.plan, request=clip.plan.request.change(fps=16)))
    record.save(clip, out / "04_wan", name="04_clip", label="短片")
    work = Work("拓扑学", "从甜甜圈到咖啡杯")
    work.add("text", "甜甜圈有一个洞。\n咖啡杯也有一个洞。", "person")
    work.add("image", frames[4], "person", title="发光的甜甜圈", alt="一个环", credit="我")
    work.add("video", out / "04_wan" / "04_clip.mp4", "computed", title="变形", alt="变形", credit="aigc-kit")
    work.add("audio", (TONE[:24000], 24000), "person", title="旁白", credit="我")
    work.save(out / "05_topology" / "05_story")
    record.save(image, out / "02a_sdxl", name="02_wizard", label="02 图片")
    record.save(replace(image, data=image.data[:1, ::2, ::2]), out / "02a_sdxl", name="second", label=LONG_NAME)
    record.save(make_take("白日依山尽，黄河入海流。" * 60), out / "01_temperature", name="01_text", label="文字")
    speech = replace(make_take(), kind="speech", data=TONE, labels={"rate": 24000, "tier": "tiny"})
    record.save(speech, out / "03_chattts", name="03_story", label="声音")
    names = ("01_temperature", "02a_sdxl", "03_chattts", "04_wan", "05_topology")
    runs = [Run(name, "tiny", "ok", 12.5, 7 * 10**8, 0, (f"{name}/a.png",), f"{name}.ipynb", "", "") for name in names]
    runs[1] = replace(runs[1], status="failed", error=f"asked: {LONG_NAME}\nfound: x\nwhat to do: y")
    return gallery.write_gallery(out, runs)


@pytest.fixture
def open_page(browser, page_file):
    pages = []

    def go(size=(1280, 900), scheme="light"):
        page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        page.troubles = []
        page.on("console", lambda m: page.troubles.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: page.troubles.append(str(error)))
        page.on("request", lambda r: page.troubles.append(r.url) if not r.url.startswith(("file:", "data:")) else None)
        page.goto(page_file.as_uri())
        pages.append(page)
        return page

    yield go
    troubles = [trouble for page in pages for trouble in page.troubles]
    for page in pages:
        page.close()
    assert troubles == []


def unfold(page):
    page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")


def test_every_film_and_sound_plays(open_page):
    page = open_page()
    unfold(page)
    media = page.locator("video, audio")
    assert (page.locator("video").count(), page.locator("audio").count()) == (1, 2)  # the work's film is the clip's
    for index in range(media.count()):
        media.nth(index).evaluate("media => { media.loop = false; }")  # else a short one may be at its beginning again
        found = media.nth(index).evaluate(PLAYS)
        assert found["error"] is None and found["length"] > 0.5 and found["at"] > 0, found
    lengths = page.locator("audio").evaluate_all("all => all.map(one => one.duration)")
    assert sorted(lengths) == pytest.approx([1, 9], abs=0.2)


def test_every_picture_opens_and_none_is_there_twice(open_page):
    page = open_page()
    unfold(page)
    until(page, "[...document.images].every((image) => image.complete)")
    assert page.evaluate("[...document.images].filter((image) => !image.naturalWidth).map((image) => image.alt)") == []
    sources = page.locator("img, video, audio").evaluate_all("all => all.map(one => one.src)")
    assert len(sources) == len(set(sources)) >= 6


@pytest.mark.parametrize("size", SIZES)
def test_nothing_scrolls_sideways(open_page, size):
    page = open_page(size)
    unfold(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    wide = "all => all.filter(one => one.getBoundingClientRect().right > innerWidth + 1).map(one => one.outerHTML)"
    assert page.locator("body *:not(thead, thead *)").evaluate_all(wide) == []  # heads of columns are hidden on a phone
    screenshot(page, f"gallery-{size[0]}")


def test_costs_are_folded_and_open_with_the_keyboard(open_page):
    page = open_page()
    fold = page.locator("article details").first
    table = fold.locator("table")
    assert not table.is_visible()
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    assert table.is_visible() and "实测 ÷ 预测" in table.inner_text()


def test_the_first_card_is_the_work_with_a_picture_in_sight(open_page):
    page = open_page((1024, 768))
    first = page.locator("article").first
    assert first.locator("h3").inner_text() == "从甜甜圈到咖啡杯"
    poster = first.locator("video").first
    assert poster.get_attribute("poster").startswith("data:image/webp;base64,")
    box = poster.bounding_box()
    assert box["height"] > 100 and box["y"] < 768


@pytest.mark.parametrize(("size", "scheme"), [((390, 844), "light"), ((1600, 900), "dark"), ((1600, 900), "light")])
def test_axe_finds_nothing_serious(open_page, size, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    page = open_page(size, scheme)
    unfold(page)
    found = axe.Axe().run(page).response["violations"]
    serious = [each for each in found if each["impact"] in ("serious", "critical")]
    assert [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in serious] == []
