"""Build the browser edition, one file a playground.

    build(folder)    index.html, picture.html, ... from the shipped weights; every export is checked against torch

The pages hold onnxruntime-web (the card "ort-web"), graphs, weights and word lists; they ask the network for nothing.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from aigc_kit.core.errors import BadInput, unknown_name
from aigc_kit.core.paths import write_atomically
from aigc_kit.core.types import Words
from aigc_kit.models import cards
from aigc_kit.models.loaded import on_disk
from aigc_kit.teach.site import agreement, contents, playgrounds
from aigc_kit.teach.site.exports import Part
from aigc_kit.teach.site.packing import Bundle
from aigc_kit.works.viewer import morph_view

LARGEST, ALL = 30_000_000, 60_000_000  # bytes of one page, and of all
__all__ = ["build"]


def build(folder: Path, names: Iterable[str] = (), say: Callable[[str], None] = print) -> list[Path]:
    """Write the pages into a folder.

    Args:
        folder: made where it is missing; pages of other names in it stay.
        names: of playgrounds; all where none is given.
        say: is told what is being done, and how far an export is from torch.

    Returns:
        The files, index.html last.

    Raises:
        UnknownName: no playground of that name.
        NotOnDisk: onnxruntime-web is not on this machine. MissingExtra: the extra "site" is not installed.
        CannotLoad: an export says something else than torch.
        BadInput: a page became too large.
    """
    wanted = list(dict.fromkeys(names)) or list(playgrounds.PLAYGROUNDS)
    for name in wanted:
        if name not in playgrounds.PLAYGROUNDS:
            raise unknown_name(
                Words(f"playground {name!r}", f"页面 {name!r}"), name, playgrounds.PLAYGROUNDS, Words("page", "页面")
            )
    on_disk(cards.get(playgrounds.ORT))  # before minutes of work
    folder = Path(folder)
    written = []
    for name in wanted:
        page = playgrounds.PLAYGROUNDS[name]
        learnt = page is not playgrounds.TOPOLOGY
        html = playgrounds.render(page, _bundle(name, say)) if learnt else playgrounds.render_view(page, morph_view())
        _require_small(Words(f"the page {name}", f"页面 {name}"), len(html.encode()), LARGEST)
        written.append(write_atomically(folder / page.file, html))
        say(f"{page.file}: {len(html.encode()):,} bytes")
    there = [(page, folder / page.file) for page in playgrounds.PLAYGROUNDS.values() if (folder / page.file).is_file()]
    _require_small(Words("all pages", "全部页面"), sum(path.stat().st_size for _, path in there), ALL)
    return [*written, write_atomically(folder / "index.html", playgrounds.index(there))]


def _bundle(name: str, say: Callable[[str], None]) -> Bundle:
    """Export, compare and pack what one playground needs."""
    bundle = Bundle()
    if name == "picture":
        pipe = contents.open_pipeline("tinysdxl")
        parts = contents.picture_parts(pipe)
        agreement.tell(parts, say)
        agreement.check_picture(pipe, parts, say)
        contents.picture(bundle, pipe, parts)
    elif name == "clip":
        pipe = contents.open_pipeline("tinywan")
        parts = contents.clip_parts(pipe)
        agreement.tell(parts, say)
        agreement.check_clip(pipe, parts, say)
        contents.clip(bundle, pipe, parts)
    else:
        contents.text(bundle, [_language_part(model, say) for model in ("poem", "tinychat")])
    return bundle


def _require_small(asked: Words, size: int, most: int) -> None:
    if size > most:
        raise BadInput(
            asked=asked,
            found=Words(f"{size:,} bytes; {most:,} are allowed", f"{size:,} 字节；最多 {most:,}"),
            todo=Words("leave a part of it out", "去掉一部分内容"),
        )


def _language_part(name: str, say: Callable[[str], None]) -> Part:
    model = contents.open_language_model(name)
    part = contents.text_part(name, model)
    agreement.tell([part], say)
    agreement.check_text(model, part, range(5, 25), say)
    return part
