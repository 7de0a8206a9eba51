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
    pinned_versions = pins()
    versions_here = ((name, _version(name)) for name in sorted(_direct_dependencies() & set(pinned_versions)))
    return [
        (name, here, pinned_versions[name])
        for name, here in versions_here
        if here is not None and here.split("+")[0] != pinned_versions[name].split("+")[0]
    ]


def versions() -> Iterator[Finding]:
    """Compare Python and direct dependencies with the tested set."""
    fits = (3, 11) <= sys.version_info[:2] <= (3, 13)
    yield Finding("versions", "python", "ok" if fits else "bad", platform.python_version())
    if not pins():
        yield Finding("versions", "constraints", "note", "no constraints.txt here, drift is not checked")
    others = {name: want for name, _, want in drift()}
    for name in sorted(_direct_dependencies()):
        here = compat.torch_build() if name == "torch" else _version(name)
        if here is None:
            yield Finding("versions", name, "bad", "not installed; make labs, or pip install -e .")
        elif name in others:
            yield Finding("versions", name, "note", f"{here}; tested with {others[name]}")
        else:
            yield Finding("versions", name, "ok", here)
    mismatch = compat.torchaudio_mismatch()
    if mismatch:
        mend = "To mend: pip uninstall torchaudio, or take torch and torchaudio from the same index"
        text = f"{mismatch}: importing it fails; the kit goes on without its compiled part. {mend}"
        yield Finding("versions", "torchaudio", "note", text)


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
    waiting, history = [(ROOT, EXTRA)], set()
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in history:
            continue
        history.add((name, extra))
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue  # `pip check` names it
        if name != ROOT:
            packages[name] = package
        for need in map(Requirement, package.requires or []):
            if need.marker is None or need.marker.evaluate({"extra": extra}):
                waiting += [(_normal(need.name), addition) for addition in ("", *need.extras)]
    return dict(sorted(packages.items()))


def consistent() -> Iterator[Finding]:
    """Run `pip check`: are the requirements of all packages met?"""
    process = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    wrong = (process.stdout or process.stderr).splitlines() if process.returncode else []
    return _verdict("pip check", wrong, "every requirement of every package is met")


def _verdict(name: str, wrong: list[str], praise: str) -> Iterator[Finding]:
    for text in wrong:
        yield Finding("audit", name, "bad", text)
    if not wrong:
        yield Finding("audit", name, "ok", praise)


def pinned(packages: dict[str, Distribution]) -> Iterator[Finding]:
    """Find needed packages that constraints.txt lacks or names differently."""
    versions_by_name, wrong = pins(), []
    for name, package in packages.items():
        have, want = package.version.split("+")[0], versions_by_name.get(name)
        if want is None:
            wrong.append(f"{name} {have} is not pinned")
        elif want.split("+")[0] != have:
            wrong.append(f"{name} {have} is installed, {want} is pinned")
    return _verdict("pins", wrong, f"{len(packages)} packages are installed as constraints.txt pins them")


def licences(packages: dict[str, Distribution]) -> Iterator[Finding]:
    """Find packages without a known or noted licence."""
    document = paths.assets().parent / "THIRD_PARTY.md"
    text = document.read_text(encoding="utf-8") if document.is_file() else ""
    names = {_normal(word) for word in re.findall(r"[\w.-]+", text)}
    words = {name: licence(package) for name, package in packages.items() if name not in names}
    wrong = [
        f"{name}: {text or 'says no licence'}; name it in THIRD_PARTY.md"
        for name, text in words.items()
        if COPYLEFT.search(text) or not FREE.search(text)
    ]
    return _verdict("licences", wrong, "every package says a free licence, or stands in THIRD_PARTY.md")


def licence(package: Distribution) -> str:
    """Read a package's licence: expression, classifiers or free text."""
    fields = ("License-Expression", "Classifier", "License")
    expression, lines, free = (package.metadata.get_all(field) or [] for field in fields)
    classes = [line.rpartition(" :: ")[2] for line in lines if line.startswith("License ::")]
    words = "; ".join(expression or classes or free)
    return " ".join(words.split())[:LONGEST]


def unchanged(packages: dict[str, Distribution]) -> Iterator[Finding]:
    """Compare packages' Python files with their sha256 at installation."""
    wrong, count = [], 0
    for name, package in packages.items():
        for file in package.files or []:
            if file.hash is None or file.hash.mode != "sha256" or file.suffix != ".py":
                continue
            count += 1
            try:
                digest = hashlib.sha256(Path(str(file.locate())).read_bytes()).digest()
            except OSError:
                wrong.append(f"{name}: {file} is gone")
                continue
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != file.hash.value:
                wrong.append(f"{name}: {file} was changed")
    return _verdict("files", wrong[:20], f"{count} Python files are as they were installed")


def no_vulnerabilities() -> Finding:
    """Say what this audit does not do."""
    text = "known vulnerabilities were not looked up (that needs a network): pip install pip-audit, then pip-audit"
    return Finding("audit", "not done", "note", text)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
