"""What the log follows while the network trains, on held-out messages and, by default, seen wordings."""

import random

import torch
import torch.nn.functional as F

from aigc_kit.worlds.shop import instructions, tasks
from aigc_kit.worlds.shop.samples import Sample

from .drills import DRILLS
from .network import Network
from .tokens import Encoder

WATCHED: dict[str, tuple[str, dict]] = {
    "intent": ("intent", {"clear": True, "shots": 0}),
    "intent_words": ("intent", {"clear": True, "shots": 0, "words": "held"}),
    "sentiment": ("sentiment", {"clear": True, "shots": 0}),
    "tone": ("tone", {"clear": True, "shots": 0}),
    "json": ("fields", {"form": "json"}),
    "summary": ("summary", {}),
    "reply": ("reply", {"terms": True}),
    "steps": ("total", {"mode": "steps"}),
    "direct": ("total", {"mode": "direct"}),
    "rule": ("rule", {"worked": False, "shots": 0}),
    "rule_held": ("rule", {"worked": False, "shots": 0, "symbols": instructions.HELD_SYMBOLS}),
    "rule_worked": ("rule", {"worked": True, "shots": 0}),
    "pairs": ("pairs", {"worked": False}),
    "pairs_worked": ("pairs", {"worked": True}),
    "few_2x4": ("examples", {"classes": 2, "shots": 4}),
    "few_3x3": ("examples", {"classes": 3, "shots": 3}),
    "outside": ("outside", {"words": "held"}),
}


@torch.no_grad()
def right(network: Network, encoder: Encoder, samples: list[Sample]) -> list[bool]:
    """Would greedy decoding give the true answer exactly? (All its tokens are the most likely ones.)"""
    marks = {}
    coded = sorted(((encoder.turn(sample)[0], n) for n, sample in enumerate(samples)), key=lambda row: len(row[0]))
    for start in range(0, len(coded), 32):
        chunk = coded[start : start + 32]
        ids = torch.zeros(len(chunk), len(chunk[-1][0]), dtype=torch.long)
        for k, (row, _) in enumerate(chunk):
            ids[k, : len(row)] = torch.tensor(row)
        best = F.linear(network.streams(ids)[0], network.embedding.weight).argmax(-1)
        for k, (row, n) in enumerate(chunk):
            answer, end = len(encoder.text(samples[n].answer)) + 1, len(row)
            marks[n] = bool((best[k, end - answer - 1 : end - 1] == ids[k, end - answer : end]).all())
    return [marks[n] for n in range(len(samples))]


def drawn(name: str, count: int) -> list[Sample]:
    """The same samples at every call."""
    rng = random.Random(name)
    if name in DRILLS:
        return [DRILLS[name](rng) for _ in range(count)]
    task, how = WATCHED[name]
    return [tasks.draw(task, rng, split="held", **how) for _ in range(count)]


def scores(network: Network, encoder: Encoder, count: int = 40) -> dict[str, float]:
    """Share of right answers for everything that is watched, drills included."""
    return {name: round(sum(right(network, encoder, drawn(name, count))) / count, 3) for name in [*WATCHED, *DRILLS]}
