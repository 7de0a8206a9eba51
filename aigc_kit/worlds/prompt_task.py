"""PromptTask: one interface between prompts and whatever measures them.

A task has items whose truth is known. A prompt is an instruction, put around an item by the task. A model, any
function from prompts to answers, answers; the task judges; the metric turns marks into one number in 0..1:

    items = task.items(40, split="held")
    prompts = [task.prompt("判断顾客的意图。只输出标签。", item) for item in items]
    marks = [task.check(item, answer) for item, answer in zip(items, ask(prompts))]
    task.score(marks)

``measure`` does these four lines. An optimiser only needs ``measure`` on items of its own; which words of an item
carry the answer (``Item.carriers``) is for attribution, the label words for probabilities.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Ask = Callable[[list[str]], list[str]]
TEXT = "{text}"  # where an instruction that contains it wants the item's text


@dataclass(frozen=True)
class Mark:
    """A verdict on an answer.

    why: in Chinese, for learners; empty when right. parts: verdicts on parts of the answer, where it has several.
    """

    right: bool
    why: str = ""
    parts: tuple[tuple[str, bool], ...] = ()

    def __bool__(self) -> bool:
        """Tell whether the answer is right."""
        return self.right


@dataclass(frozen=True)
class Item:
    """One case of a task.

    key: names it for good: task, split, seed and number. text: what the prompt is about. answer: a right answer.
    truth: what the task's checker compares with; its type is the task's business.
    carriers: (start, end) characters of ``text`` that carry the answer; empty when no part of it does.
    """

    key: str
    text: str
    answer: str
    truth: Any
    carriers: tuple[tuple[int, int], ...] = ()


class PromptTask(Protocol):
    """What a lab or an optimiser needs of a task."""

    @property
    def name(self) -> str:
        """Name the task: English, lower case, unique."""

    @property
    def about(self) -> str:
        """Say in one Chinese line what is asked."""

    @property
    def labels(self) -> tuple[str, ...]:
        """List the label words; empty when answers are free text."""

    @property
    def metric(self) -> str:
        """Say in Chinese what ``score`` counts."""

    @property
    def instruction(self) -> str:
        """Give an instruction that is clear; where to start from."""

    def items(self, count: int, *, split: str = "train", seed: int = 0) -> list[Item]:
        """Draw items, the same at every call.

        split: "train", or "held": of kinds that the tiny model never saw in training.
        """

    def prompt(self, instruction: str, item: Item, shots: Sequence[Item] = ()) -> str:
        """Write the prompt.

        shots: solved items that stand in it as examples.
        """

    def check(self, item: Item, answer: str) -> Mark:
        """Judge an answer; never raises on one."""

    def score(self, marks: Sequence[Mark]) -> float:
        """Turn marks into the metric, in 0..1.

        Without marks it is 0.
        """


def share(marks: Sequence[Mark]) -> float:
    """Return the share of right marks: most tasks' metric."""
    return sum(mark.right for mark in marks) / len(marks) if marks else 0.0


@dataclass(frozen=True)
class Measured:
    """What ``measure`` returns, in the order of the items."""

    score: float
    prompts: tuple[str, ...]
    answers: tuple[str, ...]
    marks: tuple[Mark, ...]


def measure(
    task: PromptTask, instruction: str, items: Sequence[Item], ask: Ask, shots: Sequence[Item] = ()
) -> Measured:
    """Ask a model about all items and judge its answers."""
    prompts = [task.prompt(instruction, item, shots) for item in items]
    answers = ask(prompts)
    marks = [task.check(item, answer) for item, answer in zip(items, answers, strict=True)]
    return Measured(task.score(marks), tuple(prompts), tuple(answers), tuple(marks))
