"""What the tests in a browser share: a system Chromium, waiting for a change, pictures to look at."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from aigc_kit import cards, fetch
from aigc_kit.core import paths

sync_api = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: pip install 'aigc-kit[browser]'"
)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required", "--mute-audio"]
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium")

ROOT = Path(__file__).parents[2]
SEEN = ROOT / "out" / "browser"
PLAYS = """async media => {
  media.currentTime = 0; await media.play();
  await new Promise(done => setTimeout(done, 1000));
  media.pause();
  return {at: media.currentTime, length: media.duration, error: media.error && media.error.message};
}"""


def environment() -> dict[str, str]:
    """Where the font of the plots is on disk, a browser draws the page's Chinese with it, which else may be boxes."""
    variables: dict[str, str] = dict(os.environ)
    font = fetch.find(cards.get("font-cjk"))
    if font is not None:
        config = SEEN / "fonts.conf"
        system = '<include ignore_missing="yes">/etc/fonts/fonts.conf</include>'
        paths.write_atomically(config, f"<fontconfig>{system}<dir>{font}</dir></fontconfig>")  # others may write it too
        variables["FONTCONFIG_FILE"] = str(config)
    return variables


def launch(play, *flags: str):
    """The browser, with the font of the plots."""
    return play.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags], env=environment())


def screenshot(page, name: str) -> None:
    """Keep what is seen for a person to look at: out/browser/NAME.png."""
    SEEN.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(SEEN / f"{name}.png"))


def until(page, expression: str) -> None:
    """Wait till an expression holds; Playwright's own waiting evaluates strings, which the page's policy forbids."""
    for _ in range(600):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"not within a minute: {expression}")


def until_another(page, read: Callable[[], object], before: object) -> None:
    """Wait till `read` gives something else than before; the clock is no test, a page that stays as it was must end."""
    for _ in range(600):
        if read() != before:
            return
        page.wait_for_timeout(200)
    raise AssertionError("the page is what it was")


def move_slider(slider, presses: int) -> None:
    """Move a slider with the keyboard, step by step; to the left where there are less than none."""
    slider.focus()
    for _ in range(abs(presses)):
        slider.press("ArrowRight" if presses > 0 else "ArrowLeft")
