"""Records of runs: save what was made with a JSON sidecar, check it, make it again.

A sidecar `name.json` stands beside the artefacts that it describes (`name.txt`, or `name.png`). It holds the request,
the plan, predicted and measured cost, versions, device, the artefacts' sha256, licence and label; never a key, and
never the value of an environment variable that looks like one.
"""

import hashlib
import json
import os
import platform
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from io import BytesIO
from pathlib import Path
from typing import Any

from aigc_kit.errors import BadInput
from aigc_kit.paths import write_atomically
from aigc_kit.redact import redact
from aigc_kit.types import Card, Figure, FrozenMap, Plan, Record, Request, Take, as_json

PACKAGES = ("torch", "transformers", "diffusers", "xllamacpp", "numpy")

_SAFE_NAME = re.compile(r"[^\s/\\:*?\"<>|.][^/\\:*?\"<>|\x00-\x1f]{0,120}")


@dataclass(frozen=True)
class Reproduction:
    """What came of running a record again.

    Args:
        take: the new result.
        same: whether every artefact has the same bytes as then.
        differs: what was different, name -> (then, now): "output", "device", "dtypes.model", "versions.torch", ...
    """

    take: Take
    same: bool
    differs: Mapping[str, tuple[Any, Any]]

    def __bool__(self) -> bool:
        return self.same

    def __repr__(self) -> str:
        lines = [f"{name}: {then} -> {now}" for name, (then, now) in self.differs.items()]
        return "\n".join(["reproduced, byte for byte" if self.same else "the result differs", *lines])


def save(take: Take, folder: Path | None = None, name: str | None = None, label: str = "") -> Path:
    """Write what a run made, and its record beside it.

    Args:
        take: kind "text" (written as UTF-8 `.txt`, exactly as it is) or "image" (uint8 (B, H, W, 3), lossless PNGs).
        folder: default $AIGC_OUT, else `out` in the working directory; made when missing.
        name: stem of the files; an existing record of that name is replaced. Default: kind, card and a digest.
        label: what the result is called where it is shown.

    Returns:
        The sidecar's path, `folder/name.json`.

    Raises:
        BadInput: a name that is no file name, or a kind that this version cannot write.
    """
    parts = _artefacts(take)
    folder = Path(folder if folder is not None else os.environ.get("AIGC_OUT") or "out")
    stem = _stem(take, name, parts)
    files = {f"{stem}{ending}": data for ending, data in parts.items()}
    record = build(take, label=label, outputs={file: _sha256(data) for file, data in files.items()})
    text = json.dumps(as_json(record), ensure_ascii=False, indent=1) + "\n"
    for file, data in files.items():
        write_atomically(folder / file, data)
    return write_atomically(folder / f"{stem}.json", text)


def build(take: Take, label: str = "", outputs: Mapping[str, str] | None = None) -> Record:
    """The record of a run; `outputs` maps file names to sha256 (default: none written).

    `request` is the resolved request, `plan` the rest of the plan; `predicted` and `measured` share the names "seconds"
    and "peak", so that they can be laid side by side.
    """
    plan = as_json(take.plan)
    request, prediction = plan.pop("request"), plan.pop("prediction")
    return Record(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        kind=take.kind,
        label=redact(label),
        request=redact(request),
        plan=redact(plan),
        predicted=redact(prediction),
        measured=redact(as_json(_measured(take))),
        versions=versions(),
        device=take.plan.budget.name,
        outputs=dict(outputs or {}),
        licence=take.plan.card.licence,
        labels=redact(as_json(take.labels)),
    )


def load(path: Path) -> Record:
    """Read a sidecar.

    Raises:
        BadInput: no such file, not a record, or one that names files outside its folder.
    """
    path = Path(path)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput(asked=f"record {path.name}", found="no such file", todo="give the path of a .json") from None
    except ValueError as error:
        raise BadInput(asked=f"record {path.name}", found=f"not JSON: {error}", todo="give a sidecar") from None
    names = {f.name for f in fields(Record)}
    missing = sorted(names - set(data)) if isinstance(data, dict) else sorted(names)
    if missing:
        raise BadInput(
            asked=f"record {path.name}",
            found=f"no record; it lacks {', '.join(missing)}",
            todo="give a sidecar that aigc_kit.record.save wrote",
        )
    record = Record(**{name: data[name] for name in names})
    strangers = [name for name in record.outputs if not _SAFE_NAME.fullmatch(name)]
    if strangers:
        raise BadInput(
            asked=f"record {path.name}",
            found=f"it names files outside its folder: {strangers[0]!r}",
            todo="do not trust this record",
        )
    return record


