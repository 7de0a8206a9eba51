"""Does the right caption explain a noisy clip better than one with one attribute wrong? Measured per attribute.

Long before a sample looks like anything this tells whether an attribute is being learnt: chance is .5.
"""

import random

import torch
from diffusers import WanTransformer3DModel
from torch import Tensor

from aigc_kit.worlds.tinyworld.captions import canonical
from aigc_kit.worlds.tinyworld.motion import CLIP_ATTRIBUTES, ClipSpec

from . import clips, network, tokens
from .bank import Bank

COUNT = 60
SIGMAS = (0.95, 0.8)
OPPOSITE = {"left": "right", "right": "left", "up": "down", "down": "up"}


class Watch:
    """A fixed set of held-back clips, noises and captions, right and wrong."""

    def __init__(self, bank: Bank) -> None:
        chunk = {name: clips.read(0, name)[:COUNT] for name in ("long", "labels")}
        self.latents = torch.from_numpy(chunk["long"].astype("float32"))
        self.noise = torch.randn(self.latents.shape, generator=torch.Generator().manual_seed(5))
        specs = [clips.from_labels(row) for row in chunk["labels"].tolist()]
        rng = random.Random(7)
        self.right = bank.encode([canonical(spec, "en" if k % 2 else "zh") for k, spec in enumerate(specs)])
        self.wrong = {
            name: bank.encode(
                [canonical(other(spec, name, rng), "en" if k % 2 else "zh") for k, spec in enumerate(specs)]
            )
            for name in CLIP_ATTRIBUTES
        }

    @torch.no_grad()
    def look(self, model: WanTransformer3DModel) -> dict[str, float]:
        """attribute -> share of clips that prefer the right caption, over both noise levels."""
        cross = network.prepare(model)
        cross.padding = torch.full((len(self.latents),), float(torch.log(torch.tensor(tokens.LENGTH - 28.0))))
        votes: dict[str, list[float]] = {name: [] for name in self.wrong}
        for sigma in SIGMAS:
            best = self._errors(model, sigma, self.right)
            for name, states in self.wrong.items():
                votes[name].append((self._errors(model, sigma, states) > best).float().mean().item())
        network.restore(model)
        return {name: round(sum(values) / len(values), 2) for name, values in votes.items()}

    def _errors(self, model: WanTransformer3DModel, sigma: float, states: Tensor) -> Tensor:
        noisy = (1 - sigma) * self.latents + sigma * self.noise
        said = model(noisy, torch.full((len(noisy),), sigma * 1000), states, return_dict=False)[0]
        return (said - (self.noise - self.latents)).square().mean((1, 2, 3, 4))


def other(spec: ClipSpec, name: str, rng: random.Random) -> ClipSpec:
    """The same spec with one attribute wrong: the opposite direction, else any other value that goes with the rest."""
    known = spec.known()
    if name == "motion" and spec.motion in OPPOSITE:
        return ClipSpec(**{**known, "motion": OPPOSITE[spec.motion]})
    choices = [value for value in CLIP_ATTRIBUTES[name] if value != known[name]]
    while True:
        value = rng.choice(choices)
        try:
            return ClipSpec(**{**known, name: value})
        except ValueError:  # a subject and a motion that do not go together
            choices.remove(value)
            if not choices:
                return ClipSpec(**{key: v for key, v in known.items() if key != name})
