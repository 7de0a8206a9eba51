"""Unpack anybody's archive, or refuse and say why.

Nothing of it is run or followed.
"""

import stat
import struct
import unicodedata
import zipfile
import zlib
from pathlib import Path

from aigc_kit.core.errors import BadInput
from aigc_kit.models.fetch.common import CHUNK, safe_path
from aigc_kit.teach.classroom import submission_limits

_END = b"PK\x05\x06"  # end of the central directory (APPNOTE 4.3.16): 22 bytes and a comment
_END_64 = b"PK\x06\x07"
_RESERVED = {"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))}


def unpack(archive: Path, target: Path) -> list[str]:
    """Write an archive's files below an empty or missing folder.

    Returns their relative names.

    Raises:
        BadInput: it is no zip file or a damaged one; too many or too large files (as claimed, and as they come);
            a name that is absolute, climbs, repeats another, or no system could write; a link, a device, an encrypted
            member, or a kind of file that no submission holds. What was written by then is below `target` only.
    """
    try:
        _check_directory(archive)
        with zipfile.ZipFile(archive) as source:
            members = [info for info in source.infolist() if not info.is_dir()]
            _check_members(archive, members)
            for info in members:
                _write(source, info, target / info.filename)
    except BadInput:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise _refused(archive, f"a damaged archive ({error})") from error
    return [info.filename for info in members]


def _check_directory(archive: Path) -> None:
    """Refuse a long list of files before zipfile reads it."""
    size = archive.stat().st_size
    if size > submission_limits.TOTAL_BYTES:
        raise _refused(archive, f"{size} bytes, more than {submission_limits.TOTAL_BYTES}")
    with archive.open("rb") as stream:
        stream.seek(max(0, size - 22 - 65535))
        tail = stream.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < 22:
        raise _refused(archive, "no zip file, or one that was cut off")
    size = struct.unpack_from("<I", tail, at + 12)[0]
    if _END_64 in tail[max(0, at - 20) : at] or size > submission_limits.DIRECTORY_BYTES:
        raise _refused(archive, f"more than {submission_limits.FILES} files listed")


def _check_members(archive: Path, members: list[zipfile.ZipInfo]) -> None:
    if len(members) > submission_limits.FILES:
        raise _refused(archive, f"{len(members)} files, more than {submission_limits.FILES}")
    if sum(info.file_size for info in members) > submission_limits.TOTAL_BYTES:
        raise _refused(archive, f"more than {submission_limits.TOTAL_BYTES} bytes when unpacked")
    names: set[str] = set()
    for info in members:
        plain_name = unicodedata.normalize("NFC", info.filename).casefold()
        why = "a name that stands there twice" if plain_name in names else _why_not(info)
        names.add(plain_name)
        if why:
            raise _refused(archive, f"{info.filename[:80]!r}: {why}")


def name_problem(name: str) -> str:
    """Say why a path is no submission's file, or ""."""
    try:
        parts = safe_path(name, "member").parts
    except BadInput:
        return "a path that leaves its folder"
    longest = max((len(part.encode(errors="replace")) for part in parts), default=0)
    if len(parts) > submission_limits.DEPTH or longest > submission_limits.NAME_BYTES:
        return "a path that is too long"
    if not name.isprintable() or any(p != p.strip(" .") or p.split(".")[0].lower() in _RESERVED for p in parts):
        return "a name that not every system can write"
    return "" if name.lower().endswith(submission_limits.ENDINGS) else "a kind of file that no submission holds"


def _why_not(info: zipfile.ZipInfo) -> str:
    """Say why a member is refused, else "" alone."""
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        return "a link or a device, no plain file"
    if info.flag_bits & 0x1:
        return "encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "packed in an unusual way"
    why = f"over {submission_limits.FILE_BYTES} bytes when unpacked"
    return name_problem(info.filename) or (why if info.file_size > submission_limits.FILE_BYTES else "")


def _write(source: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    remaining = info.file_size
    with source.open(info) as stream, path.open("xb") as file:
        while block := stream.read(CHUNK):
            remaining -= len(block)
            if remaining < 0:
                raise zipfile.BadZipFile(f"{info.filename[:80]!r} is larger than the archive says")
            file.write(block)
    if remaining:
        raise zipfile.BadZipFile(f"{info.filename[:80]!r} is shorter than the archive says")


def _refused(archive: Path, found: str) -> BadInput:
    return BadInput(asked=f"to unpack {archive.name}", found=found, todo="ask for it again, made by `aigc submit`")
