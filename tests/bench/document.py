"""docs/BENCHMARKS.md: the last result of every case, on its machine; a run replaces the rows that it measured."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.runner import Result, machine

PATH = Path(__file__).parents[2] / "docs" / "BENCHMARKS.md"
HEAD = """# Benchmarks

Measured by `make bench`: the kit and the bare library in turn, in one process, the order changing every round; the
ratio is the median over rounds of kit / bare (1 = as fast as the bare library, higher is better). Commands are compared
with a Python that does nothing, sweeps on two processes with one: their notes say so. Nothing in the tests is judged by
the clock. A row keeps its own date and load, since `python -m tests.bench --write NAME` replaces single rows.

"load" is the system's load average when the case began, beside the processors that it could use: above zero on an idle
machine only by what measures. A load near or above the number of processors means a disturbed measurement.

"""
COLUMNS = ("case", "kit", "bare", "ratio", "least..greatest", "rounds", "what", "machine", "load", "date")


def this_machine() -> str:
    facts = machine()
    return f"{facts['processor']}, {facts['processors']} processors, Python {facts['python']}, torch {facts['torch']}"


def row(result: Result, load: float) -> dict[str, str]:
    """A result as cells of text."""
    numbers = ("", "", "", "", "")
    if result.skipped is None:
        numbers = (
            f"{result.kit:.3g} {result.unit}",
            f"{result.bare:.3g} {result.unit}",
            f"{result.ratio:.2f}",
            f"{result.low:.2f}..{result.high:.2f}",
            str(result.rounds),
        )
    what = result.note if result.skipped is None else f"not run: {result.skipped}"
    processors = machine()["processors"]
    end = (this_machine(), f"{load:.1f} / {processors}", datetime.now(UTC).date().isoformat())
    return dict(zip(COLUMNS, (result.name, *numbers, what.replace("|", "/"), *end), strict=True))


def read(path: Path = PATH) -> dict[str, dict[str, str]]:
    """Name -> cells of the rows that are there."""
    if not path.is_file():
        return {}
    rows = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == len(COLUMNS) and cells[0] not in ("case", "---"):
            rows[cells[0]] = dict(zip(COLUMNS, cells, strict=True))
    return rows


def write(rows: Sequence[dict[str, str]], order: Sequence[str], path: Path = PATH) -> Path:
    """Put new rows in place of the old ones of the same name; cases that no longer exist are dropped."""
    known = {**read(path), **{one["case"]: one for one in rows}}
    lines = [" | ".join(COLUMNS), " | ".join(["---"] * len(COLUMNS))]
    lines += [" | ".join(known[name][column] for column in COLUMNS) for name in order if name in known]
    missing = [name for name in order if name not in known]
    text = HEAD + "".join(f"| {line} |\n" for line in lines)
    text += f"\nNot measured yet: {', '.join(missing)}.\n" if missing else ""
    draft = path.with_name(path.name + ".part")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
    return path


def load_now() -> float:
    """The load average over a minute; 0 where the system tells none."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
