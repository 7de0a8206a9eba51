"""Run grids on whatever can run them, kept by content.

    from aigc_kit import text
    from aigc_kit.keep.sweep import grid, sweep

    plan = text.plan_for("春风", card="poem")
    cells = grid(plan.request, temperature=(0.2, 0.7, 1.2), seed=range(4))

    runs = sweep(cells)                                   # here, one after another
    runs = sweep(cells, 2)                                # in two processes of this machine
    with Client(address) as client:                       # a Dask cluster (aigc-kit[cluster])
        runs = sweep(cells, client.get_executor(pure=False))

A killed sweep goes on where it was.

Anything that is a `concurrent.futures.Executor` will do. A worker hands back the bytes of what it made, and the caller
writes them: a cluster needs no shared disk, but every worker needs the kit and the models. docs/SWEEPS.md has Ray and
several GPUs.

    grid      which requests: one base, several dials
    running   `sweep`: what is kept is read, the rest is run, every cell is written as soon as it is there
    store     a cell on disk, named by the digest of everything that decides its content
    workers   what a worker does, and processes that share a machine's processors and GPUs fairly
"""

from aigc_kit.keep.sweep.grid import Grid, grid
from aigc_kit.keep.sweep.running import Cell, Sweep, sweep
from aigc_kit.keep.sweep.workers import processes, run_request

__all__ = ["Cell", "Grid", "Sweep", "grid", "processes", "run_request", "sweep"]
