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
from collections.abc import Sequence
from importlib.metadata import distributions
from pathlib import Path

from aigc_kit.core.errors import AigcError, BadInput

CACHES = {"AIGC_HOME": "aigc", "MODELSCOPE_CACHE": "modelscope", "HF_HOME": "huggingface", "PIP_CACHE_DIR": "pip"}
PLACES = ("/mnt/workspace",)  # folders of hosted notebooks that outlive the machine: ModelScope's

# What comes with the image and fits its driver: never replaced, also when it is not the version that the tests run with
KEPT = re.compile(r"torch|torchvision|torchaudio|triton|pytorch-triton|nvidia-.*|xformers|flash-attn|cuda-.*")


class NotInstalled(AigcError, ImportError):
    """Miss a package that every installation of the kit has."""


class CannotSetUp(AigcError, RuntimeError):
    """Tell that pip could not install what is needed."""


def setup(persistent: Path | str | None = None, clone: Path | str | None = None) -> dict[str, str]:
    """Install the kit, and keep caches where they last.

    Args:
        persistent: the folder that outlives this machine; default: the first of `PLACES` that exists, else the clone's.
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


def not_installed(package: str, arguments: Sequence[str], clone: Path | None = None) -> NotInstalled:
    """Say what to run for the command to work.

    Nothing is installed.

    Args:
        package: that is missing.
        arguments: of the command, such as ["lab", "03"].
        clone: of the project; default: the one that this module is in.
    """
    home = Path(clone) if clone is not None else Path(__file__).resolve().parents[1]
    own = own_python()
    again = " ".join([own, "-m", "aigc_kit", *arguments])
    steps = [f"cd {home}"] if home != Path.cwd() else []
    found = f"this Python ({sys.executable}) has no package {package!r}"
    there = any((home / ".venv").glob("*/python*"))
    if there and (home / ".venv").resolve() != Path(sys.prefix).resolve():
        found += "; the clone has an environment of its own"
    else:
        steps += [] if there else [f"{Path(sys.executable).name} -m venv .venv"]
        steps += [f"{own} -m pip install --constraint constraints.txt --editable ."]
    todo = "".join(f"\n  {step}" for step in (*steps, again))
    return NotInstalled(asked=f"aigc {' '.join(arguments)}", found=found, todo=f"run, in this order:{todo}")


def own_python(system: str = os.name) -> str:
    r"""Write how a shell calls the environment's Python.

    >>> own_python("nt")
    '.venv\\Scripts\\python'
    """
    return r".venv\Scripts\python" if system == "nt" else ".venv/bin/python"


def caches(lasting: Path) -> dict[str, str]:
    """Make every cache's folder, by environment variable.

    Raises:
        BadInput: they cannot be made.
    """
    folders = {name: lasting / "aigc-cache" / folder for name, folder in CACHES.items()}
    try:
        for folder in folders.values():
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(f"caches in {lasting}", error, "name another folder") from error
    return {name: str(folder) for name, folder in folders.items()}


def install(clone: Path, lasting: Path) -> list[str]:
    """Install what is missing, but nothing that `KEPT` names.

    Wheels in `<lasting>/wheels` (of `aigc prefetch --wheels`) are used where they fit.

    Returns:
        The packages that were kept, "name==version".

    Raises:
        CannotSetUp: pip failed.
    """
    packages = {_normal(package.name): package.version for package in distributions() if package.metadata["Name"]}
    stays = {name: version for name, version in packages.items() if KEPT.fullmatch(name)}
    versions = [f"{name}=={version}" for name, version in sorted(stays.items())]
    project = tomllib.loads((clone / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = [line for line in project["dependencies"] if _normal(_name(line)) not in stays]
    pins = [line for line in _lines(clone / "constraints.txt") if _normal(_name(line)) not in stays]
    constraints, shelf = lasting / "aigc-cache" / "constraints.txt", lasting / "wheels"
    constraints.write_text("\n".join([*pins, *versions]) + "\n", encoding="utf-8")
    links = ["--find-links", str(shelf)] if shelf.is_dir() else []
    _pip("install", "--constraint", str(constraints), *links, *needs)
    _pip("install", "--no-deps", *links, "--editable", str(clone))
    if str(clone) not in sys.path:
        sys.path.insert(0, str(clone))  # this process started before the package was installed
    return versions


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
        todo = "set IPYTHONDIR to a folder that can be written"
        raise _unwritable(f"a start-up file in {folder}", error, todo) from error


def _unwritable(asked: str, error: OSError, todo: str) -> BadInput:
    return BadInput(asked=asked, found=f"it cannot be written ({error.strerror})", todo=todo)


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", *arguments, "--quiet", "--disable-pip-version-check"]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode:
        last = (process.stderr.strip().splitlines() or ["no word"])[-1][:300]
        todo = "mend that, and run setup() again"
        raise CannotSetUp(asked="to install the kit", found=f"pip says: {last}", todo=todo)


def _lines(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _name(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
