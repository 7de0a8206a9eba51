"""Trains the U-Net: resumable, at a constant rate; ``decay`` branches off towards shippable weights."""

import json
import os
import random
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from . import network, paths, probe
from .bank import Bank, Batch
from .optimiser import optimisers


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


class Run:
    """One training: network, running average, optimisers, and how far it is."""

    def __init__(self, settings: Settings, bank: Bank) -> None:
        torch.manual_seed(0)
        self.settings, self.bank, self.average = settings, bank, settings.average
        self.unet = network.quicken(network.build())
        self.averaged = network.twin(self.unet)
        self.optimisers = optimisers(self.unet, settings.matrix_lr, settings.other_lr)
        self.signal, self.noise = network.alphas()
        self.empty = bank.encoder.packed([""])
        self.step = self.samples = 0
        self.cpu = 0.0
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
        noise = torch.randn_like(batch.latents)
        with torch.autocast("cpu", torch.bfloat16):
            said = network.predict(self.unet, a * batch.latents + b * noise, timesteps, states, pooled).float()
        weight = 1 + s.subject_weight * batch.cells.unsqueeze(1)
        return ((said - (a * noise - b * batch.latents)).square() * weight).mean() / weight.mean()

    def update(self, factor: float) -> None:
        """One optimiser step at ``factor`` times the full rates, then the running average."""
        torch.nn.utils.clip_grad_norm_(self.unet.parameters(), 1.0)
        rates = (self.settings.matrix_lr, self.settings.other_lr)
        for optimiser, rate in zip(self.optimisers, rates, strict=True):
            optimiser.param_groups[0]["lr"] = rate * factor
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        self.step += 1
        weight = 1 - min(self.average, (self.step + 1) / (self.step + 10))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.averaged.parameters()), list(self.unet.parameters()), weight)

    def state(self) -> dict:
        return {
            "step": self.step,
            "samples": self.samples,
            "cpu": self.cpu,
            "unet": self.unet.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
        }

    def save(self, target: Path | None = None) -> None:
        target = target or paths.NETWORK
        temporary = target.with_suffix(".tmp")
        torch.save(self.state(), temporary)
        temporary.replace(target)

    def resume(self, source: Path) -> bool:
        """Continue from the checkpoint, else from the committed weights; False when there is neither."""
        if source.exists():
            state = torch.load(source, weights_only=True)
            for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
                optimiser.load_state_dict(saved)
        elif paths.PROGRESS.exists():
            from . import export

            state = export.read_state("unet")
            state |= {"unet": state["weights"], "averaged": state["weights"]}
        else:
            return False
        self.unet.load_state_dict(state["unet"])
        self.averaged.load_state_dict(state["averaged"])
        self.step, self.samples, self.cpu = state["step"], state["samples"], state["cpu"]
        return True


def train(wall: float, settings: Settings = Settings(), fall_from: float = 0.0, source: Path = paths.NETWORK) -> Run:
    """Train for ``wall`` seconds. With ``fall_from`` the rates fall from that share of the full ones to zero in this
    time, and the result is a branch of its own, ``decayed.pt``, saved at the end.
    """
    torch.set_num_threads(1)
    bank = Bank()
    while not bank.refresh(8):
        time.sleep(5)
    bank.shorten(settings.short_share, random.Random())
    run = Run(settings, bank)
    run.average = settings.average_decay if fall_from else settings.average
    print("resumed at" if run.resume(source) else "fresh start", run.step, f"{len(bank.chunks)} chunks", flush=True)
    watch = probe.Watch(bank)
    began = saved = time.monotonic()
    cpu = time.process_time()
    probed, losses = began if run.step else began - 400, []
    (paths.RUN / "pid").write_text(str(os.getpid()))
    while (now := time.monotonic()) - began < wall:
        left = 1 - (now - began) / wall
        loss = run.loss(bank.batch(settings.batch, run.rng))
        loss.backward()
        run.update(fall_from * left if fall_from else min(1.0, (run.step + 1) / settings.warmup_steps))
        losses.append(loss.item())
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
                "per_cpu_second": round(len(losses) * settings.batch / spent, 1),
                "loss": round(sum(losses) / len(losses), 4),
                "chunks": len(bank.chunks),
            }
            if now - probed > settings.probe_seconds:
                line["prefers"] = watch.look(run.averaged)
                probed = time.monotonic()
            log(line)
            bank.refresh()
            saved, losses = time.monotonic(), []
    run.cpu += time.process_time() - cpu
    run.save(paths.DECAYED if fall_from else None)
    log({"step": run.step, "samples": run.samples, "cpu": round(run.cpu), "prefers": watch.look(run.averaged)})
    return run


def log(line: dict) -> None:
    with paths.LOG.open("a") as file:
        file.write(json.dumps(line) + "\n")
    print(line, flush=True)
