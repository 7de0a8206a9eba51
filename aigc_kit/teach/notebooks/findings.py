"""Say what a lint rule takes and gives."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aigc_kit.teach.notebooks.cells import Notebook


@dataclass(frozen=True)
class Finding:
    """Hold one thing that is wrong.

    Args:
        file: name of the notebook.
        cell: number of the cell, from 1; None for the whole notebook.
        line: line in the cell, from 1; None when the cell as a whole is meant.
        rule: short name of the rule.
        message: what is wrong, and what would be right.
    """

    file: str
    cell: int | None
    line: int | None
    rule: str
    message: str

    def __str__(self) -> str:
        cell = f", cell {self.cell}" if self.cell is not None else ""
        line = f", line {self.line}" if self.line is not None else ""
        return f"{self.file}{cell}{line}: {self.rule}: {self.message}"


@dataclass(frozen=True)
class Page:
    """Hold a notebook under inspection.

    `errata` are the ids that the project defines; None: no list.
    """

    path: Path
    notebook: Notebook
    errata: frozenset[str] | None

    def finding(self, rule: str, message: str, cell: int | None = None, line: int | None = None) -> Finding:
        """Make a finding in this notebook."""
        return Finding(self.path.name, cell, line, rule, message)


Rule = Callable[[Page], Iterator[Finding]]
