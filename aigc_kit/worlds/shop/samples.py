"""A prompt with its true answer, and what a checker needs to judge another answer."""

from dataclasses import dataclass, field
from typing import Any

from aigc_kit.worlds.shop.messages import Message

Segment = tuple[str, bool]  # (text, whether it is the answer of an example)


@dataclass(frozen=True)
class Sample:
    """A prompt, the answer that a good model gives, and what a checker needs to judge another answer."""

    task: str
    segments: tuple[Segment, ...]
    answer: str
    message: Message | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def prompt(self) -> str:
        """Return the text of the prompt."""
        return "".join(text for text, _ in self.segments)


def truth_of(message: Message, task: str) -> str:
    """Return the label of a message for one of the tasks with labels."""
    return getattr(message, task)
