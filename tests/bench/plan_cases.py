"""`aigc plan` from the traces that ship with the kit, beside starting Python and doing nothing."""

import subprocess
import sys
import time

from aigc_kit import footprint
from tests.bench.runner import Case, Pair

TRIES = 3


def _rate(arguments: list[str]) -> float:
    began = time.perf_counter()
    for _ in range(TRIES):
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return TRIES / (time.perf_counter() - began)


def _against_python(model: str, vram: str) -> Pair | str:
    if model not in footprint.known():
        return f"{model} is not among the traces that ship with the kit"
    command = ["-m", "aigc_kit.cli", "plan", model, "--vram", vram]
    note = f"aigc plan {model} --vram {vram}, a new process each time (wanted: 3.3 a second), against python -c pass"
    return Pair(lambda: _rate(command), lambda: _rate(["-c", "pass"]), "1/s", 5, note)


CASES = (
    Case("plan-sdxl", lambda: _against_python("sdxl", "8GiB")),
    Case("plan-wan", lambda: _against_python("wan2.1-1.3b", "8GiB")),
)
