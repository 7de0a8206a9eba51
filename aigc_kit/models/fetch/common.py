"""Share what every source needs: progress, hashing, disk errors."""

import errno
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from aigc_kit.core.errors import BadInput, FetchError, NoSpace
from aigc_kit.core.types import Piece, Source, Words
from aigc_kit.core.units import MIB

Progress = Callable[[int, int | None, str], None]
Origin = Literal["card", "lock"]
CHUNK = MIB

# Formats that hold data only (ONNX: a graph of the runtime's own operators). Everything else (.bin, .pt, .ckpt: pickles
# that run code when loaded; .py) is refused, but for a .bin whose sha256 the card pins: known bytes, raw numbers.
SAFE_SUFFIXES = (".safetensors", ".gguf", ".onnx", ".json", ".txt", ".model")

_NO_SPACE = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_BROKEN = {errno.EIO, errno.EFBIG, errno.ENODEV, getattr(errno, "ESTALE", errno.EIO)}
_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}  # the last two: a file is there


@dataclass(frozen=True)
class Fetched:
    """Hold a whole, checked file that waits to be placed.

    Args:
        path: relative to the card's folder.
        file: where it is now.
        bytes, sha256: as counted and computed here.
        origin: what the hash was compared with: the "card", or the "lock" (the hub's listing on first use).
    """

    path: str
    file: Path
    bytes: int
    sha256: str
    origin: Origin


def silent(done: int, total: int | None, label: str) -> None:
    """Show nothing of the progress."""


def counting(progress: Progress, total: int | None, label: str) -> Callable[[int], None]:
    """Make a call that reports the sum of sizes."""
    count = 0

    def on_bytes(size: int) -> None:
        nonlocal count
        count += size
        progress(count, total, label)

    return on_bytes


def sha256_of(file: Path, on_bytes: Callable[[int], None] | None = None) -> str:
    """Compute the hex sha256 of a file, telling block sizes."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(CHUNK):
            digest.update(block)
            if on_bytes:
                on_bytes(len(block))
    return digest.hexdigest()


@contextmanager
def written(out: Path, blocks: Iterable[bytes], on_bytes: Callable[[int], None]) -> Iterator[tuple[int, str]]:
    """Write a file, and remove it when its checks fail.

    Yields bytes and hex sha256; an error of the writing or of the block around it removes the file.
    """
    digest, size = hashlib.sha256(), 0
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        with out.open("wb") as target:
            for block in blocks:
                target.write(block)
                digest.update(block)
                size += len(block)
                on_bytes(len(block))
        yield size, digest.hexdigest()
    except BaseException:
        out.unlink(missing_ok=True)
        raise


def tree_bytes(folder: Path) -> int:
    """Sum the bytes of all files below a folder."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(root) / name).stat().st_size
            except OSError:  # moved away between listing and asking
                continue
    return total


def safe_path(path: str, what: Words) -> PurePosixPath:
    """Check that a relative path stays below its folder.

    Raises:
        BadInput: it is absolute, empty, climbs with "..", or names a drive.
    """
    pure = PurePosixPath(path)
    if not path or pure.is_absolute() or ".." in pure.parts or "\\" in path or ":" in path or "\0" in path:
        raise BadInput(
            asked=what + f" {path!r}",
            found=Words("a path that leaves its folder", "这个路径离开了它的文件夹"),
            todo=Words("use a plain relative path", "用普通的相对路径"),
        )
    return pure


def refuse_code(source: Source) -> None:
    """Refuse files that could run code when loaded.

    Raises:
        BadInput: a file is none of the data-only formats, nor raw numbers (.bin) that the card pins by their sha256.
    """
    for file in source.files:
        safe_path(file.path, Words("file", "文件"))
        numbers = file.path.lower().endswith(".bin") and file.sha256 is not None
        if not file.path.lower().endswith(SAFE_SUFFIXES) and not numbers:
            raise BadInput(
                asked=Words(f"file {file.path!r} of {source.ref}", f"{source.ref} 的文件 {file.path!r}"),
                found=Words(
                    f"not one of the data-only formats {', '.join(SAFE_SUFFIXES)}",
                    f"不属于只存数据的格式 {'、'.join(SAFE_SUFFIXES)}",
                ),
                todo=Words(
                    "list safetensors or GGUF files in the card; pickles and scripts are never fetched",
                    "在卡里写 safetensors 或 GGUF 文件；pickle 和脚本从不下载",
                ),
            )


def sum_known(sizes: Iterable[int | None]) -> int | None:
    """Sum sizes, or give None when one is not known."""
    numbers = list(sizes)
    return None if None in numbers else sum(size or 0 for size in numbers)


def pieces_of(source: Source) -> list[Piece]:
    """List the pieces of a source's files, each once."""
    return list(dict.fromkeys(piece for file in source.files for piece in file.pieces))


def disk_error(error: BaseException, asked: Words | str, folder: Path) -> FetchError | None:
    """Turn a disk's error into the kit's, or None."""
    if not isinstance(error, OSError):
        return None
    if error.errno in _NO_SPACE:
        return NoSpace(
            asked=asked,
            found=Words(
                f"the disk of {folder} is full; temporary files were removed, earlier files are untouched",
                f"{folder} 所在的磁盘满了；临时文件已经删除，先前的文件没有动",
            ),
            todo=Words(
                "free some space, or set AIGC_HOME to a folder on a larger disk, and run the same command again",
                "在磁盘上腾出空间，或把环境变量 AIGC_HOME 设为更大磁盘上的文件夹，再运行一次",
            ),
        )
    if error.errno in _NOT_ALLOWED:
        return FetchError(
            asked=asked,
            found=Words(
                f"{error.filename or folder} cannot be read or written ({error.strerror})",
                f"读不了或写不了 {error.filename or folder}（系统的原话：{error.strerror}）",
            ),
            todo=Words("set AIGC_HOME to a folder that you may write to", "把环境变量 AIGC_HOME 设为你能写入的文件夹"),
        )
    if error.errno in _BROKEN:
        todo = Words(
            "check that disk or stick (FAT32 takes no file over 4 GiB), or set AIGC_HOME to a folder on another one",
            "检查磁盘或 U 盘（FAT32 装不下超过 4 GiB 的文件），或把环境变量 AIGC_HOME 设为别的磁盘上的文件夹",
        )
        return FetchError(
            asked=asked,
            found=Words(f"reading or writing failed ({error.strerror})", f"读写失败（系统的原话：{error.strerror}）"),
            todo=todo,
        )
    return None


@contextmanager
def disk_errors(asked: Words | str, folder: Path) -> Iterator[None]:
    """Turn what the system reports into errors that say so.

    Raises:
        NoSpace: the disk (or the quota) is full.
        FetchError: the folder cannot be written, or reading or writing failed otherwise.
    """
    try:
        yield
    except FetchError:
        raise
    except OSError as error:
        todo = Words("check that disk or stick, then run the same command again", "检查磁盘或 U 盘，再运行一次")
        other = FetchError(
            asked=asked,
            found=Words(f"reading or writing failed ({error})", f"读写失败（系统的原话：{error}）"),
            todo=todo,
        )
        raise disk_error(error, asked, folder) or other from error
