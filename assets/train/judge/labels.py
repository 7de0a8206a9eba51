"""What judges saw: one line an item, "name subject clear" or "name none"; checked, and committed before any verdict.

3fa94c10 cat clear      a cat, and one would show it to a class
9b02e7d1 cat rough      a cat for who looks twice: damaged, but nothing else it could be
c77d00a4 none           nothing of the world that a stranger could name
"""

import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .items import LABELS

CLARITY = ("clear", "rough")
NOTHING = "none"
MODELS = frozenset("abc")  # judges that are large models which see, not persons


@dataclass(frozen=True)
class Label:
    """subject: of the world, or "none"; clear: whether one would show it."""

    subject: str
    clear: bool


@dataclass(frozen=True)
class Labels:
    """reader: who looked; of: item's name -> what was seen."""

    reader: str
    of: Mapping[str, Label]


def parse(text: str, subjects: Iterable[str], wanted: Iterable[str]) -> dict[str, Label]:
    """Read a reader's lines; what stands behind "#" is a remark.

    Args:
        subjects: what may be named.
        wanted: names of all items; each must be labelled, and nothing else.

    Raises:
        ValueError: names the line that cannot be read, or the items that lack a label.
    """
    found: dict[str, Label] = {}
    known, names = set(subjects), set(wanted)
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        name, subject, *clarity = words
        where = f"line {number}, {line.strip()!r}"
        if name not in names:
            raise ValueError(f"{where}: no item of this name; labels of other weights? make the sheets again")
        if name in found:
            raise ValueError(f"{where}: this item has a label already; keep one")
        if subject == NOTHING and not clarity:
            found[name] = Label(NOTHING, clear=False)
        elif subject in known and len(clarity) == 1 and clarity[0] in CLARITY:
            found[name] = Label(subject, clarity[0] == "clear")
        else:
            raise ValueError(f"{where}: asked for one of {', '.join(sorted(known))} and clear or rough, or none alone")
    if missing := sorted(names - set(found)):
        raise ValueError(f"{len(missing)} items lack a label, the first is {missing[0]}; add a line for each")
    return found


def file_of(kind: str, reader: str, folder: Path | None = None) -> Path:
    """Where a reader's labels belong."""
    return (folder or LABELS) / f"{kind}-{reader}.txt"


def read(kind: str, subjects: Iterable[str], wanted: Iterable[str], folder: Path | None = None) -> list[Labels]:
    """All readers of a kind, by name."""
    subjects, wanted = tuple(subjects), tuple(wanted)
    found = []
    for file in sorted((folder or LABELS).glob(f"{kind}-*.txt")):
        try:
            of = parse(file.read_text(encoding="utf-8"), subjects, wanted)
        except ValueError as error:
            raise ValueError(f"{file.name}: {error}") from error
        found.append(Labels(file.stem.removeprefix(f"{kind}-"), of))
    return found


def uncommitted(files: Iterable[Path]) -> list[Path]:
    """Those of the files that differ from the last commit or are in none: seen after a verdict, they prove nothing."""
    found = []
    for file in files:
        git = ["git", "-C", str(file.parent)]
        tracked = subprocess.run([*git, "cat-file", "-e", f"HEAD:./{file.name}"], capture_output=True, check=False)
        same = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", file.name], capture_output=True, check=False)
        if tracked.returncode or same.returncode:
            found.append(file)
    return found
