"""Tell where assets, fetched models and results are."""

import os
import shutil
import tempfile
from pathlib import Path

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput

_PACKAGE = Path(__file__).resolve().parents[1]


def assets() -> Path:
    """Find the shipped assets: models, data, templates.

    `assets/` of a clone, or the copy inside an installed wheel; AIGC_ASSETS names another.

    Raises:
        BadInput: there is none.
    """
    own = os.environ.get("AIGC_ASSETS")
    for folder in (*([Path(own)] if own else []), _PACKAGE.parent / "assets", _PACKAGE / "_assets"):
        if (folder / "data").is_dir():
            return folder
    raise BadInput(
        asked=Words("the shipped assets", "随项目附带的资源文件"),
        found=Words(f"no folder assets/data beside {_PACKAGE}", f"{_PACKAGE} 旁边没有 assets/data 文件夹"),
        todo=Words(
            "install from a full clone (pip install -e .) or set AIGC_ASSETS to its assets folder",
            "从完整的克隆安装（pip install -e .），或把环境变量 AIGC_ASSETS 设为它的 assets 文件夹",
        ),
    )


def home() -> Path:
    """Name the folder of fetched models: AIGC_HOME, else ~/.cache/aigc-kit."""
    own = os.environ.get("AIGC_HOME")
    return Path(own).expanduser() if own else user_home() / ".cache" / "aigc-kit"


def user_home() -> Path:
    """Find the user's home folder.

    Raises:
        BadInput: the system knows none (no HOME, no entry of this user), as in some containers.
    """
    try:
        return Path.home()
    except RuntimeError:
        raise BadInput(
            asked=Words("a folder for models", "放模型的文件夹"),
            found=Words("this user has no home folder (HOME is not set)", "当前用户没有主目录（没有设置 HOME）"),
            todo=Words(
                "set AIGC_HOME to a folder that can be written, such as AIGC_HOME=$PWD/.aigc",
                "把环境变量 AIGC_HOME 设为一个可写的文件夹，例如 AIGC_HOME=$PWD/.aigc",
            ),
        ) from None


def out() -> Path:
    """Name the folder for results: AIGC_OUT, else ``out`` here."""
    return Path(os.environ.get("AIGC_OUT") or "out")


def offline() -> bool:
    """Tell whether AIGC_OFFLINE is 1, true, yes or on."""
    return os.environ.get("AIGC_OFFLINE", "").strip().lower() in {"1", "true", "yes", "on"}


def models() -> Path:
    """Name the folder that holds one per fetched card."""
    return home() / "models"


def lock_file() -> Path:
    """Name the file with sizes and sha256 of hub files."""
    return home() / "aigc.lock"


def disk_free(folder: Path | None = None) -> int:
    """Count free bytes on a folder's disk (default: models)."""
    folder = folder or home()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def write_atomically(path: Path, data: bytes | str) -> Path:
    """Write a file at once, never seen in part.

    Args:
        path: the file, its folders made; an existing one is replaced and keeps its permissions.
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
    """Find constraints.txt, of clone or wheel, or None."""
    files = (folder / "constraints.txt" for folder in (_PACKAGE.parent, _PACKAGE / "_assets"))
    return next((file for file in files if file.is_file()), None)
