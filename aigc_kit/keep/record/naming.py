"""Name a record's files, and keep keys out."""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aigc_kit.core.errors import BadInput
from aigc_kit.core.redact import secret_names_in
from aigc_kit.core.types import Take, Words, as_json
from aigc_kit.core.types.atoms import shown
from aigc_kit.keep.record.sidecar import SAFE_NAME

LONGEST_NAME = 180  # bytes of a stem; file systems take 255, of which endings and temporary names need some


def folder_of(folder: Any) -> Path:
    """Take a folder's path, or refuse what is none."""
    if not isinstance(folder, (str, os.PathLike)) or "\0" in str(folder):
        todo = Words(
            "name a folder, such as 'works', or leave it out for $AIGC_OUT or out",
            "写一个文件夹，例如 'works'；不写就用 $AIGC_OUT 或 out",
        )
        raise BadInput(
            asked=Words(f"to save into {shown(folder)}", f"保存到 {shown(folder)}"),
            found=Words("no path of a folder", "这不是文件夹的路径"),
            todo=todo,
        )
    return Path(folder)


def stem_of(take: Take, name: str | None, parts: Mapping[str, bytes]) -> str:
    """Check the stem of a record's files, or make one.

    Its default is kind, card and a digest of request and files.

    Raises:
        BadInput: no plain file name.
    """
    if name is None:
        request = json.dumps(as_json(take.plan.request), sort_keys=True)
        digest = hashlib.sha256(request.encode() + b"".join(parts.values())).hexdigest()[:8]
        return f"{take.kind}-{re.sub(r'[^A-Za-z0-9._-]', '_', take.plan.card.name)[:100]}-{digest}"
    if not isinstance(name, str) or not SAFE_NAME.fullmatch(name) or len(name.encode(errors="replace")) > LONGEST_NAME:
        reason = Words(
            f"not a plain file name of at most {LONGEST_NAME} bytes (a Chinese character takes 3)",
            f"不是最多 {LONGEST_NAME} 字节的普通文件名（一个汉字占 3 字节）",
        )
        raise BadInput(
            asked=Words(f"record name {name!r}", f"记录的名字 {name!r}"),
            found=reason,
            todo=Words("use a few letters and digits", "用几个字母和数字"),
        )
    return name


def refuse_keys(take: Take, stem: str) -> None:
    """Refuse to write a text or name with a key."""
    names = secret_names_in(f"{stem}\n{take.data}" if isinstance(take.data, str) else stem)
    if names:
        reason = Words(
            f"it contains the value of the environment variable {names[0]}, which holds a key",
            f"里面有环境变量 {names[0]} 的值，那是一个密钥",
        )
        todo = Words(
            "take the key out of the prompt and run again; nothing was written",
            "从提示词里去掉密钥，再运行一次；什么也没有写入",
        )
        kept = Words.of(stem) if not secret_names_in(stem) else Words("a record", "一份记录")
        raise BadInput(asked=Words("to save ", "保存 ") + kept, found=reason, todo=todo)
