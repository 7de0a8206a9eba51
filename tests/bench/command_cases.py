"""What a learner waits for at a prompt: the import, the doctor, an X-ray; beside a Python that does nothing."""

import os
import subprocess
import sys
import time

from tests.bench.runner import Case, Pair


def _rate(arguments: list[str], tries: int) -> float:
    environment = {**os.environ, "AIGC_OFFLINE": "1"}  # what a network takes to answer is not ours
    began = time.perf_counter()
    for _ in range(tries):
        subprocess.run(
            [sys.executable, *arguments],
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
    return tries / (time.perf_counter() - began)


def _against_python(arguments: list[str], what: str, tries: int = 3, rounds: int = 5) -> Pair:
    note = f"{what}, a new process each time, against python -c pass"
    return Pair(lambda: _rate(arguments, tries), lambda: _rate(["-c", "pass"], tries), "1/s", rounds, note)


def _trace() -> Pair:
    """A fresh trace of SDXL beside building its parts on the meta device, which is what it cannot do without."""
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel

    from aigc_kit.core.paths import assets
    from aigc_kit.memory.xray import trace

    folder = assets() / "configs" / "sdxl"

    def kit() -> float:
        began = time.perf_counter()
        trace("sdxl", 1024, 1024, 1, 1, "float16")
        return 1 / (time.perf_counter() - began)

    def bare() -> float:
        began = time.perf_counter()
        with torch.device("meta"):
            UNet2DConditionModel.from_config(UNet2DConditionModel.load_config(folder / "unet"))
            AutoencoderKL.from_config(AutoencoderKL.load_config(folder / "vae"))
        return 1 / (time.perf_counter() - began)

    return Pair(kit, bare, "1/s", 3, "xray.trace of SDXL 1024x1024, against building UNet and VAE on the meta device")


CASES = (
    Case("import", lambda: _against_python(["-c", "import aigc_kit"], "import aigc_kit", tries=10)),
    Case("doctor", lambda: _against_python(["-m", "aigc_kit.cli", "doctor"], "aigc doctor, offline", tries=1)),
    Case("xray-kept", lambda: _against_python(["-m", "aigc_kit.cli", "xray", "sdxl"], "aigc xray sdxl")),
    Case("xray-fresh", _trace),
)
