"""One process at a time: a file made with O_EXCL that names its owner, and is taken over when the owner is dead."""

import json
import logging
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from aigc_kit.core.errors import Busy

WAIT_SECONDS = 600.0
_POLL_SECONDS = 0.1
_UNWRITTEN_SECONDS = 10.0  # a claim without content is its owner's first microseconds, or a crash in them
_FOREIGN_SECONDS = 3600.0  # another host's process cannot be asked: its claim counts while it was touched this recently
_CREATED_SLACK = 120.0  # clocks are adjusted; a reused pid is far younger than this only by rare chance

_log = logging.getLogger("aigc_kit.models.fetch")


class Claim:
    """A claim that is held; `touch()` from time to time tells other hosts that its owner lives."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._touched = time.monotonic()

    def touch(self) -> None:
        """Refresh the time stamp, at most twice a minute."""
        if time.monotonic() - self._touched > 30:
            self._touched = time.monotonic()
            with suppress(OSError):
                os.utime(self.path)


@contextmanager
def claim(path: Path, *, asked: str, wait: float = WAIT_SECONDS) -> Iterator[Claim]:
    """Hold `path` as the mark that this process works on something.

    Args:
        path: the file to make; its folder is made too.
        asked: what for, for the error text.
        wait: seconds to wait for a living owner.

    Raises:
        Busy: a living process held it all that time.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline, said = time.monotonic() + wait, False
    while not _make(path, _owner()):
        if _remove_if_stale(path):
            continue
        if time.monotonic() >= deadline:
            raise Busy(
                asked=asked,
                found=f"{_describe(path)} is doing it now",
                todo=f"wait until it has ended; if there is no such process, delete {path}",
            )
        if not said:
            _log.warning("%s: waiting for %s", asked, _describe(path))
            said = True
        time.sleep(_POLL_SECONDS)
    try:
        yield Claim(path)
    finally:
        if _read(path) == _owner():  # after a long sleep another host may have taken it over
            path.unlink(missing_ok=True)


def is_stale(path: Path) -> bool:
    """The claim exists and its owner is dead (or has been silent too long on another host)."""
    try:
        age = time.time() - path.stat().st_mtime
    except OSError:
        return False
    owner = _read(path)
    try:
        host, pid, created = owner["host"], int(owner["pid"]), float(owner["created"])
    except (ValueError, KeyError, TypeError):
        return path.exists() and age > _UNWRITTEN_SECONDS
    if host != platform.node():
        return age > _FOREIGN_SECONDS
    return not _runs(pid, created)


def _runs(pid: int, created: float) -> bool:
    import psutil

    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - created) < _CREATED_SLACK
    except (psutil.NoSuchProcess, ValueError, OverflowError):
        return False
    except psutil.AccessDenied:
        return True


def _remove_if_stale(path: Path) -> bool:
    """Remove a dead owner's claim. Only the holder of the second file may do so, and looks again before it does:
    otherwise two waiting processes could both see the dead owner, and the slower one would remove the claim that the
    faster one has just made."""
    if not is_stale(path):
        return False
    second = path.with_name(path.name + ".takeover")
    if not _make(second, {}):
        with suppress(OSError):
            if time.time() - second.stat().st_mtime > _UNWRITTEN_SECONDS:
                second.unlink()
        time.sleep(_POLL_SECONDS)
        return False
    try:
        if is_stale(path):
            path.unlink(missing_ok=True)
    finally:
        second.unlink(missing_ok=True)
    return True


def _make(path: Path, content: dict[str, Any]) -> bool:
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    except FileExistsError:
        return False
    except PermissionError:
        if path.exists():  # Windows answers so while another process deletes the file
            return False
        raise
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file)
    return True


def _owner() -> dict[str, Any]:
    import psutil

    return {"pid": os.getpid(), "host": platform.node(), "created": psutil.Process().create_time()}


def _read(path: Path) -> dict[str, Any]:
    try:
        owner = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return owner if isinstance(owner, dict) else {}


def _describe(path: Path) -> str:
    owner = _read(path)
    return f"process {owner['pid']} on {owner['host']}" if {"pid", "host"} <= set(owner) else "another process"
