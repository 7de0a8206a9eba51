"""Keep every prompt scored, so that searches go on."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from aigc_kit.core import paths
from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, CannotLoad, echo
from aigc_kit.promptlab.ask.answer_cache import key_of

FORMAT = 1


@dataclass(frozen=True)
class Step:
    """Hold one scored prompt of a search.

    Args:
        number: in the order of scoring, 0 the start; calls: spent when it was known.
        kind, parents: as in `spaces.Edit`; "start" and none for the first.
        prompt: what was scored; score: its mean on the development items.
    """

    number: int
    calls: int
    kind: str
    parents: tuple[str, ...]
    prompt: str
    score: float


@dataclass(frozen=True)
class Evolution:
    """Hold what a search did.

    Args:
        method, seed: of the search; unit: of its scores, higher being better.
        budget: calls that it might spend; calls: that it spent, fewer where nothing new was left to try; a gradient is
            two.
        items: that each prompt was scored on.
        steps: every prompt scored, the start first.
        dev, test: keys of the items to choose on, and of those kept away.
        start_scores, best_scores: of first and best prompt on the test items, float64 (N,).
        decides: hash of all that decides the search.
    """

    method: str
    seed: int
    unit: str
    budget: int
    calls: int
    items: int
    steps: tuple[Step, ...]
    dev: tuple[str, ...] = field(repr=False)
    test: tuple[str, ...] = field(repr=False)
    start_scores: tuple[float, ...] = field(repr=False)
    best_scores: tuple[float, ...] = field(repr=False)
    decides: str = ""

    @property
    def best(self) -> Step:
        """Give the best development step, the first of equals."""
        return max(self.steps, key=lambda step: (step.score, -step.number))

    @property
    def prompt(self) -> str:
        """Give the best prompt."""
        return self.best.prompt

    def curve(self) -> list[tuple[int, float]]:
        """Give calls spent and the best score until then."""
        return list(
            zip(
                [step.calls for step in self.steps],
                np.maximum.accumulate([step.score for step in self.steps]).tolist(),
                strict=True,
            )
        )

    def __str__(self) -> str:
        return self.prompt

    def save(self, path: Path | str) -> Path:
        """Write it as JSON, whole or not at all."""
        return paths.write_atomically(Path(path), json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n")

    @classmethod
    def load(cls, path: Path | str) -> "Evolution":
        """Read what `save` wrote.

        Raises:
            CannotLoad: the file is missing, cut short or something else.
        """
        return cls.of(_read(Path(path)))

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Evolution":
        """Make it of what JSON holds.

        Raises:
            CannotLoad: something is missing.
        """
        try:
            steps = tuple(Step(**{**step, "parents": tuple(step["parents"])}) for step in values["steps"])
            lists = {name: tuple(values[name]) for name in ("dev", "test", "start_scores", "best_scores")}
            return cls(**{**values, **lists, "steps": steps})
        except (KeyError, TypeError) as error:
            raise _damaged("a search", error) from error


class Kept:
    """Keep one search's scores, in memory or a file.

    Args:
        decides: hash of all that decides the search.
        path: of a file, made when missing; None keeps them in memory.

    Raises:
        BadInput: the file is of another search. CannotLoad: it is cut short or something else.
    """

    def __init__(self, decides: str, path: Path | None = None) -> None:
        self.decides, self.path = decides, None if path is None else Path(path)
        self.scores: dict[str, list[float]] = {}
        if self.path is None or not self.path.exists():
            return
        values = _read(self.path)
        if values.get("format") != FORMAT or not isinstance(values.get("scores"), dict):
            raise _damaged(self.path.name, ValueError("no scores of a search"))
        if values.get("decides") != decides:
            raise BadInput(
                asked=Words(f"to go on from {self.path.name}", f"从 {self.path.name} 接着搜索"),
                found=Words(
                    "it is of another search: other model, items, method, seed, budget or start",
                    "它是另一次搜索的：模型、题目、方法、种子、预算或起点不同",
                ),
                todo=Words("name another file, or give the same search", "换一个文件名，或给出和当时一样的搜索"),
            )
        self.scores = values["scores"]

    def add(self, prompt: str, scores: np.ndarray) -> None:
        """Keep the scores of a prompt on all items."""
        self.scores[prompt] = [float(score) for score in scores]

    def write(self) -> None:
        """Write the file, where there is one."""
        if self.path is not None:
            values = {"format": FORMAT, "decides": self.decides, "scores": self.scores}
            paths.write_atomically(self.path, json.dumps(values, ensure_ascii=False) + "\n")


def decision(**values: Any) -> str:
    """Hash all that decides a search."""
    return key_of(**values)[:20]


def _read(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(values, dict):
            raise TypeError(f"a {type(values).__name__}")
        return values
    except (OSError, ValueError, TypeError) as error:
        raise _damaged(path.name, error) from error


def _damaged(name: str, error: Exception) -> CannotLoad:
    return CannotLoad(
        asked=Words(f"the search in {name}", f"{name} 里的搜索"),
        found=echo(error),
        todo=Words("name another file; this one stays as it is", "换一个文件名；这个文件保持原样"),
    )
