"""A prompt on its way to the text encoders, and what a Take says of it."""

from dataclasses import dataclass
from typing import Any

from aigc_kit.worlds.prompts import TokenBudget


@dataclass(frozen=True)
class ReadWords:
    """A prompt as its encoders read it.

    Args:
        given: as written.
        read: the text that they read.
        budget: its tokens.
        labels: what was changed, (name, value) each, such as phrase, kept and dropped of the tiny world.
        notes: what a reader should know of it, in Chinese.
    """

    given: str
    read: str
    budget: TokenBudget
    labels: tuple[tuple[str, Any], ...] = ()
    notes: tuple[str, ...] = ()


def labels_of(prompt: ReadWords, negative: ReadWords | None, guidance: float | None) -> dict[str, Any]:
    """Labels of a Take: prompt_read, tokens, token_limit, cut and what was changed, the same with "negative_" in front
    for a negative prompt, and the notes of both.

    Args:
        prompt, negative: None: no negative prompt.
        guidance: of the run; without any (<= 1) a negative prompt does nothing, which is noted.
    """
    labels: dict[str, Any] = {}
    notes: list[str] = []
    for start, words in (("", prompt), ("negative_", negative)):
        if words is not None:
            budget = words.budget
            said = {"prompt_read": words.read, "tokens": budget.used, "token_limit": budget.limit, "cut": budget.cut}
            labels |= {start + name: value for name, value in {**said, **dict(words.labels)}.items()}
            notes += words.notes
    if negative is not None and float(guidance or 0) <= 1:
        notes.append("guidance <= 1 时没有引导，负面提示词不起作用")
    return {**labels, "notes": tuple(notes)}
