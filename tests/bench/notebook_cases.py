"""A lab run headless by the kit beside nbclient alone, which neither samples memory nor writes pages."""

import tempfile
import time
from copy import deepcopy
from functools import partial
from pathlib import Path

from aigc_kit import cards, fetch
from aigc_kit.teach import labs
from tests.bench.runner import Case, Pair


def _against_nbclient(lab: labs.Lab) -> Pair | str:
    if not any(fetch.find(cards.get(name)) for name in lab.cards):
        return f"no model of lab {lab.number} is on disk"
    from nbclient import NotebookClient

    from aigc_kit.teach.notebooks import cells
    from aigc_kit.teach.notebooks.execution import run_notebook
    from aigc_kit.teach.notebooks.kernel import environment, manager

    path = cells.folder() / lab.notebook
    notebook = cells.read(path)

    def kit() -> float:
        with tempfile.TemporaryDirectory() as out:
            began = time.perf_counter()
            done = run_notebook(path, Path(out), offline=True)
            assert done.status == "ok", done.error
            return 60 / (time.perf_counter() - began)

    def bare() -> float:
        with tempfile.TemporaryDirectory() as out:
            client = NotebookClient(deepcopy(notebook), km=manager(Path(out) / "kernels"), timeout=600)
            client.skip_cells_with_tag = "slow"
            began = time.perf_counter()
            client.execute(env=environment(Path(out), "tiny", offline=True), cwd=out)
            return 60 / (time.perf_counter() - began)

    return Pair(kit, bare, "1/min", 1, f"{lab.notebook} headless with pages and figures, against nbclient alone")


CASES = tuple(Case(f"notebook-{lab.number}", partial(_against_nbclient, lab)) for lab in labs.every() if lab.core)
