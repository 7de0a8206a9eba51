"""Where things are: the shipped assets, the models fetched on this machine, the results of a run."""

import os
import shutil
import tempfile
from pathlib import Path

from aigc_kit.core.errors import BadInput


def assets() -> Path:
    """The folder of shipped assets: models, data, templates.

    `assets/` of a clone, or the copy inside an installed wheel; AIGC_ASSETS names another.

    Raises:
        BadInput: there is none.
    """
    named = os.environ.get("AIGC_ASSETS")
    here = Path(__file__).resolve().parents[1]
    for folder in (Path(named) if named else None, here.parent / "assets", here / "_assets"):
        if folder and (folder / "data").is_dir():
            return folder
    raise BadInput(
        asked="the shipped assets",
        found=f"no folder assets/data beside {here}",
        todo="install from a full clone (pip install -e .) or set AIGC_ASSETS to its assets folder",
    )


def home() -> Path:
    """The folder for fetched models and the lock file: AIGC_HOME, else ~/.cache/aigc-kit. It may not exist yet."""
    named = os.environ.get("AIGC_HOME")
    return Path(named).expanduser() if named else user_home() / ".cache" / "aigc-kit"


def user_home() -> Path:
    """The user's home folder.

    Raises:
        BadInput: the system knows none (no HOME, no entry of this user), as in some containers.
    """
    try:
        return Path.home()
    except RuntimeError:
        raise BadInput(
            asked="a folder for models",
            found="this user has no home folder (HOME is not set)",
            todo="set AIGC_HOME to a folder that can be written, such as AIGC_HOME=$PWD/.aigc",
        ) from None


def out() -> Path:
    """The folder for what a run makes: AIGC_OUT, else ``out`` in the working directory. It may not exist yet."""
    return Path(os.environ.get("AIGC_OUT") or "out")


def offline() -> bool:
    """Whether AIGC_OFFLINE says to stay off the network: 1, true, yes or on, in any case."""
    return os.environ.get("AIGC_OFFLINE", "").strip().lower() in {"1", "true", "yes", "on"}


def models() -> Path:
    """The folder that holds one folder per fetched card."""
    return home() / "models"


def lock_file() -> Path:
    """The file that keeps size and sha256 of hub files as they were on first use."""
    return home() / "aigc.lock"


def disk_free(folder: Path | None = None) -> int:
    """Free bytes on the disk of `folder`, by default of the folder for models (or its nearest existing parent)."""
    folder = folder or home()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def write_atomically(path: Path, data: bytes | str) -> Path:
    """Write a file so that a reader sees the old bytes or the new ones, never a part; folders are made.

    Args:
        path: the file; an existing one is replaced and keeps its permissions.
        data: bytes, or text (written as UTF-8 with the line ends it has).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
        temporary.chmod(path.stat().st_mode if path.exists() else 0o666 & ~_umask())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return path


def _umask() -> int:
    current = os.umask(0o022)  # the only way to read it is to set it
    os.umask(current)
    return current


def constraints() -> Path | None:
    """The exact tested set of packages (constraints.txt), of the clone or of the installed wheel; None without one."""
    here = Path(__file__).resolve().parents[1]
    for path in (here.parent / "constraints.txt", here / "_assets" / "constraints.txt"):
        if path.is_file():
            return path
    return None
