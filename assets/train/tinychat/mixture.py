"""What the training reads: mixtures of tasks and drills in three stages, some as conversations of several turns."""

import random

from aigc_kit.worlds.shop import tasks
from aigc_kit.worlds.shop.samples import Sample

from .drills import DRILLS

MEANING = {
    "intent": 0.08, "sentiment": 0.05, "tone": 0.03, "fields": 0.13, "summary": 0.05, "reply": 0.08, "total": 0.08,
    "rule": 0.07, "pairs": 0.01, "examples": 0.07, "outside": 0.02,
    "lookup": 0.17, "copy": 0.04, "order_book": 0.03, "tables": 0.06, "written": 0.03,
}  # fmt: skip
LOOKUP = {
    "intent": 0.04, "sentiment": 0.03, "tone": 0.02, "fields": 0.13, "summary": 0.03, "reply": 0.10, "total": 0.12,
    "rule": 0.10, "pairs": 0.02, "examples": 0.11, "outside": 0.02,
    "lookup": 0.14, "copy": 0.03, "order_book": 0.03, "tables": 0.05, "written": 0.03,
}  # fmt: skip
RULES = {
    "intent": 0.04, "sentiment": 0.03, "tone": 0.02, "fields": 0.15, "summary": 0.03, "reply": 0.13, "total": 0.15,
    "rule": 0.14, "pairs": 0.08, "examples": 0.11, "outside": 0.02,
    "lookup": 0.04, "copy": 0.01, "order_book": 0.01, "tables": 0.02, "written": 0.02,
}  # fmt: skip
STAGES = {"meaning": MEANING, "lookup": LOOKUP, "rules": RULES}
LATER = {"intent": 1, "sentiment": 2, "tone": 2, "fields": 4, "summary": 1, "reply": 3, "rule": 3}
BEGIN = {"lookup": 0.2, "rules": 0.33}  # progress at which a stage begins


def stage_at(progress: float) -> str:
    """The stage for a progress in 0..1."""
    return "meaning" if progress < BEGIN["lookup"] else "lookup" if progress < BEGIN["rules"] else "rules"


def conversation(rng: random.Random, stage: str) -> list[Sample]:
    """One to four turns; the later ones ask further questions about the first one's message."""
    mixture = STAGES[stage]
    name = rng.choices(list(mixture), list(mixture.values()))[0]
    if name in DRILLS:
        return [DRILLS[name](rng)]
    turns = [tasks.draw(name, rng)]
    message = turns[0].message
    if name in tasks.ABOUT_A_MESSAGE and message and message.order and rng.random() < 0.45:
        for _ in range(rng.choice([1, 1, 2, 3])):
            later = rng.choices(list(LATER), list(LATER.values()))[0]
            turns.append(tasks.draw(later, rng, message=message, later=True))
    return turns
