"""What `aigc doctor` tells: versions, machine, font, caches, sources, and which labs run in which tier.

Imports neither torch nor diffusers, and answers in less than 3 s: network checks run side by side with a time limit.
"""

import os
import platform
import re
import socket
import sys
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from aigc_kit import cards, compat, device, fetch, labs, paths
from aigc_kit.errors import AigcError
from aigc_kit.types import Card
from aigc_kit.units import format_bytes

State = Literal["ok", "note", "bad"]
NETWORK_SECONDS = 1.2


@dataclass(frozen=True)
class Finding:
    """One line of the report: `state` is "ok", "note" (works, but worth knowing) or "bad" (something will not work)."""

    section: str
    name: str
    state: State
    text: str


def examine() -> list[Finding]:
    """All findings, in the order in which they are printed."""
    reach = _start_reaching()
    found = [*_versions(), *_machine(), *_font(), *_models(), *_caches()]
    return [*found, *_sources(reach), *_labs()]


def drift() -> list[tuple[str, str, str]]:
    """Packages of the tested set that are installed in another version: (name, installed, tested)."""
    pinned = _pins()
    out = []
    for name in sorted(_direct_dependencies() & set(pinned)):
        installed = _version(name)
        if installed is not None and installed.split("+")[0] != pinned[name].split("+")[0]:
            out.append((name, installed, pinned[name]))
    return out


def _versions() -> Iterator[Finding]:
    supported = (3, 11) <= sys.version_info[:2] <= (3, 13)
    yield Finding("versions", "python", "ok" if supported else "bad", platform.python_version())
    pinned = _pins()
    if not pinned:
        yield Finding("versions", "constraints", "note", "no constraints.txt here, drift is not checked")
    moved = {name: (have, want) for name, have, want in drift()}
    for name in sorted(_direct_dependencies()):
        installed = compat.torch_build() if name == "torch" else _version(name)
        if installed is None:
            yield Finding("versions", name, "bad", "not installed; make labs, or pip install -e .")
        elif name in moved:
            yield Finding("versions", name, "note", f"{installed}; tested with {moved[name][1]}")
        else:
            yield Finding("versions", name, "ok", installed)
    mismatch = compat.torchaudio_mismatch()
    if mismatch:
        yield Finding(
            "versions",
            "torchaudio",
            "note",
            f"{mismatch}: importing it fails; the kit goes on without its compiled part. "
            "To mend: pip uninstall torchaudio, or take torch and torchaudio from the same index",
        )


def _machine() -> Iterator[Finding]:
    yield Finding("machine", "processor", "ok", f"{device.cpu_name()}, {device.threads()} threads")
    free = device.free_ram()
    yield Finding("machine", "memory", "ok" if free > 2 * 1024**3 else "note", f"{format_bytes(free)} free")
    disk = device.disk_free()
    yield Finding("machine", "disk", "ok" if disk > 2e9 else "note", f"{format_bytes(disk, decimal=True)} free")
    gpus = device.gpus()
    if not gpus:
        yield Finding("machine", "GPU", "ok", "none that the driver reports; the tiny tier needs none")
    for gpu in gpus:
        major, minor = (int(part) for part in f"{gpu['compute']}.0".split(".")[:2])
        modern = "bf16 and fused attention" if major >= 8 else "no bf16, no flash attention: more memory per step"
        text = f"{format_bytes(int(gpu['free_bytes']))} of {format_bytes(int(gpu['total_bytes']))} free (driver)"
        yield Finding("machine", str(gpu["name"]), "ok", f"{text}, compute {major}.{minor}: {modern}")
    if gpus and "+cpu" in (compat.torch_build() or ""):
        yield Finding(
            "machine", "torch", "note", "a CPU build of torch: the GPU stays unused until a CUDA build is there"
        )


def _font() -> Iterator[Finding]:
    installed = device.cjk_font()
    fetched = fetch.find(cards.get("font-cjk"))
    if installed:
        yield Finding("font", "Chinese in plots", "ok", installed.name)
    elif fetched:
        yield Finding("font", "Chinese in plots", "ok", "NotoSansCJKtc-Regular.otf (fetched)")
    else:
        yield Finding("font", "Chinese in plots", "bad", "no font has Chinese characters; aigc fetch font-cjk")


def _models() -> Iterator[Finding]:
    for card in cards.ALL.values():
        if card.tier == "none":
            yield Finding("models", card.name, "note", "cannot be loaded: " + card.notes[1].split(",")[0])
        elif any(source.kind == "endpoint" for source in card.sources):
            named = bool(os.environ.get("AIGC_OPENAI_BASE_URL"))
            yield Finding("models", card.name, "ok", "set" if named else "not set (AIGC_OPENAI_BASE_URL)")
        else:
            place = fetch.find(card)
            state = "on disk" if place else f"not on disk; aigc fetch {card.name}"
            yield Finding("models", card.name, "ok", f"{state} [{card.tier}], {_hash_origin(card)}")


