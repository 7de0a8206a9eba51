"""Trains the ControlNet on the frozen tiny SDXL, by the clock: resumable, at a constant rate, then a falling one."""

import random
import time

import numpy as np
import torch
import torch.nn.functional as F

from aigc_kit.make.train import Training, batches, material, mistake, new_control, read_weights, save_checkpoint, train
from aigc_kit.make.train.control import WEIGHTS, two_rates
from aigc_kit.make.train.lessons import Batch, Material
from assets.train import session
from assets.train.tinysdxl.network import Float32Norm

from . import hints, paths

CHUNK, CHUNKS = 500, 20
KEPT = 28  # text states kept of 77: behind the longest caption all are alike
BATCH = 32
WARM_UP = 50


def base():
    """The tiny SDXL, frozen."""
    from diffusers import DiffusionPipeline

    pipe = DiffusionPipeline.from_pretrained(paths.BASE)
    for name in ("unet", "vae", "text_encoder", "text_encoder_2"):
        getattr(pipe, name).requires_grad_(False)
    return pipe


def pictures(pipe, chunks: int = CHUNKS) -> None:
    """Renders and encodes every chunk that is not there yet."""
    paths.RUN.mkdir(parents=True, exist_ok=True)
    for number in range(chunks):
        file = paths.RUN / f"{number:03d}.pt"
        if file.exists():
            continue
        rng = random.Random(6_000_011 * (number + 1))
        lessons = [hints.lesson(rng) for _ in range(CHUNK)]
        images, shown = np.stack([one.picture for one in lessons]), np.stack([one.hint for one in lessons])
        part = material(pipe, images, [one.caption for one in lessons], size=50)
        states = torch.cat([part.states[:, :KEPT], part.states[:, KEPT:].mean(1, keepdim=True)], 1)
        masks = torch.from_numpy(np.stack([one.mask for one in lessons])).float()[:, None]
        content = {
            "latents": part.latents.half(),
            "states": states.half(),
            "pooled": part.pooled.half(),
            "hints": torch.from_numpy(shown[..., 0]) > 0,
            "cells": F.avg_pool2d(masks, 8).half(),
        }
        save_checkpoint(content, file)
        print("pictures", (number + 1) * CHUNK, flush=True)


class Bank:
    """The chunks in memory, dealt out in batches."""

    def __init__(self) -> None:
        files = sorted(paths.RUN.glob("???.pt"))
        parts = [torch.load(file, weights_only=True) for file in files]
        self.parts = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}

    def batches(self, seed: int):
        """Endless batches; errors in cells on the subject's rim count most."""
        cells = self.parts["cells"]
        weight = 1 + 1.5 * cells + 6 * cells * (1 - cells)
        source = Material(*(self.parts[name] for name in ("latents", "states", "pooled", "hints")), weight=weight)
        for batch in batches(source, BATCH, 10**9, seed, noisy=0.55):
            part = batch.material
            states = torch.cat([part.states[:, :KEPT], part.states[:, KEPT:].expand(-1, 77 - KEPT, -1)], 1)
            seen = part.hints[:, None].float().repeat(1, 3, 1, 1)
            full = Material(part.latents.float(), states.float(), part.pooled.float(), seen, part.weight.float())
            yield Batch(full, batch.noise.float(), batch.timesteps)


def quicken(network) -> None:
    """Makes a network fast in training; no parameter changes."""
    from diffusers.models.attention_processor import AttnProcessor

    network.set_attn_processor(AttnProcessor())  # the backward pass of SDPA is slow on a CPU
    network.to(memory_format=torch.channels_last)
    for module in network.modules():
        if type(module) is torch.nn.GroupNorm:
            module.__class__ = Float32Norm


class Run(Training):
    """The training, which keeps how many core seconds it took."""

    counters = ("step", "cpu")

    def __init__(self, pipe) -> None:
        import copy

        torch.manual_seed(0)
        self.control = new_control(pipe)
        quicken(self.control)
        adam = two_rates(self.control)
        twin = copy.deepcopy(self.control).requires_grad_(False)
        super().__init__(self.control, [adam], averaged=twin, average=0.998, name="control")
        self.cpu = 0.0


def learn(wall: float, fall: bool = False) -> Run:
    """Trains for ``wall`` seconds; with ``fall`` the rates fall to zero in this time."""
    torch.set_num_threads(1)
    pipe = base()
    pictures(pipe)
    quicken(pipe.unet)
    run, bank = Run(pipe), Bank()
    if paths.CHECKPOINT.exists():
        run.restore(torch.load(paths.CHECKPOINT, weights_only=True))
    elif (shipped := paths.MODEL / WEIGHTS).exists():  # in a fresh clone: goes on from there, its optimiser anew
        run.network.load_state_dict(read_weights(shipped))
        run.averaged.load_state_dict(read_weights(shipped))
    wrong, began, saved, cpu, losses = mistake(pipe, run.control), time.monotonic(), time.monotonic(), 0.0, []
    print("from step", run.step, len(bank.parts["latents"]), "pictures", flush=True)
    if fall:
        run.average = 0.98

    def loss(batch):
        with session.half():
            return wrong(batch)

    def pace(step: int) -> float:
        left = max(0.0, 1 - (time.monotonic() - began) / wall)
        return left if fall else min(1.0, (step + 1) / WARM_UP)

    cpu = time.process_time()
    for progress in train(run, bank.batches(run.step), loss, pace):
        losses.append(progress.loss)
        now = time.monotonic()
        if (over := now - began > wall) or now - saved > 60:
            run.cpu += time.process_time() - cpu
            cpu, saved = time.process_time(), now
            save_checkpoint(run.state(), paths.CHECKPOINT)
            line = {"step": run.step, "cpu": round(run.cpu), "loss": round(sum(losses) / len(losses), 4)}
            session.note(paths.LOG, line)
            losses = []
        if over:
            break
    return run
