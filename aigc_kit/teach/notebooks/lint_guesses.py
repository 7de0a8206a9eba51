"""Check that guesses are asked, answered, and not given away."""

import ast
import re
from collections.abc import Iterator
from itertools import chain

from aigc_kit.teach.notebooks.cells import Cell, code_cells, outputs
from aigc_kit.teach.notebooks.findings import Finding, Page, Rule

ASKS = re.compile(r"先猜(?!再看)|先预测，|猜一猜|猜猜|写下你?的?猜测|把你的猜测")
QUESTION, ANSWER = (re.compile(rf'data-{name}="(\w+)') for name in ("question", "answer"))
_QUOTED = re.compile(r"“[^”]*”|`[^`]*`|「[^」]*」")
_DEFINED = re.compile(r"\*\*([^*\n]{2,12}?)\*\*")


def guesses_go_through_predict(page: Page) -> Iterator[Finding]:
    """Find 先猜 in prose or code without page.predict."""
    cells = list(enumerate(page.notebook.cells, 1))
    for number, cell in cells:
        lines = cell.source.splitlines()
        asks = [at for at, line in enumerate(lines, 1) if ASKS.search(_QUOTED.sub("", line))]
        if not asks:
            continue
        following = next((c for n, c in cells if n >= number and c.cell_type == "code" and c.source.strip()), None)
        if following is None or not calls(following, "predict"):
            message = "asks for a guess, but the next code cell has no page.predict"
            yield page.finding("guess", message, number, asks[0])


def guesses_are_answered(page: Page) -> Iterator[Finding]:
    """Find predictions without a reveal later on."""
    cells = list(code_cells(page.notebook))
    for at, (number, cell) in enumerate(cells):
        for statement in _body(cell):
            if not _has(statement, "predict"):
                continue
            names = _targets(statement)
            if not names:
                yield page.finding("guess", "give page.predict(...) a name, and reveal it", number, statement.lineno)
            later = [each for _, each in cells[at:] if calls(each, "reveal")]
            if names and not any(names & _names(each) for each in later):
                message = f"{', '.join(sorted(names))} is asked, but never revealed"
                yield page.finding("guess", message, number, statement.lineno)


def quantities_come_first(page: Page) -> Iterator[Finding]:
    """Find questions about terms that are defined only later.

    A term is defined where it first stands in bold.
    """
    homes: dict[str, int] = {}
    for number, cell in enumerate(page.notebook.cells, 1):
        if cell.cell_type == "markdown":
            for term in _DEFINED.findall(cell.source):
                homes.setdefault(term.strip("：，。、 "), number)
    for number, cell in code_cells(page.notebook):
        for line, question in _questions(cell):
            for term, home in homes.items():
                if home > number and term in question:
                    message = f"asks about {term}, which cell {home} defines: define it before"
                    yield page.finding("guess", message, number, line)


def results_wait_for_the_guess(page: Page) -> Iterator[Finding]:
    """Find what is shown before its guess, and unanswered questions."""
    waiting: dict[str, int] = {}
    for number, cell in code_cells(page.notebook):
        html = ["".join(o.get("data", {}).get("text/html", "")) for o in outputs(cell)]
        asked, answered = (set(chain(*map(mark.findall, html))) for mark in (QUESTION, ANSWER))
        waits = bool(waiting) or bool(asked) or bool(answered)
        waiting |= dict.fromkeys(asked, number)
        if waits and _shows_more(cell):
            message = "shows something between a question and its answer: give it to reveal"
            yield page.finding("guess", message, number)
        for key in answered:
            waiting.pop(key, None)
        hidden = cell.metadata.get("jupyter", {}).get("source_hidden")
        if calls(cell, "reveal") and cell.execution_count and not hidden:
            yield page.finding("guess", "the code tells the answer: aigc notebook refresh folds it", number)
        if calls(cell, "reveal") and not cell.source.lstrip().startswith("#"):
            message = "a folded cell still shows its first line: begin with a comment, such as # 先猜再看"
            yield page.finding("guess", message, number, 1)
    for number in sorted(set(waiting.values())):
        yield page.finding("guess", "a question of this cell has no answer in the outputs", number)


def is_question(output: dict) -> bool:
    """Tell whether an output is a question."""
    html = "".join(output.get("data", {}).get("text/html", ""))
    return bool(QUESTION.search(html))


def calls(cell: Cell, name: str) -> bool:
    """Tell whether a cell calls something of that name."""
    return any(_has(statement, name) for statement in _body(cell))


def _shows_more(cell: Cell) -> bool:
    """Tell whether a cell shows anything else."""
    form = calls(cell, "predict")
    for output in outputs(cell):
        data = output.get("data", {})
        html = "".join(data.get("text/html", ""))
        view = form and any("widget-view" in kind for kind in data)
        if not (view or QUESTION.search(html) or ANSWER.search(html)):
            return True
    return False


def _questions(cell: Cell) -> Iterator[tuple[int, str]]:
    for statement in _body(cell):
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and _called(node) == "predict":
                texts = [leaf.value for leaf in ast.walk(node) if isinstance(leaf, ast.Constant)]
                yield node.lineno, " ".join(text for text in texts if isinstance(text, str))


def _body(cell: Cell) -> list[ast.stmt]:
    try:
        return ast.parse(cell.source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []  # magics, or what another rule reports


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _has(tree: ast.AST, name: str) -> bool:
    return any(isinstance(node, ast.Call) and _called(node) == name for node in ast.walk(tree))


def _names(cell: Cell) -> set[str]:
    return {node.id for each in _body(cell) for node in ast.walk(each) if isinstance(node, ast.Name)}


def _targets(statement: ast.stmt) -> set[str]:
    places = statement.targets if isinstance(statement, ast.Assign) else []
    return {node.id for place in places for node in ast.walk(place) if isinstance(node, ast.Name)}


GUESS_RULES: tuple[Rule, ...] = (guesses_go_through_predict, guesses_are_answered, quantities_come_first)
GUESS_RULES += (results_wait_for_the_guess,)
