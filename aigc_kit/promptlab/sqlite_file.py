"""Open a file of SQLite that several writers share."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import AigcError, CannotLoad, not_written

_PATIENCE = 60  # seconds that a writer waits for others


@contextmanager
def connection(path: Path, what: Words, **options: Any) -> Iterator[sqlite3.Connection]:
    """Hold a file open, which is made when missing.

    Args:
        path: of the file; its folder is made too.
        what: it is, in an error.
        options: of `sqlite3.connect`.

    Raises:
        CannotWrite: the file cannot be made, opened or written.
        CannotLoad: it is something else; it stays as it is.
    """
    asked = what + f" {path.name}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(path, timeout=_PATIENCE, **options)) as file:
            yield file
    except AigcError:  # what the caller found out while it was open; some of them are ValueErrors too
        raise
    except (OSError, sqlite3.OperationalError) as error:
        raise not_written(asked, error) from error
    except (sqlite3.DatabaseError, ValueError) as error:
        raise CannotLoad(
            asked=asked,
            found=Words(f"not one: {error}", f"文件里不是它（原话：{error}）"),
            todo=Words("name another file; this one stays as it is", "换一个文件名；这个文件保持原样"),
        ) from error


@contextmanager
def transaction(path: Path, what: Words) -> Iterator[sqlite3.Connection]:
    """Hold a file open, and write all or nothing."""
    with connection(path, what, isolation_level=None) as file, whole(file):
        yield file


@contextmanager
def whole(file: sqlite3.Connection) -> Iterator[None]:
    """Write all or nothing into an open file."""
    file.execute("BEGIN IMMEDIATE")
    try:
        yield
        file.execute("COMMIT")
    except BaseException:
        if file.in_transaction:
            file.execute("ROLLBACK")
        raise
