"""Installed packages against the tested set."""

import platform
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, version

from aigc_kit import compat, paths
from aigc_kit.doctor.findings import Finding


def drift() -> list[tuple[str, str, str]]:
    """Packages of the tested set that are installed in another version: (name, installed, tested)."""
    pinned = pins()
    out = []
    for name in sorted(_direct_dependencies() & set(pinned)):
        installed = _version(name)
        if installed is not None and installed.split("+")[0] != pinned[name].split("+")[0]:
            out.append((name, installed, pinned[name]))
    return out


def versions() -> Iterator[Finding]:
    """Python, each direct dependency against the tested set, and a torchaudio that does not fit."""
    supported = (3, 11) <= sys.version_info[:2] <= (3, 13)
    yield Finding("versions", "python", "ok" if supported else "bad", platform.python_version())
    pinned = pins()
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


def pins() -> dict[str, str]:
    """Normal name -> version, of constraints.txt; empty without one."""
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
        return set(pins())
    return {_normal(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in requirements if "extra ==" not in line}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
