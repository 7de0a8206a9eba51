"""The player of lab 07 in a browser: it plays, and the line over the notes goes with it."""

from browsing import needs_chromium

from aigc_kit import music
from aigc_kit.teach import lab07

pytestmark = [needs_chromium]


def test_the_line_goes_with_the_sound(browser):
    take = music.make("快速，宫调式，二四拍", card="tunes", seed=2)
    page = browser.new_page(viewport={"width": 900, "height": 500})
    page.set_content(lab07.player(take, "一首小曲").html)
    page.wait_for_function("document.querySelector('audio').readyState >= 2")
    length = page.evaluate("document.querySelector('audio').duration")
    assert abs(length - len(take.data) / 24_000) < 0.2  # MP3 is padded to whole frames
    page.evaluate("() => { const a = document.querySelector('audio'); a.muted = true; return a.play(); }")
    page.wait_for_function("document.querySelector('audio').currentTime > 0.5")
    page.wait_for_function("+document.querySelector('.head').getAttribute('x1') > 0")
    page.evaluate("() => document.querySelector('audio').pause()")
    now = page.evaluate("document.querySelector('audio').currentTime")
    page.evaluate("() => document.querySelector('audio').dispatchEvent(new Event('timeupdate'))")
    place = page.evaluate("+document.querySelector('.head').getAttribute('x1')")
    assert abs(place - 640 * now / length) < 1
    page.close()
