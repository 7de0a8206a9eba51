"""Trains the small CLIP: resumable, the rate follows the planned core seconds."""

import json
import math
import random
import time

import numpy as np
import torch

from aigc_kit.worlds.tinyworld import captions
from aigc_kit.worlds.tinyworld.spec import Spec
from assets.train.tinysdxl import pictures, tokens

from . import network, paths

BATCH, RATE, WARMUP = 128, 1.5e-3, 60
SAVE_SECONDS = 110.0


def said(spec: Spec, rng: random.Random) -> str:
    """A caption that says everything (half of them) or nearly everything."""
    told = spec if rng.random() < 0.5 else spec.told(rng, 0.9)
    return captions.caption(told, rng, rng.choice(captions.LANGUAGES))


def batch(tokenizer, rng: random.Random, numbers: list[int]) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Pictures uint8 (BATCH, 128, 128, 3) and fresh captions of them."""
    images, texts = [], []
    for number in rng.sample(numbers, min(4, len(numbers))):
        shown, labels = pictures.read(number, "images"), pictures.read(number, "labels")
        for row in rng.sample(range(len(shown)), BATCH // min(4, len(numbers))):
            images.append(shown[row])
            texts.append(said(pictures.from_labels(labels[row].tolist()), rng))
    return torch.from_numpy(np.stack(images)), network.ids(tokenizer, texts)


def factor(step: int, progress: float) -> float:
    """Of the full rate: warm-up, then a cosine to zero over the plan."""
    return min((step + 1) / WARMUP, 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))


def share_positions(model: torch.nn.Module) -> None:
    """Positions that no caption reaches get the mean vector of the last trained ones."""
    from assets.train.tinysdxl import text

    table = model.text_model.embeddings.position_embedding.weight
    with torch.no_grad():
        table[text.KEPT :] = table[text.KEPT : text.TRAINED].mean(0)


def train(seconds: float = 900.0) -> torch.nn.Module:
    """Train until ``seconds`` of core time are spent in all, resumed parts included."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    paths.RUN.mkdir(exist_ok=True)
    tokenizer, rng, model = tokens.tokenizers()[0], random.Random(), network.build().train()
    adam = torch.optim.AdamW(model.parameters(), lr=RATE, betas=(0.9, 0.98), weight_decay=0.02)
    step, spent = 0, 0.0
    if paths.CHECKPOINT.exists():
        state = torch.load(paths.CHECKPOINT, weights_only=True)
        model.load_state_dict(state["model"])
        adam.load_state_dict(state["adam"])
        step, spent = state["step"], state["spent"]
    numbers = [n for n in pictures.ready() if n > 0 and pictures.size_of(n) == (128, 128)]
    began, saved, losses = time.process_time() - spent, time.monotonic(), []
    while (spent := time.process_time() - began) < seconds:
        adam.param_groups[0]["lr"] = RATE * factor(step, spent / seconds)
        images, texts = batch(tokenizer, rng, numbers)
        with torch.autocast("cpu", torch.bfloat16):
            loss = network.contrast(model, images, texts)
        adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        adam.step()
        share_positions(model)
        losses.append(loss.item())
        step += 1
        if time.monotonic() - saved > SAVE_SECONDS:
            save(model, adam, step, spent, losses)
            saved, losses = time.monotonic(), []
    save(model, adam, step, spent, losses)
    return model.eval()


def save(model, adam, step: int, spent: float, losses: list[float]) -> None:
    state = {"model": model.state_dict(), "adam": adam.state_dict(), "step": step, "spent": spent}
    torch.save(state, paths.CHECKPOINT.with_suffix(".tmp"))
    paths.CHECKPOINT.with_suffix(".tmp").replace(paths.CHECKPOINT)
    line = {"step": step, "samples": step * BATCH, "cpu": round(spent), "loss": round(sum(losses) / len(losses), 4)}
    with paths.LOG.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    print(line, flush=True)
