"""Fetch from ModelScope: list, compare, download, compare again.

The library keeps partial files in the work folder and resumes them by range requests. Its log lines and progress bars
are silenced: ours say the same once.
Source: modelscope_hub 1.40 (the library that `modelscope` downloads with), HubApi.list_repo_files and download_repo.
"""

import importlib
import json
import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aigc_kit.core.errors import FetchError, NoNetwork, SourceGone, WrongBytes
from aigc_kit.core.types import RemoteFile, Source, Words
from aigc_kit.models.fetch import hublock
from aigc_kit.models.fetch.common import Fetched, Progress, disk_error, refuse_code, sha256_of, tree_bytes
from aigc_kit.models.fetch.costs import require_space

CONNECT_SECONDS = 6.0
AGAIN = Words(
    "check the network, then run the same command again: what has arrived is kept and resumed",
    "检查网络，再运行一次：已经收到的都留着，会接着下载",
)
_WRONG = Words("nothing was replaced; run the same command again", "什么也没有替换；再运行一次")


def fetch(source: Source, work: Path, progress: Progress) -> tuple[list[Fetched], dict[str, dict[str, Any]]]:
    """Download a hub source into the work folder.

    Args:
        source: of kind "modelscope", with a pinned revision.
        work: folder for this card; `hub/` in it outlives an interruption, so that the next try resumes there.
        progress: (bytes so far, bytes in all, what).

    Returns:
        The checked files, and what the lock must keep of them: path -> {"bytes", "sha256", "from"}.

    Raises:
        BadInput: the card lists a file that is not of a data-only format.
        NoNetwork, SourceGone, WrongBytes, NoSpace, FetchError: as the hub answers.
    """
    refuse_code(source)
    aim = Words(
        f"{source.ref} at revision {source.revision} from ModelScope",
        f"从 ModelScope 取 {source.ref} 的版本 {source.revision}",
    )
    try:
        api_module = importlib.import_module("modelscope_hub.api")
    except ImportError as error:
        raise FetchError(
            asked=aim,
            found=Words(
                f"the package modelscope cannot be imported ({error})", f"软件包 modelscope 不能导入（原话：{error}）"
            ),
            todo=Words("pip install modelscope", "运行 pip install modelscope"),
        ) from error
    with quiet(), translated(aim, work):
        # An explicit token (even an empty one) keeps the library from unpickling a stored cookie file. A configuration
        # of our own, because the library's default one keeps the environment of its first use.
        config = api_module.HubConfig(token=os.environ.get("MODELSCOPE_API_TOKEN", ""))
        require_connection(config.endpoint, aim)
        endpoint = api_module.HubApi(config=config).resolve_endpoint_for_read(source.ref)
        api = api_module.HubApi(config=config, endpoint=endpoint)
        listing = {file.path: file for file in api.list_repo_files(source.ref, "model", revision=source.revision)}
        files = [_listed(source, file, listing.get(file.path)) for file in source.files]
        require_space(aim, sum(file.bytes or 0 for file in files), work, already=tree_bytes(work / "hub"))
        _download(api, source, files, work, progress)
    return _check(source, files, work / "hub", progress)


def _listed(source: Source, file: RemoteFile, listed: Any) -> RemoteFile:
    """Give size and hash as the hub lists, once checked."""
    if listed is None:
        raise SourceGone(
            asked=Words(f"{file.path} of {source.ref}", f"{source.ref} 的 {file.path}"),
            found=Words(
                f"revision {source.revision} of the repository does not list it",
                f"仓库的版本 {source.revision} 里没有它",
            ),
            todo=Words(
                "another source is tried; or take the file from a folder: aigc fetch NAME --from DIR",
                "会再试别的来源；或从一个文件夹里取：aigc fetch NAME --from DIR",
            ),
        )
    sha256 = listed.sha256.lower() if listed.sha256 else None
    hublock.check(source, file, listed.size, sha256, Words("the hub's listing", "仓库的清单"))
    return RemoteFile(file.path, bytes=listed.size, sha256=sha256)


def _download(api: Any, source: Source, wanted: list[RemoteFile], work: Path, progress: Progress) -> None:
    from modelscope_hub import ProgressCallback

    total = sum(file.bytes or 0 for file in wanted)
    guard, count = threading.Lock(), 0

    class Count(ProgressCallback):
        def update(self, size: int) -> None:
            nonlocal count
            with guard:
                count += size  # negative when a file starts anew
                progress(min(count, total), total, self.filename)

    api.download_repo(
        source.ref,
        repo_type="model",
        revision=source.revision,
        local_dir=work / "hub",
        cache_dir=work / "cache",
        allow_patterns=[file.path for file in wanted],
        max_workers=2,
        progress_callbacks=[Count],
    )


