"""Hold what a team made, and how."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aigc_kit.works.team.asks import ask_of
from aigc_kit.works.work import Work


@dataclass(frozen=True)
class Asked:
    """Hold one ask, and how far four texts go.

    Args:
        says: the ask in Chinese.
        before, first, kept, control: measured of the draft before, of the first rewrite, of the one that is kept, and
            of a rewrite without feedback.
        met, first_met, control_met: whether they do it.
    """

    says: str
    before: float
    first: float
    kept: float
    control: float
    met: bool
    first_met: bool
    control_met: bool


@dataclass(frozen=True)
class Result:
    """Hold a finished project.

    Args:
        state: the last checkpoint.
        calls: of the model, in all processes together.
        memory: (step, role, words).
    """

    state: Mapping[str, Any]
    calls: int
    memory: Sequence[tuple[int, str, str]]

    @property
    def text(self) -> str:
        """Give the edited text."""
        return str(self.state["final"] or self.state["drafts"][-1]["text"])

    @property
    def drafts(self) -> list[str]:
        """List the drafts, the oldest first."""
        return [draft["text"] for draft in self.state["drafts"]]

    @property
    def asked(self) -> list[Asked]:
        """List every ask with what was measured, draft by draft."""
        rows = []
        for before, draft in zip(self.state["drafts"], self.state["drafts"][1:], strict=False):
            for row in draft["asks"]:
                each = ask_of(row)
                texts = (before["text"], draft["first"], draft["text"], draft["control"])
                old, first, kept, control = (each.measured(text) for text in texts)
                does = [each.met(text) for text in texts]
                rows.append(Asked(each.says, old, first, kept, control, does[2], does[1], does[3]))
        return rows

    def work(self, title: str = "") -> Work:
        """Put the text into a work, labelled."""
        work = Work(self.state["goal"][:200], title)
        credit = f"{self.state['model']} 写，程序编辑，{self.calls} 次调用"
        work.add("text", self.text, "mixed", credit=credit, title=title or "正文")
        return work
