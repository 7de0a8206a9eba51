"""What an image run is set to beyond the fields of a request. Parsed from its `extra`, validated here."""

from dataclasses import dataclass
from types import MappingProxyType

from aigc_kit.core.errors import BadInput, UnknownName
from aigc_kit.core.types import Card, Change, Request, Words
from aigc_kit.core.types.atoms import check_switches, check_text, shown
from aigc_kit.make.run import settings_from
from aigc_kit.memory.plan.options import SETTINGS

SCHEDULERS = MappingProxyType(
    {
        "euler": "EulerDiscreteScheduler",
        "euler-a": "EulerAncestralDiscreteScheduler",
        "ddim": "DDIMScheduler",
        "ddpm": "DDPMScheduler",
        "dpm++": "DPMSolverMultistepScheduler",
    }
)
"""Name -> class of diffusers. None in the settings takes the model's own."""


@dataclass(frozen=True)
class Settings:
    """How a picture is made.

    Args:
        strength: of img2img and inpainting, in (0, 1]: the share of the noise that is put back before denoising.
        weights: read the weight grammar, (x:1.5) and so on, and apply it to the embeddings. False hands the text to
            diffusers as it is: then brackets are tokens like any other (errata E16).
        translate: replace Chinese by English for a model that reads English only. False shows what happens without.
        english: the prompt in English, by you; used instead of the replaced one.
        scheduler: one of SCHEDULERS; None is the model's own.
        follow: on a CPU, follow live tensors for true peaks (it costs time). A GPU's allocator always counts.

    Raises:
        BadInput: a value outside these ranges.
    """

    strength: float = 0.6
    weights: bool = True
    translate: bool = True
    english: str | None = None
    scheduler: str | None = None
    follow: bool = False

    def __post_init__(self) -> None:
        number = isinstance(self.strength, (int, float)) and not isinstance(self.strength, bool)
        if not number or not 0 < self.strength <= 1:
            todo = "choose 0 < strength <= 1: 0.3 keeps most of the picture, 0.8 little"
            raise BadInput(asked=f"strength={shown(self.strength)}", found="not a number in (0, 1]", todo=todo)
        check_switches(self, "weights", "translate", "follow")
        if self.english is not None:
            check_text("english", self.english)
        if self.scheduler is not None and self.scheduler not in SCHEDULERS:
            raise UnknownName(
                asked=f"scheduler={shown(self.scheduler)}",
                found="no scheduler of that name",
                todo=f"choose from {', '.join(SCHEDULERS)}, or leave it out",
            )

    @classmethod
    def of(cls, request: Request) -> "Settings":
        """The settings in a request's `extra`; None there leaves the default.

        Raises:
            UnknownName: a setting that does not exist. BadInput: a value out of range.
        """
        return settings_from(cls, request, None, "a picture", SETTINGS)


def resize(request: Request, card: Card) -> tuple[Request, tuple[Change, ...]]:
    """Divide the course's sizes for a model that draws at a fraction of them: 1024 -> 128. Smaller ones stay."""
    scale = card.facts.scale
    changes: list[Change] = []
    for name in ("height", "width"):
        asked = getattr(request, name)
        if scale != 1 and asked is not None and asked >= 512 and asked % scale == 0:
            why = Words(f"this model draws at 1/{scale} of the course's sizes", f"小模型按课程尺寸的 1/{scale} 作画")
            changes.append(Change(name, asked, asked // scale, why))
            request = request.change(**{name: asked // scale})
    return request, tuple(changes)
