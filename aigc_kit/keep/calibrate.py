"""Fit overheads of this machine's GPU on its records.

The overheads that ship with the kit come from published runs on other machines. Once a few runs were recorded here,
what the allocator of this card adds can be fitted on them; plans for this machine then use it, and say so.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from aigc_kit.core import paths
from aigc_kit.core.errors import AigcError, BadInput
from aigc_kit.core.paths import write_atomically
from aigc_kit.core.types import Budget, FrozenMap, Plan, Record, as_json
from aigc_kit.keep.record import load, request_from_json
from aigc_kit.make.diffusion.needs import need_again
from aigc_kit.memory import footprint
from aigc_kit.memory.footprint import Overheads, load_overheads
from aigc_kit.memory.footprint.fit import Measure, activation_error, fit, leave_one_out
from aigc_kit.memory.plan.search import Need, forget, user_overheads
from aigc_kit.models import cards
from aigc_kit.models.cards.facts import DiffusionFacts

FEWEST = 6  # measured peaks
FEWEST_WAYS = 3  # different sizes, placements or options among them
LARGEST_ERROR = 1.0  # of activations; a fit that is off by more explains nothing


@dataclass(frozen=True)
class Calibration:
    """Hold a fit on this machine's records.

    Args:
        device: name of the GPU.
        overheads: fitted; its `error` is the largest among rows that the fit had not seen.
        rows: how many measured peaks.
        skipped: record -> why it was not used.
        ratios: row -> (measured / predicted before, and after the fit).
    """

    device: str
    overheads: Overheads
    rows: int
    skipped: dict[str, str]
    ratios: dict[str, tuple[float, float]]


def calibrate(folders: Sequence[Path] | None = None, device: str | None = None) -> Calibration:
    """Fit the overheads on the records in some folders.

    Nothing is written; see `save`.

    Args:
        folders: with sidecars; None: $AIGC_OUT, else `out` in the working directory.
        device: name of the GPU whose records count; None: the only one there is.

    Raises:
        BadInput: too few records of runs on a GPU, records of several GPUs and no choice, or runs that no fit explains.
    """
    homes = [Path(f) for f in folders] if folders else [paths.out()]
    refusals: dict[str, str] = {}
    rows_by_device: dict[str, list[tuple[str, Record, Need]]] = {}
    for path in sorted(path for folder in homes for path in folder.rglob("*.json")):
        try:
            record = load(path)
            rows_by_device.setdefault(record.device, []).append((path.stem, record, _need(record)))
        except AigcError as problem:
            refusals[path.name] = problem.found
    where = _device(rows_by_device, device, len(refusals))
    measures = [measure for name, record, need in rows_by_device[where] for measure in _measures(name, record, need)]
    ways = {need.way for _, _, need in rows_by_device[where]}
    if len(measures) < FEWEST or len(ways) < FEWEST_WAYS:
        raise BadInput(
            asked=f"overheads of {where}",
            found=f"{len(measures)} measured peaks of {len(ways)} different ways of running",
            todo=f"record at least {FEWEST} peaks of {FEWEST_WAYS} ways (other sizes or placements): make gpu-check",
        )
    before = load_overheads()
    source = f"{len(measures)} peaks recorded on {where}"
    overheads = fit(measures, source, replace(before, source=source))
    error = activation_error(measures, leave_one_out(measures, source))
    if error > LARGEST_ERROR:
        raise BadInput(
            asked=f"overheads of {where}",
            found=f"the runs do not agree with each other: a row left out of the fit is off by {error:.0%}",
            todo="record them again with no other program on the GPU",
        )
    after = replace(overheads, error=max(error, 0.02))
    ratios = {f"{m.row} {m.quantity}": (m.bytes / m.predicted(before), m.bytes / m.predicted(after)) for m in measures}
    return Calibration(where, after, len(measures), refusals, ratios)


def save(calibration: Calibration) -> Path:
    """Write the overheads where plans for this machine look."""
    facts = {"device": calibration.device, "rows": calibration.rows}
    created = {"created": datetime.now(UTC).isoformat(timespec="seconds")}
    text = json.dumps({**as_json(calibration.overheads), **facts, **created}, indent=1, ensure_ascii=False)
    path = write_atomically(user_overheads(), text + "\n")
    forget()
    return path


def plan_from_json(record: Record) -> Plan:
    """Rebuild the plan of a record, without its prediction.

    Raises:
        BadInput: values that are not those of a plan, or a card that is not registered any more.
    """
    entry: dict[str, Any] = dict(record.plan)
    try:
        budget = Budget(**{**entry["budget"], "capabilities": entry["budget"].get("capabilities") or {}})
        request = request_from_json(record.request)
        ways = {name: entry[name] for name in ("dtypes", "placement", "attention", "vae")}
        return Plan(request, cards.get(request.card), budget, **ways, prediction=FrozenMap())
    except (KeyError, TypeError) as error:
        raise BadInput(asked="the plan of a record", found=f"incomplete: {error}", todo="save the run again") from None


def _need(record: Record) -> Need:
    """Reckon a record's plan again, if it teaches anything."""
    refuse = partial(BadInput, asked="a row for the fit")
    plan = plan_from_json(record)
    if not isinstance(plan.card.facts, DiffusionFacts):
        raise refuse(found=f"a run of {record.kind}", todo="record images or videos")
    if plan.budget.device != "cuda" or plan.budget.origin != "probed":
        raise refuse(found="not run on a GPU of this machine", todo="run it on one")
    if "peak" not in record.measured:
        raise refuse(found="no measured peak", todo="run it again")
    need = need_again(plan)
    if need is None or not need.traced:
        raise refuse(found="this size was not traced", todo="use a size of the card's ladder")
    return need


def _measures(name: str, record: Record, need: Need) -> list[Measure]:
    prediction = need.prediction
    again = partial(footprint.predict, need.facts, dict(prediction.placement), dtypes=dict(prediction.dtypes))
    figures = {"allocated": record.measured.get("peak"), "reserved": record.measured.get("reserved")}
    return [Measure(name, key, int(figure["value"]), again) for key, figure in figures.items() if figure]


def _device(rows: dict[str, Any], device: str | None, others: int) -> str:
    if device is not None and device in rows:
        return device
    if device is None and len(rows) == 1:
        return next(iter(rows))
    raise BadInput(
        asked=f"overheads of {device or 'this GPU'}",
        found=f"records of {', '.join(sorted(rows))}" if rows else f"no record of a run on a GPU ({others} others)",
        todo="name one with --device" if rows else "run some pictures on the GPU first: make gpu-check",
    )
