"""How a shipped model is measured on its frozen prompts: shares and intervals, groups of prompts, time and memory."""

import json
import resource
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median

import torch

from aigc_kit.core import statistics
from aigc_kit.worlds.tinyworld.motion import ClipSpec
from aigc_kit.worlds.tinyworld.reading import Reading, matches
from aigc_kit.worlds.tinyworld.spec import Spec


def wilson(right: int, count: int) -> dict[str, float]:
    """Share in percent with its 95 % Wilson score interval."""
    share, low, high = statistics.wilson(right, count)
    return {"percent": 100 * share, "low": 100 * low, "high": 100 * high, "right": right, "of": count}


def entries(file: Path, kind: type[Spec] | type[ClipSpec], phrase: Callable[[str], str]) -> dict[str, list[dict]]:
    """The committed prompts by set, each with ``prompt``, ``language`` and ``spec``.

    The hand-written ones come twice: as they are, and in the world's own words, as the kit passes them on.
    """
    sets = json.loads(file.read_text(encoding="utf-8"))
    for each in sets.values():
        for entry in each:
            entry["spec"] = kind(**entry["expected"])
    sets["handwritten, in the world's words"] = [
        {**entry, "prompt": phrase(entry["prompt"])} for entry in sets["handwritten"]
    ]
    return sets


def score(
    readings: Sequence[Reading], specs: Sequence[Spec | ClipSpec], names: Iterable[str], valid: str
) -> dict[str, dict[str, float]]:
    """attribute -> share of what was made, among the prompts that say the attribute, that shows it.

    names: the attributes; valid: what the share of valid readings is called.
    """
    pairs = list(zip(readings, specs, strict=True))
    out = {}
    for name in names:
        marks = [matches(reading, spec)[name] for reading, spec in pairs if name in spec.known()]
        if marks:
            out[name] = wilson(sum(marks), len(marks))
    out["all said"] = wilson(sum(all(matches(reading, spec).values()) for reading, spec in pairs), len(pairs))
    out[valid] = wilson(sum(reading.valid for reading in readings), len(readings))
    return out


def groups(each: list[dict]) -> dict[str, list[int]]:
    """Which prompts of a set count together: all, each language, those with held-out pairs. None is empty."""
    rows = {"all": list(range(len(each)))}
    for language in ("zh", "en"):
        rows[language] = [k for k, entry in enumerate(each) if entry["language"] == language]
    rows["held-out pairs"] = [k for k, entry in enumerate(each) if entry.get("held_out")]
    return {group: found for group, found in rows.items() if found}


def speed(make: Callable[[], object], runs: int = 5) -> dict[str, float]:
    """Median seconds of one call, after a warm-up; peak memory of the process."""
    seconds, spent = [], []
    make()
    for _ in range(runs):
        began, cpu = time.perf_counter(), time.process_time()
        make()
        seconds.append(time.perf_counter() - began)
        spent.append(time.process_time() - cpu)
    return {
        "seconds": median(seconds),
        "cpu_seconds": median(spent),
        "threads": torch.get_num_threads(),
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
