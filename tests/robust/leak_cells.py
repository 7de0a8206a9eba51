"""Cells run again and again in one notebook shell; the resident memory after each: `leak_cells.py CASE [TIMES]`;
`leak_cells.py --plot FILE` draws all cases.

A real IPython shell, since a notebook keeps what its cells return (`Out[n]`): a leak of the kit and what the notebook
itself keeps both count for a learner who runs a cell twenty times.
"""

import contextlib
import gc
import io
import json
import os
import subprocess
import sys
from pathlib import Path

CASES = {
    # name: (set up once, the cell that is run again)
    "text": (
        "from aigc_kit import text\nplan = text.plan_for('<五绝>春晓<诗>', card='poem', max_new_tokens=30)",
        "text.run(plan)",
    ),
    "picture": (
        "import numpy as np\nfrom aigc_kit.teach.show import plots",
        "figure, (axis,) = plots.canvas()\naxis.imshow(np.add.outer(range(300), range(300)))\n"  # noise: large PNGs
        "axis.bar(range(60), range(60), label='温度')\naxis.legend()\npicture = plots.Picture(figure, '图')\npicture",
    ),
    "speech": (
        "from aigc_kit import speech\nfrom aigc_kit.teach.labs.lab03 import player\n"
        "plan = speech.plan_for('天气真好。')",
        "player(speech.run(plan))",
    ),
    "tokens": ("from aigc_kit.make.text import tokens", "tokens.readings('白色的月光，AI 的未来')"),
    "free": (
        "from aigc_kit import loaded, text\nplan = text.plan_for('<五绝>春晓<诗>', card='poem', max_new_tokens=4)",
        "text.run(plan)\nloaded.free()",
    ),
}


def measure(name: str, times: int) -> list[float]:
    """MiB of resident memory after each run of the cell."""
    import psutil
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    set_up, cell = CASES[name]
    found = []
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        for number in range(times + 1):
            done = shell.run_cell(set_up if number == 0 else cell, store_history=True)
            done.raise_error()
            if number:
                # a notebook front end asks for the rich form of what a cell returned
                shell.display_formatter.format(done.result)
                gc.collect()
                found.append(psutil.Process().memory_info().rss / 2**20)
    return found


def draw(path: Path, times: int = 30) -> None:
    """All cases, each in a process of its own, as one picture."""
    from aigc_kit.teach.show import plots

    figure, (axis,) = plots.canvas(width=8, height=3.6)
    for name in CASES:
        command = [sys.executable, __file__, name, str(times)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        axis.plot(range(1, times + 1), json.loads(done.stdout.splitlines()[-1]), marker=".", label=name)
    axis.set(xlabel="同一格运行的次数", ylabel="常驻内存（MiB）", ylim=(0, None), title="反复运行同一格（实测）")
    axis.legend()
    path.write_bytes(plots.Picture(figure, "leaks").png())


if __name__ == "__main__":
    os.environ.setdefault("AIGC_OFFLINE", "1")
    if sys.argv[1] == "--plot":
        draw(Path(sys.argv[2]))
        sys.exit()
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 24)))