def _check(
    source: Source, wanted: list[RemoteFile], folder: Path, progress: Progress
) -> tuple[list[Fetched], dict[str, dict[str, Any]]]:
    files, entries = [], {}
    total, count = sum(file.bytes or 0 for file in wanted), 0
    for file, of_card in zip(wanted, source.files, strict=True):
        place = folder / file.path
        if not place.is_file():
            raise FetchError(
                asked=Words(f"{file.path} of {source.ref}", f"{source.ref} 的 {file.path}"),
                found=Words("the download left no such file", "下载之后没有这个文件"),
                todo=AGAIN,
            )
        size, digest = place.stat().st_size, sha256_of(place)
        count += size
        progress(count, total, f"check {file.path}")
        if size != file.bytes or file.sha256 not in (None, digest):
            place.unlink()  # or every later try would resume from it
            raise WrongBytes(
                asked=Words(
                    f"{file.path}: {file.bytes} bytes, sha256 {(file.sha256 or 'not listed')[:16]}...",
                    f"{file.path}：{file.bytes} 字节，sha256 {(file.sha256 or '没有列出')[:16]}...",
                ),
                found=Words(f"{size} bytes, sha256 {digest[:16]}...", f"{size} 字节，sha256 {digest[:16]}..."),
                todo=Words("nothing was replaced; run the same command again", "什么也没有替换；再运行一次"),
            )
        hublock.check(source, of_card, size, digest, Words("the download", "下载的文件"))
        files.append(Fetched(file.path, place, size, digest, "card" if of_card.sha256 else "lock"))
        entries[file.path] = {"bytes": size, "sha256": digest, "from": "hub" if file.sha256 else "first use"}
    return files, entries


def require_connection(endpoint: str, asked: Words) -> None:
    """Find out within seconds that there is no network.

    The library would retry for half a minute. With a proxy only it can tell, so nothing is checked.

    Raises:
        NoNetwork: the hub's address cannot be resolved or connected to.
    """
    from urllib.request import getproxies

    if {"http", "https", "all"} & set(getproxies()):
        return
    url = urlsplit(endpoint)
    address = (url.hostname or "", url.port or (80 if url.scheme == "http" else 443))
    outcome: list[OSError | None] = []

    def connect() -> None:
        try:
            socket.create_connection(address, timeout=CONNECT_SECONDS).close()
            outcome.append(None)
        except OSError as error:
            outcome.append(error)

    # In a thread, because resolving a name has no time limit of its own.
    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(CONNECT_SECONDS)
    failure = outcome[0] if outcome else TimeoutError(f"no answer in {CONNECT_SECONDS:g} s")
    if failure is not None:
        raise NoNetwork(
            asked=asked, found=Words(f"no connection ({failure})", f"连不上（原话：{failure}）"), todo=AGAIN
        )


@contextmanager
def translated(aim: Words, work: Path) -> Iterator[None]:
    """Turn the library's errors into ours."""
    try:
        yield
    except FetchError:
        raise
    except Exception as error:
        problem = _meaning(aim, work, error)
        if problem is None:
            raise
        raise problem from error


def _meaning(aim: Words, work: Path, error: BaseException) -> FetchError | None:
    """Find our error for one of the library's, or None."""
    from modelscope_hub import errors as hub
    from requests.exceptions import InvalidJSONError, RequestException

    causes = getattr(error, "failed_files", None)
    if causes:  # one error for many files: the first says what kind of failure it is
        path, cause = next(iter(causes.items()))
        return _meaning(Words(f"{path} of {aim}", f"{path}（{aim.zh}）"), work, cause)
    words = (str(error) or type(error).__name__).splitlines()[0][:200]
    offline = (hub.NetworkError, RequestException, ConnectionError, TimeoutError)
    rules: tuple[tuple[Any, type[FetchError], Words, Words], ...] = (
        (
            hub.NotExistError,
            SourceGone,
            Words("the hub does not have it", "仓库里没有它"),
            Words("try aigc fetch NAME --from DIR", "试试 aigc fetch NAME --from DIR"),
        ),
        (hub.FileIntegrityError, WrongBytes, Words("wrong bytes came", "收到的字节不对"), _WRONG),
        (
            (hub.AuthenticationError, hub.PermissionDeniedError),
            FetchError,
            Words("the hub refuses", "仓库不让读"),
            Words(
                "set MODELSCOPE_API_TOKEN to a token that may read it",
                "把环境变量 MODELSCOPE_API_TOKEN 设为有权读它的令牌",
            ),
        ),
        # a login page of a hotel network, a broken mirror
        (
            (InvalidJSONError, json.JSONDecodeError),
            FetchError,
            Words("the answer is not the hub's", "回答不是仓库给的"),
            AGAIN,
        ),
        (offline, NoNetwork, Words("the connection failed", "连接失败"), AGAIN),
        (hub.HubError, FetchError, Words("the hub answered with an error", "仓库报告了错误"), AGAIN),
    )
    for behind in _chain(error):  # the library calls a write that failed a failed connection
        problem = disk_error(behind, aim, work)
        if problem is not None:
            return problem
    for classes, ours, case, todo in rules:
        if isinstance(error, classes):
            return ours(asked=aim, found=case + Words(f" ({words})", f"（原话：{words}）"), todo=todo)
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what it was raised from."""
    ids: set[int] = set()  # an error raised from a later one, while that one is handled, makes a circle
    while error is not None and id(error) not in ids:
        yield error
        ids.add(id(error))
        error = error.__cause__ or error.__context__


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the library's log lines and progress bars."""
    importlib.import_module("modelscope_hub.utils.logger").get_logger()  # sets its level on first use, so before ours
    logger = logging.getLogger("modelscope_hub")
    download: Any = importlib.import_module("modelscope_hub._download")
    level, bar = logger.level, getattr(download, "tqdm", None)
    logger.setLevel(logging.CRITICAL + 1)
    if bar is not None:
        download.tqdm = partial(bar, disable=True)
    try:
        yield
    finally:
        logger.setLevel(level)
        if bar is not None:
            download.tqdm = bar
