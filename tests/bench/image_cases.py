"""The kit's picture beside the bare call of the same pipeline; and what one picture takes in a process of its own."""

import json
import subprocess
import sys
import time

from aigc_kit import cards, fetch, image
from aigc_kit.core.units import format_bytes, format_seconds
from tests.bench.runner import Case, Pair

PROMPT = "一张可爱小狗在花丛中玩耍的照片"
ALONE = """
import json, resource, sys, time
from aigc_kit import image
plan = image.plan_for({prompt!r}, card={name!r}, steps={steps}, seed=1)
seconds = []
for _ in range(3):
    began = time.perf_counter()
    image.run(plan)
    seconds.append(time.perf_counter() - began)
scale = 1 if sys.platform == "darwin" else 1024
print(json.dumps([min(seconds[1:]), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale]))
"""


def alone(name: str, steps: int) -> tuple[float, int]:
    """(seconds of one picture after the first, peak resident bytes) of a new process that does only that."""
    code = ALONE.format(prompt=PROMPT, name=name, steps=steps)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, peak = json.loads(done.stdout.splitlines()[-1])
    return seconds, peak


def _against_the_pipeline(name: str, steps: int, rounds: int) -> Pair | str:
    if fetch.find(cards.get(name)) is None:
        return f"{name} is not on disk"
    import torch

    plan = image.plan_for(PROMPT, card=name, steps=steps, seed=1)
    request = plan.request
    read = image.run(plan).words[0].read
    pipe = image.engine(plan).pipe
    seconds, peak = alone(name, steps)

    def kit() -> float:
        began = time.perf_counter()
        image.run(plan)
        return 1 / (time.perf_counter() - began)

    def bare() -> float:
        began = time.perf_counter()
        pipe(
            read,
            height=request.height,
            width=request.width,
            num_inference_steps=steps,
            guidance_scale=request.guidance,
            generator=[torch.Generator("cpu").manual_seed(1)],
            output_type="np",
        )
        return 1 / (time.perf_counter() - began)

    note = (
        f"image.run against the pipeline's call (wanted: a ratio of 0.97), {request.height}x{request.width}, {steps} "
        f"steps, batch 1; in a process of its own {format_seconds(seconds)} a picture (wanted: 3 s on 2 cores) and "
        f"{format_bytes(peak)} resident at the peak (wanted: 1 GB)"
    )
    return Pair(kit, bare, "pictures/s", rounds, note)


CASES = (Case("image-tinysdxl", lambda: _against_the_pipeline("tinysdxl", 20, 41)),)
