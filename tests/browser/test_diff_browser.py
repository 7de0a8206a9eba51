"""The report of two prompts in a real browser: narrow and wide, hostile text shown as text, nothing requested or run.

Needs a system Chromium, and `pip install 'aigc-kit[browser]'`.
"""

import browsing
import pytest
from browsing import needs_chromium, screenshot, sync_api

from aigc_kit.promptlab import diff

pytestmark = needs_chromium
HOSTILE = '</p></style><script>window.hacked = 1</script><img src=x onerror="window.hacked = 2">\u202e{{ 7 * 7 }}'


@pytest.mark.parametrize("width", [390, 1280])
def test_the_report_fits_and_runs_nothing(tmp_path, width):
    inputs = diff.Inputs(HOSTILE, tuple(f"{k}{HOSTILE}" for k in range(3)))
    two = diff.Original(HOSTILE, "旧" + HOSTILE), diff.Original("新" * 60, "长" * 300 + HOSTILE)
    release = diff.compare(
        *two, inputs=inputs, asker=lambda some: [HOSTILE if "长" in text else "x" * 400 for text in some]
    )
    path = diff.write_report(release, tmp_path / "report.html")
    with sync_api.sync_playwright() as play:
        browser = browsing.launch(play)
        page = browser.new_page(viewport={"width": width, "height": 900})
        seen = []
        page.on("request", lambda request: seen.append(request.url))
        page.goto(path.as_uri())
        assert seen == [path.as_uri()]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("[window.hacked === undefined, document.scripts.length, document.images.length]") == [
            True,
            0,
            0,
        ]
        assert page.locator(".checks li").count() == 5 and "[U+202E]" in page.locator("h1 + p").inner_text()
        screenshot(page, f"diff-{width}")
        browser.close()
