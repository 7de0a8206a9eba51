"""Save runs with a record, check it, and repeat.

A sidecar `name.json` stands beside the artefacts that it describes (`name.txt`, `name.png`, `name.mp4`). It holds the
request, the plan, predicted and measured cost, versions, device, the artefacts' sha256, licence and label.

Values of environment variables that hold keys, fields named like keys and strings that look like keys are blotted out
of a sidecar; its label `redacted` then names the parts, and a run whose request was changed so is not reproduced. A key
that looks like none is not recognised. Artefacts are kept as the model made them, or, with such a value in them, not
at all.
"""

import hashlib
import json
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from aigc_kit.core import paths
from aigc_kit.core.errors import BadInput, not_written
from aigc_kit.core.paths import write_atomically
from aigc_kit.core.redact import redact
from aigc_kit.core.types import Card, FrozenMap, Plan, Record, Take, Words, as_json
from aigc_kit.core.types.atoms import check_text, shown
from aigc_kit.keep.record import naming
from aigc_kit.keep.record.ratios import figures
from aigc_kit.keep.record.sidecar import load, request_from_json
from aigc_kit.make.run import modalities, resolve
from aigc_kit.make.run import run as run_plan

__all__ = [
    "Best",
    "Reproduction",
    "best",
    "build",
    "load",
    "reproduce",
    "request_from_json",
    "save",
    "verify",
    "versions",
]

PACKAGES = ("torch", "transformers", "diffusers", "xllamacpp", "ai-edge-litert", "ChatTTS", "onnxruntime", "numpy")