def _hash_origin(card: Card) -> str:
    files = [file for source in card.sources for file in source.files]
    if all(source.kind == "shipped" for source in card.sources):
        return "shipped with the kit"
    return "sha256 in the card" if any(file.sha256 for file in files) else "sha256 from the hub, kept in aigc.lock"


def _caches() -> Iterator[Finding]:
    yield Finding("caches", "kit", "ok", _folder_text(paths.models()))
    named = os.environ.get("MODELSCOPE_CACHE")
    yield Finding(
        "caches", "ModelScope", "ok", _folder_text(Path(named) if named else Path.home() / ".cache" / "modelscope")
    )


def _folder_text(folder: Path) -> str:
    if not folder.is_dir():
        return f"{_short(folder)} (empty)"
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return f"{_short(folder)}, {format_bytes(size, decimal=True)}"


def _short(folder: Path) -> str:
    try:
        return "~/" + folder.relative_to(Path.home()).as_posix()
    except ValueError:
        return str(folder)


def _start_reaching() -> dict[str, tuple[threading.Thread, list[str]]]:
    """Begin to connect to each source in a thread of its own; the answer is collected later."""
    if os.environ.get("AIGC_OFFLINE", "").lower() in {"1", "true", "yes"}:
        return {}
    started = {}
    for name, url in (("ModelScope", _modelscope_url()), ("package index", _index_url())):
        answer: list[str] = []
        thread = threading.Thread(target=_reach, args=(url, answer), daemon=True)
        thread.start()
        started[name] = (thread, answer)
    return started


def _reach(url: str | None, answer: list[str]) -> None:
    if not url:
        answer.append("no address is set")
        return
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname, parts.port or (80 if parts.scheme == "http" else 443)), 1.0):
            answer.append("")
    except OSError as error:
        answer.append(f"{type(error).__name__}: {error.strerror or error}")


def _sources(reach: dict[str, tuple[threading.Thread, list[str]]]) -> Iterator[Finding]:
    if not reach:
        yield Finding("sources", "network", "note", "offline (AIGC_OFFLINE is set)")
    for name, (thread, answer) in reach.items():
        thread.join(NETWORK_SECONDS)
        if thread.is_alive():
            yield Finding("sources", name, "note", f"no answer within {NETWORK_SECONDS} s")
        elif answer[0]:
            yield Finding("sources", name, "note", f"not reachable ({answer[0]}); what is on disk still works")
        else:
            yield Finding("sources", name, "ok", "reachable")


def _modelscope_url() -> str | None:
    try:
        from modelscope_hub.constants import DEFAULT_ENDPOINT
    except ImportError:
        return os.environ.get("MODELSCOPE_ENDPOINT")
    return os.environ.get("MODELSCOPE_ENDPOINT") or os.environ.get("MODELSCOPE_DOMAIN") or DEFAULT_ENDPOINT


def _index_url() -> str | None:
    named = os.environ.get("PIP_INDEX_URL")
    if named:
        return named
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            from pip._internal.models.index import PyPI
        except ImportError:  # an environment without pip
            return None
    return PyPI.simple_url


def _labs() -> Iterator[Finding]:
    gpu = bool(device.gpus()) and "+cpu" not in (compat.torch_build() or "")
    for lab in labs.LABS:
        here = [name for name in lab.cards if _on_disk(name)]
        full = [name for name in lab.full if _on_disk(name)]
        tiers = [f"tiny with {', '.join(here)}"] if here else []
        tiers += [f"full with {', '.join(full)}" + ("" if gpu else " (on the CPU: slow)")] if full else []
        text = "; ".join(tiers) if tiers else "no model on disk; aigc fetch core"
        yield Finding("labs", lab.number, "ok" if tiers else "bad", text)


def _on_disk(name: str) -> bool:
    try:
        return fetch.find(cards.get(name)) is not None
    except AigcError:
        return False


def _pins() -> dict[str, str]:
    path = paths.constraints()
    if path is None:
        return {}
    lines = (line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.split("==", 1) for line in lines if "==" in line)
    return {_normal(name): value.split(";")[0].strip() for name, value in pairs}


def _direct_dependencies() -> set[str]:
    try:
        requirements = distribution("aigc-kit").requires or []
    except PackageNotFoundError:
        return set(_pins())
    return {_normal(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in requirements if "extra ==" not in line}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
