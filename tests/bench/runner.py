"""Runs cases: the kit and the bare library in turn, the order changing every round; medians of the rounds' ratios."""

import platform
import statistics
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version


@dataclass(frozen=True)
class Pair:
    """What a case measures.

    Args:
        kit, bare: each runs the work once and returns its rate, in `unit` (higher is better).
        unit: such as "tok/s".
        rounds: how often both are run, after one round that does not count.
        note: what is compared, in one line.
    """

    kit: Callable[[], float]
    bare: Callable[[], float]
    unit: str
    rounds: int
    note: str


@dataclass(frozen=True)
class Case:
    """A name and a function that makes the pair, or returns a reason (str) why it cannot run here."""

    name: str
    prepare: Callable[[], Pair | str]


@dataclass(frozen=True)
class Result:
    """Medians over rounds; `low` and `high` are the least and the greatest ratio of one round."""

    name: str
    note: str
    unit: str
    kit: float | None = None
    bare: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    rounds: int = 0
    skipped: str | None = None


def measure(case: Case) -> Result:
    """Run one case."""
    pair = case.prepare()
    if isinstance(pair, str):
        return Result(case.name, "", "", skipped=pair)
    pair.kit()
    pair.bare()
    rates = []
    for i in range(pair.rounds):
        if i % 2:
            bare, kit = pair.bare(), pair.kit()
        else:
            kit, bare = pair.kit(), pair.bare()
        rates.append((kit, bare))
    ratios = [kit / bare for kit, bare in rates]
    return Result(
        case.name,
        pair.note,
        pair.unit,
        kit=statistics.median(kit for kit, _ in rates),
        bare=statistics.median(bare for _, bare in rates),
        ratio=statistics.median(ratios),
        low=min(ratios),
        high=max(ratios),
        rounds=pair.rounds,
    )


def machine() -> dict[str, object]:
    """What the numbers were measured on."""
    import torch

    from aigc_kit import device

    packages = ("torch", "transformers", "xllamacpp", "numpy")
    return {
        "processor": device.cpu_name(),
        "processors": device.threads(),
        "torch_threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "system": sys.platform,
        **{package: version(package) for package in packages},
    }


def table(results: list[Result]) -> str:
    """The results as aligned text."""
    head = ("case", "kit", "bare library", "ratio", "least..greatest", "rounds")
    rows = [head]
    for r in results:
        if r.skipped is not None:
            rows.append((r.name, "skipped:", r.skipped, "", "", ""))
            continue
        rates = (f"{r.kit:.1f} {r.unit}", f"{r.bare:.1f} {r.unit}")
        rows.append((r.name, *rates, f"{r.ratio:.2f}", f"{r.low:.2f}..{r.high:.2f}", str(r.rounds)))
    shown = [row for row in rows if row[1] != "skipped:"]
    widths = [max(len(row[i]) for row in shown) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    notes = [f"{r.name}: {r.note}" for r in results if r.note]
    return "\n".join([*lines, "", *notes])


def as_json(results: list[Result]) -> dict[str, object]:
    """Machine and results, for `--json`."""
    return {"how": "measured", "machine": machine(), "results": [asdict(result) for result in results]}
