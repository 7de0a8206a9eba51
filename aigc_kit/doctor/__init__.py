"""Examine versions, machine, font, caches, sources and labs.

Imports neither torch (unless the driver's tool has no figures of a GPU) nor diffusers, and answers in less than 3 s:
network checks run side by side with a time limit.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from aigc_kit.core import paths
from aigc_kit.core.errors import AigcError
from aigc_kit.core.types import Card
from aigc_kit.core.units import GB, GIB, format_bytes
from aigc_kit.doctor.audit import drift, versions
from aigc_kit.doctor.network import Finding, sources, start_reaching
from aigc_kit.media import fonts
from aigc_kit.memory import device
from aigc_kit.models import cards, compat, fetch
from aigc_kit.teach import labs

__all__ = ["Finding", "drift", "examine"]

_MPS = (
    "torch calls it mps; it shares the memory above, so nothing is moved; float16, bfloat16 from macOS 14 on, no "
    "float8; what it cannot do is done on the CPU (PYTORCH_ENABLE_MPS_FALLBACK=1); this kit never ran on one"
)
ENOUGH_RAM = 2 * GIB
ENOUGH_DISK = 2 * GB


def examine() -> list[Finding]:
    """Collect all findings, in the order of print.

    A section that fails becomes a finding itself: the doctor is called where something is broken.
    """
    reach = start_reaching()
    sections: dict[str, Callable[[], Iterator[Finding]]] = {
        "versions": versions,
        "machine": _machine,
        "font": _font,
        "models": _models,
        "caches": _caches,
        "sources": lambda: sources(reach),
        "labs": _labs,
    }
    return [finding for name, look in sections.items() for finding in _guarded(name, look)]


def _guarded(section: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except AigcError as error:
        yield Finding(section, "problem", "bad", f"{error.found}; {error.todo}")
    except Exception as error:  # whatever is wrong with this machine, the other sections still speak
        yield Finding(section, "problem", "bad", f"could not be examined: {type(error).__name__}: {error}")


def _machine() -> Iterator[Finding]:
    yield Finding("machine", "processor", "ok", f"{device.cpu_name()}, {device.threads()} threads")
    ram, disk = device.free_ram(), paths.disk_free()
    yield Finding("machine", "memory", "ok" if ram > ENOUGH_RAM else "note", f"{format_bytes(ram)} free")
    yield Finding("machine", "disk", "ok" if disk > ENOUGH_DISK else "note", f"{format_bytes(disk, decimal=True)} free")
    gpus = device.gpus()
    if device.apple_gpu():
        yield Finding("machine", "Apple GPU", "note", _MPS)
    elif not gpus:
        yield Finding("machine", "GPU", "ok", "none that the driver or torch reports; the tiny tier needs none")
    for gpu in gpus:
        major = str(gpu["compute"]).split(".")[0]
        skills = "what it can do is not known"
        if major.isdigit():
            modern = int(major) >= 8
            skills = "bf16 and fused attention" if modern else "no bf16, no flash attention: more memory per step"
        text = "its memory is not known: neither the driver nor this build of torch says"
        if gpu["free_bytes"] is not None and gpu["total_bytes"] is not None:
            free, total = format_bytes(int(gpu["free_bytes"])), format_bytes(int(gpu["total_bytes"]))
            text = f"{free} of {total} free ({gpu.get('told_by', 'driver')})"
        yield Finding("machine", str(gpu["name"]), "ok", f"{text}, compute {gpu['compute']}: {skills}")
    if gpus and "+cpu" in (compat.torch_build() or ""):
        text = "a CPU build of torch: the GPU stays unused until a CUDA build is there"
        yield Finding("machine", "torch", "note", text)


def _font() -> Iterator[Finding]:
    if font := fonts.system_font():
        yield Finding("font", "Chinese in plots", "ok", font.name)
    elif font := fonts.fetched_font():
        yield Finding("font", "Chinese in plots", "ok", f"{font.name} (fetched)")
    else:
        yield Finding("font", "Chinese in plots", "bad", "no font has Chinese characters; aigc fetch font-cjk")


def _models() -> Iterator[Finding]:
    for card in cards.ALL.values():
        if card.tier == "none":
            yield Finding("models", card.name, "note", "cannot be loaded: " + str(card.notes[1]).split(",")[0])
        elif any(source.kind == "endpoint" for source in card.sources):
            address = os.environ.get("AIGC_OPENAI_BASE_URL")
            yield Finding("models", card.name, "ok", "set" if address else "not set (AIGC_OPENAI_BASE_URL)")
        else:
            place = fetch.find(card)
            state = "on disk" if place else f"not on disk; aigc fetch {card.name}"
            yield Finding("models", card.name, "ok", f"{state} [{card.tier}], {_hash_origin(card)}")


def _hash_origin(card: Card) -> str:
    if all(source.kind == "shipped" for source in card.sources):
        return "shipped with the kit"
    words = {"card": "sha256 in the card", "lock": "sha256 in aigc.lock", "none": "sha256 from the hub on first use"}
    return words[fetch.hash_origin(card)]


def _caches() -> Iterator[Finding]:
    yield Finding("caches", "kit", "ok", _folder_text(paths.models()))
    folder = Path(os.environ.get("MODELSCOPE_CACHE") or paths.user_home() / ".cache" / "modelscope")
    yield Finding("caches", "ModelScope", "ok", _folder_text(folder))


def _folder_text(folder: Path) -> str:
    home = paths.user_home()
    name = f"~/{folder.relative_to(home).as_posix()}" if folder.is_relative_to(home) else str(folder)
    if not folder.is_dir():
        return f"{name} (empty)"
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return f"{name}, {format_bytes(size, decimal=True)}"


def _labs() -> Iterator[Finding]:
    gpu = bool(device.gpus()) and "+cpu" not in (compat.torch_build() or "")
    for lab in labs.every():
        here = [name for name in lab.cards if _on_disk(name)]
        full = [name for name in lab.full if _on_disk(name)]
        tiers = [f"tiny with {', '.join(here)}"] if here else []
        tiers += [f"full with {', '.join(full)}" + ("" if gpu else " (on the CPU: slow)")] if full else []
        text = "; ".join(tiers) or "no model on disk; aigc fetch core"
        yield Finding("labs", lab.number, "ok" if tiers else "bad", text)


def _on_disk(name: str) -> bool:
    try:
        return fetch.find(cards.get(name)) is not None
    except AigcError:
        return False
