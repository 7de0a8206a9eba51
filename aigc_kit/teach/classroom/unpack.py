"""Unpack anybody's archive, or refuse and say why.

Nothing of it is run or followed.
"""

import stat
import struct
import unicodedata
import zipfile
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput
from aigc_kit.core.units import format_bytes
from aigc_kit.models.fetch.common import CHUNK, safe_path
from aigc_kit.teach.classroom import submission_limits
from aigc_kit.teach.classroom.submission_limits import is_system_file, most_bytes

_END = b"PK\x05\x06"  # end of the central directory (APPNOTE 4.3.16): 22 bytes and a comment
_END_64 = b"PK\x06\x07"
_RESERVED = {"con", "prn", "aux", "nul", *(f"{name}{n}" for name in ("com", "lpt") for n in range(1, 10))}


@dataclass(frozen=True)
class Unpacked:
    """Name the files that were written, and what was not.

    Args:
        files: relative names, below the target.
        left_out: (name, why, in Chinese) of what no submission holds; system files are not even named.
    """

    files: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...] = ()


def unpack(archive: Path, target: Path) -> Unpacked:
    """Write an archive's files below an empty or missing folder.

    One folder around everything is taken off (`submission.json` shall stand at the top), names written by systems
    without UTF-8 are read as GBK, files of the system (`.DS_Store`, `__MACOSX`, `Thumbs.db`, `~$x`) are passed over,
    and a file that no submission holds is left out and named.

    Raises:
        BadInput: it is no zip file or a damaged one; too many or too large files (as claimed, and as they come);
            a name that is absolute, climbs or repeats another; a link, a device or an encrypted member. What was
            written by then is below `target` only.
    """
    try:
        _check_directory(archive)
        with zipfile.ZipFile(archive) as source:
            listed = [info for info in source.infolist() if not info.is_dir()]
            members = {_name(info): info for info in listed if not is_system_file(_name(info))}
            _check_members(archive, listed)
            named = list(zip(_without_top(list(members)), members.values(), strict=True))
            strays = {name: why for name, info in named if (why := _stray(name, info))}
            wanted = [(name, info) for name, info in named if name not in strays]
            _check_total(archive, [info for _, info in wanted])
            for name, info in wanted:
                _write(source, info, target / name)
    except BadInput:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError) as error:
        raise _refused(archive, f"压缩包损坏（{error}）") from error
    return Unpacked(tuple(name for name, _ in wanted), tuple(strays.items()))


def _name(info: zipfile.ZipInfo) -> str:
    """Read a member's name, also where no UTF-8 was promised."""
    if info.flag_bits & 0x800 or info.filename.isascii():
        return info.filename
    try:
        raw = info.filename.encode("cp437")  # what zipfile read it as (APPNOTE, appendix D)
    except UnicodeEncodeError:
        return info.filename
    for encoding in ("utf-8", "gb18030"):
        with suppress(UnicodeDecodeError):
            return raw.decode(encoding)
    return info.filename


def _without_top(names: list[str]) -> list[str]:
    """Take off one folder that stands around everything."""
    tops = {name.split("/")[0] for name in names}
    if len(tops) == 1 and all("/" in name for name in names):
        return [name.split("/", 1)[1] for name in names]
    return names


def _check_directory(archive: Path) -> None:
    """Refuse a long list of files before zipfile reads it."""
    size = archive.stat().st_size
    if size > submission_limits.TOTAL_BYTES:
        raise _refused(archive, f"{_mb(size)}，超过上限 {_mb(submission_limits.TOTAL_BYTES)}")
    with archive.open("rb") as stream:
        stream.seek(max(0, size - 22 - 65535))
        tail = stream.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < 22:
        raise _refused(archive, "不是 zip 压缩包，或者没有传完整")
    size = struct.unpack_from("<I", tail, at + 12)[0]
    if _END_64 in tail[max(0, at - 20) : at] or size > submission_limits.DIRECTORY_BYTES:
        raise _refused(archive, f"里面列出的文件超过 {submission_limits.FILES} 个")


def _check_members(archive: Path, members: list[zipfile.ZipInfo]) -> None:
    if len(members) > submission_limits.FILES:
        raise _refused(archive, f"里面有 {len(members)} 个文件，超过上限 {submission_limits.FILES}")
    names: set[str] = set()
    for info in members:
        plain_name = unicodedata.normalize("NFC", _name(info)).casefold()
        why = "这个名字出现了两次" if plain_name in names else _why_not(info)
        names.add(plain_name)
        if why:
            raise _refused(archive, f"{_name(info)[:80]!r}：{why}")


def _check_total(archive: Path, members: list[zipfile.ZipInfo]) -> None:
    if sum(info.file_size for info in members) > submission_limits.TOTAL_BYTES:
        raise _refused(archive, f"解压后超过上限 {_mb(submission_limits.TOTAL_BYTES)}")


def name_problem(name: str) -> str:
    """Say why a path is no submission's, or ""."""
    try:
        parts = safe_path(name, Words("member", "压缩包成员")).parts
    except BadInput:
        return "这个名字不是每种系统都能写"
    longest = max((len(part.encode(errors="replace")) for part in parts), default=0)
    if len(parts) > submission_limits.DEPTH or longest > submission_limits.NAME_BYTES:
        return "路径太长"
    if not name.isprintable() or any(p != p.strip(" .") or p.split(".")[0].lower() in _RESERVED for p in parts):
        return "这个名字不是每种系统都能写"
    return "" if most_bytes(name) else "作业里不收这种文件"


def _stray(name: str, info: zipfile.ZipInfo) -> str:
    """Say why a member is left out, else "" alone."""
    return name_problem(name) or (f"解压后超过 {_mb(most_bytes(name))}" if info.file_size > most_bytes(name) else "")


def _why_not(info: zipfile.ZipInfo) -> str:
    """Say why a member is unsafe, or ""."""
    path = PurePosixPath(_name(info))
    if path.is_absolute() or ".." in path.parts:
        return "路径指向文件夹之外"
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        return "是链接或设备，不是普通文件"
    if info.flag_bits & 0x1:
        return "加了密"
    return "" if info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) else "压缩方式不常见"


def _mb(size: int) -> str:
    return format_bytes(size, decimal=True)


def _write(source: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    remaining = info.file_size
    with source.open(info) as stream, path.open("xb") as file:
        while block := stream.read(CHUNK):
            remaining -= len(block)
            if remaining < 0:
                raise zipfile.BadZipFile(f"{info.filename[:80]!r} 比压缩包里说的大")
            file.write(block)
    if remaining:
        raise zipfile.BadZipFile(f"{info.filename[:80]!r} 比压缩包里说的小")


def _refused(archive: Path, found: str) -> BadInput:
    return BadInput(asked=f"解开 {archive.name}", found=found, todo="请学生用 aigc submit 重新打包再交")
