"""Sweeps on threads, processes and a Dask cluster: the same cells in the same order; kept, resumed, failures named."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sweep_runs
from sweep_runs import BASE, deadly, double, gpu, slowly, sometimes

from aigc_kit import text
from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Request
from aigc_kit.keep.sweep import grid, processes, sweep

HERE = Path(__file__).parent


def numbers(made):
    return [json.loads(cell.path(".json").read_text()) for cell in made]


def test_a_grid_is_row_by_row():
    made = grid(BASE, temperature=(0.2, 0.9), seed=range(3))
    assert made.shape == (2, 3) and len(made) == 6
    points = [(point["temperature"], point["seed"]) for point, _ in made]
    assert points == [(0.2, 0), (0.2, 1), (0.2, 2), (0.9, 0), (0.9, 1), (0.9, 2)]
    assert [(r.extra["temperature"], r.seed) for _, r in made] == points, "extra settings and fields of Request"
    ((_, sized),) = grid(BASE, size=[(96, 128)])
    assert (sized.height, sized.width) == (96, 128)


@pytest.mark.parametrize(
    ("axes", "said"),
    [({}, "no dial"), ({"seed": ()}, "no list"), ({"prompt": "春风"}, "no list"), ({"seed": (1, -1)}, "seed=-1")],
)
def test_a_grid_that_cannot_be(axes, said):
    with pytest.raises(BadInput, match=said):
        grid(BASE, **axes)


def executors():
    yield "threads", lambda: ThreadPoolExecutor(3)
    yield "processes", lambda: processes(2)
    yield "dask", dask_executor


def dask_executor():
    """Two worker processes of a cluster on this machine, as an executor that takes the cluster down with it."""
    distributed = pytest.importorskip(
        "distributed", reason="Dask is not installed; pip install 'aigc-kit[cluster]' (the extra dev has it)"
    )
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    )
    client = distributed.Client(cluster)
    executor = client.get_executor(pure=False)
    down = executor.shutdown

    def shutdown(wait=True):
        down(wait=wait)
        client.close()
        cluster.close()

    executor.shutdown = shutdown
    return executor


@pytest.mark.filterwarnings("ignore:.*:ResourceWarning")
@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in executors()])
def test_the_same_cells_in_the_same_order_on_any_executor(make, tmp_path, log):
    cells, seen = grid(BASE, seed=range(5)), []
    with make() as executor:
        made = sweep(cells, executor, folder=tmp_path / "cells", on_cell=lambda *now: seen.append(now), run=slowly)
    assert numbers(made) == [0, 2, 4, 6, 8] and [cell.point["seed"] for cell in made] == list(range(5))
    assert [(done, total) for done, total, _ in seen] == [(i, 5) for i in range(1, 6)]
    assert sorted(log()) == list(range(5)) and made and not any(cell.kept for cell in made)
    again = sweep(cells, folder=tmp_path / "cells", run=slowly)
    assert numbers(again) == numbers(made) and all(cell.kept for cell in again) and len(log()) == 5
    assert "0 run now, 5 kept" in repr(again)


def test_order_of_cells_is_not_order_of_arrival(tmp_path, log):
    seen = []
    with ThreadPoolExecutor(5) as executor:
        cells, here = grid(BASE, seed=range(5)), tmp_path / "cells"
        made = sweep(cells, executor, folder=here, on_cell=lambda i, n, cell: seen.append(cell), run=slowly)
    assert [cell.point["seed"] for cell in seen] != [0, 1, 2, 3, 4], "the last one ends first"
    assert [cell.point["seed"] for cell in made] == [0, 1, 2, 3, 4]


def test_a_wider_grid_runs_only_what_is_new(tmp_path, log):
    sweep(grid(BASE, seed=range(3)), folder=tmp_path, run=double)
    made = sweep(grid(BASE, seed=(4, 2, 4)), folder=tmp_path, run=double)
    assert numbers(made) == [8, 4, 8] and log() == [0, 1, 2, 4], "and equal cells once"


def test_a_cell_that_was_damaged_is_run_again(tmp_path, log):
    (cell,) = sweep(grid(BASE, seed=[7]), folder=tmp_path, run=double)
    cell.path(".json").write_text("15")
    assert numbers(sweep(grid(BASE, seed=[7]), folder=tmp_path, run=double)) == [14]
    (cell.folder / "cell.json").write_text("{")
    sweep(grid(BASE, seed=[7]), folder=tmp_path, run=double)
    assert log() == [7, 7, 7]


def test_another_function_makes_other_cells(tmp_path, log):
    sweep(grid(BASE, seed=[1]), folder=tmp_path, run=double)
    sweep(grid(BASE, seed=[1]), folder=tmp_path, run=slowly)
    assert log() == [1, 1]


def test_one_failure_does_not_stop_the_others_and_is_tried_again(tmp_path, log):
    with ThreadPoolExecutor(2) as executor:
        made = sweep(grid(BASE, seed=range(4)), executor, folder=tmp_path, run=sometimes)
    assert not made and [cell.point["seed"] for cell in made.failed] == [2]
    assert "found: it is 2" in made.failed[0].error and "1 failed" in repr(made)
    assert made.rows(lambda cell: {"n": len(cell.files)}) == [{"seed": seed, "n": 1} for seed in (0, 1, 3)]
    assert len(sweep(grid(BASE, seed=range(4)), folder=tmp_path, run=sometimes).failed) == 1
    assert sorted(log()) == [0, 1, 3]


def test_a_worker_that_dies_is_named_and_the_next_sweep_goes_on(tmp_path, log):
    with processes(1) as executor:
        made = sweep(grid(BASE, seed=range(3)), executor, folder=tmp_path, run=deadly)
    assert made.failed and all("BrokenProcessPool" in cell.error for cell in made.failed)
    Path(os.environ["SWEEP_LOG"] + ".survive").touch()
    made = sweep(grid(BASE, seed=range(3)), 1, folder=tmp_path, run=deadly)
    assert numbers(made) == [0, 2, 4] and str(os.getpid()) not in made.cells[-1].where
    with pytest.raises(BadInput, match="no worker"):
        sweep(grid(BASE, seed=range(3)), 0, folder=tmp_path, run=deadly)


def test_interrupting_keeps_what_is_done(tmp_path, log):
    def stop(done, total, cell):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(grid(BASE, seed=range(5)), folder=tmp_path, run=double, on_cell=stop)
    made = sweep(grid(BASE, seed=range(5)), folder=tmp_path, run=double)
    assert [cell.kept for cell in made] == [True, True, False, False, False] and log() == [0, 1, 2, 3, 4]


def test_killed_in_the_middle_and_resumed(tmp_path, log):
    """A process sweeps six cells; it is killed (SIGKILL) inside the fourth. The second process runs only the rest."""
    command = [sys.executable, str(HERE / "sweep_runs.py"), str(tmp_path / "cells")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while log() != [0, 1, 2, 3]:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    Path(os.environ["SWEEP_LOG"] + ".go").touch()
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert json.loads(done.stdout) == [0, 2, 4, 6, 8, 10]
    assert log() == [0, 1, 2, 3, 3, 4, 5], "three cells were kept, the one that was cut off is run again"


def test_each_process_gets_a_gpu_of_its_own(tmp_path):
    with processes(gpus=(4, 7)) as executor:
        made = sweep(grid(BASE, seed=range(2)), executor, folder=tmp_path, run=gpu)
    assert {cell.path(".txt").read_text() for cell in made} == {"4", "7"}
    with pytest.raises(BadInput, match="as many workers as GPUs"):
        processes(3, gpus=(0, 1))


def test_what_a_run_function_must_return(tmp_path):
    for wrong in ({"a": "text"}, {"../a": b"x"}, {"cell.json": b"x"}, {}):
        with pytest.raises(BadInput, match="to keep a cell"):
            sweep(grid(BASE, seed=[0]), folder=tmp_path, run=lambda request, made=wrong: made)
    assert not list(tmp_path.parent.glob("a"))


def test_real_poems_of_another_process_are_those_of_this_one(tmp_path):
    """The shipped poem model, four cells: text and record equal to a run by hand."""
    plan = text.plan_for("<五绝>春晓<诗>", card="poem", max_new_tokens=6)
    cells = grid(plan.request, temperature=(0.3, 1.2), seed=(1, 2))
    with processes(1) as executor:
        made = sweep(cells, executor, folder=tmp_path / "there")
    assert made, repr(made)
    for cell in made:
        wanted = text.plan_for("<五绝>春晓<诗>", card="poem", max_new_tokens=6, **cell.point)
        assert cell.path(".txt").read_text(encoding="utf-8") == text.run(wanted).data
        record = cell.record()
        assert record.request["extra"]["temperature"] == cell.point["temperature"]
        assert record.labels["tier"] == "tiny" and record.measured["seconds"]["value"] > 0


def test_threads_take_turns_with_one_model(tmp_path):
    plan = text.plan_for("<五绝>春晓<诗>", card="poem", max_new_tokens=6)
    with ThreadPoolExecutor(3) as executor:
        made = sweep(grid(plan.request, seed=range(3)), executor, folder=tmp_path / "threads")
    alone = sweep(grid(plan.request, seed=range(3)), folder=tmp_path / "alone")
    assert [c.path(".txt").read_text() for c in made] == [c.path(".txt").read_text() for c in alone]


def test_a_model_that_does_not_exist_is_a_failed_cell(tmp_path):
    made = sweep(grid(Request(card="nothing", prompt="x"), seed=[0]), folder=tmp_path)
    assert "UnknownName" in made.failed[0].error


def test_pictures_and_numbers_of_a_sweep(tmp_path):
    from io import BytesIO

    import numpy as np
    from PIL import Image

    from aigc_kit.teach.show import sweep as show

    def paint(request):
        if request.seed == 1:
            raise ValueError("no paint")
        buffer = BytesIO()
        Image.fromarray(np.full((16, 16, 3), 60 * request.seed + 20, np.uint8)).save(buffer, "PNG")
        return {"made.png": buffer.getvalue()}

    made = sweep(grid(BASE, guidance=(1.0, 7.5), seed=range(3)), folder=tmp_path, run=paint)
    shown = show.pictures(made, "引导强度与种子")
    assert [axis.get_title() for axis in shown.figure.axes[:3]] == ["种子 0", "种子 1", "种子 2"]
    assert [shown.figure.axes[i].get_ylabel() for i in (0, 3)] == ["引导强度 1.0", "引导强度 7.5"]
    assert [len(axis.images) for axis in shown.figure.axes] == [1, 0, 1, 1, 0, 1], "a failed cell has no picture"
    heat = show.numbers(made, lambda cell: cell.point["seed"] * cell.point["guidance"], "乘积")
    words = [text.get_text() for text in heat.figure.axes[0].texts]
    assert words == ["0", "失败", "2", "0", "失败", "15"]
    assert shown.png()[:4] == heat.png()[:4] == b"\x89PNG"
    assert sweep_runs.BASE == BASE
