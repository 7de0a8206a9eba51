"""Make pictures of README and labs: `make readme-media`."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from aigc_kit.core.errors import BadInput, missing_extra
from aigc_kit.core.paths import write_atomically
from aigc_kit.core.units import KB
from aigc_kit.make import music, speech, text, video
from aigc_kit.media.fonts import glyphs, label
from aigc_kit.models import cards, fetch
from aigc_kit.teach.labs.lab01 import SHOWN
from aigc_kit.teach.labs.lab02a import promise
from aigc_kit.teach.labs.lab02b import switches
from aigc_kit.teach.labs.lab03 import sounds
from aigc_kit.teach.labs.lab05 import stages
from aigc_kit.teach.labs.lab07 import rolls
from aigc_kit.teach.labs.lab08 import promise as seen
from aigc_kit.teach.labs.lab09 import promise as wordings
from aigc_kit.teach.labs.lab10 import promise as structured
from aigc_kit.teach.labs.lab11 import answers, changed, overlap, people
from aigc_kit.teach.labs.lab12.promise import promise as ways
from aigc_kit.teach.labs.lab13 import promise as attributions
from aigc_kit.teach.labs.lab14 import promise as peeking
from aigc_kit.teach.labs.lab15 import promise as media
from aigc_kit.teach.show.plots import SMALL, TEMPERATURE_COLOURS, WIDEST, Picture, canvas
from aigc_kit.works import frames
from aigc_kit.worlds import verse

FORM, OPENING = "五言绝句", "明月照高"
HEATS = (0.2, 0.7, 1.2)
SEED = 5
LARGEST = 75 * KB  # of a picture: it stands inside its lab too
FILM = 45  # quality of the film, in percent
SHOWN_LAB = ("02a", "承诺")
CLIPS = (
    ("夜晚，一只橙色的小狗在月球上跳跃", 7),
    ("一个粉色的甜甜圈变成咖啡杯", 7),
    ("白天，一条蓝色的小鱼在海边向左移动", 7),
    ("一颗黄色的五角星旋转", 7),
)


def temperature() -> Picture:
    """Draw one opening at three temperatures.

    The real candidates of the next character, and the poem that the model then wrote.
    """
    prompt = verse.prompt_for(FORM, opening=OPENING)
    engine = text.engine(text.exact_plan(text.plan_for(prompt, card="poem"), otherwise=prompt))
    candidates = engine.open(engine.encode(prompt)).candidates()
    figure, axes = canvas(1, len(HEATS), width=WIDEST, height=4.6)
    order = (-candidates.scores).argsort(kind="stable")[:SHOWN]
    names = [glyphs(engine.token_text(int(candidates.ids[i]))) for i in order]
    for axis, heat, colour in zip(axes, HEATS, TEMPERATURE_COLOURS, strict=False):
        shares = text.softmax(candidates.scores, heat)[order]
        axis.barh(range(SHOWN)[::-1], shares, color=colour)
        axis.set_yticks(range(SHOWN)[::-1], names, fontsize=SMALL)
        axis.set_xlim(0, 1.05)
        axis.xaxis.set_major_formatter("{x:.0%}")
        axis.set_title(f"T = {heat:g}", fontsize=15, color=colour, fontweight="bold")
        axis.set_xlabel("\n" + "\n".join(_lines(prompt, heat)), fontsize=13, loc="left")
    by = f"poem（tiny，自己训练的写诗模型），同一个开头“{OPENING}”，种子都是 {SEED}；由本工具包实际生成"
    words = label(by, f"poem (tiny, trained by this project), same opening, seed {SEED}")
    figure.supxlabel(words, fontsize=SMALL, color="#555b66")
    return Picture(figure, "同一个开头在三个温度下的下一个字的概率，以及模型写出的诗")


def _lines(prompt: str, heat: float) -> list[str]:
    """Write a poem, and give its first four lines."""
    plan = text.plan_for(prompt, card="poem", temperature=heat, seed=SEED, max_new_tokens=100)
    lines = re.split(r"(?<=[，。！？])\s*", verse.body_of(prompt + text.run(plan).data).strip())
    return [line for line in lines if line][:4]


def speech_controls() -> Picture:
    """Draw one sentence as it is, with pauses, and faster."""
    settings: dict[str, dict[str, Any]] = {"原样": {}, "[break_7]": {"breaks": 7}, "[speed_8]": {"speed": 8}}
    plans = [speech.plan_for("今天的天气真不错", card="baker", **values) for values in settings.values()]
    return sounds([speech.run(plan) for plan in plans], list(settings))


def clips() -> Picture:
    """Draw clips as six frames each, not chosen."""
    figure, axes = canvas(len(CLIPS), 1, width=WIDEST, height=1.62 * len(CLIPS))
    for axis, (prompt, seed) in zip(axes, CLIPS, strict=True):
        plan = video.plan_for(prompt, card="tinywan", negative="low quality, watermark, glitch", seed=seed)
        take = video.run(plan)
        axis.imshow(video.strip(take.data, 6), interpolation="nearest")
        axis.set_title(glyphs(prompt).replace("␣", " "), fontsize=11, loc="left")
        axis.set_axis_off()
    by = label(
        "tinywan（tiny），种子都是 7，没有挑选；AI 生成", "tinywan (tiny), seed 7 for all, not chosen; AI-generated"
    )
    figure.supxlabel(by, fontsize=SMALL, color="#555b66")
    return Picture(figure, "四个短片，每个六帧：" + "；".join(prompt for prompt, _ in CLIPS))


def packed(png: bytes) -> bytes:
    """Encode a picture as WebP of at most `LARGEST` bytes.

    Lossless where that is small enough, else as good as fits; on white, since a dark page would hide black words.
    """
    picture = Image.open(BytesIO(png)).convert("RGBA")
    ground = Image.new("RGBA", picture.size, "white")
    ground.alpha_composite(picture)
    best = b""
    ways: list[dict[str, Any]] = [{"lossless": True}, *({"quality": quality} for quality in range(90, 30, -10))]
    for how in ways:
        buffer = BytesIO()
        ground.convert("RGB").save(buffer, "WEBP", method=6, **how)
        best = buffer.getvalue()
        if len(best) <= LARGEST:
            break
    return best


def film() -> bytes:
    """Film the donut that becomes a cup, as WebP.

    There and back; under every frame stands the count of that frame's own mesh.
    """
    way = [Image.fromarray(frame.picture) for frame in frames(18, size=360)]
    buffer = BytesIO()
    timing = {"duration": [700, *[110] * 16, 700, *[110] * 16], "loop": 0}
    way[0].save(
        buffer, "WEBP", save_all=True, append_images=[*way[1:], *way[-2:0:-1]], quality=FILM, method=6, **timing
    )
    return buffer.getvalue()


def screenshot(number: str, cell: str) -> bytes:
    """Take a picture of a lab in JupyterLab: PNG.

    As `make lab` opens it.

    Args:
        number: of the lab.
        cell: words of the cell that stands at the top.

    Raises:
        MissingExtra: playwright is not installed.
        BadInput: no Chromium on this machine, or JupyterLab did not start.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise missing_extra("playwright", "browser", "a picture of JupyterLab") from None
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        raise BadInput(asked="a picture of JupyterLab", found="no Chromium", todo="apt-get install chromium")
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aigc-readme-")))
        address = stack.enter_context(_lab(number, home))
        play = stack.enter_context(sync_playwright())
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"], env=_with_font(home))
        stack.callback(browser.close)
        page = browser.new_page(viewport={"width": 1200, "height": 800})
        page.goto(address, timeout=120_000)
        page.wait_for_selector(".jp-Notebook .jp-Cell img", timeout=240_000)
        place = page.locator(".jp-Cell", has_text=cell).first
        while not place.count():  # cells are put into the page when they come into sight
            page.mouse.move(700, 400)
            page.mouse.wheel(0, 500)
            page.wait_for_timeout(300)
        place.evaluate("cell => cell.scrollIntoView({block: 'start'})")
        page.wait_for_timeout(8000)  # the kernel starts, and the pictures below are decoded
        return page.screenshot()


