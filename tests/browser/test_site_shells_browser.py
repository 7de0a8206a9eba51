"""The browser edition's pages without their models: what they say, how they are built, that everybody can use them.

No engine and no weights are needed: the page's own scripts build it around the shipped word lists and tokenizers.
"""

import json

import pytest
from browsing import needs_chromium

from aigc_kit import cards, fetch
from aigc_kit.teach.site import contents, playgrounds, word_lists
from aigc_kit.works.viewer import morph_view
from aigc_kit.worlds.tinyworld.vocab import phrase

pytestmark = needs_chromium
BUILDS = {
    "picture": "new PicturePage(new PictureModel(null, facts, lists, null, {layers: []}))",
    "text": "new TextPage({poem: new TextModel(null, 'poem', facts)})",
    "clip": "new ClipPage(new ClipModel(null, facts, lists, null))",
}


def facts(name):
    """What the page holds of its models, without weights."""
    if name == "text":
        folder = fetch.find(cards.get("poem"))
        more = {
            "tokenizer": contents.tokenizer_table(folder),
            "shape": [5, 4, 128, 48],
            "wrap": ["", "<诗>"],
            "never": [],
        }
        return {**contents.card_facts("poem"), **more}
    return contents.card_facts("tinysdxl" if name == "picture" else "tinywan")


def shell(page, name, before=""):
    """Show a page; `before` runs in it first."""
    if name == "topology":
        page.set_content(playgrounds.render_view(playgrounds.TOPOLOGY, morph_view(moments=3, cell=0.2)))
        page.wait_for_selector("#main[data-ready]", state="attached")
        return
    words = playgrounds.catalogue()
    kept = {"facts": facts(name), "lists": word_lists.word_lists() if name != "text" else {}}
    playground = playgrounds.PLAYGROUNDS[name]
    script = playgrounds.script_of(playground).rpartition("startPage(")[0]
    template = playgrounds._environment().get_template("page.html.j2")
    html = template.render(
        name=name,
        title=words[f"title.{name}"],
        lead=words[f"lead.{name}"],
        home=words["home"],
        noscript=words["noScript"],
        licence="",
        inside="",
        csp="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'",
        css=playgrounds.markup(playgrounds.source("page.css")),
        catalogue=playgrounds.markup(json.dumps(words, ensure_ascii=False).replace("<", "\\u003c")),
        index=playgrounds.markup(json.dumps(kept, ensure_ascii=False).replace("<", "\\u003c")),
        payload="",
        runtime=playgrounds.markup(before),
        script=playgrounds.markup(
            f"{script}\nstartPage(async (main) => {{"
            "const {facts, lists} = JSON.parse(document.getElementById('index').textContent);"
            f"const page = {BUILDS[name]}; main.append(page.build()); return page; }});"
        ),
    )
    page.set_content(html)
    page.wait_for_selector("#main[data-ready], .trouble", state="attached")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", [*sorted(BUILDS), "topology"])
def test_everybody_can_use_a_page(browser, name, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_page(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    trouble = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    shell(page, name)
    assert page.locator(".trouble").count() == 0 and trouble == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    found = Axe().run(page).response["violations"]
    assert [rule["id"] for rule in found if rule["impact"] in ("serious", "critical")] == []
    unnamed = page.evaluate(
        "[...document.querySelectorAll('button, select, textarea, input')].filter(node => !node.textContent.trim() &&"
        " !node.ariaLabel && !node.labels?.length).map(node => node.outerHTML)"
    )
    assert unnamed == []
    page.locator("#language button").press("Enter")  # the keyboard alone
    assert page.evaluate("document.documentElement.lang") == "en" and trouble == []
    page.close()


def test_the_deformation_has_a_heading_a_way_back_and_a_slider_that_counts(browser):
    page = browser.new_page()
    shell(page, "topology")
    assert page.locator("h1").inner_text() == playgrounds.catalogue()["title.topology"]["zh"]
    assert page.locator("nav a").get_attribute("href") == "index.html"
    page.locator("#language button").click()
    assert page.locator("h1").inner_text() == playgrounds.catalogue()["title.topology"]["en"]
    page.wait_for_selector(".morph.live")
    page.locator(".morph input").fill("2")
    assert "t = 1.00" in page.locator(".morph output").inner_text()
    page.close()


def test_a_prompt_is_shown_as_it_is_read(browser):
    page = browser.new_page()
    shell(page, "picture")
    text = "一只红色的小猫，在月球上"
    page.fill("#prompt", text)
    words = [hit.text for hit in sorted(phrase(text).kept, key=lambda hit: text.index(hit.text))]
    assert page.locator(".words .kept strong").all_inner_texts() == words and len(words) == 3
    page.close()


def test_a_browser_without_simd_is_told_so(browser):
    page = browser.new_page()
    shell(page, "picture", "WebAssembly.validate = () => false;")
    assert "SIMD" in page.locator(".trouble[role=alert]").inner_text()
    page.close()
