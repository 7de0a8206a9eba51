"""Execute notebooks headless, measuring seconds and peak memory.

`execute` runs a notebook in memory and never raises for what happens inside it; `run_notebook` also writes the executed
copy, `out/NAME.ipynb` and `out/NAME.html`, and lists what the notebook made in `out/NAME/`.
"""

import re
import tempfile
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from aigc_kit.core.errors import BadInput
from aigc_kit.teach.notebooks import cells
from aigc_kit.teach.notebooks.copies import tidy, write_page
from aigc_kit.teach.notebooks.kernel import PeakSampler, environment, manager

Tier = Literal["tiny", "full"]
Status = Literal["ok", "failed", "timeout", "died"]
CELL_SECONDS = 600

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_LINE = re.compile(r"Cell In\[(\d+)\], line (\d+)")
_OWN_LINE = re.compile(r"你的代码，第 (\d+) 行")  # of the kit's own errors, the running cell's first


@dataclass(frozen=True)
class Failure:
    """Tell where and how a notebook stopped.

    Args:
        cell, line: from 1; None where they are not known, as when the kernel did not start.
        source: that line, or the cell's first.
        error: class and message.
        todo: what to do.
    """

    cell: int | None
    line: int | None
    source: str
    error: str
    todo: str

    def asked(self, name: str) -> str:
        """Say what was run, and where it stopped."""
        numbers = (("cell", self.cell), ("line", self.line))
        place = ", ".join(f"{what} {number}" for what, number in numbers if number is not None)
        return f"run {name}" + (f" ({place}: {self.source})" if place else "")

    def text(self, name: str) -> str:
        """Write three lines, as every error of the kit."""
        return f"asked: {self.asked(name)}\nfound: {self.error}\nwhat to do: {self.todo}"


@dataclass(frozen=True)
class Execution:
    """Hold an executed copy, as far as it came.

    Args:
        notebook: the copy, with outputs; the original is untouched.
        status: "ok", "failed" (a cell raised), "timeout" (a cell took too long), "died" (the kernel went away).
        seconds: wall clock, from the start of the kernel to its end.
        peak_bytes: see `kernel.PEAK_HOW`; None when the kernel ended before the first sample.
        skipped: numbers of the cells that were left out because of the tag `slow`.
        failure: None when the status is "ok".
    """

    notebook: cells.Notebook
    status: Status
    seconds: float
    peak_bytes: int | None
    skipped: tuple[int, ...]
    failure: Failure | None


@dataclass(frozen=True)
class Run:
    """Hold plain values of a notebook run into a folder.

    `skipped` counts slow cells left out. `made` are files written or changed, `executed` and `page` the copy and its
    HTML, all relative to the output folder; `page` is "" without nbconvert. `error` has three lines, or is "". Else see
    `Execution`.
    """

    name: str
    tier: str
    status: str
    seconds: float
    peak_bytes: int | None
    skipped: int
    made: tuple[str, ...]
    executed: str
    page: str
    error: str


