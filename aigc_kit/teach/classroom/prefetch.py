"""Fill one folder for a classroom without a network.

DIR/models/<card>/   files and receipt of each model        aigc fetch core --from DIR
DIR/wheels/          wheels for this system and Python       make labs OFFLINE=DIR
DIR/SHA256SUMS       of everything, for `sha256sum -c`
"""

import hashlib
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from aigc_kit.core import paths
from aigc_kit.core.errors import BadInput, FetchError
from aigc_kit.core.types import Card, Words
from aigc_kit.models import fetch
from aigc_kit.models.fetch.common import CHUNK, disk_errors, sha256_of
from aigc_kit.models.fetch.costs import require_space
from aigc_kit.models.fetch.layout import FETCHED_KINDS, RECEIPT

SUMS = "SHA256SUMS"


def models(cards: Sequence[Card], folder: Path, progress: Callable[[int, int | None, str], None]) -> list[Path]:
    """Fetch cards and copy them to `folder/models/<card>`.

    Cards that ship with the kit are left out; a file that is there with the same sha256 stays. `progress` gets (bytes
    so far, bytes in all or None, what). Returns the folders of the models.

    Raises:
        FetchError: as `fetch.get`; or the folder is full or cannot be written.
    """
    places = []
    for card in cards:
        if all(source.kind not in FETCHED_KINDS for source in card.sources):
            continue
        here = fetch.get(card, progress=progress)
        target = folder / "models" / card.name
        names = [name for name in _of_card(card, here) if (here / name).is_file()]
        size = sum((here / name).stat().st_size for name in names)
        task = Words(f"copy {card.name} to {folder}", f"把 {card.name} 复制到 {folder}")
        with disk_errors(task, folder):
            target.mkdir(parents=True, exist_ok=True)
            require_space(task, size, target, already=sum(_size(target / name) for name in names))
            for name in names:
                _copy(here / name, target / name)
                progress((here / name).stat().st_size, None, f"copy {name}")
        places.append(target)
    return places


def wheels(folder: Path) -> list[Path]:
    """Download wheels of everything that `make labs` installs.

    The versions are those of constraints.txt, for this system and Python; pip's own settings (a mirror, an index of CPU
    wheels of torch) stay in force.

    Raises:
        BadInput: this is no clone of the project.
        FetchError: pip failed; its last line says why.
    """
    clone, constraints = paths.assets().parent, paths.constraints()
    if not (clone / "pyproject.toml").is_file() or constraints is None:
        raise BadInput(asked="wheels of the kit", found=f"no pyproject.toml in {clone}", todo="run this in a clone")
    place = folder / "wheels"
    place.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--wheel-dir", str(place), "--find-links", str(place)]
    command += ["--constraint", str(constraints), *requirements(clone / "pyproject.toml")]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode:
        last = (process.stderr.strip().splitlines() or ["no word"])[-1][:300]
        raise FetchError(asked=f"wheels in {place}", found=f"pip failed: {last}", todo="mend that, then run it again")
    return sorted(place.glob("*.whl"))


def requirements(path: Path) -> list[str]:
    """List what the project, its tests and its build need."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    project, build = data["project"], data["build-system"]["requires"]
    # hatchling asks for editables only when it builds, so nothing else names it
    return [*project["dependencies"], *project["optional-dependencies"]["dev"], *build, "editables"]


def write_sums(folder: Path) -> Path:
    """Write everything's sha256 as `sha256sum -c` reads it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != SUMS)
    lines = (f"{sha256_of(path)}  {path.relative_to(folder).as_posix()}\n" for path in files)
    return paths.write_atomically(folder / SUMS, "".join(lines))


def _of_card(card: Card, here: Path) -> Iterable[str]:
    """Name the files of a card's folder, receipt last."""
    for source in card.sources:
        if source.files and all((here / file.path).is_file() for file in source.files):
            return [*(file.path for file in source.files), RECEIPT]
    return []


def _copy(origin: Path, target: Path) -> None:
    """Copy a file and compare it, unless it is there."""
    if _size(target) == origin.stat().st_size and sha256_of(target) == sha256_of(origin):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.part")
    digest = hashlib.sha256()
    try:
        with origin.open("rb") as source, partial.open("wb") as copy:
            while block := source.read(CHUNK):
                copy.write(block)
                digest.update(block)
        if sha256_of(partial) != digest.hexdigest():
            fault = "the disk gives back other bytes"
            raise FetchError(asked=f"copy {target.name}", found=fault, todo="try another stick")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0
