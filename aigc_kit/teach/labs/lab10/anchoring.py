"""Hold the tiny model to terms, and count calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aigc_kit.core.statistics import Share
from aigc_kit.core.types import FrozenMap
from aigc_kit.promptlab import budget
from aigc_kit.promptlab.ask.asking import Asker
from aigc_kit.promptlab.budget.terms import Dictionary, Use
from aigc_kit.worlds.shop.prompt_tasks import all_tasks

BARE = "判断顾客的意图。"
COUNT = 300
CLAIMED: Mapping[str, tuple[float, float]] = FrozenMap({"术语准确": (72.3, 96.8), "误用": (18.5, 2.1)})
"""What the article says, before and after, in per cent: no set, no number of answers, no interval (E93)."""


@dataclass(frozen=True)
class Kept:
    """Hold how well answers keep to terms.

    Args:
        name: of the way, in Chinese.
        right: one for each answer: it writes the true term and no other word for any.
        misused: it writes an alias, or another term.
        calls: of the model.
        answers: after rewriting.
        tokens: of all prompts together.
    """

    name: str
    right: tuple[bool, ...]
    misused: tuple[bool, ...]
    calls: int
    answers: tuple[str, ...]
    tokens: int

    @property
    def right_share(self) -> Share:
        """Share of right answers, with its 95 % interval."""
        return Share.of(f"{self.name}：术语准确", self.right)

    @property
    def misused_share(self) -> Share:
        """Share of answers with a wrong word, with interval."""
        return Share.of(f"{self.name}：误用", self.misused)


def term_ways(asker: Asker, terms: Dictionary, count: int = COUNT) -> list[Kept]:
    """Ask with and without terms, and rewrite in two ways."""
    task = all_tasks()["intent"]
    items = task.items(count, split="held")
    truths, engine = [item.answer for item in items], asker.backend.engine  # type: ignore[attr-defined]

    def asked(name: str, instruction: str, rewrite: str = "no") -> Kept:
        prompts = [task.prompt(instruction, item) for item in items]
        again = {text: task.prompt(terms.prompt(BARE), item) for text, item in zip(prompts, items, strict=True)}

        def second(prompt: str, answer: str, uses: Sequence[Use]) -> str:
            return again[prompt]

        result = budget.anchor(terms, asker, prompts, rewrite=rewrite, again=second)
        extra = [
            again[prompt] for prompt, uses in zip(prompts, result.uses, strict=True) if any(not u.proper for u in uses)
        ]
        read = [*prompts, *(extra if rewrite == "model" else ())]
        tokens = sum(budget.count(engine, prompt) for prompt in read)
        return kept(name, terms, result.final, truths, count + result.again, tokens)

    return [
        asked("不给术语", BARE),
        asked("不给术语，程序改写", BARE, "program"),
        asked("不给术语，模型重答", BARE, "model"),
        asked("列出术语", terms.prompt(BARE)),
        asked("术语带解释", terms.prompt(BARE, "definitions")),
        asked("术语带“不说什么”", terms.prompt(BARE, "aliases")),
    ]


def kept(name: str, terms: Dictionary, answers: Sequence[str], truths: Sequence[str], calls: int, tokens: int) -> Kept:
    """Judge answers by the terms that are true."""
    right, misused = [], []
    for answer, truth in zip(answers, truths, strict=True):
        uses = terms.uses(answer)
        wrong = any(not use.proper or use.term != truth for use in uses)
        misused.append(wrong)
        right.append(bool(uses) and not wrong)
    return Kept(name, tuple(right), tuple(misused), calls, tuple(answers), tokens)


def harmed(terms: Dictionary, count: int = COUNT) -> list[tuple[str, str]]:
    """List messages that a rewriting of everything would change.

    Returns:
        (what the customer wrote, what would become of it): their words, which are no misuse of a term.
    """
    texts = [item.text for item in all_tasks()["intent"].items(count, split="held")]
    return [(text, terms.rewritten(text)) for text in texts if terms.rewritten(text) != text]
