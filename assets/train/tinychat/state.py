"""The state of a training as one safetensors file: weights, their average, both optimisers, progress."""

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from assets.train.poem.network import Shape

from .network import Network

PROGRESS = ("step", "tokens", "conversations", "seconds", "cpu_seconds")


def save(file: Path, run) -> None:
    """Write a run; the file is whole or not there."""
    tensors: dict[str, Tensor] = {}
    for part in ("network", "averaged"):
        tensors |= {f"{part}.{name}": tensor for name, tensor in getattr(run, part).state_dict().items()}
    for number, optimiser in enumerate(run.optimisers):
        for key, entries in optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{number}.{key}.{name}": tensor for name, tensor in entries.items()}
    notes = {"shape": asdict(run.shape), "progress": {name: getattr(run, name) for name in PROGRESS}}
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(".tmp")
    save_file(
        {name: t.detach().contiguous().clone() for name, t in tensors.items()}, temporary, {"notes": json.dumps(notes)}
    )
    temporary.replace(file)


def read(file: Path) -> tuple[dict, dict[str, Tensor]]:
    """(shape and progress, tensors)."""
    with safe_open(file, "pt") as opened:
        return json.loads(opened.metadata()["notes"]), {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118


def part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors below a prefix, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def load(file: Path, run) -> None:
    """Put a saved run into ``run``, which has its shape. Raises ValueError for another shape."""
    notes, tensors = read(file)
    if notes["shape"] != asdict(run.shape):
        raise ValueError(f"{file} holds {notes['shape']}, asked for {asdict(run.shape)}; remove it")
    for name in PROGRESS:
        setattr(run, name, notes["progress"][name])
    for name in ("network", "averaged"):
        getattr(run, name).load_state_dict(part(tensors, f"{name}."))
    for number, optimiser in enumerate(run.optimisers):
        entries: dict[int, dict[str, Tensor]] = {}
        for name, tensor in part(tensors, f"optimiser.{number}.").items():
            key, entry = name.split(".")
            entries.setdefault(int(key), {})[entry] = tensor
        optimiser.load_state_dict(optimiser.state_dict() | {"state": entries})


def averaged(file: Path) -> Network:
    """The averaged network of a saved run."""
    notes, tensors = read(file)
    network = Network(Shape(**notes["shape"]))
    network.load_state_dict(part(tensors, "averaged."))
    return network.eval()


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    """Tell whether two sets of tensors are equal."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
