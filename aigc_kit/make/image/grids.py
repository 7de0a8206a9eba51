"""Draw grids: two dials, everything else the same."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Take, Words
from aigc_kit.make.image import plan_for, run


@dataclass(frozen=True)
class Grid:
    """Hold the takes of a grid.

    Args:
        rows, columns: (name of the dial, its values); a name is "" where there is one row or column.
        takes: row by row.
    """

    rows: tuple[str, tuple[Any, ...]]
    columns: tuple[str, tuple[Any, ...]]
    takes: tuple[tuple[Take, ...], ...]

    def cells(self) -> list[dict[str, Any]]:
        """List the pictures row by row.

        Returns:
            {dial: value} of both dials, with "height", "width" and "seconds" (measured), for each take.
        """
        return [
            {
                **{name: value for name, value in ((self.rows[0], row), (self.columns[0], column)) if name},
                "height": take.labels["size"][0],
                "width": take.labels["size"][1],
                "seconds": take.measured()["seconds"].value,
            }
            for row, takes in zip(self.rows[1], self.takes, strict=True)
            for column, take in zip(self.columns[1], takes, strict=True)
        ]

    def sheet(self, gap: int = 4) -> np.ndarray:
        """Lay the first picture of each batch in one.

        Returns:
            uint8 (H, W, 3): at the upper left of cells of one size, white between.
        """
        pictures = [[take.data[0] for take in row] for row in self.takes]
        height, width = (max(p.shape[axis] for row in pictures for p in row) for axis in (0, 1))
        across, down = len(pictures[0]), len(pictures)
        sheet = np.full((down * (height + gap) - gap, across * (width + gap) - gap, 3), 255, np.uint8)
        for i, row in enumerate(pictures):
            for j, p in enumerate(row):
                top, left = i * (height + gap), j * (width + gap)
                sheet[top : top + p.shape[0], left : left + p.shape[1]] = p
        return sheet


@dataclass(frozen=True)
class Timing:
    """Hold the seconds of one cell of a grid.

    Args:
        row, column: values of the dials.
        height, width: of its picture, pixels.
        seconds: median of the runs.
        runs: seconds of each.
    """

    row: Any
    column: Any
    height: int
    width: int
    seconds: float
    runs: tuple[float, ...]


def timings(made: Grid, *again: Grid) -> list[Timing]:
    """Time the cells of a grid drawn once or again.

    Args:
        made: the grid whose runs took the seconds.
        again: the same grid, drawn again; every row then has the median, since single timings shake.

    Returns:
        A row for each cell, row by row.
    """
    grids = [grid.cells() for grid in (made, *again)]
    cells = [(row, column) for row in made.rows[1] for column in made.columns[1]]
    rows = []
    for (row, column), runs in zip(cells, zip(*grids, strict=True), strict=True):
        seconds = tuple(cell["seconds"] for cell in runs)
        height, width = runs[0]["height"], runs[0]["width"]
        rows.append(Timing(row, column, height, width, float(np.median(seconds)), seconds))
    return rows


def grid(
    prompt: str | Sequence[str],
    *,
    rows: Mapping[str, Sequence[Any]] | None = None,
    columns: Mapping[str, Sequence[Any]] | None = None,
    on_take: Callable[[int, int, Take], object] | None = None,
    **values: Any,
) -> Grid:
    """Draw a grid.

    Args:
        prompt: one prompt; or several, which are then the rows, with seed + row (the course's batch: seed = index).
        rows, columns: {dial: values}, one dial each: "guidance", "steps", "seed", "size" for (height, width), or
            anything that `plan_for` takes, such as "prompt", "negative" or "scheduler".
        on_take: called with (row, column, take) as soon as a picture is there.
        values: for all pictures, as in `plan_for`.

    Raises:
        BadInput: a dial without values, or two dials for one side. Others as in `plan_for` and `run`.
    """
    common, seed = {**values, "prompt": prompt}, None
    if not isinstance(prompt, str):
        if rows:
            todo = Words("leave rows out", "去掉 rows")
            raise BadInput(
                asked=Words("several prompts and rows", "几个提示词，又给了 rows"),
                found=Words("the prompts are the rows", "有几个提示词时，每个提示词就是一行"),
                todo=todo,
            )
        rows, seed = {"prompt": tuple(prompt)}, common.pop("seed", 0)
    down, along = _dial(rows, "rows"), _dial(columns, "columns")
    takes = []
    for i, row in enumerate(down[1]):
        line = []
        for j, column in enumerate(along[1]):
            settings = {**common, **_set(down[0], row), **_set(along[0], column)}
            if seed is not None:
                settings.setdefault("seed", seed + i)
            line.append(run(plan_for(**settings)))
            if on_take is not None:
                on_take(i, j, line[-1])
        takes.append(tuple(line))
    return Grid(down, along, tuple(takes))


def _dial(given: Mapping[str, Sequence[Any]] | None, side: str) -> tuple[str, tuple[Any, ...]]:
    if not given:
        return "", (None,)
    if len(given) != 1:
        raise BadInput(
            asked=f"{side}={dict(given)}",
            found=Words(f"{len(given)} dials", f"有 {len(given)} 个旋钮"),
            todo=Words("turn one dial a side", "每一边只给一个旋钮"),
        )
    ((name, values),) = given.items()
    if isinstance(values, str) or not len(values):
        raise BadInput(
            asked=f"{side}={{{name!r}: {values!r}}}",
            found=Words("no list of values", "这不是一列值"),
            todo=Words("give a list", "给一个列表，例如 [1, 2, 3]"),
        )
    return name, tuple(values)


def _set(name: str, value: Any) -> dict[str, Any]:
    if not name:
        return {}
    return {"height": value[0], "width": value[1]} if name == "size" else {name: value}
