"""Name all errors: asked, found, what to do."""

import linecache
import sys
import traceback
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import partial


class AigcError(Exception):
    """Begin the tree of the kit's errors.

    Args:
        asked: what the caller wanted, in a few words.
        found: what is the case instead.
        todo: what the caller can do now; one concrete action first.
    """

    def __init__(self, *, asked: str, found: str, todo: str) -> None:
        self.asked, self.found, self.todo = asked, found, todo
        super().__init__(str(self))

    def __str__(self) -> str:  # OSError would print the tuple of its arguments
        return f"asked: {self.asked}\nfound: {self.found}\nwhat to do: {self.todo}"

    def __reduce__(self):
        return partial(type(self), asked=self.asked, found=self.found, todo=self.todo), ()

    def _render_traceback_(self) -> list[str]:
        """Show a notebook three lines, at a later %tb all.

        IPython, its kernel and so JupyterLab, nbclient and Voilà ask an exception for its own lines, some of them twice
        in a cell. The lines of the learner's cell follow; those inside the kit come in another cell, when asked for.
        """
        cells = len(getattr(sys.modules["__main__"], "In", ()))
        if cells > getattr(self, "_shown_in", cells):
            return "".join(traceback.format_exception(self)).splitlines()
        self._shown_in = cells
        lines = [f"要求：{self.asked}", f"发现：{self.found}", f"怎么办：{self.todo}", ""]
        return [*lines, *self._cell_lines(), f"（{type(self).__name__}，在新的一格里运行 %tb 可以看完整的回溯）"]

    def _cell_lines(self) -> Iterator[str]:
        """Show the lines of the notebook's cells that led here."""
        for frame, number in traceback.walk_tb(self.__traceback__):
            if "get_ipython" in frame.f_globals and "In" in frame.f_globals:  # the names of a notebook
                code = linecache.getline(frame.f_code.co_filename, number).strip()
                yield f"你的代码，第 {number} 行：{code}"


class BadInput(AigcError, ValueError):
    """Refuse a value outside what the call accepts."""


class UnknownName(BadInput, LookupError):
    """Know no model, lab, form or preset of that name."""


class DoesNotFit(AigcError, MemoryError):
    """Find no plan that fits, and name the smallest change."""


class OverBudget(AigcError, RuntimeError):
    """Refuse calls beyond the budget, none of them made."""


class MissingExtra(AigcError, ImportError):
    """Miss an optional package that is not installed."""


class CannotLoad(AigcError, RuntimeError):
    """Have files of which no pipeline can be made."""


class CannotWrite(AigcError, RuntimeError):
    """Fail to write, encode or read back, nothing half-made stays."""


class FetchError(AigcError, OSError):
    """Fail to bring a file to this machine."""


class NotOnDisk(FetchError):
    """Stay offline where no local source holds the file."""


class NoNetwork(FetchError):
    """Get no connection to the source, or a broken one."""


class SourceGone(FetchError):
    """Hear from the source that it lacks the file."""


class WrongBytes(FetchError):
    """Get another size or sha256 than card or lock."""


class NoSpace(FetchError):
    """Find the disk full, or full before the end."""


class Busy(FetchError):
    """Meet another process that fetches the same files."""


def nearest(name: object, names: Iterable[str], count: int = 2) -> list[str]:
    """List the names that resemble one most, best first.

    >>> nearest("Tinny", ("tiny", "full")), nearest("?", ("tiny", "full"))
    (['tiny'], [])
    """
    by_lower = {known.lower(): known for known in names}
    return [by_lower[known] for known in get_close_matches(str(name).lower(), by_lower, n=count, cutoff=0.4)]


def unknown_name(asked: str, name: object, names: Iterable[str], what: str = "name", more: str = "") -> UnknownName:
    """Refuse an unknown name, naming the nearest."""
    every = tuple(names)
    close = nearest(name, every)
    found = f"no {what} of that name" + (f"; close: {', '.join(close)}" if close else "")
    return UnknownName(
        asked=asked, found=found, todo=f"choose {(close or every)[0]!r}, or another of {', '.join(every)}{more}"
    )


def missing_extra(package: str, extra: str, needed_for: str) -> MissingExtra:
    """Say which command installs an optional package."""
    return MissingExtra(
        asked=needed_for,
        found=f"the package {package!r} is not installed",
        todo=f"pip install 'aigc-kit[{extra}]', then restart the kernel",
    )


def not_written(asked: str, error: OSError) -> CannotWrite:
    """Say which file or folder the system refused."""
    where = f" {error.filename!r}" if error.filename else ""
    return CannotWrite(
        asked=asked,
        found=f"the system refused a file or folder{where}: {error.strerror or error}",
        todo="choose another folder: one that exists or can be made, that you may write to, with room on its disk",
    )