def verify(path: Path) -> dict[str, str]:
    """Compare the artefacts of a record with the sha256 written in it.

    Returns:
        File name -> "same", "changed" or "missing".

    Raises:
        BadInput: as `load`.
    """
    said = {}
    for name, digest in load(path).outputs.items():
        file = Path(path).parent / name
        said[name] = "missing" if not file.is_file() else "same" if _sha256(file.read_bytes()) == digest else "changed"
    return said


def reproduce(
    path: Path, *, card: Card | None = None, run: Callable[[Request, Plan], Take] | None = None
) -> Reproduction:
    """Run a record's request again on this machine, and compare the bytes.

    Args:
        path: of the sidecar.
        card: default: the registered card of that name.
        run: default: `run` of the modality's module, such as `aigc_kit.text.run`.

    Returns:
        A `Reproduction`, true when every artefact has the bytes that the record names.

    Raises:
        BadInput: as `load`; or a card that is not registered any more.
    """
    from aigc_kit import cards, device
    from aigc_kit.plan import plan as make_plan

    record = load(path)
    request = request_from_json(record.request)
    card = card or cards.get(request.card)
    plan = make_plan(request, device.probe(), card)
    take = (run or import_module(f"aigc_kit.{record.kind}").run)(plan.request, plan)
    then = list(record.outputs.values())
    now = [_sha256(data) for data in _artefacts(take).values()]
    again = build(take)
    differs: dict[str, tuple[Any, Any]] = {"output": (then, now)} if then != now else {}
    pairs = [("device", record.device, again.device)]
    for name in ("request", "versions"):
        pairs += _unlike(name, getattr(record, name), as_json(getattr(again, name)))
    for name in ("dtypes", "placement", "attention"):
        pairs += _unlike(name, record.plan.get(name), again.plan.get(name))
    differs.update({name: (old, new) for name, old, new in pairs if old != new})
    return Reproduction(take, then == now, FrozenMap(differs))


def request_from_json(data: Mapping[str, Any]) -> Request:
    """The Request that `as_json` turned into this mapping; lists become tuples again.

    Raises:
        BadInput: unknown fields, or values that a Request refuses.
    """
    known = {f.name for f in fields(Request)}
    strangers = sorted(set(data) - known)
    if strangers or "card" not in data or "prompt" not in data:
        raise BadInput(
            asked="a request from JSON",
            found=f"unknown fields {strangers}" if strangers else "no card or no prompt",
            todo=f"give some of {', '.join(sorted(known))}",
        )
    return Request(**{name: _tuples(value) for name, value in data.items()})


def versions() -> dict[str, str]:
    """Package -> version of what matters for a result; packages that are not installed are left out."""
    found = {"python": platform.python_version(), "aigc-kit": import_module("aigc_kit").__version__}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _artefacts(take: Take) -> dict[str, bytes]:
    """Ending -> bytes."""
    if take.kind == "text" and isinstance(take.data, str):
        return {".txt": take.data.encode("utf-8")}
    if take.kind == "image":
        from PIL import Image

        parts = {}
        for index, pixels in enumerate(take.data):
            buffer = BytesIO()
            Image.fromarray(pixels).save(buffer, "PNG")
            parts[".png" if len(take.data) == 1 else f"-{index}.png"] = buffer.getvalue()
        return parts
    raise BadInput(
        asked=f"to save a {take.kind} take with {type(take.data).__name__} data",
        found="this version writes text (str) and images (uint8 (B, H, W, 3))",
        todo="save the data yourself; `record.build` still gives its record",
    )


def _stem(take: Take, name: str | None, parts: Mapping[str, bytes]) -> str:
    if name is None:
        request = json.dumps(as_json(take.plan.request), sort_keys=True)
        digest = _sha256(request.encode() + b"".join(parts.values()))[:8]
        return f"{take.kind}-{re.sub(r'[^A-Za-z0-9._-]', '_', take.plan.card.name)}-{digest}"
    if not _SAFE_NAME.fullmatch(name):
        raise BadInput(asked=f"record name {name!r}", found="not a plain file name", todo="use letters and digits")
    return name


def _measured(take: Take) -> dict[str, Figure]:
    each = {
        f"seconds.{phase.name}": Figure(phase.seconds, "s", "measured", f"wall clock, on {take.plan.budget.name}")
        for phase in take.cost.phases
    }
    return {**take.measured(), **each}


def _unlike(name: str, then: Any, now: Any) -> list[tuple[str, Any, Any]]:
    if not isinstance(then, Mapping) or not isinstance(now, Mapping):
        return [(name, then, now)]
    return [(f"{name}.{key}", then.get(key), now.get(key)) for key in dict.fromkeys([*then, *now])]


def _tuples(value: Any) -> Any:
    if isinstance(value, Mapping):
        return FrozenMap({key: _tuples(item) for key, item in value.items()})
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
