"""Batches of latents with captions made afresh."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from aigc_kit.worlds.tinyworld.captions import LANGUAGES, clip_caption
from aigc_kit.worlds.tinyworld.motion import ClipSpec

from . import clips, text, tokens

KEPT_BACK = 1  # chunks at the start of the numbering that training never sees
WIDE_SHARE, SHORT_SHARE = 0.25, 0.2
KEEP, KEEP_SHARES = (1.0, 0.85, 0.3), (0.35, 0.35, 0.3)
"""How probable it is that a caption says each attribute, and how often it is one of these."""
FAVOURABLE = {
    "puppy": ClipSpec(subject="puppy"),
    "turn": ClipSpec(motion="turn"),
    "dance": ClipSpec(subject="puppy", motion="bounce"),
    "morph": ClipSpec(motion="morph"),
    "ball": ClipSpec(subject="ball"),
    "star": ClipSpec(subject="star"),
}
"""What a training can look at longer: what the course's prompts show; what is hardest to draw."""
NEGATIVES = ("low quality, watermark, glitch", "blurry, low quality", "模糊，低质量", "静止，模糊", "worst quality")


@dataclass(frozen=True)
class Batch:
    """latents float32 (N, C, t, h, w); states float32 (N, 29, 96): the caption and one slot for its padding."""

    latents: Tensor
    states: Tensor
    labels: Tensor


NONE: Mapping[str, float] = {}


def rows_of(labels: np.ndarray, name: str) -> np.ndarray:
    """Which rows of labels (N, 5) show what ``FAVOURABLE[name]`` says."""
    wanted = np.array(clips.labels(FAVOURABLE[name]))
    return np.flatnonzero(((labels == wanted) | (wanted < 0)).all(1))


class Bank:
    """All chunks in memory as float16; captions of 40 kinds are encoded ahead for speed and renewed as it goes."""

    def __init__(self) -> None:
        self.encoder = text.load()
        self.chunks: dict[int, dict[str, np.ndarray]] = {}
        self.refresh()

    def refresh(self) -> int:
        """Read chunks that have been rendered since. Returns how many there are to train on."""
        for number in clips.ready():
            if number not in self.chunks:
                chunk = {name: np.asarray(clips.read(number, name)) for name in ("long", "short", "labels")}
                self.chunks[number] = chunk | {name: rows_of(chunk["labels"], name) for name in FAVOURABLE}
        return max(0, len(self.chunks) - KEPT_BACK)

    def batch(self, count: int, rng: random.Random, favours: Mapping[str, float] = NONE) -> Batch:
        """One batch of one size and length: a fifth short, a quarter wide.

        Args:
            favours: name of ``FAVOURABLE`` -> share of the batch that is drawn among the clips that show it.
        """
        wide = rng.random() < WIDE_SHARE
        name = "short" if rng.random() < SHORT_SHARE else "long"
        numbers = [n for n in self.chunks if n >= KEPT_BACK and (clips.size_of(n)[1] > 64) == wide]
        chosen = rng.sample(numbers, min(len(numbers), 8))
        latents, rows = [], []
        for place in range(count):
            chunk = self.chunks[chosen[place % len(chosen)]]
            favoured = rng.choices((*favours, None), (*favours.values(), 1 - sum(favours.values())))[0]
            among = chunk[favoured] if favoured else ()  # a chunk need not hold any
            index = int(rng.choice(among)) if len(among) else rng.randrange(len(chunk["labels"]))
            latents.append(chunk[name][index])
            rows.append(chunk["labels"][index])
        labels = torch.from_numpy(np.stack(rows)).long()
        return Batch(torch.from_numpy(np.stack(latents)).float(), self.states_of(labels, rng), labels)

    def states_of(self, labels: Tensor, rng: random.Random) -> Tensor:
        """New captions of these labels, encoded, with a slot for padding: a learner's first prompts are short ones."""
        texts = []
        for row in labels.tolist():
            told = clips.from_labels(row).told(rng, rng.choices(KEEP, KEEP_SHARES)[0])
            texts.append(clip_caption(told, rng, rng.choice(LANGUAGES)))
        return self.encode(texts)

    @torch.no_grad()
    def encode(self, texts: list[str]) -> Tensor:
        """float32 (N, 29, 96)."""
        states, _ = self.encoder(texts)
        return torch.nn.functional.pad(states, (0, 0, 0, 1))


def pads(count: int, rng: random.Random) -> Tensor:
    """The logarithm of the number of padded tokens, for the lengths that a caller may ask of the pipeline."""
    lengths = rng.choices((32, 64, 128, tokens.LENGTH), (2, 2, 2, 4), k=count)
    return torch.log(torch.tensor(lengths, dtype=torch.float32) - text.KEPT)
