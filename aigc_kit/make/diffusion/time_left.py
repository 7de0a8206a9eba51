"""How long a run will still take, from its steps so far."""

from collections.abc import Sequence
from statistics import median

from aigc_kit.core.types import Step


def seconds_left(done: Sequence[Step], decode: float = 0.0) -> float | None:
    """Seconds until the result is there; None before the first step.

    Args:
        done: the steps so far, in order. The first one holds the text encoders' time too, so it counts only while it is
            alone.
        decode: seconds that decoding is known to take, from an earlier run; it is not in the denoising steps.
    """
    spent = [step.seconds for step in done if step.phase == "denoise"]
    if not spent:
        return None
    if done[-1].phase != "denoise":
        return 0.0
    return (done[-1].total - 1 - len(spent)) * median(spent[1:] or spent) + decode
