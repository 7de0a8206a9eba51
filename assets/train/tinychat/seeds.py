"""How much short trainings vary: the same one with several seeds, gathered from their folders.

Each is a run of its own, which resumes: ``TINYCHAT_RUN=seeds/seed_1 ... train --tokens 1000000 --seed 1 --eager``.
"""

import json
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from . import paths, state, watch
from .tokens import Encoder

SHOWN = ("loss", "intent", "sentiment", "json", "reply", "steps", "rule", "rule_worked", "few_3x3", "lookup")


def curve(folder: Path) -> list[dict[str, Any]]:
    """The log of a run, a line at each measure."""
    return [json.loads(line) for line in (folder / "training.jsonl").read_text("utf-8").splitlines()]


def gather(folder: Path, count: int = 100) -> dict[str, Any]:
    """Read all runs in ``folder`` that have come to their end, score them on more samples, and write the report.

    Runs that the report has already stay, so that one more seed needs no other's weights. Remove it to begin anew.
    Raises FileNotFoundError where no run has come to its end.
    """
    encoder, runs = Encoder(), {}
    if paths.SEEDS.exists():
        report = json.loads(paths.SEEDS.read_text("utf-8"))
        runs, count = report["runs"], report["samples"]
    for run in sorted(folder.glob("seed_*")):
        if (run / "done").exists() and run.name not in runs:
            scores = watch.scores(state.averaged(run / "state.safetensors"), encoder, count)
            lines = [{name: line[name] for name in ("tokens", "cpu_minutes", *SHOWN)} for line in curve(run)]
            runs[run.name] = {"curve": lines, "scores": {n: scores[n] for n in SHOWN if n in scores}}
    if not runs:
        raise FileNotFoundError(f"no seed_*/done in {folder}: no run has come to its end")
    report = {"samples": count, "runs": dict(sorted(runs.items()))}
    paths.SEEDS.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return report


def rows(report: dict[str, Any]) -> list[list[str]]:
    """Rows: what is watched, of each run, and how far they are apart; percent, but for the loss of the last fifth."""
    found = []
    for name in SHOWN:
        last = [{**run["curve"][-1], **run["scores"]}[name] for run in report["runs"].values()]
        values = last if name == "loss" else [100 * value for value in last]
        digits = 3 if name == "loss" else 0
        spread = f"{mean(values):.{digits}f} ± {stdev(values):.{digits}f}" if len(values) > 1 else ""
        found.append([name.replace("_", " "), *(f"{value:.{digits}f}" for value in values), spread])
    return found
