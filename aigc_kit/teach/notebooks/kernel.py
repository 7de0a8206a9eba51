"""Start a fresh kernel, and follow its memory."""

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import aigc_kit
from aigc_kit.core.redact import is_secret_name

SAMPLE_SECONDS = 0.1
PEAK_HOW = (
    "sum of the resident memory (RSS) of the kernel and its child processes, sampled every 0.1 s with psutil; "
    "pages that processes share are counted in each"
)
PEAK_HOW_ZH = "内核进程及其子进程的常驻内存（RSS）之和，psutil 每 0.1 秒采样一次；共享的内存页各算一次"

_FOLDERS = ("AIGC_HOME", "AIGC_MODELS_DIR", "AIGC_ASSETS")  # the kernel works in another folder: made absolute
_NOT_HANDED_ON = {"MPLBACKEND", "IPYTHONDIR", "PYTHONSTARTUP", "JPY_PARENT_PID", "JPY_SESSION_NAME"}


def environment(
    folder: Path, tier: Literal["tiny", "full"], *, offline: bool = False, keep_secrets: bool = False
) -> dict[str, str]:
    """Copy this environment, without what would change outputs.

    `folder`, absolute, becomes AIGC_OUT, `tier` AIGC_TIER. `offline` also sets what the hub libraries read.
    `keep_secrets` hands on variables named like keys, for a notebook that talks to a server.
    """
    names = (name for name in os.environ if name not in _NOT_HANDED_ON and (keep_secrets or not is_secret_name(name)))
    plain = {name: os.environ[name] for name in names}
    plain |= {"AIGC_TIER": tier, "AIGC_OUT": str(folder), "AIGC_PROGRESS": "0", "PYTHONHASHSEED": "0"}
    plain.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that spin at a barrier crawl when a neighbour works too
    plain.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")  # its profiler warns, with the time, of what a notebook meant
    plain |= {name: _absolute(plain[name]) for name in _FOLDERS if plain.get(name)}
    own = [_absolute(entry) for entry in plain.get("PYTHONPATH", "").split(os.pathsep) if entry]
    plain["PYTHONPATH"] = os.pathsep.join([str(Path(aigc_kit.__file__).resolve().parents[1]), *own])
    if offline:
        plain |= {"AIGC_OFFLINE": "1", "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    return plain


def manager(folder: Path) -> Any:
    """Manage one kernel that is this interpreter, not started.

    `folder` is empty, holds the kernel's description, and must outlive the kernel.
    """
    from jupyter_client import AsyncKernelManager
    from jupyter_client.kernelspec import KernelSpecManager

    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--HistoryManager.enabled=False"]
    spec = {"argv": argv, "display_name": "Python 3", "language": "python", "metadata": {"debugger": False}}
    home = folder / "python3"
    home.mkdir(parents=True)
    (home / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    specs = KernelSpecManager(kernel_dirs=[str(folder)], ensure_native_kernel=False)
    settings = {} if sys.platform == "win32" else {"transport": "ipc"}  # files of this user, not ports of the machine
    return AsyncKernelManager(
        kernel_name="python3", kernel_spec_manager=specs, connection_file=str(folder / "kernel.json"), **settings
    )


class PeakSampler:
    """Follow a process tree's resident memory in a thread.

    `pid` is called until it gives a process id: the kernel starts later than the sampler.
    """

    def __init__(self, pid: Callable[[], int | None]) -> None:
        self.peak_bytes: int | None = None
        self._pid, self._stop = pid, threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> "PeakSampler":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _follow(self) -> None:
        import psutil

        tree: list[psutil.Process] = []
        samples = 0
        while not self._stop.wait(SAMPLE_SECONDS):
            pid = self._pid()
            if pid is None:
                continue
            try:
                if samples % 5 == 0:  # looking for children walks over all processes, so not at every sample
                    root = psutil.Process(pid)
                    tree = [root, *root.children(recursive=True)]
            except psutil.Error:
                continue
            samples += 1
            total = sum(_resident(process) for process in tree)
            if total:
                self.peak_bytes = max(self.peak_bytes or 0, total)


def _resident(process: Any) -> int:
    import psutil

    try:
        return process.memory_info().rss
    except psutil.Error:  # ended between two samples
        return 0


def _absolute(path: str) -> str:
    return str(Path(path).expanduser().absolute())
