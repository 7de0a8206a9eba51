"""Open the labs in JupyterLab, in Chinese, trusted.

For this machine only. The whole clone is served, so that notebooks, works and documents reach each other. What
JupyterLab shall be like stands in `assets/jupyter`: defaults, which the settings of a user overrule.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from aigc_kit.core.paths import assets, write_atomically
from aigc_kit.teach.notebooks import cells

HOST = "127.0.0.1"
_HIDDEN = ("__pycache__", "*.pyc", ".DS_Store", "*~", "solutions")  # from the list of files; links reach them
_ONCE = "out/.trusted"  # in a clone without git: its notebooks were trusted


def serve(notebook: str, options: Sequence[str] = ()) -> None:
    """Serve the clone with a notebook open, until Ctrl-C.

    Args:
        notebook: file name in notebooks/.
        options: of `jupyter lab`, after the kit's own, which they overrule.

    Raises:
        BadInput: the package was installed without notebooks.
    """
    from jupyterlab.labapp import LabApp

    root = cells.folder().parent
    os.environ.update(environment(root))
    trust(delivered(root))
    LabApp.launch_instance(arguments(root, notebook, options))


def arguments(root: Path, notebook: str, options: Sequence[str] = ()) -> list[str]:
    """List what JupyterLab is told, each setting once.

    Arguments as in `serve`.
    """
    own = [
        f"--ServerApp.ip={HOST}",
        f"--ServerApp.root_dir={root}",
        f"--LabApp.default_url=/lab/tree/notebooks/{notebook}",
        f"--ContentsManager.hide_globs={[*_HIDDEN]}",
        "--LabApp.news_url=",  # an empty one: nothing is asked of another machine, nobody is asked about news
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    names = {option.partition("=")[0] for option in options}
    return [*(line for line in own if line.partition("=")[0] not in names), *options]


def environment(root: Path) -> dict[str, str]:
    """Name the variables of the server and its kernels.

    Folders that are set already stay.
    """
    places = [*filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")]), str(assets() / "jupyter")]
    return {
        "JUPYTER_CONFIG_PATH": os.pathsep.join(places),
        "AIGC_OUT": os.environ.get("AIGC_OUT") or str(root / "out"),
        # compute threads that spin while they wait crawl when anything else runs beside them
        "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY") or "PASSIVE",
    }


def trust(paths: Sequence[Path]) -> None:
    """Sign notebooks, so that JupyterLab shows all they hold.

    Without a signature it drops scripts and frames from outputs, and shows widgets as the text of their code.
    """
    from nbformat.sign import NotebookNotary

    notary = NotebookNotary()
    for path in paths:
        notebook = cells.read(path)
        if not notary.check_signature(notebook):
            notary.sign(notebook)


def delivered(root: Path) -> list[Path]:
    """List the notebooks that are as the project gave them.

    Git knows which were changed. In a clone without git all count, the first time only: what is put there later, from
    another person maybe, is trusted by who opens it.
    """
    changes = _changes(root)
    if changes is not None:
        return [path for path in cells.all_paths() if path not in changes]
    if (root / _ONCE).exists():
        return []
    write_atomically(root / _ONCE, "")
    return cells.all_paths()


def _changes(root: Path) -> set[Path] | None:
    """Ask git which notebooks differ, None where it knows nothing."""
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        return None
    command = [git, "-C", str(root), "status", "--porcelain", "-z", "--untracked-files=all", "--", "notebooks"]
    process = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if process.returncode:
        return None
    return {root / line[3:] for line in process.stdout.split("\0") if line}
