"""The tasks of the shop by name.

Each draws prompts with true answers. ``checkers`` judges what a model says instead.
Every task is a function of a random generator that returns a Sample. ``split`` names the messages (train, held),
``words`` the wordings of the instruction (train, held).
"""

import random
from collections.abc import Callable
from typing import Any

from aigc_kit.worlds.shop import free_texts, labels
from aigc_kit.worlds.shop.samples import Sample

MAKERS: dict[str, Callable[..., Sample]] = {
    "intent": lambda rng, **how: labels.classify("intent", rng, **how),
    "sentiment": lambda rng, **how: labels.classify("sentiment", rng, **how),
    "tone": lambda rng, **how: labels.classify("tone", rng, **how),
    "fields": free_texts.fields,
    "total": free_texts.total,
    "summary": free_texts.summary,
    "reply": free_texts.reply,
    "rule": labels.rule,
    "pairs": labels.pairs,
    "examples": labels.examples,
    "outside": free_texts.outside,
}
ABOUT_A_MESSAGE = ("intent", "sentiment", "tone", "fields", "summary", "reply", "rule")


def draw(task: str, rng: random.Random, split: str = "train", words: str = "train", **how: Any) -> Sample:
    """Draw a sample of a task, one of ``MAKERS``."""
    return MAKERS[task](rng, split=split, words=words, **how)
