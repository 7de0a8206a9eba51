"""Trains the U-Net: resumable, at a constant rate; ``decay`` branches off towards shippable weights."""

import random
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from aigc_kit.make.train import denoising
from assets.train import session

from . import network, paths, probe
from .bank import Bank, Batch


@dataclass(frozen=True)
class Settings:
    batch: int = 128
    matrix_lr: float = 0.02
    other_lr: float = 0.002
    warmup_steps: int = 100
    average: float = 0.998  # per step, of the weights that are shipped
    average_decay: float = 0.97  # the same in the branch with falling rate, which is short
    noisy_share: float = 0.4  # of the timesteps drawn from the noisiest 45 %, beside the uniform ones
    detail_share: float = 0.0  # of the timesteps drawn from 40 to 540, where textures are decided
    subject_weight: float = 2.0  # extra weight of latent cells that the subject covers
    short_share: float = 0.0  # of the pictures that get a new caption of the subject and at most two other words
    drop_zero: float = 0.07  # text replaced by zeros: what the pipeline uses when no negative prompt is given
    drop_empty: float = 0.03  # text replaced by ""
    save_seconds: float = 110.0
    probe_seconds: float = 600.0


POLISH = Settings(noisy_share=0.25, detail_share=0.4, subject_weight=0.5, short_share=0.3)
"""For the end, when the composition is right: brush strokes and pixels of the whole picture count, and short prompts,
which leave so much open that the network must make up its mind."""
POLISH_FROM = 0.4  # of the full rates


class Run(session.Run):
    """One training: network, running average, optimisers, and how far it is."""

    def __init__(self, settings: Settings, bank: Bank) -> None:
        torch.manual_seed(0)
        self.settings, self.bank = settings, bank
        self.unet = network.quicken(network.build())
        twin, both = network.twin(self.unet), network.optimisers(self.unet, settings.matrix_lr, settings.other_lr)
        super().__init__(paths, self.unet, both, averaged=twin, average=settings.average, name="unet")
        self.signal, self.noise = network.alphas()
        self.empty = bank.encoder.packed([""])
        self.rng = random.Random()

    def loss(self, batch: Batch) -> Tensor:
        """Mean squared error of v, weighted towards the subject."""
        s, count = self.settings, len(batch.latents)
        drop = torch.rand(count)
        states, pooled = batch.states.clone(), batch.pooled.clone()
        zero, empty = drop < s.drop_zero, (drop >= s.drop_zero) & (drop < s.drop_zero + s.drop_empty)
        states[zero], pooled[zero] = 0.0, 0.0
        states[empty], pooled[empty] = self.empty[0], self.empty[1]
        place = (torch.rand(1) + torch.arange(count) / count) % 1  # stratified
        draw = torch.rand(count)
        place = torch.where(draw < s.noisy_share, 0.55 + 0.45 * place, place)
        place = torch.where(draw > 1 - s.detail_share, 0.04 + 0.5 * place, place)
        timesteps = (place * 1000).long().clamp(max=999)
        a, b = self.signal[timesteps].view(-1, 1, 1, 1), self.noise[timesteps].view(-1, 1, 1, 1)

        def predict(noisy: Tensor) -> Tensor:
            with session.half():
                return network.predict(self.unet, noisy, timesteps, states, pooled).float()

        weight = 1 + s.subject_weight * batch.cells.unsqueeze(1)
        return denoising("v", predict, batch.latents, torch.randn_like(batch.latents), a, b, weight)

    def factor(self, share: float | None) -> float:
        return min(1.0, (self.step + 1) / self.settings.warmup_steps) if share is None else share

    def committed(self) -> dict:
        from . import export

        state = export.read_state("unet")
        return state | {"unet": state["weights"], "averaged": state["weights"]}


def train(wall: float, settings: Settings = Settings(), fall_from: float = 0.0, source: Path = paths.NETWORK) -> Run:
    """Train for ``wall`` seconds; ``fall_from`` as in ``session.go_on``."""
    torch.set_num_threads(1)
    bank = Bank()
    while not bank.refresh(8):
        time.sleep(5)
    bank.shorten(settings.short_share, random.Random())
    run = Run(settings, bank)
    run.average = settings.average_decay if fall_from else settings.average
    print("resumed at" if run.resume(source) else "fresh start", run.step, f"{len(bank.chunks)} chunks", flush=True)
    session.go_on(run, lambda: bank.batch(settings.batch, run.rng), run.loss, probe.Watch(bank), wall, fall_from)
    return run
