"""Simulate users of the shop after its rule has changed.

The rule and the truth are the world's program; the clicks are drawn by chance, and say so.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from aigc_kit.promptlab.feedback.event_store import SHORT, FeedbackStore
from aigc_kit.worlds.prompt_task import Item, Mark
from aigc_kit.worlds.shop import messages
from aigc_kit.worlds.shop.clauses import REASON_INTENTS
from aigc_kit.worlds.shop.messages import Message
from aigc_kit.worlds.shop.prompt_tasks import ShopTask, all_tasks

NEW = "漏发"
"""From now on whoever misses a part gets this label, whatever else is wanted."""


def _missing(rng: random.Random, split: str) -> Message:
    while True:
        message = messages.draw(rng, split, rng.choice(REASON_INTENTS))
        if message.reason == NEW:
            return message


def _usual(rng: random.Random, split: str) -> Message:
    while (message := messages.draw(rng, split)).reason == NEW:
        pass
    return message


_INTENT = all_tasks()["intent"]
OLD_RULE: ShopTask = replace(_INTENT, name="intent_usual", source=_usual)
"""Messages that the new rule leaves as they were."""

NEW_RULE: ShopTask = replace(
    _INTENT,
    name="intent_missing",
    about="判断顾客想要什么；说少发了东西的，一律标漏发",
    source=_missing,
    facts=lambda message: {"label": NEW, "clear": True},
)
"""Messages whose label has changed."""


def day(count: int, *, split: str = "train", seed: int = 0, share: float = 0.3) -> list[Item]:
    """Draw one day's messages, under the new rule.

    Args:
        count: messages.
        split: "train", or "held" for the exam.
        seed: of the day.
        share: of messages whose label has changed.
    """
    changed = round(share * count)
    items = NEW_RULE.items(changed, split=split, seed=seed) + OLD_RULE.items(count - changed, split=split, seed=seed)
    random.Random(seed).shuffle(items)
    return items


def prompts(items: Sequence[Item]) -> list[str]:
    """Write the prompts: the shop's usual instruction."""
    return [_INTENT.prompt(_INTENT.instruction, item) for item in items]


def judged(item: Item, answer: str) -> Mark:
    """Judge an answer by the world's program."""
    return _INTENT.check(item, answer)


@dataclass(frozen=True)
class Crowd:
    """Hold how simulated users click.

    Args:
        speaks: share that rates at all; slip: share of ratings that are the wrong way round.
        leaves: share that breaks off a wrong answer.
        seed: of all draws.
    """

    speaks: float = 0.4
    slip: float = 0.05
    leaves: float = 0.15
    seed: int = 0

    def react(self, store: FeedbackStore, message: str, right: bool) -> int:
        """Let one user look at one answer.

        Who got a wrong answer mostly leaves soon; every event has an id that depends on the message alone, so reacting
        again after a crash writes nothing twice.

        Returns:
            events that were written now.
        """
        rng = random.Random(f"{self.seed} {message}")
        user = f"顾客 {rng.randrange(10_000)}"
        seconds = rng.lognormvariate(3.2, 0.5) if right else rng.lognormvariate(1.6, 0.6)
        rows = int(store.dwell(message, round(seconds, 1), user=user, event=f"{message}-dwell"))
        if rng.random() < self.speaks:
            good = right != (rng.random() < self.slip)
            rows += store.rate(message, "like" if good else "dislike", user=user, event=f"{message}-rating")
        if not right and seconds < SHORT and rng.random() < self.leaves:
            rows += store.broken(message, user=user, event=f"{message}-broken")
        return rows
