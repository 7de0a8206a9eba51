"""Rules about what a person wrote that go line by line: no installs, nothing of a machine, pictures that are there."""

import re
from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import unquote

from aigc_kit.teach.notebooks.cells import Cell, code_cells
from aigc_kit.teach.notebooks.findings import Finding, Page, Rule
from aigc_kit.teach.notebooks.lint_outputs import leaks

_SHELL_CELL = re.compile(r"%%(?:bash|sh|zsh|script|system|sx|cmd|powershell|!)|!!")
_SHELL_LINE = re.compile(r"^\s*(?:[\w, ]+=\s*)?(?:!|%(?:sx|system)\b)(?P<command>.*)")
_CALL = re.compile(r"\b(?:system|popen|Popen|run|call|check_call|check_output|getoutput)\(")
_PIP = re.compile(r"^\s*(?:\S*/)?(?:python[\d.]*\s+-m\s+)?pip[\d.]*\b")
_INSTALLS = re.compile(
    r"\b(?:pip[\d.]*|pipx|uv|conda|mamba|micromamba|poetry|pdm|apt|apt-get|brew|npm)\b[^;&|]*\b(?:install|add|sync)\b"
)
_REMOTE_CODE = re.compile(r"\btrust_remote_code\b(?![\"']?\s*[=:]\s*False\b)")
_TODO = re.compile(r"(?<![A-Za-z0-9_])(?:TODO|FIXME|XXX|TBD)(?![A-Za-z0-9_])|待补|待完善|待写")
_CODE = re.compile(r"^(?P<fence>```+|~~~+).*?^(?P=fence)|`[^`\n]*`", re.DOTALL | re.MULTILINE)
_PICTURE = re.compile(r"!\[[^\]]*\]\(\s*<?([^\s)>]+)")
_ELEMENT = re.compile(r"<(?:img|video|audio|source|iframe|embed)\b[^>]*?\bsrc\s*=\s*[\"']?([^\s\"'>]+)", re.IGNORECASE)
_WIDE = "\u2014\u2018\u2019\u201c\u201d\u2026\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
_ENDS_WIDE = re.compile(rf"[{_WIDE}][*_]* ?$")  # two spaces would be a line break that is meant
_QUOTE = re.compile(r"^\s{0,3}(?:>\s?)*")
_STARTS_WIDE = re.compile(rf"^\s*[*_]{{0,3}}[{_WIDE}]")


def no_installs(page: Page) -> Iterator[Finding]:
    """No cell installs packages in a shell: maybe for another Python, and never the tested set."""
    for number, cell in code_cells(page.notebook):
        for index, line in enumerate(cell.source.splitlines(), 1):
            command = _shell_command(cell, index, line)
            if command is not None and (_PIP.search(command) or _INSTALLS.search(command)):
                yield page.finding("pip", "installs in a shell, maybe for another Python: remove it", number, index)


def no_remote_code(page: Page) -> Iterator[Finding]:
    """No model brings its own code."""
    for number, cell in code_cells(page.notebook):
        for index, line in enumerate(cell.source.splitlines(), 1):
            if _REMOTE_CODE.search(line.partition("#")[0]):
                yield page.finding("remote-code", "trust_remote_code runs code from a hub: remove it", number, index)


def no_todo(page: Page) -> Iterator[Finding]:
    """Nothing is left for later. In code, a name such as `todo` is none; in a comment it is."""
    for number, cell in enumerate(page.notebook.cells, 1):
        for index, line in enumerate(cell.source.splitlines(), 1):
            prose = line if cell.cell_type == "markdown" else line.partition("#")[2]
            if _TODO.search(line) or _TODO.search(prose.upper()):
                yield page.finding("todo", f"left to do: {line.strip()[:60]!r}", number, index)


def sources_show_nothing_of_a_machine(page: Page) -> Iterator[Finding]:
    """Code and prose carry no absolute path and no key."""
    for number, cell in enumerate(page.notebook.cells, 1):
        for index, line in enumerate(cell.source.splitlines(), 1):
            for kind, excerpt in leaks(line, hosts=False):
                yield page.finding(f"leak-{kind}", f"the cell has {excerpt!r}", number, index)


def pictures_exist(page: Page) -> Iterator[Finding]:
    """Pictures in prose are files beside the notebook or in the clone, never addresses."""
    for number, cell in _prose(page):
        text = _CODE.sub(" ", cell.source)
        for target in (*_PICTURE.findall(text), *_ELEMENT.findall(text)):
            if "://" in target or target.startswith("//"):
                yield page.finding("picture", f"{target} is loaded from the network", number)
            elif target.startswith(("attachment:", "data:")):
                continue
            elif target.startswith("/") or not (page.path.parent / unquote(target)).is_file():
                yield page.finding("picture", f"there is no file {target} beside the notebook", number)


def lines_of_a_paragraph_join(page: Page) -> Iterator[Finding]:
    """A paragraph is not broken between two Chinese characters: Markdown shows the line end as a space."""
    for number, cell in _prose(page):
        fenced = _CODE.sub(lambda match: "\n" * match.group().count("\n") or "`", cell.source)
        lines = fenced.split("\n")
        for index, (line, following) in enumerate(pairwise(lines), 1):
            quotes = [_QUOTE.sub("", part) for part in (line, following)]
            same_block = _depth(line) >= _depth(following) and not re.match(r"#{1,6}\s", quotes[0])
            if same_block and _ENDS_WIDE.search(quotes[0]) and _STARTS_WIDE.search(quotes[1]):
                yield page.finding("wrap", "the line end shows as a space between two characters", number, index)


def _depth(line: str) -> int:
    """How many quotes deep a line is; one that is deeper than the line before begins a new block."""
    match = _QUOTE.match(line)
    return match.group().count(">") if match else 0


def _shell_command(cell: Cell, index: int, line: str) -> str | None:
    """What a line of code gives to a shell; None when it gives nothing."""
    if _SHELL_CELL.match(cell.source.lstrip()):
        return None if index == 1 or line.lstrip().startswith("#") else line
    match = _SHELL_LINE.match(line)
    if match:
        return match["command"].strip()
    call = _CALL.search(line)
    return f"sh {line[call.end() :]}" if call else None


def _prose(page: Page) -> Iterator[tuple[int, Cell]]:
    return ((n, cell) for n, cell in enumerate(page.notebook.cells, 1) if cell.cell_type == "markdown")


LINE_RULES: tuple[Rule, ...] = (
    no_installs,
    no_remote_code,
    no_todo,
    sources_show_nothing_of_a_machine,
    pictures_exist,
    lines_of_a_paragraph_join,
)