@contextmanager
def _lab(number: str, home: Path) -> Iterator[str]:
    """Start `aigc lab` apart from the user's, giving its address."""
    options = ("--no-browser", "--allow-root", "--ServerApp.port_retries=50")
    command = [sys.executable, "-m", "aigc_kit", "lab", number, *(f"--jupyter={option}" for option in options)]
    places = {"JUPYTER_CONFIG_DIR": str(home / "config"), "JUPYTER_DATA_DIR": str(home / "data")}
    with subprocess.Popen(command, env={**os.environ, **places}, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        lines: list[str] = []
        for line in process.stderr:
            lines.append(line)
            if match := re.search(r"http://127\.0\.0\.1:\d+/lab\S+", line):
                break
        else:
            raise BadInput(asked="JupyterLab", found="".join(lines)[-500:], todo="run aigc lab by hand")
        threading.Thread(target=process.stderr.read, daemon=True).start()  # a full pipe would stop the server
        try:
            yield match[0]
        finally:
            process.terminate()


def _with_font(home: Path) -> dict[str, str | float | bool]:
    """Let a browser draw Chinese with the plots' font."""
    font = fetch.find(cards.get("font-cjk"))
    if font is None:
        return {**os.environ}
    system = '<include ignore_missing="yes">/etc/fonts/fonts.conf</include>'
    config = write_atomically(home / "fonts.conf", f"<fontconfig>{system}<dir>{font}</dir></fontconfig>")
    return {**os.environ, "FONTCONFIG_FILE": str(config)}


def main(folder: Path) -> None:
    """Write all pictures into a folder."""
    print(write_atomically(folder / "film.webp", film()))
    print(write_atomically(folder / "lab.webp", packed(screenshot(*SHOWN_LAB))))
    pictures = {"temperature": temperature(), "speech": speech_controls(), "topology": stages(), "video": clips()}
    pictures |= {"pictures": promise(), "memory": switches(), "overlap": overlap(people() + answers() + changed())}
    pictures |= {
        "prompts": wordings(),
        "structured": structured(),
        "tuning": ways(),
        "peeking": peeking(),
        "together": media(),
        "pairs": seen(),
        "inspect": attributions(),
        "music": rolls(
            [music.make("快速", card="tunes", seed=seed) for seed in range(6)], [f"种子 {k}" for k in range(6)]
        ),
    }
    for name, picture in pictures.items():
        print(write_atomically(folder / f"{name}.webp", packed(picture.png())))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "assets/readme"))
