"""Say what a lint rule takes and gives."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aigc_kit.teach.notebooks.cells import Notebook


@dataclass(frozen=True)
class Finding:
    """Hold one thing that is wrong, and the remedy.

    `cell` and `line` count from 1; None for the whole notebook, or the whole cell.
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
