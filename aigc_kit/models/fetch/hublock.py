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
from aigc_kit.core.types import RemoteFile, Source, Words
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
        raise _damaged(Words(f"not the JSON of a lock ({error})", f"不是锁文件的 JSON（原话：{error}）")) from error
    if not whole:
        raise _damaged(Words(f"not a lock of version {VERSION}", f"不是版本 {VERSION} 的锁文件"))
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


_CARD = Words("the card", "卡里写的")


def check(source: Source, file: RemoteFile, size: int, sha256: str | None, where: Words) -> None:
    """Compare what a source says with card and lock.

    Args:
        source, file: of the card.
        size, sha256: as found; None when the hash is not known yet.
        where: what says so, such as Words("the hub's listing", "仓库的清单").

    Raises:
        WrongBytes: they differ.
    """
    entry_key = key(source)
    entry = read().get(entry_key, {}).get(file.path, {})
    for who, expected_size, expected_hash in (
        (_CARD, file.bytes, file.sha256),
        (Words.of(paths.lock_file().name), entry.get("bytes"), entry.get("sha256")),
    ):
        if expected_size not in (None, size) or (sha256 is not None and expected_hash not in (None, sha256)):
            advice = Words(
                "report it, or use another source (aigc fetch NAME --from DIR)",
                "请报告，或换一个来源（aigc fetch NAME --from DIR）",
            )
            if who is not _CARD:
                advice = Words(
                    f"if the change is meant, delete the entry {entry_key!r} from {paths.lock_file()} and fetch again",
                    f"如果是有意的改动，就从 {paths.lock_file()} 里删掉 {entry_key!r} 这一项，再下载一次",
                )
            raise WrongBytes(
                asked=Words(f"{file.path}: ", f"{file.path}：")
                + _words(expected_size, expected_hash)
                + Words(f" ({who})", f"（{who.zh}）"),
                found=_words(size, sha256) + Words(f" ({where})", f"（{where.zh}）"),
                todo=Words("nothing was replaced; ", "什么也没有替换；") + advice,
            )


def record(source: Source, entries: Mapping[str, Mapping[str, Any]]) -> None:
    """Add files to the lock, where older entries stay.

    Args:
        source: of kind "modelscope".
        entries: path -> {"bytes", "sha256", "from"}.
    """
    guard = paths.models() / ".claims" / "aigc.lock"
    with lock.claim(guard, asked=Words(f"write {paths.lock_file().name}", f"写 {paths.lock_file().name}"), wait=30.0):
        repositories = read()
        repositories[key(source)] = {**{k: dict(v) for k, v in entries.items()}, **repositories.get(key(source), {})}
        write(repositories)


def _words(size: int | None, digest: str | None) -> Words:
    start = f"{digest[:16]}..." if digest else None
    return Words(
        f"{'any' if size is None else size} bytes, sha256 {start or 'not known'}",
        f"{'任意' if size is None else size} 字节，sha256 {start or '未知'}",
    )


def _damaged(found: Words) -> BadInput:
    return BadInput(
        asked=Words(f"read {paths.lock_file()}", f"读取 {paths.lock_file()}"),
        found=found,
        todo=Words(
            "move the file away; sizes and hashes are written again on the next fetch",
            "把这个文件移走；下次下载时会重新写下大小和哈希值",
        ),
    )
