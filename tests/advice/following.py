"""Read rows of advice, and follow them.

A row says what fails ⇒ which words of the advice are followed (a regular expression) ⇒ what their reader does
next. `said(1)` is the first group of the words, as Python reads it where it can. Names are those of `world`.
"""

import ast
import re
from typing import Any

from aigc_kit.core.errors import AigcError

Row = tuple[str, str, str]


def rows(text: str) -> list[Row]:
    """Read rows of three columns; a line that begins with ⇒ goes on with the one before.

    >>> rows("# a remark\\nint('x') ⇒ give digits\\n  ⇒ int('1')")
    [("int('x')", 'give digits', "int('1')")]
    """
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    joined = re.sub(r"\n⇒", " ⇒", "\n".join(lines))
    cells = [tuple(cell.strip() for cell in line.split(" ⇒ ")) for line in joined.splitlines()]
    assert all(len(row) == 3 for row in cells), [row for row in cells if len(row) != 3]
    return cells  # type: ignore[return-value]


def follow(row: Row, world: dict[str, Any]) -> Any:
    """See it fail, read the advice, do what it says; what comes out.

    Raises:
        AssertionError: it does not fail, or the advice does not say so. What the next call raises passes through.
    """
    wrong, words, right = row
    try:
        value = eval(wrong, world)
    except AigcError as error:
        match = re.search(words, error.todo)
        assert match, f"{words!r} is not in: {error.todo}"
    else:
        raise AssertionError(f"nothing was refused: {value!r}")

    def said(group: int = 1) -> Any:
        try:
            return ast.literal_eval(match[group])
        except (ValueError, SyntaxError):
            return match[group]

    return eval(right, {**world, "said": said})
