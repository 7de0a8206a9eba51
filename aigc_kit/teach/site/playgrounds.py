"""Write pages, each with all that it needs inside."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from aigc_kit.core import paths
from aigc_kit.core.errors import CannotLoad
from aigc_kit.core.types import Words
from aigc_kit.core.units import format_bytes
from aigc_kit.media.pages import environment, markup, policy, safe, template_text
from aigc_kit.models import cards
from aigc_kit.models.loaded import on_disk
from aigc_kit.teach.site.packing import Bundle
from aigc_kit.works.viewer import View

ORT, SCRIPT, WASM = "ort-web", "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"
RULES = ("runtime", "chance", "words_scan", "words_reach", "words_settle", "words_motion", "tokens", "solvers")
COMMON = (*RULES, "dom", "draw")  # the rules need no page around them
BESIDE_A_VIEW = """document.getElementById("language").append(languageButton());
document.getElementById("main").dataset.ready = "true";
"""
NOWHERE = '"https://page.invalid/ort.mjs"'  # where the engine thinks that it came from: it is never asked for
_EXPORTS = re.compile(r"export\{([^}]*)\};?\s*(//# sourceMappingURL=\S*\s*)?$")


@dataclass(frozen=True)
class Playground:
    """Describe one page.

    Args:
        name: of the file, and of its words in the catalogue ("title.NAME", "lead.NAME").
        scripts: files of assets/site after the common ones, in order.
        start: what the page runs, with its `main` element.
    """

    name: str
    scripts: tuple[str, ...]
    start: str

    @property
    def file(self) -> str:
        """Name the file."""
        return f"{self.name}.html"


PICTURE = Playground(
    "picture",
    ("prompt_form", "picture_model", "picture_layout", "picture_page", "steps_layout", "steps_page"),
    "openPicture",
)
TEXT = Playground("text", ("sampling", "text_model", "text_layout", "text_page"), "openText")
CLIP = Playground("clip", ("prompt_form", "clip_model", "clip_layout", "clip_page"), "openClip")
TOPOLOGY = Playground("topology", (), "")  # the viewer of a work's page, which needs no model
PLAYGROUNDS = {page.name: page for page in (PICTURE, TEXT, CLIP, TOPOLOGY)}


def source(name: str) -> str:
    """Read a source file of the pages."""
    return (paths.assets() / "site" / name).read_text(encoding="utf-8")


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Read all words of the pages, in both languages."""
    words: dict[str, dict[str, str]] = json.loads(source("words.json"))
    return words


def engine(bundle: Bundle) -> str:
    """Add the engine's binary, and give its script.

    The script is a module of onnxruntime-web; what it exports becomes `window.ortOfPage`, since a module inside a page
    can be imported by no other.

    Raises:
        NotOnDisk: the package is not on this machine.
        CannotLoad: it is another edition than this was written for.
    """
    folder = on_disk(cards.get(ORT))
    script = (folder / SCRIPT).read_text(encoding="utf-8").replace("import.meta.url", NOWHERE)
    exports = _EXPORTS.search(script)
    if exports is None or "</script" in script or "<!--" in script:
        raise CannotLoad(
            asked=Words("onnxruntime-web inside a page", "把 onnxruntime-web 放进页面"),
            found=Words("a script of another form than expected", "脚本的写法和预期不同"),
            todo=Words(f"fetch the pinned edition: aigc fetch {ORT}", f"在终端下载固定的版本：aigc fetch {ORT}"),
        )
    pairs = (piece.strip().partition(" as ") for piece in exports[1].split(","))
    names = ",".join(f"{name or own}:{own}" for own, _, name in pairs)
    bundle.add("wasm", (folder / WASM).read_bytes())
    return f"{script[: exports.start()]}window.ortOfPage={{{names}}};"


def script_of(page: Playground) -> str:
    """Join the page's scripts into one module."""
    parts = [source(f"{name}.js") for name in (*COMMON, *page.scripts, "start")]
    return "\n".join([*parts, f"startPage({page.start});\n"])


def render(page: Playground, bundle: Bundle) -> str:
    """Render a page that asks for nothing.

    Its policy allows its own two scripts by their hash, WebAssembly, and no request at all.
    """
    runtime, script, css = engine(bundle), script_of(page), source("page.css")
    allowed = policy((runtime, script), (css,)).replace("script-src", "script-src 'wasm-unsafe-eval'")
    parts = {"css": css, "index": bundle.index, "payload": bundle.text, "runtime": runtime, "script": script}
    return _page(page, allowed, "aigc-kit, Apache-2.0 · onnxruntime-web, MIT", parts)


def render_view(page: Playground, view: View) -> str:
    """Render a page around a view that turns."""
    css = "\n".join((source("page.css"), template_text("story_viewer.css"), source("view.css")))
    runtime, script = template_text("story_viewer.js"), f"{source('dom.js')}\n{BESIDE_A_VIEW}"
    inside = environment().get_template("story_morph.html.j2").render(view=safe(view))
    parts = {"css": css, "index": "{}", "payload": "", "runtime": runtime, "script": script, "inside": inside}
    return _page(page, policy((runtime, script), (css,)), "aigc-kit, Apache-2.0", parts)


def _page(page: Playground, csp: str, licence: str, parts: Mapping[str, str]) -> str:
    words = catalogue()
    told = {"title": words[f"title.{page.name}"], "lead": words[f"lead.{page.name}"], "home": words["home"]}
    told |= {"noscript": words["noScript"]}
    kept = {"inside": "", "catalogue": json.dumps(words, ensure_ascii=False).replace("<", "\\u003c"), **parts}
    ours = {name: markup(text) for name, text in kept.items()}
    return _environment().get_template("page.html.j2").render(name=page.name, csp=csp, licence=licence, **told, **ours)


def index(files: Sequence[tuple[Playground, Path]]) -> str:
    """Render the page that links the others."""
    from aigc_kit import __version__

    words, css = catalogue(), source("page.css")
    rows: list[dict[str, Any]] = [
        {"file": page.file, "title": words[f"title.{page.name}"], "lead": words[f"lead.{page.name}"]}
        | {"size": format_bytes(path.stat().st_size, decimal=True)}
        for page, path in files
    ]
    template = _environment().get_template("index.html.j2")
    return template.render(csp=policy((), (css,)), css=markup(css), pages=rows, version=__version__)


def _environment() -> Environment:
    loader = FileSystemLoader(paths.assets() / "site")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
