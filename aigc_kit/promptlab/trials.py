"""Try prompts on the same items, telling differences from chance.

bare = trial("bare", tiny, task, items, "判断顾客的意图。")
clear = trial("clear", tiny, task, items, task.instruction)
bare.share, clear.share                # with 95 % intervals
change = compare([bare, clear])[0]     # item by item, p raised for the number of comparisons
change.real, change.words              # said from the numbers
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.statistics import Difference, Share, holm, paired
from aigc_kit.promptlab.ask.asking import Asker
from aigc_kit.worlds.prompt_task import Item, Mark, PromptTask, measure

LIMIT = 0.05


@dataclass(frozen=True)
class Trial:
    """Hold one way of asking, tried on items.

    Args:
        name: of the way; at: a setting, such as the number of examples, or None.
        prompts, answers, marks: one for each item.
    """

    name: str
    at: Any
    prompts: tuple[str, ...]
    answers: tuple[str, ...]
    marks: tuple[Mark, ...]

    @property
    def held(self) -> tuple[bool, ...]:
        """Tell which answers are right."""
        return tuple(mark.right for mark in self.marks)

    @property
    def share(self) -> Share:
        """Share of right answers, with its 95 % interval."""
        return Share.of(self.name, self.held, self.at)


@dataclass(frozen=True)
class Change:
    """Hold how one trial differs from another.

    Args:
        first, second: their names.
        difference: item by item.
        p: of the sign test, raised for how many comparisons were made.
    """

    first: str
    second: str
    difference: Difference
    p: float

    @property
    def real(self) -> bool:
        """Tell whether chance is refused at 95 %."""
        return self.p < LIMIT and self.difference.real(LIMIT)

    @property
    def words(self) -> str:
        """Say it in Chinese, from the numbers."""
        d = self.difference
        verdict = ("升" if d.gain > 0 else "降") if self.real else "看不出差别"
        numbers = f"{100 * d.gain:+.0f} 个百分点，95% 区间 {100 * d.low:+.0f} 到 {100 * d.high:+.0f}"
        return f"{self.first} → {self.second}：{verdict}（{numbers}，p = {self.p:.2g}，{d.count} 题）"


def trial(
    name: str,
    asker: Asker | Callable[[list[str]], list[str]],
    task: PromptTask,
    items: Sequence[Item],
    instruction: str,
    shots: Sequence[Item] = (),
    at: Any = None,
) -> Trial:
    """Ask about every item in one way, and judge.

    Args:
        name, at: of the way.
        asker: an `Asker`, or any function from prompts to answers.
        task, items, instruction, shots: as in `worlds.prompt_task.measure`.
    """
    result = measure(task, instruction, items, asker, shots)
    return Trial(name, at, result.prompts, result.answers, result.marks)


def trial_of(
    name: str,
    asker: Callable[[list[str]], list[str]],
    prompts: Sequence[str],
    judge: Callable[[int, str], Mark],
    at: Any = None,
) -> Trial:
    """Ask prompts of one's own, and judge the answers.

    Args:
        name, asker, at: as in `trial`.
        prompts: one for each item.
        judge: (number of the item, answer) -> its mark.
    """
    answers = asker(list(prompts))
    marks = tuple(judge(number, answer) for number, answer in enumerate(answers))
    return Trial(name, at, tuple(prompts), tuple(answers), marks)


def compare(trials: Sequence[Trial], base: Trial | None = None) -> list[Change]:
    """Compare trials on the same items.

    Args:
        trials: two or more; or one or more, with a base.
        base: compared with each; None: the first.

    Returns:
        One change for each of the others; p values are raised together (Holm).

    Raises:
        BadInput: nothing to compare, or other items.
    """
    start = base or (trials[0] if trials else None)
    others = [each for each in trials if each is not start]
    if start is None or not others or any(len(each.marks) != len(start.marks) for each in others) or not start.marks:
        raise BadInput(
            asked=Words("to compare trials", "比较几次试验"),
            found=Words("fewer than two trials, or not the same items", "试验不到两次，或者用的不是同一批题"),
            todo=Words("try two ways on the same items, one at least", "用同一批题（至少一题）试两种问法"),
        )
    differences = [paired(start.held, each.held) for each in others]
    raised = holm([difference.p for difference in differences])
    return [
        Change(start.name, each.name, difference, p)
        for each, difference, p in zip(others, differences, raised, strict=True)
    ]
