"""Keep size and sha256 of hub files in `aigc.lock`.

    {"version": 1, "repositories": {"owner/name@revision": {"path": {"bytes": 1, "sha256": "..", "from": "hub"}}}}

As on first use: `from` is "hub" when the hub listed the hash, "first use" when it was computed from what came.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aigc_kit.core import paths
from aigc_kit.core.errors import BadInput, WrongBytes
from aigc_kit.core.types import RemoteFile, Source
from aigc_kit.models.fetch import lock

VERSION = 1


def key(source: Source) -> str:
    """Name a hub repository in the lock."""
    return f"{source.ref}@{source.revision or 'master'}"


def read() -> dict[str, dict[str, dict[str, Any]]]:
    """Read repository -> path -> entry.

    Empty when there is no lock yet.

    Raises:
        BadInput: the file is not a lock that this version can read.
    """
    file = paths.lock_file()
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        return {}
    try:
        content = json.loads(raw)
        repositories = content["repositories"]
        whole = content["version"] == VERSION and all(
            isinstance(entry["bytes"], int) and isinstance(entry["sha256"], str) and len(entry["sha256"]) == 64
            for files in repositories.values()
            for entry in files.values()
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(f"not the JSON of a lock ({error})") from error
    if not whole:
        raise _damaged(f"not a lock of version {VERSION}")
    return repositories


def write(repositories: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
    """Write the lock in one move, keys sorted."""
    content = {"version": VERSION, "repositories": repositories}
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    paths.write_atomically(paths.lock_file(), text)


def fill_in(source: Source, file: RemoteFile) -> RemoteFile:
    """Fill in size and sha256 from the lock, if readable."""
    if source.kind != "modelscope" or (file.bytes is not None and file.sha256 is not None):
        return file
    try:
        entry = read().get(key(source), {}).get(file.path)
    except (BadInput, OSError):
        entry = None
    if entry is None:
        return file
    return replace(file, bytes=file.bytes or entry["bytes"], sha256=file.sha256 or entry["sha256"])


def check(source: Source, file: RemoteFile, size: int, sha256: str | None, where: str) -> None:
    """Compare what a source says with card and lock.

    Args:
        source, file: of the card.
        size, sha256: as found; None when the hash is not known yet.
        where: what says so, such as "the hub's listing".

    Raises:
        WrongBytes: they differ.
    """
    entry = read().get(key(source), {}).get(file.path, {})
    for who, expected_size, expected_hash in (
        ("the card", file.bytes, file.sha256),
        (paths.lock_file().name, entry.get("bytes"), entry.get("sha256")),
    ):
        if expected_size not in (None, size) or (sha256 is not None and expected_hash not in (None, sha256)):
            advice = "report it, or use another source (aigc fetch NAME --from DIR)"
            if who != "the card":
                advice = f"if the change is meant, delete the entry {key(source)!r} "
                advice += f"from {paths.lock_file()} and fetch again"
            raise WrongBytes(
                asked=f"{file.path}: {_words(expected_size, expected_hash)} ({who})",
                found=f"{_words(size, sha256)} ({where})",
                todo=f"nothing was replaced; {advice}",
            )


def record(source: Source, entries: Mapping[str, Mapping[str, Any]]) -> None:
    """Add files to the lock, where older entries stay.

    Args:
        source: of kind "modelscope".
        entries: path -> {"bytes", "sha256", "from"}.
    """
    guard = paths.models() / ".claims" / "aigc.lock"
    with lock.claim(guard, asked=f"write {paths.lock_file().name}", wait=30.0):
        repositories = read()
        repositories[key(source)] = {**{k: dict(v) for k, v in entries.items()}, **repositories.get(key(source), {})}
        write(repositories)


def _words(size: int | None, digest: str | None) -> str:
    return f"{'any' if size is None else size} bytes, sha256 {digest[:16] + '...' if digest else 'not known'}"


def _damaged(found: str) -> BadInput:
    return BadInput(
        asked=f"read {paths.lock_file()}",
        found=found,
        todo="move the file away; sizes and hashes are written again on the next fetch",
    )
