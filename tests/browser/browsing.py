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

PATIENCE = 900_000  # milliseconds that anything may take: the clock is no test, but what hangs must end

ROOT = Path(__file__).parents[2]
SEEN = ROOT / "out" / "browser"
PLAYS = """async media => {
  media.currentTime = 0; await media.play();
  for (let k = 0; k < 600 && !media.currentTime; k++) await new Promise(done => setTimeout(done, 100));
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
    """The browser, with the font of the plots; its pages wait as long as a busy machine makes them."""
    chromium = play.chromium.launch(
        executable_path=CHROMIUM, args=[*FLAGS, *flags], env=environment(), timeout=PATIENCE
    )
    chromium.on("context", lambda context: context.set_default_timeout(PATIENCE))
    return chromium


def screenshot(page, name: str) -> None:
    """Keep what is seen for a person to look at: out/browser/NAME.png."""
    SEEN.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(SEEN / f"{name}.png"))


def until(page, expression: str) -> None:
    """Wait till an expression holds; Playwright's own waiting evaluates strings, which the page's policy forbids."""
    until_another(page, lambda: bool(page.evaluate(expression)), False)


def until_another(page, read: Callable[[], object], before: object) -> None:
    """Wait till `read` gives something else than before."""
    for _ in range(PATIENCE // 100):
        if read() != before:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"the page is what it was: {before!r:.200}")


def move_slider(slider, presses: int) -> None:
    """Move a slider with the keyboard, step by step; to the left where there are less than none."""
    slider.focus()
    for _ in range(abs(presses)):
        slider.press("ArrowRight" if presses > 0 else "ArrowLeft")
