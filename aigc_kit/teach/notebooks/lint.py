"""Check the rules about cells, their order and lines.

Each rule is a small function from a `Page` to findings; `lint` applies them all, those of `lint_outputs` too.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median

from aigc_kit.core.paths import assets
from aigc_kit.teach.notebooks.attachments import outdated, shown
from aigc_kit.teach.notebooks.cells import Cell, code_cells, is_solution, is_stale, read, tags
from aigc_kit.teach.notebooks.findings import Finding, Page, Rule
from aigc_kit.teach.notebooks.lint_guesses import GUESS_RULES
from aigc_kit.teach.notebooks.lint_outputs import OUTPUT_RULES, leaks

MEDIAN_LINES, MOST_LINES = 5, 20
STEPS = tuple(f"step-{number}" for number in range(1, 9))

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_NOT_PROSE = re.compile(
    r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$\n]*\$|!?\[[^\]]*\]\([^)]*\)|<!--.*?-->|<[^>]+>|https?://\S+", re.DOTALL
)
_WORD = re.compile(r"[A-Za-z]{2,}")
_MAGIC = re.compile(r"^(\s*)(?:[%!?]|\w[\w, ]*=\s*[%!]|[\w.]+\?{1,2}\s*$)")
_ERRATUM = re.compile(r"(?<![A-Za-z0-9_.])E\d+(?![A-Za-z0-9_])")  # \b would miss "见E1"
_DEFINED = re.compile(r"^\s*(?:[-*]|\|)\s*(?:\*\*)?(E\d+)(?:\*\*)?(?![A-Za-z0-9_])", re.MULTILINE)
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


def cell_length(page: Page) -> Iterator[Finding]:
    """Find code cells over 20 lines, or median over 5."""
    sizes = {
        number: sum(bool(line.strip()) for line in cell.source.splitlines())
        for number, cell in code_cells(page.notebook)
    }
    for number, size in sizes.items():
        if size > MOST_LINES:
            message = f"{size} lines; at most {MOST_LINES}: split it, or move a function into the package"
            yield page.finding("cell-length", message, number)
    if sizes and median(sizes.values()) > MEDIAN_LINES:
        yield page.finding("cell-length", f"median {median(sizes.values()):g} lines; at most {MEDIAN_LINES}")


def valid_python(page: Page) -> Iterator[Finding]:
    """Find code that does not compile, magics aside."""
    for number, cell in code_cells(page.notebook):
        if cell.source.lstrip().startswith("%%"):
            continue  # a cell magic: what follows need not be Python
        try:
            parse(cell.source)
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None)
            yield page.finding("syntax", f"not valid Python: {getattr(error, 'msg', error)}", number, line)
        except (RecursionError, MemoryError):
            yield page.finding("syntax", "an expression too deeply nested to be read: split it", number)


def language(page: Page) -> Iterator[Finding]:
    """Find metadata without Python or the kernel everybody has."""
    spec, info = page.notebook.metadata.get("kernelspec", {}), page.notebook.metadata.get("language_info", {})
    if info.get("name") != "python" or spec.get("language", "python") != "python":
        yield page.finding("language", "metadata.language_info.name is not 'python'")
    if spec.get("name") != "python3":
        yield page.finding("language", f"metadata.kernelspec.name is {spec.get('name')!r}, not 'python3'")


def stale(page: Page) -> Iterator[Finding]:
    """Find outputs that do not belong to these sources."""
    if is_stale(page.notebook):
        yield page.finding("stale", "cells changed since the outputs were made: aigc notebook refresh")


def chinese_prose(page: Page) -> Iterator[Finding]:
    """Find prose without a Chinese character."""
    for number, cell in _prose(page):
        words = _NOT_PROSE.sub(" ", cell.source)
        if _WORD.search(words) and not _CHINESE.search(cell.source):
            yield page.finding("chinese", "prose without a Chinese character", number)


def errata_exist(page: Page) -> Iterator[Finding]:
    """Find cited errata without a row in docs/ERRATA.md."""
    for number, cell, index, line in _lines(page):
        text = line.partition("#")[2] if cell.cell_type == "code" else line
        for name in _ERRATUM.findall(text):
            if page.errata is None:
                yield page.finding("erratum", f"{name} is cited, but there is no docs/ERRATA.md", number, index)
            elif name not in page.errata:
                yield page.finding("erratum", f"{name} has no row in docs/ERRATA.md", number, index)


def rhythm(page: Page) -> Iterator[Finding]:
    """Find steps of Part I that lack, repeat or stray.

    Notebooks 01 to 05 have eight, marked on markdown cells, each once and in order.
    """
    if not re.match(r"0[1-5][a-z]?_", page.path.name) or is_solution(page.path):
        return
    order = [tag for _, cell in _prose(page) for tag in STEPS if tag in tags(cell)]
    for tag, count in ((tag, order.count(tag)) for tag in STEPS):
        if count != 1:
            words = f"tag {tag!r} is on {count or 'no'} markdown cell{'s' * (count > 1)}; once is right"
            yield page.finding("rhythm", words)
    if order != sorted(order):
        yield page.finding("rhythm", f"the steps stand in another order: {', '.join(order)}")


def no_installs(page: Page) -> Iterator[Finding]:
    """Find cells that install packages in a shell."""
    for number, cell, index, line in _lines(page, "code"):
        command = _shell_command(cell, index, line) or ""
        if _PIP.search(command) or _INSTALLS.search(command):
            yield page.finding("pip", "installs in a shell, maybe for another Python: remove it", number, index)


def no_remote_code(page: Page) -> Iterator[Finding]:
    """Find models that bring their own code."""
    for number, _, index, line in _lines(page, "code"):
        if _REMOTE_CODE.search(line.partition("#")[0]):
            yield page.finding("remote-code", "trust_remote_code runs code from a hub: remove it", number, index)


def no_todo(page: Page) -> Iterator[Finding]:
    """Find what is left for later.

    In code, a name such as `todo` is none; in a comment it is.
    """
    for number, cell, index, line in _lines(page):
        words = line if cell.cell_type == "markdown" else line.partition("#")[2]
        if _TODO.search(line) or _TODO.search(words.upper()):
            yield page.finding("todo", f"left to do: {line.strip()[:60]!r}", number, index)


def sources_show_nothing_of_a_machine(page: Page) -> Iterator[Finding]:
    """Find absolute paths and keys in code and prose."""
    for number, _, index, line in _lines(page):
        for kind, excerpt in leaks(line, hosts=False):
            yield page.finding(f"leak-{kind}", f"the cell has {excerpt!r}", number, index)


def pictures_are_inside(page: Page) -> Iterator[Finding]:
    """Find pictures that are no attachments of their cell."""
    for number, cell in _prose(page):
        text, inside = _CODE.sub(" ", cell.source), cell.get("attachments", {})
        for target in (*_PICTURE.findall(text), *_ELEMENT.findall(text)):
            if "://" in target or target.startswith("//"):
                yield page.finding("picture", f"{target} is loaded from the network", number)
            elif not target.startswith(("attachment:", "data:")):
                words = f"{target} is a file, which a notebook alone lacks: ![...]({target}), then aigc notebook stamp"
                yield page.finding("picture", words, number)
        for name in sorted(shown(cell) - inside.keys()):
            yield page.finding("picture", f"the cell has no attachment {name}", number)
        for name in sorted(inside.keys() - shown(cell)):
            yield page.finding("picture", f"no text shows the attachment {name}: aigc notebook stamp", number)
        for name in outdated(cell):
            yield page.finding("picture", f"{name} is not as in assets/readme: aigc notebook stamp", number)


def lines_of_a_paragraph_join(page: Page) -> Iterator[Finding]:
    """Find paragraphs broken between two Chinese characters."""
    for number, cell in _prose(page):
        prose = _CODE.sub(lambda match: "\n" * match.group().count("\n") or "`", cell.source)
        for index, (line, following) in enumerate(pairwise(prose.split("\n")), 1):
            quotes = [_QUOTE.sub("", part) for part in (line, following)]
            same_block = _depth(line) >= _depth(following) and not re.match(r"#{1,6}\s", quotes[0])
            if same_block and _ENDS_WIDE.search(quotes[0]) and _STARTS_WIDE.search(quotes[1]):
                yield page.finding("wrap", "the line end shows as a space between two characters", number, index)


def shared_definitions(pages: Sequence[Page]) -> Iterator[Finding]:
    """Find functions and classes defined in two notebooks."""
    homes: dict[str, str] = {}
    for page in (page for page in pages if not is_solution(page.path)):
        for number, line, name in _definitions(page):
            home = homes.setdefault(name, page.path.name)
            if home != page.path.name:
                message = f"{name} is also defined in {home}: move it to the package"
                yield page.finding("shared-def", message, number, line)


def parse(source: str) -> ast.Module:
    """Parse a code cell: magics pass, top-level await is allowed.

    Raises:
        SyntaxError, ValueError: not Python.
        RecursionError, MemoryError: nested too deeply for the parser.
    """
    try:
        return _tree(source)
    except SyntaxError:  # maybe only because of magics
        lines = (_MAGIC.sub(lambda m: m[1] + "pass #", line) for line in source.splitlines())
        return _tree("\n".join(lines) + "\n")


def errata_ids(path: Path) -> frozenset[str] | None:
    """List ids with a row of docs/ERRATA.md, if any."""
    return frozenset(_DEFINED.findall(path.read_text(encoding="utf-8"))) if path.is_file() else None


def lint(paths: Iterable[Path], errata: Path | None = None) -> list[Finding]:
    """Apply every rule to these notebooks.

    Args:
        paths: rules that compare notebooks see these only.
        errata: default docs/ERRATA.md of the clone.

    Raises:
        BadInput: a path that is no valid notebook.
    """
    ids = errata_ids(errata or assets().parent / "docs" / "ERRATA.md")
    pages, rules = [Page(Path(path), read(path), ids) for path in paths], (*SOURCE_RULES, *GUESS_RULES, *OUTPUT_RULES)
    findings = [finding for page in pages for rule in rules for finding in rule(page)]
    findings += shared_definitions(pages)
    return sorted(findings, key=lambda f: (f.file, f.cell or 0, f.line or 0, f.rule))


def _tree(source: str) -> ast.Module:
    tree = compile(source, "cell", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | ast.PyCF_ONLY_AST)
    assert isinstance(tree, ast.Module)
    return tree


def _definitions(page: Page) -> Iterator[tuple[int, int, str]]:
    for number, cell in code_cells(page.notebook):
        try:
            tree = parse(cell.source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue  # valid_python reports it
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield number, node.lineno, node.name


def _depth(line: str) -> int:
    """Count how many quotes deep a line is."""
    match = _QUOTE.match(line)
    return match.group().count(">") if match else 0


def _shell_command(cell: Cell, index: int, line: str) -> str | None:
    """Find what a line of code gives to a shell."""
    if _SHELL_CELL.match(cell.source.lstrip()):
        return None if index == 1 or line.lstrip().startswith("#") else line
    match = _SHELL_LINE.match(line)
    if match:
        return match["command"].strip()
    call = _CALL.search(line)
    return f"sh {line[call.end() :]}" if call else None


def _lines(page: Page, kind: str = "") -> Iterator[tuple[int, Cell, int, str]]:
    """Yield cell and line, each after its number from 1."""
    for number, cell in enumerate(page.notebook.cells, 1):
        if kind in ("", cell.cell_type):
            yield from ((number, cell, index, line) for index, line in enumerate(cell.source.splitlines(), 1))


def _prose(page: Page) -> Iterator[tuple[int, Cell]]:
    return ((n, cell) for n, cell in enumerate(page.notebook.cells, 1) if cell.cell_type == "markdown")


SOURCE_RULES: tuple[Rule, ...] = (cell_length, valid_python, language, stale, chinese_prose, errata_exist, rhythm)
SOURCE_RULES += (no_installs, no_remote_code, no_todo, sources_show_nothing_of_a_machine)
SOURCE_RULES += (pictures_are_inside, lines_of_a_paragraph_join)
