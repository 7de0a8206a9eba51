"""What the doctor says, line by line."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "note", "bad"]


@dataclass(frozen=True)
class Finding:
    """One line of the report: `state` is "ok", "note" (works, but worth knowing) or "bad" (something will not work)."""

    section: str
    name: str
    state: State
    text: str
