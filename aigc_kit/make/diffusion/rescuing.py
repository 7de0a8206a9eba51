"""A run to its end; and when memory runs out, the same by the next plan that needs less, told and written down."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

from aigc_kit.core.types import FrozenMap, Plan, Step, Take
from aigc_kit.make.diffusion.job import DiffusionJob
from aigc_kit.make.diffusion.needs import fallbacks
from aigc_kit.memory.offload import rescue

OnStep = Callable[[Step], object]


def finish(job: DiffusionJob, on_step: OnStep | None = None) -> Take:
    """Exhaust the steps of a job.

    Raises:
        What the run raises; nothing is tried again.
    """
    with closing(job.steps()) as made:
        for step in made:
            if on_step is not None:
                on_step(step)
    return job.take()


def finish_or_step_down(make: Callable[[Plan], DiffusionJob], plan: Plan, on_step: OnStep | None = None) -> Take:
    """Run by a plan; when memory runs out, free what was loaded and run by its fallbacks, at most three.

    Args:
        make: a fresh job of a plan.
        plan: the wanted one. `plan.diffusion.fallbacks` says what comes after it; a small model that was not traced has
            none.
        on_step: as in `run`; steps are counted anew with every plan.

    Returns:
        The Take of the plan that ran. Its plan's changes name every step down; so does its label "stepped_down", in
        Chinese, which is absent where nothing went wrong. Each step down is printed as well.

    Raises:
        torch.OutOfMemoryError: (or what a CPU raises) the last plan ran out of memory too; its notes tell what was
            tried.
    """
    saved = rescue(lambda tried: finish(make(tried), on_step), (plan, *fallbacks(plan)))
    if not saved.falls:
        return saved.result
    told = tuple(fall.reason.zh for fall in saved.falls)
    return replace(saved.result, labels=FrozenMap(saved.result.labels, stepped_down=told))
