"""The story page in a real browser: no request leaves the file, it plays, it can be turned, read, printed, not hacked.

Needs a system Chromium, and `pip install 'aigc-kit[browser]'`.
"""

import browsing
import numpy as np
import pytest
from browsing import needs_chromium, sync_api, until, until_another

from aigc_kit.works import Work, morph_view, notebook_html, sample, write_page
from aigc_kit.worlds.topology import torus
from aigc_kit.worlds.topology.shading import Camera, render

pytestmark = needs_chromium
SOFTWARE_GL = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
SIZES = [(390, 844), (1024, 768), (1600, 900)]
HOSTILE = '</style></script><script>window.hacked = 1</script><img src=x onerror="window.hacked = 2">\u202e"\''


@pytest.fixture(scope="module")
def launch():
    with sync_api.sync_playwright() as play:
        yield lambda flags: browsing.launch(play, *flags)


@pytest.fixture(scope="module")
def browser(launch):
    chromium = launch(SOFTWARE_GL)
    yield chromium
    chromium.close()


@pytest.fixture(scope="module")
def view():
    return morph_view(moments=5, cell=0.15)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, view):
    place = tmp_path_factory.mktemp("story")
    picture = render(torus(), Camera(rise=40), size=256)
    t = np.arange(24000) / 24000
    sound = (0.3 * np.sin(2 * np.pi * 330 * t)).astype(np.float32)
    work = Work("拓扑学：甜甜圈与咖啡杯", "数学家的魔法")
    work.add("text", sample(), "sample", credit="aigc-kit")
    work.add("image", picture, "computed", alt="金色的圆环", title="圆环", credit="aigc-kit")
    work.add("image", picture[::4, ::4], "brought", alt="小圆环", title="小图", credit="某模型", keep=True)
    work.add("audio", (sound, 24000), "person", title="旁白", credit="我")
    work.add("video", (np.repeat(picture[None], 12, axis=0), 12), "computed", alt="圆环", credit="aigc-kit")
    work.log("文字", "写一篇文章", "某模型", "好的")
    work.mark("text.right", 4, "核对过")
    write_page(work, place, view=view)
    bad = Work(HOSTILE[:200], HOSTILE[:200])
    bad.add("text", HOSTILE + "洞" * 30_000, "brought", title=HOSTILE, credit=HOSTILE, prompt=HOSTILE)
    bad.add("image", picture, "person", alt=HOSTILE, title=HOSTILE, credit=HOSTILE)
    write_page(bad, place, "hostile.html", view=view)
    (place / "frame.html").write_text(
        f'<!DOCTYPE html><html lang="zh"><body>{notebook_html(view)}</body></html>', encoding="utf-8"
    )
    return place


@pytest.fixture
def open_page(browser, folder):
    opened = []

    def go(name="topology_story.html", size=(1024, 768), scheme="light"):
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        page = context.new_page()
        page.seen, page.troubles = [], []
        page.on("request", lambda request: page.seen.append(request.url))
        page.on("console", lambda line: page.troubles.append(line.text) if line.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: page.troubles.append(str(error)))
        page.goto((folder / name).as_uri())
        opened.append(context)
        return page

    yield go
    for context in opened:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_it_fits_and_asks_for_nothing(open_page, size, scheme):
    page = open_page(size=size, scheme=scheme)
    page.wait_for_selector(".morph.live")
    assert [url for url in page.seen if not url.startswith("data:")] == [page.url]
    assert [line for line in page.troubles if "GPU stall" not in line] == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, dark[4:-1].split(","))) < 200) == (scheme == "dark")


@pytest.mark.parametrize("tag", ["audio", "video"])
def test_sound_and_clip_play(open_page, tag):
    page = open_page()
    page.evaluate(f"document.querySelector('{tag}').play()")
    until(page, f"document.querySelector('{tag}').currentTime > 0.1")
    assert page.evaluate(f"document.querySelector('{tag}').error") is None
    assert page.evaluate(f"document.querySelector('{tag}').duration") == pytest.approx(1.0, abs=0.1)


def test_all_pictures_open(open_page):
    page = open_page()
    assert page.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth > 0)")


def test_the_model_turns_with_the_keyboard_and_the_slider_counts(open_page):
    page = open_page()
    page.wait_for_selector(".morph.live")
    canvas, label = page.locator(".morph canvas"), page.locator(".morph output")
    before = canvas.screenshot()
    canvas.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    until_another(page, canvas.screenshot, before)
    turned = canvas.screenshot()
    assert "t = 0.00" in label.inner_text()
    page.locator(".morph input").focus()
    page.keyboard.press("End")
    until(page, "document.querySelector('.morph output').textContent.includes('t = 1.00')")
    assert "亏格 1" in label.inner_text()
    until_another(page, canvas.screenshot, turned)


def test_the_model_turns_with_the_mouse_and_plays(open_page):
    page = open_page()
    page.wait_for_selector(".morph.live")
    canvas = page.locator(".morph canvas")
    canvas.scroll_into_view_if_needed()
    before, box = canvas.screenshot(), canvas.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 120, y + 20, steps=4)
    page.mouse.up()
    until_another(page, canvas.screenshot, before)
    page.locator(".morph button").click()
    until(page, "document.querySelector('.morph input').value === '4'")


def test_without_webgl_the_picture_stays(launch, folder):
    chromium = launch(["--disable-3d-apis", "--disable-gpu"])
    page = chromium.new_page()
    page.goto((folder / "topology_story.html").as_uri())
    page.wait_for_selector(".morph .without:has-text('静态图')")
    assert page.locator(".morph .stage img").is_visible()
    assert not page.locator(".morph .controls").is_visible()
    chromium.close()


def test_in_a_notebooks_frame_it_runs_without_reaching_out(open_page):
    page = open_page("frame.html")
    frame = page.frames[1]
    frame.wait_for_selector(".morph.live")
    assert frame.evaluate("self.origin") == "null"


def test_hostile_text_runs_nothing(open_page):
    page = open_page("hostile.html")
    page.on("dialog", lambda dialog: page.troubles.append(dialog.message))
    page.wait_for_selector(".morph.live")
    assert page.evaluate("window.hacked") is None
    assert "window.hacked = 1" in page.locator("article").inner_text()
    assert "[U+202E]" in page.locator("h1").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.locator("article img").count() == 0
    refused = page.evaluate(
        "new Promise((done) => { const s = document.createElement('script'); s.textContent = 'window.hacked = 3';"
        " document.body.append(s); setTimeout(() => done(window.hacked === undefined), 200); })"
    )
    assert refused  # even a script that got in would not run


def test_on_paper_it_can_be_read(open_page):
    page = open_page()
    page.wait_for_selector(".morph.live")
    page.emulate_media(media="print")
    assert page.locator("article").is_visible()
    assert not page.locator("audio").is_visible() and not page.locator("video").is_visible()
    assert page.locator("img.paper").is_visible() and page.locator(".morph .stage img").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert len(page.pdf(print_background=True)) > 20_000


@pytest.mark.parametrize("name", ["topology_story.html", "hostile.html"])
@pytest.mark.parametrize(("size", "scheme"), [((390, 844), "light"), ((1600, 900), "dark")])
def test_axe_finds_nothing_serious(open_page, name, size, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    page = open_page(name, size, scheme)
    page.wait_for_selector(".morph.live")
    found = axe.Axe().run(page).response["violations"]
    serious = [each for each in found if each["impact"] in ("serious", "critical")]
    assert [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in serious] == []
