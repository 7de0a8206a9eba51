"""Make a hosted notebook ready with one call.

    import sys
    sys.path.insert(0, "/mnt/workspace/aigc-kit")   # the clone
    from aigc_kit.setup import setup
    setup()

Runs before anything of the kit is installed, so it needs the standard library only. docs/MODELSCOPE.md tells the steps.
"""

import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

from aigc_kit.core.errors import AigcError, BadInput

PLACES = ("/mnt/workspace",)  # folders of hosted notebooks that outlive the machine: ModelScope's

# What comes with the image and fits its driver: never replaced, also when it is not the version that the tests run with
KEPT = re.compile(r"torch|torchvision|torchaudio|triton|pytorch-triton|nvidia-.*|xformers|flash-attn|cuda-.*")


class CannotSetUp(AigcError, RuntimeError):
    """Tell that pip could not install what is needed."""


def setup(persistent: Path | str | None = None, clone: Path | str | None = None) -> dict[str, str]:
    """Install the kit, and keep caches where they last.

    Args:
        persistent: the folder that outlives this machine; default: the first of `PLACES` that exists, else the folder
            in which the clone lies.
        clone: of the project; default: the one that this module is in.

    Returns:
        The environment that was set, here and for every kernel that starts from now on.

    Raises:
        BadInput: no clone there, or the folder cannot be written.
        CannotSetUp: pip failed.
    """
    home = Path(clone) if clone is not None else Path(__file__).resolve().parents[1]
    if not (home / "pyproject.toml").is_file():
        raise BadInput(asked=f"to set up from {home}", found="no pyproject.toml there", todo="name the clone's folder")
    lasting = _lasting(persistent, home)
    environment = caches(lasting)
    os.environ.update(environment)
    install(home, lasting)
    _for_later_kernels(environment)
    return environment


def caches(lasting: Path) -> dict[str, str]:
    """Make every cache's folder, by environment variable.

    Raises:
        BadInput: they cannot be made.
    """
    below = {
        "AIGC_HOME": "aigc",
        "MODELSCOPE_CACHE": "modelscope",
        "HF_HOME": "huggingface",
        "PIP_CACHE_DIR": "pip",
    }
    try:
        for name in below.values():
            (lasting / "aigc-cache" / name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            asked=f"caches in {lasting}", found=f"it cannot be written ({error.strerror})", todo="name another folder"
        ) from error
    return {name: str(lasting / "aigc-cache" / folder) for name, folder in below.items()}


def install(clone: Path, lasting: Path) -> list[str]:
    """Install what is missing, but nothing that `KEPT` names.

    Wheels in `<lasting>/wheels` (of `aigc prefetch --wheels`) are used where they fit.

    Returns:
        The packages that were kept, "name==version".

    Raises:
        CannotSetUp: pip failed.
    """
    here = {_normal(one.metadata["Name"]): one.version for one in distributions() if one.metadata["Name"]}
    kept = {name: version for name, version in here.items() if KEPT.fullmatch(name)}
    project = tomllib.loads((clone / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [line for line in project["dependencies"] if _normal(_name(line)) not in kept]
    pins = [line for line in _lines(clone / "constraints.txt") if _normal(_name(line)) not in kept]
    constraints = lasting / "aigc-cache" / "constraints.txt"
    constraints.write_text("\n".join([*pins, *(f"{n}=={v}" for n, v in sorted(kept.items()))]) + "\n", encoding="utf-8")
    shelf = lasting / "wheels"
    options = ["--constraint", str(constraints), *(["--find-links", str(shelf)] if shelf.is_dir() else [])]
    _pip("install", *options, *wanted)
    _pip("install", "--no-deps", *(["--find-links", str(shelf)] if shelf.is_dir() else []), "--editable", str(clone))
    if str(clone) not in sys.path:
        sys.path.insert(0, str(clone))  # this process started before the package was installed
    return [f"{name}=={version}" for name, version in sorted(kept.items())]


def _lasting(named: Path | str | None, clone: Path) -> Path:
    if named is not None:
        return Path(named).expanduser()
    return next((Path(place) for place in PLACES if Path(place).is_dir()), clone.parent)


def _for_later_kernels(environment: dict[str, str]) -> None:
    """Write the environment into a start-up file of IPython."""
    folder = Path(os.environ.get("IPYTHONDIR") or Path.home() / ".ipython") / "profile_default" / "startup"
    lines = [f"os.environ.setdefault({name!r}, {value!r})" for name, value in environment.items()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "00-aigc-kit.py").write_text("import os\n\n" + "\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise BadInput(
            asked=f"a start-up file in {folder}",
            found=f"it cannot be written ({error.strerror})",
            todo="set IPYTHONDIR to a folder that can be written",
        ) from error


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", *arguments, "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1][:300]
        raise CannotSetUp(
            asked="to install the kit", found=f"pip says: {last}", todo="mend that, and run setup() again"
        )


def _lines(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _name(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
