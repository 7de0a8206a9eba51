"""Check ChatTTS's files and give them to the package.

`Chat.load(source="local")` compares nine hashes and, where one differs, renames or deletes the file, downloads a binary
and runs it. Here the files are checked first, by us; then `source="custom"` compares them again and returns False where
it does not like them, which is checked too.
Source: `core.py` and `utils/dl.py` of ChatTTS 0.2.5.
"""

import json
import logging
import warnings
from dataclasses import fields, is_dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from aigc_kit.core.errors import AigcError, CannotLoad, NotOnDisk, WrongBytes, missing_extra
from aigc_kit.core.types import Card, Words
from aigc_kit.models import compat
from aigc_kit.models.fetch.common import sha256_of

VERSION = "0.2.5"
MANIFEST = "aigc-chattts.json"
"""Beside `asset/` where a checkpoint is not the published one: {"label": .., "config": {..}, "sha256": {path: hex}}."""

_log = logging.getLogger("aigc_kit.chattts")
_log.addHandler(logging.NullHandler())
_log.propagate = False  # what its warnings would say is in the result


def require_package() -> Path:
    """Find the folder of the installed package.

    Raises:
        MissingExtra: it is not installed.
        CannotLoad: another version, whose inside this module does not know.
    """
    try:
        number, spec = version("ChatTTS"), find_spec("ChatTTS")
    except PackageNotFoundError:
        number, spec = "", None
    if spec is None or spec.origin is None:
        raise missing_extra("ChatTTS", "chattts", Words("speech by ChatTTS", "用 ChatTTS 朗读"))
    if number != VERSION:
        raise CannotLoad(
            asked=Words("speech by ChatTTS", "用 ChatTTS 朗读"),
            found=Words(
                f"ChatTTS {number} is installed, and {VERSION} is what this kit was tested with",
                f"装的是 ChatTTS {number}，本项目测试过的是 {VERSION}",
            ),
            todo=Words(
                f"pip install ChatTTS=={VERSION}, then restart the kernel",
                f"运行 pip install ChatTTS=={VERSION}，再重启内核",
            ),
        )
    return Path(spec.origin).parent


