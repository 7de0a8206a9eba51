"""The kit's picture beside the bare call of the same pipeline."""

import time

from aigc_kit import cards, fetch, image, load
from tests.bench.runner import Case, Pair

PROMPT = "一张可爱小狗在花丛中玩耍的照片"


def _against_the_pipeline(name: str, steps: int, rounds: int) -> Pair | str:
    if fetch.find(cards.get(name)) is None:
        return f"{name} is not on disk"
    import torch

    plan = image.plan_for(PROMPT, card=name, steps=steps, seed=1)
    request = plan.request
    read = image.run(request, plan).labels["prompt_read"]
    pipe = load.engine(plan).pipe

    def kit() -> float:
        began = time.perf_counter()
        image.run(request, plan)
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

    note = f"image.run against the pipeline's call, {request.height}x{request.width}, {steps} steps, batch 1"
    return Pair(kit, bare, "pictures/s", rounds, note)


CASES = (Case("image-tinysdxl", lambda: _against_the_pipeline("tinysdxl", 20, 7)),)
