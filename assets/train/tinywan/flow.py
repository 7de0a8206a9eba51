"""Trains the transformer by flow matching: resumable at a constant rate; ``decay`` branches off towards shipping."""

import json
import os
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from assets.train.tinysdxl.optimiser import Muon

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
    favours: Mapping[str, float] = field(default_factory=lambda: {"turn": 0.2})  # of the clips, beside chance
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


POLISH, POLISH_FROM = Settings(favours={"turn": 0.2, "puppy": 0.3}), 0.4
"""For the end: from this share of the full rates, and looking longer at the subject of the course's own prompt."""


class Run:
    """One training: network, running average, optimisers, and how far it is."""

    def __init__(self, settings: Settings, bank: Bank) -> None:
        self.settings, self.bank = settings, bank
        self.model = network.build()
        self.averaged = network.twin(self.model)
        self.cross = network.prepare(self.model)
        self.position = network.PositionProbe(self.model)
        matrices = [p for name, p in self.model.named_parameters() if name.startswith("blocks.") and p.ndim == 2]
        ids = {id(p) for p in matrices}
        others = [p for p in (*self.model.parameters(), *self.position.parameters()) if id(p) not in ids]
        self.optimisers = [
            Muon(matrices, settings.matrix_lr),
            torch.optim.AdamW(others, lr=settings.other_lr, betas=(0.9, 0.97), weight_decay=0.0),
        ]
        self.empty = bank.encode([""])[0]
        self.negative = bank.encode(list(NEGATIVES))
        self.step = self.samples = self.since = 0  # since: the step at which the optimisers began
        self.cpu = 0.0
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
        with torch.autocast("cpu", torch.bfloat16):
            said = self.model((1 - at) * batch.latents + at * noise, sigma * 1000, states, return_dict=False)[0]
        weight = 1 + s.moving_weight * moving(batch.latents)
        error = ((said.float() - (noise - batch.latents)).square() * weight).mean() / weight.mean()
        if self.step >= s.position_steps:
            return error, torch.zeros(())
        _, _, frames, rows, columns = batch.latents.shape
        return error, self.position.loss((frames, rows // 2, columns // 2))

    def update(self, factor: float) -> None:
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        rates = (self.settings.matrix_lr, self.settings.other_lr)
        for optimiser, rate in zip(self.optimisers, rates, strict=True):
            optimiser.param_groups[0]["lr"] = rate * factor
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        self.step += 1
        weight = 1 - min(self.settings.average, (self.step + 1) / (self.step + 10))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.averaged.parameters()), list(self.model.parameters()), weight)

    def save(self, target=paths.NETWORK) -> None:
        state = {
            "step": self.step,
            "samples": self.samples,
            "cpu": self.cpu,
            "since": self.since,
            "model": self.model.state_dict(),
            "averaged": self.averaged.state_dict(),
            "position": self.position.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
        }
        temporary = target.with_suffix(".tmp")
        torch.save(state, temporary)
        temporary.replace(target)

    def resume(self, source: Path) -> bool:
        """Continue from the checkpoint, else from the committed weights; False when there is neither."""
        if source.exists():
            state = torch.load(source, weights_only=True)
            self.position.load_state_dict(state["position"])
            for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
                optimiser.load_state_dict(saved)
        elif paths.PROGRESS.exists():
            from . import export

            state = export.read_state()
        else:
            return False
        self.model.load_state_dict(state["model"])
        self.averaged.load_state_dict(state["averaged"])
        self.step, self.samples, self.cpu, self.since = (state[key] for key in ("step", "samples", "cpu", "since"))
        return True

    def warmth(self) -> float:
        """0 to 1 while the optimisers' first averages are still rough."""
        return min(1.0, (self.step - self.since + 1) / self.settings.warmup_steps)


def train(wall: float, settings: Settings = Settings(), fall_from: float = 0.0, source: Path = paths.NETWORK) -> Run:
    """Train for ``wall`` seconds. With ``fall_from`` the rates fall from that share of the full ones to zero in this
    time, and the result is a branch of its own, ``decayed.pt``, saved at the end.
    """
    torch.set_num_threads(1)
    bank = Bank()
    while bank.refresh() < 4:
        time.sleep(5)
    run = Run(settings, bank)
    print("resumed at" if run.resume(source) else "fresh start", run.step, f"{len(bank.chunks)} chunks", flush=True)
    watch = probe.Watch(bank)
    began = saved = probed = time.monotonic()
    cpu, errors, places = time.process_time(), [], []
    (paths.RUN / "pid").write_text(str(os.getpid()))
    while (now := time.monotonic()) - began < wall:
        left = 1 - (now - began) / wall
        error, place = run.loss(bank.batch(settings.batch, run.rng, settings.favours))
        (error + settings.position_weight * place).backward()
        run.update((fall_from * left if fall_from else 1.0) * run.warmth())
        errors.append(error.item())
        places.append(place.item())
        run.samples += settings.batch
        if not fall_from and now - saved > settings.save_seconds:
            spent, cpu = time.process_time() - cpu, time.process_time()
            run.cpu += spent
            run.save()
            line = {
                "step": run.step,
                "samples": run.samples,
                "cpu": round(run.cpu),
                "share": round(spent / (time.monotonic() - saved), 2),
                "per_cpu_second": round(len(errors) * settings.batch / spent, 1),
                "loss": round(sum(errors) / len(errors), 4),
                "places": round(sum(places) / len(places), 3),
                "chunks": len(bank.chunks),
            }
            if now - probed > settings.probe_seconds:
                line["prefers"] = watch.look(run.averaged)
                probed = time.monotonic()
            log(line)
            bank.refresh()
            saved, errors, places = time.monotonic(), [], []
    run.cpu += time.process_time() - cpu
    log({"step": run.step, "samples": run.samples, "cpu": round(run.cpu), "prefers": watch.look(run.averaged)})
    run.save(paths.DECAYED if fall_from else paths.NETWORK)
    return run


def log(line: dict) -> None:
    with paths.LOG.open("a") as file:
        file.write(json.dumps(line) + "\n")
    print(line, flush=True)
