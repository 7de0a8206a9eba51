"""The exception tree. Every error says what was asked, what was found and what to do.

AigcError
├── BadInput            (ValueError)     a value outside what the call accepts
│   └── UnknownName     (LookupError)    no model, lab, form or preset of that name
├── DoesNotFit          (MemoryError)    no plan fits the budget; names the smallest change that would
├── MissingExtra        (ImportError)    an optional package is not installed
├── CannotLoad          (RuntimeError)   the files are here, but no pipeline can be made of them
├── CannotWrite         (RuntimeError)   a file could not be written, encoded or read back; none is left half-made
└── FetchError          (OSError)        a file could not be brought to this machine
    ├── NotOnDisk                        offline, and no local source holds it
    ├── NoNetwork                        no connection, or one that broke off
    ├── SourceGone                       the source answered that it does not have it
    ├── WrongBytes                       size or sha256 differs from the card or the lock
    ├── NoSpace                          the disk is full, or would be
    └── Busy                             another process is fetching the same files
"""


class AigcError(Exception):
    """Base of all errors of the kit.

    Args:
        asked: what the caller wanted, in a few words.
        found: what is the case instead.
        todo: what the caller can do now; one concrete action first.
    """

    def __init__(self, *, asked: str, found: str, todo: str) -> None:
        self.asked, self.found, self.todo = asked, found, todo
        super().__init__(f"asked: {asked}\nfound: {found}\nwhat to do: {todo}")

    def __reduce__(self):
        return _rebuild, (type(self), self.asked, self.found, self.todo)


def _rebuild(cls: type[AigcError], asked: str, found: str, todo: str) -> AigcError:
    return cls(asked=asked, found=found, todo=todo)


class BadInput(AigcError, ValueError):
    """A value outside what the call accepts."""


class UnknownName(BadInput, LookupError):
    """No model, lab, form or preset of that name."""


class DoesNotFit(AigcError, MemoryError):
    """No plan fits the budget."""


class MissingExtra(AigcError, ImportError):
    """An optional package is not installed."""


class CannotLoad(AigcError, RuntimeError):
    """The files are here, but no pipeline can be made of them."""


class CannotWrite(AigcError, RuntimeError):
    """A file could not be written, encoded or read back; none is left half-made."""


class FetchError(AigcError, OSError):
    """A file could not be brought to this machine."""

    def __str__(self) -> str:  # OSError would print the tuple of its arguments
        return f"asked: {self.asked}\nfound: {self.found}\nwhat to do: {self.todo}"


class NotOnDisk(FetchError):
    """Offline, and no local source holds the file."""


class NoNetwork(FetchError):
    """No connection to the source, or one that broke off."""


class SourceGone(FetchError):
    """The source answered that it does not have the file."""


class WrongBytes(FetchError):
    """Size or sha256 differs from the card or the lock."""


class NoSpace(FetchError):
    """The disk is full, or would be."""


class Busy(FetchError):
    """Another process is fetching the same files."""


def missing_extra(package: str, extra: str, needed_for: str) -> MissingExtra:
    """The error for an optional package that is not installed, with the command that installs it."""
    return MissingExtra(
        asked=needed_for,
        found=f"the package {package!r} is not installed",
        todo=f"pip install 'aigc-kit[{extra}]', then restart the kernel",
    )


def not_written(asked: str, error: OSError) -> CannotWrite:
    """The error for a file or folder that the operating system refused."""
    where = f" {error.filename!r}" if error.filename else ""
    return CannotWrite(
        asked=asked,
        found=f"the system refused a file or folder{where}: {error.strerror or error}",
        todo="choose another folder: one that exists or can be made, that you may write to, with room on its disk",
    )
