"""Name all errors: asked, found, what to do."""

import linecache
import sys
import traceback
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import partial
from typing import NamedTuple

from aigc_kit.core.bilingual import Words

LABELS = ("要求", "发现", "怎么办")


class Told(NamedTuple):
    """Hold what an error says, in both languages."""

    asked: Words
    found: Words
    todo: Words


class AigcError(Exception):
    """Begin the tree of the kit's errors.

    Its text, logs and the command line are English; a notebook shows the Chinese of `told`.

    Args:
        asked: what the caller wanted, in a few words.
        found: what is the case instead.
        todo: what the caller can do now; one concrete action first.
    """

    def __init__(self, *, asked: Words | str, found: Words | str, todo: Words | str) -> None:
        self.told = Told(Words.of(asked), Words.of(found), Words.of(todo))
        super().__init__(str(self))

    @property
    def asked(self) -> str:
        """Give what the caller wanted, in English."""
        return self.told.asked.en

    @property
    def found(self) -> str:
        """Give what is the case instead, in English."""
        return self.told.found.en

    @property
    def todo(self) -> str:
        """Give what the caller can do now, in English."""
        return self.told.todo.en

    def __str__(self) -> str:  # OSError would print the tuple of its arguments
        return f"asked: {self.asked}\nfound: {self.found}\nwhat to do: {self.todo}"

    def __reduce__(self):
        return partial(type(self), **self.told._asdict()), ()

    def _render_traceback_(self) -> list[str]:
        """Show a notebook three lines, at a later %tb all.

        IPython, its kernel and so JupyterLab, nbclient and Voilà ask an exception for its own lines, some of them twice
        in a cell. The lines of the learner's cell follow; those inside the kit come in another cell, when asked for.
        """
        cells = len(getattr(sys.modules["__main__"], "In", ()))
        if cells > getattr(self, "_shown_in", cells):
            return "".join(traceback.format_exception(self)).splitlines()
        self._shown_in = cells
        return [
            *self.in_chinese(),
            "",
            *self._cell_lines(),
            f"（{type(self).__name__}，在新的一格里运行 %tb 可以看完整的回溯）",
        ]

    def in_chinese(self) -> list[str]:
        """Say it in three Chinese lines, as a notebook does."""
        return [f"{label}：{words.zh}" for label, words in zip(LABELS, self.told, strict=True)]

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


_NAME = Words("name", "选项")


def unknown_name(
    asked: Words | str,
    name: object,
    names: Iterable[str],
    what: Words | str = _NAME,
    more: Words | str = "",
) -> UnknownName:
    """Refuse an unknown name, naming the nearest."""
    every = tuple(names)
    close = nearest(name, every)
    found = Words(f"no {what} of that name", f"没有这个名字的{Words.of(what).zh}")
    if close:
        found += Words(f"; close: {', '.join(close)}", f"；相近的有 {'、'.join(close)}")
    first = (close or every)[0]
    todo = Words(f"choose {first!r}, or another of {', '.join(every)}", f"改成 {first!r}，或从 {'、'.join(every)} 里选")
    return UnknownName(asked=asked, found=found, todo=todo + more)


def missing_extra(package: str, extra: str, needed_for: Words | str) -> MissingExtra:
    """Say which command installs an optional package."""
    command = f"pip install 'aigc-kit[{extra}]'"
    return MissingExtra(
        asked=needed_for,
        found=Words(f"the package {package!r} is not installed", f"没有安装软件包 {package!r}"),
        todo=Words(f"{command}, then restart the kernel", f"运行 {command}，再重启内核"),
    )


def echo(error: BaseException) -> Words:
    """Repeat what an error of other code says."""
    said = f"{type(error).__name__}: {error}"
    return Words(said, f"出错了（原话：{said}）")


def not_written(asked: Words | str, error: Exception) -> CannotWrite:
    """Say which file or folder the system refused."""
    name, why = getattr(error, "filename", None), getattr(error, "strerror", None) or error
    where = f" {name!r}" if name else ""
    return CannotWrite(
        asked=asked,
        found=Words(
            f"the system refused a file or folder{where}: {why}",
            f"系统不让写这个文件或文件夹{where}（系统的原话：{why}）",
        ),
        todo=Words(
            "choose another folder: one that exists or can be made, that you may write to, with room on its disk",
            "换一个文件夹：它已经存在或可以新建，你有写入的权限，磁盘上还有空间",
        ),
    )