def execute(
    notebook: cells.Notebook,
    folder: Path,
    *,
    tier: Tier = "tiny",
    offline: bool = False,
    slow: bool = False,
    timeout: int = CELL_SECONDS,
    keep_secrets: bool = False,
    on_cell: Callable[[int, int], None] | None = None,
) -> Execution:
    """Run all cells of a copy in a fresh kernel.

    Args:
        notebook: read by `cells.read`; not changed.
        folder: working directory of the kernel and its AIGC_OUT; made when missing.
        tier: "tiny" or "full", handed on as AIGC_TIER.
        offline: tell the kit and the hub libraries to stay off the network.
        slow: also run the cells tagged `slow`.
        timeout: seconds that one cell may take.
        keep_secrets: hand keys in the environment on to the kernel.
        on_cell: called before each cell with its number and the number of cells.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    copy = deepcopy(notebook)
    cells.clear_outputs(copy)
    omissions = () if slow else tuple(n for n, cell in cells.code_cells(copy) if "slow" in cells.tags(cell))
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    at = [0]

    def note(cell: Any, cell_index: int) -> None:
        at[0] = cell_index + 1
        if on_cell:
            on_cell(cell_index + 1, len(copy.cells))

    with tempfile.TemporaryDirectory(prefix="aigc-kernel-") as home:
        kernel = manager(Path(home) / "kernels")
        settings: dict[str, Any] = {"timeout": timeout, "record_timing": False, "on_cell_execute": note}
        settings |= {} if slow else {"skip_cells_with_tag": "slow"}
        client = NotebookClient(copy, km=kernel, **settings)
        env = environment(folder, tier, offline=offline, keep_secrets=keep_secrets) | {"IPYTHONDIR": home}
        status: Status = "ok"
        failure = None
        start = time.perf_counter()
        with PeakSampler(lambda: getattr(kernel.provisioner, "pid", None)) as sampler:
            try:
                client.execute(env=env, cwd=str(folder), cleanup_kc=True)
            except CellExecutionError:
                status, failure = "failed", _failure_in(copy)
            except CellTimeoutError:
                status, failure = "timeout", _stopped(copy, at[0], f"not done after {timeout} s", _TOO_SLOW)
            except (DeadKernelError, RuntimeError) as error:  # RuntimeError: it died before it answered
                status, failure = "died", _stopped(copy, at[0], f"the kernel died ({error})", _TOO_BIG)
            except Exception as error:  # a message that the protocol forbids; a cell can send anything
                status, failure = "failed", _stopped(copy, at[0], _unreadable(error), _REPAIR)
        seconds = time.perf_counter() - start
    tidy(copy)
    return Execution(copy, status, seconds, sampler.peak_bytes, omissions, failure)


def run_notebook(path: Path, out: Path, **options: Any) -> Run:
    """Execute one notebook into `out`, never into its own folder.

    `out` gets `NAME.ipynb`, `NAME.html` and the folder `NAME/`, where it runs. Options are those of `execute`.

    Raises:
        BadInput: not a notebook, or `out` is the folder of the notebook.
    """
    path, out = Path(path), Path(out)
    if out.resolve() == path.resolve().parent:
        task = f"to run {path.name} into {out}"
        raise BadInput(asked=task, found="that is its own folder", todo="give another --out")
    notebook = cells.read(path)
    folder = out / path.stem
    before = _listing(folder)
    execution = execute(notebook, folder, **options)
    after = _listing(folder)
    files = tuple(f"{path.stem}/{name}" for name, state in sorted(after.items()) if before.get(name) != state)
    copy = cells.write(execution.notebook, out / path.name)
    page = write_page(execution.notebook, out / f"{path.stem}.html", path.parent)
    measures = {name: getattr(execution, name) for name in ("status", "seconds", "peak_bytes")}
    return Run(
        name=path.stem,
        tier=options.get("tier", "tiny"),
        **measures,
        skipped=len(execution.skipped),
        made=files,
        executed=copy.name,
        page=page.name if page else "",
        error=execution.failure.text(path.name) if execution.failure else "",
    )


_REPAIR = "repair the cell in the notebook and run it again; the executed copy shows the whole traceback"
_TOO_SLOW = "make the cell cheaper, tag it `slow`, or give it more time"
_TOO_BIG = "close other programs and run again: most often the memory was used up"


def _failure_in(notebook: cells.Notebook) -> Failure:
    for number, cell in cells.code_cells(notebook):
        error = next((output for output in cell.outputs if output.output_type == "error"), None)
        if error is None or "raises-exception" in cells.tags(cell):
            continue
        text = _ANSI.sub("", "\n".join(error.traceback))
        lines = [int(line) for count, line in _LINE.findall(text) if int(count) == cell.execution_count]
        lines = lines or [int(line) for line in _OWN_LINE.findall(text)]
        message, _, todo = error.evalue.partition("\nwhat to do: ")
        line = lines[0] if lines and lines[0] <= len(cell.source.splitlines()) else None
        words = f"{error.ename}: {message}".replace("\n", "; ")
        return Failure(number, line, _line_of(cell, line), words, todo or _REPAIR)
    return Failure(None, None, "", "a cell failed without saying why", _REPAIR)


def _stopped(notebook: cells.Notebook, at: int, error: str, todo: str) -> Failure:
    source = _line_of(notebook.cells[at - 1], None) if at else ""
    return Failure(at or None, None, source, error, todo)


def _unreadable(error: Exception) -> str:
    return f"an output that no notebook can hold: {type(error).__name__}: {str(error).partition(chr(10))[0][:200]}"


def _line_of(cell: cells.Cell, line: int | None) -> str:
    lines = cell.source.splitlines()
    return lines[line - 1].strip() if line else next((text.strip() for text in lines if text.strip()), "")


def _listing(folder: Path) -> dict[str, tuple[int, int]]:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.stat().st_size) for path in files}
