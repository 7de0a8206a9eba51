"""An MP4 of the kit in a real browser: it plays, at its size, for its length; the embedded player of lab 04 too.

Needs a system Chromium, and `pip install 'aigc-kit[browser]'`.
"""

import base64

import numpy as np
import pytest
from browsing import needs_chromium, until

from aigc_kit.media import encode
from aigc_kit.worlds.tinyworld.motion import ClipSpec, film

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def clip():
    return film(ClipSpec("puppy", "orange", "moon", "night", "left"), 17, 64, 112, seed=1)


def test_a_clip_plays_at_its_size_and_rate(browser, clip, tmp_path):
    encode.mp4(tmp_path / "clip.mp4", clip, 16)
    data = base64.b64encode((tmp_path / "clip.mp4").read_bytes()).decode()
    page = browser.new_page()
    page.set_content(f'<video id="v" muted playsinline src="data:video/mp4;base64,{data}"></video>')
    until(page, "document.getElementById('v').readyState >= 2")
    size = page.evaluate("[document.getElementById('v').videoWidth, document.getElementById('v').videoHeight]")
    assert size == [112, 64]
    assert page.evaluate("document.getElementById('v').duration") == pytest.approx(17 / 16, abs=0.02)
    page.evaluate("document.getElementById('v').play()")
    until(page, "document.getElementById('v').currentTime > 0.3")
    until(page, "document.getElementById('v').ended")
    assert page.evaluate("document.getElementById('v').error") is None
    page.close()


def test_what_the_browser_shows_is_the_clip(browser, clip, tmp_path):
    """The decoded frame at half time, drawn on a canvas, is the clip's own within what H.264 loses."""
    encode.mp4(tmp_path / "clip.mp4", clip, 16)
    data = base64.b64encode((tmp_path / "clip.mp4").read_bytes()).decode()
    page = browser.new_page()
    page.set_content(f'<video id="v" muted src="data:video/mp4;base64,{data}"></video><canvas id="c"></canvas>')
    until(page, "document.getElementById('v').readyState >= 2")
    page.evaluate("document.getElementById('v').currentTime = 8.5 / 16")  # the middle of frame 8
    until(page, "!document.getElementById('v').seeking && document.getElementById('v').readyState >= 2")
    pixels = page.evaluate(
        "(() => {const v = document.getElementById('v'), c = document.getElementById('c');"
        "c.width = 112; c.height = 64; const d = c.getContext('2d'); d.drawImage(v, 0, 0);"
        "return Array.from(d.getImageData(0, 0, 112, 64).data)})()"
    )
    shown = np.array(pixels, np.uint8).reshape(64, 112, 4)[..., :3].astype(int)
    errors = [np.abs(shown - frame).mean() for frame in clip]
    assert int(np.argmin(errors)) == 8
    assert errors[8] < 8
    page.close()
