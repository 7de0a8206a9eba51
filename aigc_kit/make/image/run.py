"""One picture, or a few, from one prompt: choose a model, plan, denoise step by step, decode, measure."""

from collections.abc import Callable, Iterator
from typing import Any

from aigc_kit.core.types import Card, Change, Plan, Request, Step, Take
from aigc_kit.make.diffusion.choosing import planned
from aigc_kit.make.diffusion.rescuing import finish_or_step_down
from aigc_kit.make.image.job import Job
from aigc_kit.make.image.settings import Settings
from aigc_kit.memory.plan import check_same


def plan_for(prompt: str, *, card: str | None = None, tier: str | None = None, **values: Any) -> Plan:
    """A plan for a prompt: the model that is here, with the given settings.

    Args:
        prompt: Chinese or English; the weight grammar of `aigc_kit.worlds.prompts` counts.
        card: name of a model; None chooses one on this machine.
        tier: "tiny" or "full"; None takes what AIGC_TIER says, and without it "full" only where there is a GPU.
        values: negative, height, width (pixels), steps, guidance, seed, batch, and fields of `Settings`: strength,
            weights, translate, english, scheduler, follow. Sizes of the course (1024, 768) become an eighth of it for
            the tiny model; the plan's changes say so.

    Raises:
        BadInput, UnknownName: a value out of range, or a name that does not exist.
        NotOnDisk: no image model is on this machine.
        DoesNotFit: no configuration fits the memory.
    """
    return planned(prompt, "image", card, tier, values, Settings.of, _scaled)


def steps(request: Request, plan: Plan, *, image: Any = None, mask: Any = None) -> Iterator[Step]:
    """Make the pictures one denoising step at a time; leaving the loop early frees what the run holds.

    Args:
        request: what was asked; the plan must be made from it.
        plan: from `plan_for` or `aigc_kit.memory.plan.plan`.
        image: a picture to start from (img2img): PIL.Image or uint8 (H, W, 3); resized to the plan's size.
        mask: with it only its white part is drawn anew (inpainting): PIL.Image, bool (H, W), or (left, top, right,
            bottom), in pixels of `image`.

    Yields:
        One Step per denoising step (phase "denoise") and one for the decoded result (phase "decode"). `preview()`
        decodes what the model takes the finished picture to be at this step; `preview("latent")` decodes the noisy
        latents themselves. A PIL.Image; of a batch a row. Decoding happens when it is called, not before.

    Raises:
        BadInput: the plan belongs to another request, an AND, a bracket that does not close, or a picture or mask
            that is none.
        NotOnDisk, CannotLoad: as in `aigc_kit.models.loaded.engine`.
    """
    return Job(request, plan, image, mask).steps()


def run(
    request: Request,
    plan: Plan,
    on_step: Callable[[Step], object] | None = None,
    *,
    image: Any = None,
    mask: Any = None,
) -> Take:
    """Make the pictures and measure what they cost. Arguments and errors as in `steps`.

    When memory runs out, what was loaded is freed and the run begins anew by the next plan that needs less, at most
    three times; each time is printed, named in the changes of the Take's plan, and kept in its label "stepped_down".

    Returns:
        A Take whose data is uint8 (B, H, W, 3). Labels: model, tier, mode, origin, licence, seeds (one per picture),
        scheduler, size, prompt_read (what the encoders read), tokens, token_limit, cut (what the limit lost), weights
        (of (text, weight)), phrase, kept, dropped (tiny world) or english, translated_by, unknown; the same with
        "negative_" in front; notes (Chinese); image_sha256, mask_sha256, strength.
    """
    check_same(request, plan)
    return finish_or_step_down(lambda tried: Job(tried.request, tried, image, mask), plan, on_step)


def _scaled(request: Request, card: Card) -> tuple[Request, tuple[Change, ...]]:
    """The course's sizes for a model that draws at a fraction of them: 1024 -> 128. Smaller ones are left alone."""
    scale = card.constraints.get("scale", 1)
    changes: list[Change] = []
    for name in ("height", "width"):
        asked = getattr(request, name)
        if scale != 1 and asked is not None and asked >= 512 and asked % scale == 0:
            why = f"this model draws at 1/{scale} of the course's sizes"
            changes.append(Change(name, asked, asked // scale, why, f"小模型按课程尺寸的 1/{scale} 作画"))
            request = request.change(**{name: asked // scale})
    return request, tuple(changes)
