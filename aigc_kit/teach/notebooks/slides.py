"""Cut a notebook into slides, one idea on each.

Cells tagged `slide` and `slide-more` make them. Where a notebook has no such tag, headings begin slides, what a short
cell left stands on one of its own, and long code is left out. Cells tagged `slide-notes` are what the speaker says.
"""

import base64
import re
from dataclasses import dataclass, field
from pathlib import Path

from aigc_kit.teach.notebooks.cells import Cell, Notebook, tags
from aigc_kit.teach.notebooks.still import listing, prose, results

START, MORE, NOTES, SKIP = "slide", "slide-more", "slide-notes", "slide-skip"
ANSWER = "# 先猜再看"  # how a cell begins whose result follows a guess
GUESS = re.compile(r"^\w+ = page\.predict\(")  # how one begins that asks for a guess
MOST_CODE = 8  # lines of code that a slide without a tag shows
MOST_BESIDE = 4  # lines of code beside a picture
WIDE = 1.7  # width / height from which a picture stands under its code
MOST_OUTPUT = 10  # lines of text
MOST_WORDS = 170  # characters of prose under a heading; what is more goes to the notes
_LEFT_OUT = frozenset({SKIP, "setup", "solution", "slow", "exercise"})
_HEADING = re.compile(r"^(#{1,4})\s+(.+?)\s*#*$")
_NUMBER = re.compile(r"^\d+[a-z]?\s+")  # of the lab, which the first slide says above its title
_PNG = re.compile(r"data:image/png;base64,([A-Za-z0-9+/]{32})")
_MARKS = re.compile(r"[*_`]|!?\[([^\]]*)\]\([^)]*\)|<[^>]+>")


@dataclass
class Slide:
    """Hold one slide: title, what is shown, what is said.

    Args:
        title: plain text.
        level: of the heading, 1 for the notebook's title.
        blocks: (kind, still HTML) of "prose", "code", "picture", "table" and "text".
        notes: still HTML for the speaker.
    """

    title: str
    level: int = 2
    blocks: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def split(self) -> bool:
        """Tell whether two blocks stand side by side."""
        kinds = [kind for kind, _ in self.blocks]
        return len(kinds) == 2 and kinds[0] in ("code", "prose") and kinds[1] == "picture" and not self.wide

    @property
    def wide(self) -> bool:
        """Tell whether the last picture is broad."""
        sizes = [_size(html) for kind, html in self.blocks if kind == "picture"]
        return bool(sizes) and sizes[-1][0] > WIDE * sizes[-1][1]


def slides_of(notebook: Notebook, home: Path) -> list[Slide]:
    """Cut a notebook into slides, by its tags or without.

    Args:
        notebook: executed; read by `cells.read`.
        home: folder of the notebook, which its pictures are relative to.
    """
    tagged = any({START, MORE} & tags(cell) for cell in notebook.cells)
    deck = _by_tags(notebook, home) if tagged else _by_headings(notebook, home)
    return [slide for slide in deck if slide.blocks or slide.level == 1]


def _by_tags(notebook: Notebook, home: Path) -> list[Slide]:
    deck: list[Slide] = []
    title = ""
    for cell in notebook.cells:
        heading, body = headed(cell)
        title = heading[1] if heading else title
        names = tags(cell)
        if NOTES in names and deck:
            deck[-1].notes.append(prose(cell, home))
        elif START in names or (MORE in names and not deck):
            deck.append(Slide(title, heading[0] if heading else 2, _blocks(cell, body, home, whole=True)))
        elif MORE in names:
            deck[-1].blocks += _blocks(cell, cell.source, home, whole=True)
    return deck


def _by_headings(notebook: Notebook, home: Path) -> list[Slide]:
    deck: list[Slide] = []
    for cell in notebook.cells:
        if NOTES in tags(cell) and deck:
            deck[-1].notes.append(prose(cell, home))
        elif cell.cell_type == "markdown":
            _speak(deck, cell, home)
        elif cell.cell_type == "code" and deck and not _LEFT_OUT & tags(cell):
            blocks = _blocks(cell, "", home, whole=False)
            if any(kind != "code" for kind, _ in blocks):
                deck += [Slide(deck[-1].title, 3)] if deck[-1].blocks else []
                deck[-1].blocks += blocks
    return deck


def _speak(deck: list[Slide], cell: Cell, home: Path) -> None:
    """Begin slides at headings, and fill the notes."""
    if SKIP in tags(cell):
        return
    for part in re.split(r"(?m)^(?=#{1,4} )", cell.source):
        match = _HEADING.match(part.split("\n", 1)[0])
        if match:
            title = plain(match[2])
            deck.append(Slide(_NUMBER.sub("", title) if len(match[1]) == 1 else title, len(match[1])))
        shown, said = _shown(part.partition("\n")[2]) if match else ("", part)
        if shown:
            deck[-1].blocks.append(("prose", prose(cell, home, shown)))
        if said.strip() and deck:
            deck[-1].notes.append(prose(cell, home, said))


def _shown(text: str) -> tuple[str, str]:
    """Divide prose into what is shown and what is said.

    >>> _shown("one\\n\\ntwo")
    ('one\\n\\ntwo', '')
    """
    pieces = [piece for piece in re.split(r"\n\s*\n", text.strip()) if piece.strip()]
    shown: list[str] = []
    while pieces and (not shown or len(plain("".join([*shown, pieces[0]]))) <= MOST_WORDS):
        shown.append(pieces.pop(0))
    if pieces and len(shown) > 1 and shown[-1].rstrip().endswith(("：", ":")):  # it leads to what is not shown
        pieces.insert(0, shown.pop())
    return "\n\n".join(shown), "\n\n".join(pieces)


def headed(cell: Cell) -> tuple[tuple[int, str] | None, str]:
    """Split prose into its first heading and the rest."""
    first, _, rest = cell.source.lstrip().partition("\n")
    match = _HEADING.match(first) if cell.cell_type == "markdown" else None
    return ((len(match[1]), plain(match[2])), rest) if match else (None, cell.source)


def plain(markdown: str) -> str:
    """Write a line of Markdown without its marks.

    >>> plain("4.2 **softmax**：从 [分数](x) 到 `p`")
    '4.2 softmax：从 分数 到 p'
    """
    return _MARKS.sub(lambda match: match[1] or "", markdown).strip()


def _blocks(cell: Cell, body: str, home: Path, *, whole: bool) -> list[tuple[str, str]]:
    """List what a cell puts on a slide, perhaps `whole`."""
    if cell.cell_type == "markdown":
        return [("prose", prose(cell, home, body))] if body.strip() else []
    lines = [line for line in cell.source.splitlines() if line.strip()]
    left = results(cell, MOST_OUTPUT)
    tall = any(kind == "picture" for kind, _ in left) and len(lines) > MOST_BESIDE
    asked = cell.source.startswith(ANSWER) or GUESS.match(cell.source)
    if not whole and (tall or asked):  # who guesses, or looks at an answer, wants no code
        lines = []
    code = [("code", listing(cell.source))] if lines and (whole or len(lines) <= MOST_CODE) else []
    if not whole and len(left) > 1:  # one idea: the picture, or what came first
        left = [next((row for row in left if row[0] == "picture"), left[0])]
    return [*code, *left]


def _size(html: str) -> tuple[int, int]:
    """Read the size of a PNG inside HTML."""
    match = _PNG.search(html)
    header = base64.b64decode(match[1] + "=" * (-len(match[1]) % 4)) if match else b""
    return (int.from_bytes(header[16:20], "big"), int.from_bytes(header[20:24], "big")) if len(header) >= 24 else (1, 1)
