"""Does the network listen? For each attribute: how often does the right caption beat one that is wrong in it alone."""

import random
from dataclasses import replace

import torch
from torch import Tensor, nn

from aigc_kit.worlds.tinyworld import captions
from aigc_kit.worlds.tinyworld.spec import ATTRIBUTES, Spec

from . import codec, network, pictures
from .bank import Bank

TIMESTEPS = (930, 700)
COUNT = 64


def wrong(spec: Spec, name: str, rng: random.Random) -> Spec:
    """The spec with another value of one attribute."""
    value = rng.choice([v for v in ATTRIBUTES[name] if v != getattr(spec, name)])
    return replace(spec, **{name: value})


class Watch:
    """Held-out pictures of chunk 0 with fixed noise, and the states of right and wrong captions."""

    def __init__(self, bank: Bank, count: int = COUNT) -> None:
        rng = random.Random(5)
        rows = pictures.read(0, "labels")[:count]
        specs = [pictures.from_labels(row.tolist()) for row in rows]
        self.latents = bank.linear.encode(codec.as_images(pictures.read(0, "images")[:count]))
        self.noise = torch.randn(self.latents.shape, generator=torch.Generator().manual_seed(5))
        languages = [rng.choice(captions.LANGUAGES) for _ in specs]
        say = lambda each: [captions.canonical(s, language) for s, language in zip(each, languages, strict=True)]  # noqa: E731
        self.right = bank.encoder.packed(say(specs))
        self.wrong = {name: bank.encoder.packed(say([wrong(s, name, rng) for s in specs])) for name in ATTRIBUTES}
        self.signal, self.rest = network.alphas()

    @torch.no_grad()
    def losses(self, unet: nn.Module, timestep: int, text: tuple[Tensor, Tensor]) -> Tensor:
        a, b = self.signal[timestep], self.rest[timestep]
        steps = torch.full((len(self.latents),), timestep)
        said = network.predict(unet, a * self.latents + b * self.noise, steps, *text)
        return (said - (a * self.noise - b * self.latents)).square().mean((1, 2, 3))

    def look(self, unet: nn.Module) -> dict[str, list[float]]:
        """attribute -> share of pictures whose right caption has the lower loss, at each of ``TIMESTEPS``."""
        out: dict[str, list[float]] = {name: [] for name in (*ATTRIBUTES, "loss")}
        for timestep in TIMESTEPS:
            right = self.losses(unet, timestep, self.right)
            out["loss"].append(round(right.mean().item(), 4))
            for name, text in self.wrong.items():
                better = self.losses(unet, timestep, text) > right
                out[name].append(round(better.float().mean().item(), 2))
        return out
