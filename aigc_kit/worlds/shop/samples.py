"""Samples: prompts with true answers, and rows of JSON."""

from dataclasses import asdict, dataclass, field
from typing import Any

from aigc_kit.worlds.shop.messages import Message
from aigc_kit.worlds.shop.orders import Order

Segment = tuple[str, bool]  # (text, whether it is the answer of an example)


@dataclass(frozen=True)
class Sample:
    """A prompt with its true answer.

    answer: what a good model says. facts: what a checker needs to judge another answer.
    """

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
    """Return the label of a message for a task."""
    return getattr(message, task)


def to_row(sample: Sample) -> dict[str, Any]:
    """Write a sample as JSON values.

    They are prompt, answer and what its checker needs, without the message's words.
    """
    row: dict[str, Any] = {"task": sample.task, "prompt": sample.prompt, "answer": sample.answer, "facts": sample.facts}
    if sample.message is not None:
        row["message"] = {
            k: v for k, v in asdict(sample.message).items() if k not in ("words", "typos", "trap", "tone")
        }
    return row


def from_row(row: dict[str, Any]) -> Sample:
    """Read a sample back from JSON values.

    It has the same prompt, answer and verdicts.
    """
    message = None
    if content := row.get("message"):
        values = {**content, "order": Order(**content["order"]), "fields": tuple(content["fields"]), "tone": ""}
        message = Message(words=(), **values)
    return Sample(row["task"], ((row["prompt"], False),), row["answer"], message, row["facts"])
