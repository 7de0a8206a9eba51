"""Fits the overheads of this machine's GPU on the records of its own runs.

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
    """A fit on this machine's records.

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
    skipped: dict[str, str] = {}
    rows_by_device: dict[str, list[tuple[str, Record, Need]]] = {}
    for path in sorted(path for folder in homes for path in folder.rglob("*.json")):
        try:
            record = load(path)
            rows_by_device.setdefault(record.device, []).append((path.stem, record, _need(record)))
        except AigcError as problem:
            skipped[path.name] = problem.found
    where = _device(rows_by_device, device, skipped)
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
    fitted = fit(measures, source, replace(before, source=source))
    error = activation_error(measures, leave_one_out(measures, source))
    if error > LARGEST_ERROR:
        raise BadInput(
            asked=f"overheads of {where}",
            found=f"the runs do not agree with each other: a row left out of the fit is off by {error:.0%}",
            todo="record them again with no other program on the GPU",
        )
    fitted = replace(fitted, error=max(error, 0.02))
    ratios = {f"{m.row} {m.quantity}": (m.bytes / m.predicted(before), m.bytes / m.predicted(fitted)) for m in measures}
    return Calibration(where, fitted, len(measures), skipped, ratios)


def save(found: Calibration) -> Path:
    """Write the overheads where plans for this machine look.

    Returns the file.
    """
    text = json.dumps(
        {
            **as_json(found.overheads),
            "device": found.device,
            "rows": found.rows,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
        },
        indent=1,
        ensure_ascii=False,
    )
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
        budget = Budget(**{**entry["budget"], "capabilities": FrozenMap(entry["budget"].get("capabilities") or {})})
        request = request_from_json(record.request)
        return Plan(
            request=request,
            card=cards.get(request.card),
            budget=budget,
            dtypes=FrozenMap(entry["dtypes"]),
            placement=FrozenMap(entry["placement"]),
            attention=entry["attention"],
            vae=FrozenMap(entry["vae"]),
            prediction=FrozenMap(),
        )
    except (KeyError, TypeError) as error:
        raise BadInput(asked="the plan of a record", found=f"incomplete: {error}", todo="save the run again") from None


def _need(record: Record) -> Need:
    """What was reckoned for a record's plan.

    Raises:
        BadInput: it cannot teach anything about a GPU.
    """
    asked = "a row for the fit"
    plan = plan_from_json(record)
    if not isinstance(plan.card.facts, DiffusionFacts):
        raise BadInput(asked=asked, found=f"a run of {record.kind}", todo="record images or videos")
    if plan.budget.device != "cuda" or plan.budget.origin != "probed":
        raise BadInput(asked=asked, found="not run on a GPU of this machine", todo="run it on one")
    if "peak" not in record.measured:
        raise BadInput(asked=asked, found="no measured peak", todo="run it again")
    need = need_again(plan)
    if need is None or not need.traced:
        raise BadInput(asked=asked, found="this size was not traced", todo="use a size of the card's ladder")
    return need


def _measures(name: str, record: Record, need: Need) -> list[Measure]:
    prediction = need.prediction
    again = partial(footprint.predict, need.facts, dict(prediction.placement), dtypes=dict(prediction.dtypes))
    quantities = (("allocated", "peak"), ("reserved", "reserved"))
    return [
        Measure(name, quantity, int(record.measured[key]["value"]), again)
        for quantity, key in quantities
        if key in record.measured
    ]


def _device(found: dict[str, Any], device: str | None, skipped: dict[str, str]) -> str:
    if device is not None and device in found:
        return device
    if device is None and len(found) == 1:
        return next(iter(found))
    many = f"records of {', '.join(sorted(found))}" if found else f"no record of a run on a GPU ({len(skipped)} others)"
    raise BadInput(
        asked=f"overheads of {device or 'this GPU'}",
        found=many,
        todo="name one with --device" if found else "run some pictures on the GPU first: make gpu-check",
    )