@dataclass(frozen=True)
class Reproduction:
    """Hold what came of running a record again.

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


def save(take: Take, folder: Path | None = None, name: str | None = None, label: str = "", *, chosen: str = "") -> Path:
    """Write what a run made, and its record beside it.

    Args:
        take: kind "text" (written as UTF-8 `.txt`, exactly as it is), "image" (uint8 (B, H, W, 3), lossless PNGs) or
            "speech" (wave float32 (N,), 16-bit WAV with a line that says it is AI-made) or "video" (MP4).
        folder: default $AIGC_OUT, else `out` in the working directory; made when missing.
        name: stem of the files; an existing record of that name is replaced. Default: kind, card and a digest.
        label: what the result is called where it is shown.
        chosen: how it was chosen, in Chinese, as `best` says it; kept in its labels and shown with it.

    Returns:
        The sidecar's path, `folder/name.json`.

    Raises:
        BadInput: no take or no folder, a name that is no file name, a kind that this version cannot write, or a text
            with the value of an environment variable that holds a key.
        CannotWrite: the system refused the folder or a file: a file is in its place, or nobody may write there.
    """
    parts = files_of(take)
    folder = paths.out() if folder is None else naming.folder_of(folder)
    check_text("label", label)
    check_text("chosen", chosen)
    take = replace(take, labels=FrozenMap(take.labels, chosen=chosen)) if chosen else take
    stem = naming.stem_of(take, name, parts)
    naming.refuse_keys(take, stem)
    files = {f"{stem}{ending}": data for ending, data in parts.items()}
    record = build(take, label=label, outputs={file: _sha256(data) for file, data in files.items()})
    text = json.dumps(as_json(record), ensure_ascii=False, indent=1) + "\n"
    try:
        for file, data in files.items():
            write_atomically(folder / file, data)
        return write_atomically(folder / f"{stem}.json", text)
    except OSError as error:
        raise not_written(Words(f"to save {stem} in {folder}", f"把 {stem} 保存到 {folder}"), error) from error


def best(takes: Sequence[Take], score: Callable[[Take], float], measure: str) -> tuple[Take, str]:
    """Choose the take with the highest score, and say so.

    Raises:
        BadInput: no takes.
    """
    if not takes:
        raise BadInput(
            asked=Words("the best of some takes", "从几个结果里选最好的"),
            found=Words("none", "一个也没有"),
            todo=Words("make some first", "先生成几个"),
        )
    scores = [score(take) for take in takes]
    top, mean = max(scores), sum(scores) / len(scores)
    words = f"{len(takes)} 份里“{measure}”最高的一份：{top:.3g}；第一份 {scores[0]:.3g}，平均 {mean:.3g}"
    return takes[scores.index(top)], words


def build(take: Take, label: str = "", outputs: Mapping[str, str] | None = None) -> Record:
    """Build the record of a run, without keys.

    `outputs` maps file names to sha256. `request` is the resolved request, `plan` the rest of the plan; `predicted` and
    `measured` share the names "seconds" and "peak", so that they can be laid side by side.
    """
    plan = as_json(take.plan)
    parts = {
        "label": label,
        "request": plan.pop("request"),
        "predicted": plan.pop("prediction"),
        "plan": plan,
        "measured": as_json(figures(take)),
        "labels": as_json(take.labels),
        "words": as_json(take.words),
    }
    clean = redact(parts)
    unlike = sorted(name for name in parts if clean[name] != parts[name])
    if unlike:
        clean["labels"] = {**clean["labels"], "redacted": unlike}
    return Record(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        kind=take.kind,
        versions=versions(),
        device=take.plan.budget.name,
        outputs=dict(outputs or {}),
        licence=take.plan.card.licence,
        **clean,
    )


def verify(path: Path) -> dict[str, str]:
    """Compare a record's artefacts with the sha256 in it.

    Returns:
        File name -> "same", "changed" or "missing".

    Raises:
        BadInput: as `load`.
    """
    states = {}
    for name, digest in load(path).outputs.items():
        file = Path(path).parent / name
        is_same = file.is_file() and _sha256(file.read_bytes()) == digest
        states[name] = "same" if is_same else "changed" if file.is_file() else "missing"
    return states


def reproduce(path: Path, *, card: Card | None = None, run: Callable[[Plan], Take] | None = None) -> Reproduction:
    """Run a record's request again here, and compare the bytes.

    Args:
        path: of the sidecar.
        card: default: the registered card of that name.
        run: default: `aigc_kit.make.run.run`.

    Returns:
        A `Reproduction`, true when every artefact has the bytes that the record names.

    Raises:
        BadInput: as `load`; a request that was recorded without its keys; or a card that is not registered any more.
    """
    from aigc_kit.memory import device
    from aigc_kit.models import cards

    record = load(path)
    blots = record.labels.get("redacted", ())
    if blots is True or (isinstance(blots, list) and "request" in blots):
        reason = Words(
            "its request held something like a key, which was blotted out, so it is not the request that ran",
            "它的请求里有像密钥的内容，已经涂掉，所以不是当时运行的请求",
        )
        todo = Words("run the request again without a key in it, and save that", "去掉密钥，再运行一次请求，保存那一次")
        raise BadInput(
            asked=Words(f"to reproduce {Path(path).name}", f"重做 {Path(path).name}"), found=reason, todo=todo
        )
    request = request_from_json(record.request)
    card = card or cards.get(request.card)
    plan = resolve(request, device.probe(), card)
    take = (run or run_plan)(plan)
    then = list(record.outputs.values())
    now = [_sha256(data) for data in files_of(take).values()]
    again = build(take)
    differs: dict[str, tuple[Any, Any]] = {"output": (then, now)} if then != now else {}
    pairs = [("device", record.device, again.device)]
    for name in ("request", "versions"):
        pairs += _unlike(name, getattr(record, name), as_json(getattr(again, name)))
    for name in ("dtypes", "placement", "attention"):
        pairs += _unlike(name, record.plan.get(name), again.plan.get(name))
    differs.update({name: (old, new) for name, old, new in pairs if old != new})
    return Reproduction(take, then == now, FrozenMap(differs))


def files_of(take: Take) -> Mapping[str, bytes]:
    """Write what a run made as bytes by file ending.

    Raises:
        BadInput: no result of a run, or one of a kind that this version cannot write.
    """
    if not isinstance(take, Take):
        todo = Words(
            "run first: take = text.make(prompt), then record.save(take)",
            "先运行：take = text.make(提示词)，再 record.save(take)",
        )
        raise BadInput(
            asked=Words(f"to save {shown(take)}", f"保存 {shown(take)}"),
            found=Words(
                f"{type(take).__name__}, no result of a run", f"这是 {type(take).__name__}，不是一次运行的结果"
            ),
            todo=todo,
        )
    modality = modalities().get(take.kind)
    if modality is None:
        wish = Words(
            f"to save a {take.kind} take with {type(take.data).__name__} data",
            f"保存 {take.kind} 类、数据为 {type(take.data).__name__} 的结果",
        )
        todo = Words(
            "save the data yourself; `record.build` still gives its record",
            "自己保存数据；`record.build` 仍会给出它的记录",
        )
        raise BadInput(
            asked=wish,
            found=Words(f"this version writes {', '.join(modalities())}", f"这个版本能写 {'、'.join(modalities())}"),
            todo=todo,
        )
    return modality.files(take)


def versions() -> dict[str, str]:
    """Collect the versions of what matters for a result.

    Package -> version; packages that are not installed are left out.
    """
    by_name = {"python": platform.python_version(), "aigc-kit": import_module("aigc_kit").__version__}
    for name in PACKAGES:
        try:
            by_name[name] = version(name)
        except PackageNotFoundError:
            continue
    return by_name


def _unlike(name: str, then: Any, now: Any) -> list[tuple[str, Any, Any]]:
    if not isinstance(then, Mapping) or not isinstance(now, Mapping):
        return [(name, then, now)]
    return [(f"{name}.{key}", then.get(key), now.get(key)) for key in dict.fromkeys([*then, *now])]


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
