"""Print our own pages as PDF with a headless Chromium."""

import os
import shutil
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path
from typing import Any

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import CannotWrite
from aigc_kit.core.paths import write_atomically
from aigc_kit.media import fonts

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge")
_PLACES = {
    "darwin": (
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    ),
    "win32": (
        r"C:\Program Files\Google\Chrome\Application\chrome.exe",
        r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
    ),
}
SECONDS = 180  # that printing one page may take
# Nothing is asked of another machine: no name is resolved, nothing runs in the background
_FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-pdf-header-footer",
)


def find() -> str | None:
    """Find a Chromium, Chrome or Edge of this machine."""
    places = (*map(shutil.which, NAMES), *(p for p in _PLACES.get(sys.platform, ()) if Path(p).is_file()))
    return next((place for place in places if place), None)


def print_pdf(page: Path, pdf: Path, program: str) -> Path:
    """Print a page of ours as PDF.

    Args:
        page: a whole HTML file, which fetches nothing.
        pdf: where to; replaced when it is there.
        program: of `find`.

    Raises:
        CannotWrite: the browser gave up, or took too long.
    """
    refuse = Words(f"{pdf.name} of {page.name}", f"把 {page.name} 印成 {pdf.name}")
    todo = Words(f"open {page} in a browser and print it to a file", f"用浏览器打开 {page}，打印成文件")
    alone = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()  # it refuses to start as root
    with tempfile.TemporaryDirectory(prefix="aigc-print-", ignore_cleanup_errors=True) as folder:
        target = Path(folder, "page.pdf")
        call = [program, *_FLAGS, *alone, f"--user-data-dir={folder}/profile", f"--print-to-pdf={target}"]
        words: dict[str, Any] = {"capture_output": True, "timeout": SECONDS, "env": _with_font(Path(folder))}
        try:
            process = subprocess.run([*call, page.resolve().as_uri()], check=False, **words)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CannotWrite(
                asked=refuse,
                found=Words(f"{Path(program).name}: {error}", f"{Path(program).name} 报告（原话）：{error}"),
                todo=todo,
            ) from None
        if process.returncode or not target.is_file():
            last = process.stderr.decode(errors="replace").strip().splitlines()[-1:]
            found = Words(
                f"{Path(program).name} stopped: {''.join(last)[:200] or 'it said nothing'}",
                f"{Path(program).name} 停了（原话）：{''.join(last)[:200] or '没有留下话'}",
            )
            raise CannotWrite(asked=refuse, found=found, todo=todo)
        return write_atomically(pdf, target.read_bytes())


def _with_font(folder: Path) -> dict[str, str]:
    """Let the browser find the fetched Chinese font."""
    font = fonts.fetched_font() if fonts.system_font() is None else None
    if font is None or not sys.platform.startswith("linux"):
        return dict(os.environ)
    system = '<include ignore_missing="yes">/etc/fonts/fonts.conf</include>'
    config = folder / "fonts.conf"
    config.write_text(f"<fontconfig>{system}<dir>{escape(str(font.parent))}</dir></fontconfig>", encoding="utf-8")
    return {**os.environ, "FONTCONFIG_FILE": str(config)}
