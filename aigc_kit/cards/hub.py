"""Files of a card on ModelScope of which only the paths are known: sizes and hashes come with the first use."""

from collections.abc import Iterable

from aigc_kit.types import RemoteFile, Source


def modelscope(ref: str, paths: Iterable[str], note: str) -> tuple[Source, ...]:
    """One source: the newest files of a repository. `note` says how much that is, or what was not checked."""
    return (Source("modelscope", ref, revision="master", files=tuple(RemoteFile(path) for path in paths), note=note),)
