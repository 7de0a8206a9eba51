"""Audit pins, licences and files of what is installed.

It knows no list of vulnerabilities: such a list is out of date the day after, and there is none on this machine. Where
there is a network, `pip-audit` asks one; `aigc doctor --audit` says so each time.
"""

import base64
import hashlib
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution, version
from pathlib import Path

from aigc_kit.core import paths
from aigc_kit.doctor.network import Finding
from aigc_kit.models import compat

ROOT, EXTRA = "aigc-kit", "dev"
# Licences under which everything may be used and passed on; a package under another one must stand in THIRD_PARTY.md
FREE = re.compile(
    r"\b(MIT|BSD|Apache|ISC|ISCL|PSF|Python Software Foundation|MPL|Mozilla|Unlicense|HPND|MIT-CMU|Zlib|ZLIB|CC0|0BSD|"
    r"Public Domain|BSL-1.0)\b",
    re.IGNORECASE,
)
COPYLEFT = re.compile(r"\b(A?GPL|LGPL|GNU)", re.IGNORECASE)
LONGEST = 80  # characters: some packages put the whole text of their licence where its name belongs


def drift() -> list[tuple[str, str, str]]:
    """List (name, installed, tested) of packages that differ."""
    pinned = pins()
    out = []
    for name in sorted(_direct_dependencies() & set(pinned)):
        installed = _version(name)
        if installed is not None and installed.split("+")[0] != pinned[name].split("+")[0]:
            out.append((name, installed, pinned[name]))
    return out


def versions() -> Iterator[Finding]:
    """Compare Python and direct dependencies with the tested set."""
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
    """Read constraints.txt as normal name -> version, if any."""
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


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def audit() -> list[Finding]:
    """Collect all findings of the audit."""
    packages = closure()
    return [*consistent(), *pinned(packages), *licences(packages), *unchanged(packages), no_vulnerabilities()]


def closure() -> dict[str, Distribution]:
    """Map normal names to distributions that kit and tests need."""
    from packaging.requirements import Requirement

    packages: dict[str, Distribution] = {}
    waiting = [(ROOT, EXTRA)]
    visited = set()
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in visited:
            continue
        visited.add((name, extra))
        try:
            one = distribution(name)
        except PackageNotFoundError:
            continue  # `pip check` names it
        if name != ROOT:
            packages[name] = one
        for line in one.requires or []:
            need = Requirement(line)
            if need.marker is None or need.marker.evaluate({"extra": extra}):
                waiting += [(_normal(need.name), wanted) for wanted in ("", *need.extras)]
    return dict(sorted(packages.items()))


def consistent() -> Iterator[Finding]:
    """Run `pip check`: are the requirements of all packages met?"""
    process = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    if process.returncode == 0:
        yield Finding("audit", "pip check", "ok", "every requirement of every package is met")
    for line in process.stdout.splitlines() if process.returncode else ():
        yield Finding("audit", "pip check", "bad", line)


def pinned(packages: dict[str, Distribution]) -> Iterator[Finding]:
    """Find needed packages that constraints.txt lacks or names differently."""
    versions_by_name, wrong = pins(), []
    for name, one in packages.items():
        have, want = one.version.split("+")[0], versions_by_name.get(name)
        if want is None:
            wrong.append(f"{name} {have} is not pinned")
        elif want.split("+")[0] != have:
            wrong.append(f"{name} {have} is installed, {want} is pinned")
    for text in wrong:
        yield Finding("audit", "pins", "bad", text)
    if not wrong:
        yield Finding("audit", "pins", "ok", f"{len(packages)} packages are installed as constraints.txt pins them")


def licences(packages: dict[str, Distribution]) -> Iterator[Finding]:
    """Find packages without a known or noted licence."""
    document = paths.assets().parent / "THIRD_PARTY.md"
    text = document.read_text(encoding="utf-8") if document.is_file() else ""
    named = {_normal(word) for word in re.findall(r"[\w.-]+", text)}
    wrong = []
    for name, one in packages.items():
        words = licence(one)
        free = bool(FREE.search(words)) and not COPYLEFT.search(words)
        if not free and name not in named:
            wrong.append(f"{name}: {words or 'says no licence'}; name it in THIRD_PARTY.md")
    for text in wrong:
        yield Finding("audit", "licences", "bad", text)
    if not wrong:
        yield Finding("audit", "licences", "ok", "every package says a free licence, or stands in THIRD_PARTY.md")


def licence(one: Distribution) -> str:
    """Read a package's licence: expression, classifiers or free text."""
    expression, said, free = (
        one.metadata.get_all(field) or [] for field in ("License-Expression", "Classifier", "License")
    )
    classes = [line.rpartition(" :: ")[2] for line in said if line.startswith("License ::")]
    words = "; ".join(expression or classes or free)
    return " ".join(words.split())[:LONGEST]


def unchanged(packages: dict[str, Distribution]) -> Iterator[Finding]:
    """Compare packages' Python files with their sha256 at installation."""
    changed, count = [], 0
    for name, one in packages.items():
        for file in one.files or []:
            if file.hash is None or file.hash.mode != "sha256" or file.suffix != ".py":
                continue
            count += 1
            place = Path(str(file.locate()))
            try:
                digest = hashlib.sha256(place.read_bytes()).digest()
            except OSError:
                changed.append(f"{name}: {file} is gone")
                continue
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != file.hash.value:
                changed.append(f"{name}: {file} was changed")
    for text in changed[:20]:
        yield Finding("audit", "files", "bad", text)
    if not changed:
        yield Finding("audit", "files", "ok", f"{count} Python files are as they were installed")


def no_vulnerabilities() -> Finding:
    """Say what this audit does not do."""
    text = "known vulnerabilities were not looked up (that needs a network): pip install pip-audit, then pip-audit"
    return Finding("audit", "not done", "note", text)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
