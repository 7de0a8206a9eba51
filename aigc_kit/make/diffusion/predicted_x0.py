"""What a scheduler takes for the finished latents at a step."""

from functools import wraps
from typing import Any


class Finished:
    """Keeps what a scheduler takes for the finished latents, which a pipeline drops. Changes no number.

    Schedulers of pictures tell it themselves. Those of flow matching are given a velocity v at x, where
    x = (1 - sigma) x0 + sigma noise and v = noise - x0; so x0 = x - sigma v (Lipman et al. 2023).
    """

    def __init__(self, scheduler: Any) -> None:
        self._scheduler, self.last = scheduler, None
        config = scheduler.config
        flow = config.get("prediction_type") == "flow_prediction" or "FlowMatch" in type(scheduler).__name__
        self._flow = flow

    def __enter__(self) -> "Finished":
        original = self._scheduler.step

        @wraps(original)  # a pipeline looks at the signature before it hands over a generator
        def step(output: Any, time: Any, sample: Any, *args: Any, return_dict: bool = True, **options: Any) -> Any:
            made = original(output, time, sample, *args, return_dict=True, **options)
            clean = getattr(made, "pred_original_sample", None)
            if clean is None and self._flow:
                clean = sample - self._scheduler.sigmas[self._scheduler.step_index - 1].to(sample) * output
            self.last = clean
            return made if return_dict else (made.prev_sample,)

        self._scheduler.step = step
        return self

    def __exit__(self, *_: object) -> None:
        del self._scheduler.step
