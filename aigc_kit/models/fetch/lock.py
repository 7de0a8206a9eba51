"""Let one process work at a time, by a lease."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import Busy

WAIT_SECONDS = 600.0
LEASE_SECONDS = 30.0  # a process elsewhere cannot be asked: its claim counts while it was refreshed this recently
_POLL_SECONDS = 0.1
_UNWRITTEN_SECONDS = 10.0  # a mark without content is its owner's first microseconds, or a crash in them

_log = logging.getLogger("aigc_kit.models.fetch")


@contextmanager
def claim(path: Path, *, asked: Words, wait: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold `path` as the mark of work in progress.

    A dead owner of this machine loses it at once, a silent one of another machine or container after LEASE_SECONDS.

    Args:
        path: the file to make; its folder is made too.
        asked: what for, for the error text.
        wait: seconds to wait for a living owner.

    Raises:
        Busy: a living process held it all that time.
    """
    from filelock import LeaseSettingsMismatch, SoftFileLease, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_unwritten(path)
    lease = SoftFileLease(path, lease_duration=LEASE_SECONDS, poll_interval=_POLL_SECONDS)
    try:
        try:
            lease.acquire(timeout=min(wait, 3 * _POLL_SECONDS))
        except Timeout:
            _log.warning("%s: waiting for %s", asked, owner(path))
            lease.acquire(timeout=wait)
    except (Timeout, LeaseSettingsMismatch):
        raise Busy(
            asked=asked,
            found=Words(f"{owner(path)} is doing it now", f"{owner(path)} 正在做"),
            todo=Words(
                f"wait until it has ended; if there is no such process, delete {path}",
                f"等它做完；如果没有这个进程，就删掉 {path}",
            ),
        ) from None
    try:
        yield
    finally:
        lease.release()


def owner(path: Path) -> str:
    """Name the process that holds a claim."""
    from filelock import SoftFileLease

    record = SoftFileLease(path).owner
    return f"process {record.pid} on {record.hostname.partition('?')[0]}" if record else "another process"


def _remove_unwritten(path: Path) -> None:
    """Remove a mark that a crash left empty."""
    from filelock import SoftFileLease, Timeout

    def is_unwritten() -> bool:
        with suppress(OSError):
            mark = path.stat()
            return mark.st_size == 0 and time.time() - mark.st_mtime > _UNWRITTEN_SECONDS
        return False

    if is_unwritten():
        with suppress(Timeout), SoftFileLease(path.with_name(path.name + ".takeover"), timeout=1.0):
            if is_unwritten():
                path.unlink(missing_ok=True)