def manifest_of(folder: Path) -> dict[str, Any]:
    """Read what an unpublished checkpoint says of itself, else {}.

    Raises:
        CannotLoad: the manifest is damaged.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        whole = isinstance(content["label"], str) and bool(content["label"].strip())
        whole = whole and isinstance(content["config"], dict)
        whole = whole and all(len(digest) == 64 for digest in content["sha256"].values())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        whole = False
    if not whole:
        raise CannotLoad(
            asked=Words(f"the checkpoint in {folder.name}", f"{folder.name} 里的检查点"),
            found=Words(
                f"{MANIFEST} does not say label, config and sha256", f"{MANIFEST} 没有写明 label、config 和 sha256"
            ),
            todo=Words(
                "build the checkpoint again, or take the published one: aigc fetch chattts",
                "重新构建检查点，或用公开的：在终端运行 aigc fetch chattts",
            ),
        )
    return content


def verify(card: Card, folder: Path) -> dict[str, str]:
    """Compare every file with its card's or manifest's hash.

    Returns:
        path -> sha256, of all files that will be read.

    Raises:
        NotOnDisk: a file is missing.
        WrongBytes: a file differs. Nothing is renamed, deleted or fetched.
    """
    digests = {file.path: str(file.sha256) for file in card.sources[0].files}
    hashes = manifest_of(folder).get("sha256", digests)
    for path in digests:
        if not (folder / path).is_file():
            raise NotOnDisk(
                asked=Words(f"{path} of {card.name}", f"{card.name} 的 {path}"),
                found=Words(f"no such file in {folder}", f"{folder} 里没有这个文件"),
                todo=Words(f"fetch it anew: aigc fetch {card.name}", f"在终端重新下载：aigc fetch {card.name}"),
            )
        digest = sha256_of(folder / path)
        if digest != hashes.get(path):
            raise WrongBytes(
                asked=Words(
                    f"{path} of {card.name}: sha256 {str(hashes.get(path))[:16]}...",
                    f"{card.name} 的 {path}：sha256 {str(hashes.get(path))[:16]}...",
                ),
                found=Words(
                    f"sha256 {digest[:16]}...; nothing was changed", f"sha256 是 {digest[:16]}...；什么也没有改动"
                ),
                todo=Words(
                    f"move the folder away and fetch it anew: aigc fetch {card.name}",
                    f"移走这个文件夹，再在终端重新下载：aigc fetch {card.name}",
                ),
            )
    return {path: hashes[path] for path in digests}


def load_chat(card: Card, folder: Path, device: str) -> Any:
    """Load a `ChatTTS.Chat` from this folder, in float32.

    Raises:
        MissingExtra, NotOnDisk, WrongBytes: as above.
        CannotLoad: the package refuses the files or fails on them.
    """
    require_package()
    hashes, manifest = verify(card, folder), manifest_of(folder)
    compat.bypass_broken_torchaudio()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of libraries about each other
        try:
            import torch
            from ChatTTS import Chat

            from aigc_kit.make.text.engines.hf import quiet

            chat = Chat(_log)
            if manifest:
                chat.config = _configured(chat.config, manifest["config"])
                chat.sha256_map = {_key(path): digest for path, digest in hashes.items()}
            with quiet():
                is_whole = chat.load(source="custom", custom_path=str(folder), device=torch.device(device))
        except AigcError:
            raise
        except Exception as error:
            raise CannotLoad(
                asked=Words(f"ChatTTS from {folder.name}", f"从 {folder.name} 载入 ChatTTS"),
                found=Words(
                    f"{type(error).__name__}: {error}"[:300],
                    f"软件包报告（原话）：{type(error).__name__}: {error}"[:300],
                ),
                todo=Words(
                    "install the tested set: pip install 'aigc-kit[chattts]' -c constraints.txt",
                    "安装测试过的一组软件包：pip install 'aigc-kit[chattts]' -c constraints.txt",
                ),
            ) from error
    if not is_whole:
        raise CannotLoad(
            asked=Words(f"ChatTTS from {folder.name}", f"从 {folder.name} 载入 ChatTTS"),
            found=Words(
                "load() returned False: the package does not take these files", "load() 返回 False：软件包不认这些文件"
            ),
            todo=Words(f"fetch them anew: aigc fetch {card.name}", f"在终端重新下载：aigc fetch {card.name}"),
        )
    return chat


def _key(path: str) -> str:
    """Name the package's entry for the hash of a file."""
    return "sha256_" + path.replace("/", "_").replace(".", "_")


def _configured(config: Any, values: dict[str, Any]) -> Any:
    """Copy the package's nested configuration with some values set.

    Only sizes and the speakers' statistics may be.

    Raises:
        CannotLoad: a value that the configuration does not have, or of another kind.
    """
    changes: dict[str, Any] = {}
    for name, value in values.items():
        old = getattr(config, name, None)
        if name not in {f.name for f in fields(config)} or name in ("class_path", "path"):
            raise CannotLoad(
                asked=Words(f"the size {name!r}", f"大小 {name!r}"),
                found=Words("no such size of ChatTTS", "ChatTTS 没有这种大小"),
                todo=Words("build it again", "重新构建"),
            )
        if is_dataclass(old) and isinstance(value, dict):
            changes[name] = _configured(old, value)
        elif type(value) is type(old) and isinstance(value, (int, str)) and not isinstance(value, bool):
            changes[name] = value
        else:
            raise CannotLoad(
                asked=f"{name}={value!r:.40}",
                found=Words("not a size of ChatTTS", "这不是 ChatTTS 的大小"),
                todo=Words("build it again", "重新构建"),
            )
    return replace(config, **changes)
