"""Trains the transformer by flow matching: resumable at a constant rate; ``decay`` branches off towards shipping."""

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from aigc_kit.make.train import denoising, muon, save_checkpoint
from assets.train import session

from . import network, paths, probe
from .bank import NEGATIVES, Bank, Batch, pads


@dataclass(frozen=True)
class Settings:
    batch: int = 96
    matrix_lr: float = 0.015
    other_lr: float = 0.0015
    warmup_steps: int = 60
    average: float = 0.997  # per step, of the weights that are shipped
    noisy_share: float = 0.4  # of the times drawn from sigma .7 to 1, where motion and layout are decided
    shift: float = 3.0  # of the other times, as the scheduler's flow_shift
    moving_weight: float = 3.0  # extra weight of latent cells over which something moves
    position_weight: float = 0.3
    position_steps: int = 4000  # the probe helps at the start; then it is left out
    favours: Mapping[str, float] = field(  # of the clips, beside chance
        default_factory=lambda: {"turn": 0.05, "dance": 0.1, "morph": 0.1, "ball": 0.1, "star": 0.1}
    )
    drop_empty: float = 0.1
    drop_negative: float = 0.03  # text replaced by a usual negative prompt: the branch that guidance leaves
    save_seconds: float = 110.0
    probe_seconds: float = 420.0


def moving(latents: Tensor) -> Tensor:
    """float32 (N, 1, 1, h, w): 1 where the latents (N, C, t, h, w) change in time, else 0. Backgrounds stand still.

    The first moment is left out: it holds one frame, the others four each, and differs from them even at rest.
    """
    change = latents[:, :, 1:].diff(dim=2).square().mean(1).amax(1)
    return (change > STILL).float()[:, None, None]


STILL = 0.05  # of true clips six cells in ten stay below 0.01, three in ten exceed 0.2


BLEND = 0.6
"""Share of the newly polished weights beside the shipped ones: what was favoured stays, the rest loses nothing."""

POLISH, POLISH_FROM = Settings(favours={"dance": 0.2, "puppy": 0.1, "morph": 0.1}), 0.4
"""For the end: from this share of the full rates, and looking longer at the subject of the course's own prompt."""


class Run(session.Run):
    """One training: network, running average, optimisers, and how far it is."""

    counters = ("step", "samples", "cpu", "since")

    def __init__(self, settings: Settings, bank: Bank) -> None:
        self.settings, self.bank = settings, bank
        self.model = network.build()
        twin = network.twin(self.model)
        self.cross = network.prepare(self.model)
        self.position = network.PositionProbe(self.model)
        matrices = [p for name, p in self.model.named_parameters() if name.startswith("blocks.") and p.ndim == 2]
        ids = {id(p) for p in matrices}
        others = [p for p in (*self.model.parameters(), *self.position.parameters()) if id(p) not in ids]
        both = [
            muon(matrices, settings.matrix_lr, decay=0.02, half=session.half_is_fast()),
            torch.optim.AdamW(others, lr=settings.other_lr, betas=(0.9, 0.97), weight_decay=0.0),
        ]
        super().__init__(paths, self.model, both, averaged=twin, average=settings.average, name="model")
        self.since = 0  # the step at which the optimisers began
        self.empty = bank.encode([""])[0]
        self.negative = bank.encode(list(NEGATIVES))
        self.errors: list[float] = []
        self.places: list[float] = []
        self.rng = random.Random()

    def times(self, count: int) -> Tensor:
        """sigma (N,): logit-normal with the pipeline's shift, and a share at the noisy end."""
        u = torch.sigmoid(torch.randn(count))
        sigma = self.settings.shift * u / (1 + (self.settings.shift - 1) * u)
        return torch.where(torch.rand(count) < self.settings.noisy_share, 0.7 + 0.3 * torch.rand(count), sigma)

    def loss(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """(mean squared error of the velocity, the probe's loss)."""
        s, count = self.settings, len(batch.latents)
        states, drop = batch.states.clone(), torch.rand(count)
        states[drop < s.drop_empty] = self.empty
        dropped = ((drop >= s.drop_empty) & (drop < s.drop_empty + s.drop_negative)).nonzero()[:, 0]
        states[dropped] = self.negative[torch.randint(len(self.negative), (len(dropped),))]
        self.cross.padding = pads(count, self.rng)
        sigma, noise = self.times(count), torch.randn_like(batch.latents)
        at = sigma.view(-1, 1, 1, 1, 1)

        def predict(noisy: Tensor) -> Tensor:
            with session.half():
                return self.model(noisy, sigma * 1000, states, return_dict=False)[0].float()

        weight = 1 + s.moving_weight * moving(batch.latents)
        error = denoising("flow", predict, batch.latents, noise, 1 - at, at, weight)
        if self.step >= s.position_steps:
            return error, torch.zeros(())
        _, _, frames, rows, columns = batch.latents.shape
        return error, self.position.loss((frames, rows // 2, columns // 2))

    def both(self, batch: Batch) -> Tensor:
        """What is made smaller: the error, and a share of the probe's loss; both are kept for the log."""
        error, place = self.loss(batch)
        self.errors.append(error.item())
        self.places.append(place.item())
        return error + self.settings.position_weight * place

    def more(self) -> dict[str, float]:
        line = {
            "loss": round(sum(self.errors) / len(self.errors), 4),
            "places": round(sum(self.places) / len(self.places), 3),
        }
        self.errors, self.places = [], []
        return line

    def factor(self, share: float | None) -> float:
        """Full rates, or what is left of them; lower while the optimisers' first averages are still rough."""
        return (1.0 if share is None else share) * min(1.0, (self.step - self.since + 1) / self.settings.warmup_steps)

    def state(self) -> dict:
        return super().state() | {"position": self.position.state_dict()}

    def restore(self, state: dict) -> None:
        super().restore(state)
        if "position" in state:
            self.position.load_state_dict(state["position"])

    def committed(self) -> dict:
        from . import export

        return export.read_state()


def blend(share: float = BLEND) -> None:
    """Mix the polished weights with the shipped ones, which they began from.

    Source: Wortsman et al. 2022, "Robust fine-tuning of zero-shot models" (weights interpolated).
    """
    from . import export

    state, shipped = torch.load(paths.DECAYED, weights_only=True), export.read_state()["averaged"]
    state["averaged"] = {name: torch.lerp(shipped[name], value, share) for name, value in state["averaged"].items()}
    save_checkpoint(state, paths.DECAYED)


def train(
    wall: float,
    settings: Settings = Settings(),
    fall_from: float = 0.0,
    source: Path = paths.NETWORK,
    threads: int = 1,
) -> Run:
    """Train for ``wall`` seconds; ``fall_from`` as in ``session.go_on``."""
    torch.set_num_threads(threads)
    bank = Bank()
    while bank.refresh() < 4:
        time.sleep(5)
    run = Run(settings, bank)
    network.compile_blocks(run.model)
    print("resumed at" if run.resume(source) else "fresh start", run.step, f"{len(bank.chunks)} chunks", flush=True)
    draw = lambda: bank.batch(settings.batch, run.rng, settings.favours)  # noqa: E731
    session.go_on(run, draw, run.both, probe.Watch(bank), wall, fall_from, threads)
    return run
