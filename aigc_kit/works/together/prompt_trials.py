"""Read how fifty frozen prompts went."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from aigc_kit.core.paths import assets
from aigc_kit.core.statistics import bootstrap
from aigc_kit.works.together.content import consistency, fidelity
from aigc_kit.works.together.makers import Reading
from aigc_kit.works.together.sayable import facts_of

ORDER = ("text", "image", "audio", "video")


@dataclass(frozen=True)
class Outcome:
    """Hold a mean over prompts and its interval.

    Args:
        what: a medium of `ORDER`, or "consistency".
        which: "first" draw, or "best" of three.
        mean, low, high: 0-1; count: prompts that it could be read of.
    """

    what: str
    which: str
    mean: float
    low: float
    high: float
    count: int


def trials() -> list[dict[str, Any]]:
    """Read the prompts as they were measured.

    Returns:
        A row a prompt: {"prompt", "first", "best": medium -> fidelity, "first_consistency", "best_consistency",
        "first_clip", "best_clip": the small CLIP's cosine, which did not choose}.
    """
    rows = json.loads((assets() / "data" / "together.json").read_text(encoding="utf-8"))["rows"]
    return [summed(row) for row in rows]


def summed(row: Mapping[str, Any]) -> dict[str, Any]:
    """Sum up one prompt's draws."""
    facts, out = facts_of(row["prompt"]), dict[str, Any](prompt=row["prompt"])
    readings = {name: [_reading(draw) for draw in row["media"][name]] for name in ORDER}
    marks = {name: [fidelity(reading, facts.of(name)) for reading in some] for name, some in readings.items()}
    best = {name: int(np.argmax([mark or 0 for mark in some])) for name, some in marks.items()}
    for which, places in (("first", dict.fromkeys(ORDER, 0)), ("best", best)):
        out[which] = {name: marks[name][places[name]] for name in ORDER}
        pairs = {name: (readings[name][places[name]], facts.of(name)) for name in ORDER}
        out[f"{which}_consistency"] = consistency(pairs)
        out[f"{which}_clip"] = row["media"]["image"][places["image"]]["clip"]
    return out


def outcomes(rows: Sequence[Mapping[str, Any]]) -> list[Outcome]:
    """Average fidelity and consistency over prompts."""
    some = []
    for which in ("first", "best"):
        for what in (*ORDER, "consistency"):
            every = [row[f"{which}_consistency"] if what == "consistency" else row[which][what] for row in rows]
            values = np.array([value for value in every if value is not None])
            some.append(Outcome(what, which, float(values.mean()), *bootstrap(values, seed=0), len(values)))
    return some


def missed_share(rows: Sequence[Mapping[str, Any]], level: float) -> float:
    """Give the share of prompts that miss a level."""
    return float(np.mean([any(m is not None and m < level for m in row["best"].values()) for row in rows]))


def _reading(draw: Mapping[str, Any]) -> Reading:
    values = {name: value for name, value in draw["read"].items() if value is not None}
    return Reading(values, {name: tuple(some) for name, some in draw["against"].items()})
