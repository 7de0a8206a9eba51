"""Read the cells that are kept, and run the rest."""

from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import BrokenExecutor, Executor, Future, as_completed
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aigc_kit.core import paths
from aigc_kit.core.types import FrozenMap, Record, Request
from aigc_kit.keep.record import load
from aigc_kit.keep.sweep import store
from aigc_kit.keep.sweep.grid import Grid
from aigc_kit.keep.sweep.workers import Made, processes, run_request, work


@dataclass(frozen=True)
class Cell:
    """Hold one cell of a sweep.

    Args:
        point: dial -> value.
        request: what was asked.
        folder: where its files are; whole only when `error` is "".
        files: their names.
        kept: it was there before, and was not run again.
        seconds: wall clock of its run, measured where it ran; 0 for a failed one.
        where: "host:process" that ran it.
        error: "" or why it failed; a failed cell is run again the next time.
    """

    point: FrozenMap
    request: Request
    folder: Path
    files: tuple[str, ...] = ()
    kept: bool = False
    seconds: float = 0.0
    where: str = ""
    error: str = ""

    def __bool__(self) -> bool:
        return not self.error

    def record(self) -> Record:
        """Load the record of the run (of `run_request`)."""
        return load(self.folder / "made.json")

    def path(self, ending: str) -> Path:
        """Find the first file ending so, or raise a FileNotFoundError."""
        for name in sorted(self.files):
            if name.endswith(ending):
                return self.folder / name
        raise FileNotFoundError(f"no {ending} file of {dict(self.point)} in {self.folder}")


@dataclass(frozen=True)
class Sweep:
    """Hold all cells in grid order, true when none failed."""

    grid: Grid
    cells: tuple[Cell, ...] = field(repr=False)

    @property
    def failed(self) -> tuple[Cell, ...]:
        """List the cells that failed."""
        return tuple(cell for cell in self.cells if not cell)

    def rows(self, measure: Callable[[Cell], Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Measure whole cells: rows of dials and measures."""
        return [{**cell.point, **measure(cell)} for cell in self.cells if cell]

    def __iter__(self) -> Iterator[Cell]:
        return iter(self.cells)

    def __len__(self) -> int:
        return len(self.cells)

    def __bool__(self) -> bool:
        return not self.failed

    def __repr__(self) -> str:
        old = sum(cell.kept for cell in self.cells)
        new = len(self.cells) - old - len(self.failed)
        lines = [f"{len(self.cells)} cells: {new} run now, {old} kept from before, {len(self.failed)} failed"]
        return "\n".join([*lines, *(f"{dict(cell.point)}: {cell.error}" for cell in self.failed)])


def sweep(
    grid: Grid,
    executor: Executor | int | None = None,
    *,
    folder: Path | None = None,
    on_cell: Callable[[int, int, Cell], object] | None = None,
    run: Callable[[Request], Mapping[str, bytes]] = run_request,
) -> Sweep:
    """Run the cells of a grid that are not kept.

    Args:
        grid: of `sweep.grid`.
        executor: any `concurrent.futures.Executor`, which is not shut down; or a number of processes of this machine.
            None runs here, one cell after another.
        folder: where cells are kept; default $AIGC_OUT/sweep, else out/sweep.
        on_cell: called here with (cells done, cells in all, the cell) as they end, those kept from before first.
        run: Request -> {file name: bytes}; must be importable by the workers. Its name and text decide the content too.

    Returns:
        The cells in the order of the grid. One that fails (or whose worker dies) is noted, and the others go on.

    Raises:
        KeyboardInterrupt, or what `on_cell` raises: cells that wait are cancelled; those written are kept.
        OSError: a cell cannot be written.
    """
    if isinstance(executor, int):
        with processes(executor) as workers:
            return sweep(grid, workers, folder=folder, on_cell=on_cell, run=run)
    home = Path(folder) if folder is not None else paths.out() / "sweep"
    points = list(grid)
    places = [home / store.digest(request, run) for _, request in points]
    cells: dict[int, Cell] = {}

    def note(index: int, **facts: Any) -> None:
        cells[index] = Cell(*points[index], places[index], **facts)
        if on_cell is not None:
            on_cell(len(cells), len(points), cells[index])

    waiting: dict[Path, list[int]] = {}  # cells with the same content are run once
    for index, place in enumerate(places):
        manifest = store.read(place)
        if manifest is None:
            waiting.setdefault(place, []).append(index)
        else:
            note(index, kept=True, **_facts(manifest))
    requests = {place: points[indices[0]][1] for place, indices in waiting.items()}
    with closing(_outcomes(run, requests, executor)) as outcomes:  # closed at once when something raises here
        for place, outcome in outcomes:
            facts = outcome if isinstance(outcome, str) else store.write(place, requests[place], outcome)
            for index in waiting[place]:
                note(index, **({"error": facts} if isinstance(facts, str) else _facts(facts)))
    return Sweep(grid, tuple(cells[index] for index in range(len(points))))


def _outcomes(
    run: Callable[[Request], Mapping[str, bytes]], requests: Mapping[Path, Request], executor: Executor | None
) -> Generator[tuple[Path, Made | str], None, None]:
    """Yield place, and result or reason, as cells end."""
    if executor is None:
        for place, request in requests.items():
            try:
                yield place, work(run, request)
            except Exception as error:
                yield place, _why(error)
        return
    futures: dict[Future[Made], Path] = {}
    try:
        for place, request in requests.items():
            futures[_submitted(executor, run, request)] = place
        for future in as_completed(list(futures)):
            try:
                outcome: Made | str = future.result()
            except Exception as error:
                outcome = _why(error)
            yield futures.pop(future), outcome
    finally:
        for future in futures:
            future.cancel()


def _submitted(executor: Executor, run: Callable[..., Mapping[str, bytes]], request: Request) -> "Future[Made]":
    try:
        return executor.submit(work, run, request)
    except BrokenExecutor as error:  # a worker died meanwhile
        future: Future[Made] = Future()
        future.set_exception(error)
        return future


def _facts(manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {"files": tuple(manifest["files"]), "seconds": manifest["seconds"], "where": manifest["where"]}


def _why(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".strip()
