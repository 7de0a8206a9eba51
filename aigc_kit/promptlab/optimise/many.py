"""Run many searches at once, on whatever can run them.

Each is a cell of `keep.sweep`: kept by content, run here, in processes of this machine, or on a cluster of Dask.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Request
from aigc_kit.keep.sweep import grid, sweep
from aigc_kit.promptlab.optimise.runs import Evolution
from aigc_kit.worlds.prompt_task import TEXT

FILE = "run.json"


def evolutions(
    methods: Sequence[str],
    seeds: Sequence[int],
    executor: Executor | int | None = None,
    *,
    calls: int = 40,
    length: int = 5,
    dev: int = 16,
    test: int = 40,
    lines: int = 2,
    folder: Path | None = None,
) -> dict[str, list[Evolution]]:
    """Search characters for the poem model, by method and seed.

    Args:
        methods, seeds: of the searches; each is run with each.
        executor: as in `keep.sweep.sweep`: None here, a number of processes, or any Executor.
        calls, length: of each search: its budget, and how many characters it may choose.
        dev, test, lines: stanzas of 诗经 to choose on and to test on, and how many of their lines count.
        folder: where the runs are kept; what is there is not run again.

    Returns:
        method -> its runs, in the order of the seeds.

    Raises:
        BadInput: a run failed; its reason.
    """
    sizes = {"calls": calls, "length": length, "dev": dev, "test": test, "lines": lines}
    base = Request("poem", f"<五绝>{TEXT}<诗>", extra=sizes | {"method": methods[0]})
    cells = sweep(grid(base, method=tuple(methods), seed=tuple(seeds)), executor, folder=folder, run=run_search)
    if cells.failed:
        raise BadInput(
            asked=Words("to run many searches", "同时跑很多次搜索"),
            found=Words(cells.failed[0].error, f"有一次出错（原话：{cells.failed[0].error}）"),
            todo=Words("run that one alone to see more", "单独跑这一次，看看哪里不对"),
        )
    runs: dict[str, list[Evolution]] = {method: [] for method in methods}
    for cell in cells:
        runs[cell.point["method"]].append(Evolution.load(cell.folder / FILE))
    return runs


def run_search(request: Request) -> Mapping[str, bytes]:
    """Run one search; a worker calls it."""
    import json
    from dataclasses import asdict

    from aigc_kit.make import text
    from aigc_kit.promptlab.optimise.objectives import characters
    from aigc_kit.promptlab.optimise.optimizer import PromptOptimizer
    from aigc_kit.promptlab.optimise.spaces import Prefixes
    from aigc_kit.worlds.old_verse import OldVerse

    values = request.extra
    engine = text.engine(text.plan_for("春", card=request.card, engine="transformers"))
    task = OldVerse(lines=int(values["lines"]))
    space = Prefixes(request.prompt, int(values["length"]), characters(engine))
    search = PromptOptimizer(task, engine, space, method=str(values["method"]), seed=request.seed)
    dev, held = task.items(int(values["dev"])), task.items(int(values["test"]), split="held")
    run = search.evolve(request.prompt, dev, "likelihood", test=held, calls=int(values["calls"]))
    return {FILE: json.dumps(asdict(run), ensure_ascii=False).encode()}
