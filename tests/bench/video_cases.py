"""The kit's clip beside the bare call of the same pipeline; seconds of one clip, and the memory of a process for it."""

import json
import subprocess
import sys
import time

from aigc_kit import cards, fetch
from aigc_kit.make import video
from tests.bench.runner import Case, Pair

PROMPT = "一只穿着宇航服的柴犬在月球表面跳舞，电影级光照，超现实主义"
NEGATIVE = "low quality, watermark, glitch"

_ALONE = """
import json, resource, sys, time
from aigc_kit import video
plan = video.plan_for(sys.argv[1], card=sys.argv[2], negative=sys.argv[3], seed=1)
video.run(plan)
began = time.perf_counter()
video.run(plan)
seconds = time.perf_counter() - began
print(json.dumps({"seconds": seconds, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
"""


def alone(name: str) -> dict[str, float]:
    """Seconds of the second clip of a fresh process, and the most memory that the process ever held, in bytes."""
    command = [sys.executable, "-c", _ALONE, PROMPT, name, NEGATIVE]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _against_the_pipeline(name: str, rounds: int) -> Pair | str:
    if fetch.find(cards.get(name)) is None:
        return f"{name} is not on disk"
    import torch

    plan = video.plan_for(PROMPT, card=name, negative=NEGATIVE, seed=1)
    request = plan.request
    words = video.run(plan).words
    pipe = video.engine(plan).pipe
    one = alone(name)

    def kit() -> float:
        began = time.perf_counter()
        video.run(plan)
        return 1 / (time.perf_counter() - began)

    def bare() -> float:
        began = time.perf_counter()
        pipe(
            words[0].read,
            negative_prompt=words[1].read,
            height=request.height,
            width=request.width,
            num_frames=request.frames,
            num_inference_steps=request.steps,
            guidance_scale=request.guidance,
            generator=torch.Generator("cpu").manual_seed(1),
        )
        return 1 / (time.perf_counter() - began)

    size = f"{request.height}x{request.width}x{request.frames}, {request.steps} steps"
    note = f"video.run against the pipeline's call, {size}; a process of its own: {one['seconds']:.1f} s a clip, "
    return Pair(kit, bare, "clips/s", rounds, note + f"{one['peak'] / 2**20:.0f} MiB at most")


CASES = (Case("video-tinywan", lambda: _against_the_pipeline("tinywan", 5)),)
