"""One clip from one prompt: choose a model, plan, denoise step by step, decode, measure."""

from collections.abc import Callable, Iterator
from typing import Any

from aigc_kit.core.types import Card, Change, Plan, Request, Step, Take
from aigc_kit.make.diffusion.choosing import planned
from aigc_kit.make.diffusion.rescuing import finish_or_step_down
from aigc_kit.make.video.job import Job, Settings
from aigc_kit.memory.plan import check_same
from aigc_kit.memory.plan.ladders import COURSE

COURSE_SIZES = tuple((height, width) for _, height, width, _ in COURSE)


def plan_for(prompt: str, *, card: str | None = None, tier: str | None = None, **values: Any) -> Plan:
    """A plan for a prompt: the model that is here, with the given settings.

    Args:
        prompt: Chinese or English.
        card: name of a model; None chooses one on this machine.
        tier: "tiny" or "full"; None takes what AIGC_TIER says, and without it "full" only where there is a GPU.
        values: negative, height, width (pixels), frames (4k+1), fps, steps, guidance, seed, fields of `Settings`
            (first_block_cache, follow) and of the planner (placement, dtype, attention, text_on_cpu, vae_tiling,
            policy). Sizes of the course (480x832 and so on) become the nearest to an eighth that the tiny model knows;
            the plan's changes say so.

    Raises:
        BadInput, UnknownName: a value out of range, or a name that does not exist.
        NotOnDisk: no video model is on this machine.
        DoesNotFit: no configuration fits the memory.
    """
    return planned(prompt, "video", card, tier, values, Settings.of, scaled)


def steps(request: Request, plan: Plan) -> Iterator[Step]:
    """Make the clip one denoising step at a time; leaving the loop early frees what the run holds.

    Args:
        request: what was asked; the plan must be made from it.
        plan: from `plan_for` or `aigc_kit.memory.plan.plan`.

    Yields:
        One Step per denoising step (phase "denoise") and one for the decoded clip (phase "decode"). `preview()` decodes
        what the model takes the finished clip to be at this step, `preview("latent")` the noisy latents themselves: a
        PIL.Image with a few frames in a row; `preview.pixels()` the frames uint8 (T, H, W, 3). Decoding happens when
        it is called, not before, and takes as long as the clip's own.

    Raises:
        BadInput: the plan belongs to another request, or asks for what the model refuses.
        NotOnDisk, CannotLoad: as in `aigc_kit.models.loaded.engine`.
    """
    return Job(request, plan).steps()


def run(request: Request, plan: Plan, on_step: Callable[[Step], object] | None = None) -> Take:
    """Make the clip and measure what it costs. Arguments and errors as in `steps`.

    When memory runs out, what was loaded is freed and the run begins anew by the next plan that needs less, at most
    three times; each time is printed, named in the changes of the Take's plan, and kept in its label "stepped_down".

    Returns:
        A Take whose data is uint8 (T, H, W, 3). Labels: model, tier, origin, licence, seeds, scheduler, size, frames,
        fps, seconds (of the clip), prompt_read (what the encoder read), tokens, token_limit, cut, phrase, kept, dropped
        (tiny world); the same with "negative_" in front; cache_skipped (skipped, all calls of the transformer); notes
        (Chinese).
    """
    check_same(request, plan)
    return finish_or_step_down(lambda tried: Job(tried.request, tried), plan, on_step)


def scaled(request: Request, card: Card) -> tuple[Request, tuple[Change, ...]]:
    """The course's sizes for a model that draws at a fraction of them: the nearest that it knows to an eighth."""
    scale = card.constraints.get("scale", 1)
    asked = (request.height, request.width)
    if scale == 1 or asked not in COURSE_SIZES:
        return request, ()
    near = [side / scale for side in asked if side]
    given = min(card.constraints["ladder"], key=lambda size: abs(size[0] - near[0]) + abs(size[1] - near[1]))
    why, why_zh = f"this model draws at about 1/{scale} of the course's sizes", f"小模型的尺寸约为课程的 1/{scale}"
    changes = tuple(
        Change(name, old, new, why, why_zh) for name, old, new in zip(("height", "width"), asked, given, strict=True)
    )
    return request.change(height=given[0], width=given[1]), changes
