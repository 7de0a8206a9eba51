"""A lab as an app in a real browser: no code to be seen, widgets that answer, nothing asked of another machine."""

import pytest
from app_server import app_server
from browsing import launch, move_slider, needs_chromium, screenshot, sync_api, until_another
from core_models import require_card

pytest.importorskip("voila", reason="Voilà is not installed: pip install 'aigc-kit[app]'")
pytestmark = [needs_chromium, pytest.mark.filterwarnings("ignore:.*:ResourceWarning")]

WAITING = ".voila-skeleton-container"  # where a cell has not run yet


def test_lab_01_as_an_app(tmp_path):
    home = str(require_card("smollm2-135m").parents[1])
    answered, errors = [], []
    with app_server(tmp_path, "01", AIGC_HOME=home, AIGC_OFFLINE="1") as server, sync_api.sync_playwright() as play:
        page = launch(play).new_page(viewport={"width": 1280, "height": 900})
        page.on("response", lambda response: answered.append(response.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(server.url(""))
        page.wait_for_selector(WAITING, state="attached")
        page.wait_for_function(f"() => !document.querySelector('{WAITING}')", timeout=2_400_000)
        assert errors == []
        here = (f"http://127.0.0.1:{server.port}/", "data:", "blob:")
        assert [url for url in answered if not url.startswith(here)] == []

        assert page.locator("h1").first.inner_text().startswith("01 温度采样")
        assert "lab01." not in page.content(), "code is to be seen"
        assert page.locator("[data-mime-type='application/vnd.jupyter.error']").count() == 0
        pictures = page.locator("img")
        assert pictures.count() > 5
        assert pictures.evaluate_all("images => images.every(image => image.complete && image.naturalWidth > 0)")

        cell = page.locator(".jp-Cell", has=page.locator(".noUi-handle")).first
        cell.scroll_into_view_if_needed()
        read = lambda: cell.locator("img").first.get_attribute("src")  # noqa: E731
        before = read()
        screenshot(page, "app-01-before")
        move_slider(cell.locator(".noUi-handle").first, 5)
        until_another(page, read, before)
        screenshot(page, "app-01-after")
