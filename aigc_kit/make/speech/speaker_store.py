"""Keep the user's speakers.

One small JSON file each, so that two notebooks can keep at the same time.
"""

import hashlib
import json
import unicodedata
from contextlib import suppress
from pathlib import Path

from aigc_kit.core import paths
from aigc_kit.core.errors import BadInput, UnknownName, echo
from aigc_kit.core.types import Words, as_json
from aigc_kit.make.speech.speakers import Speaker, check_name

_LARGEST = 64_000  # bytes; a speaker of ChatTTS takes about 3,000


def folder() -> Path:
    """Name the kept speakers' folder, which may not exist yet."""
    return paths.home() / "speakers"


def keep(speaker: Speaker, *, replace: bool = False) -> Path:
    """Keep a speaker under its name, whatever its capitals.

    Raises:
        BadInput: another speaker has this name (say replace=True).
    """
    path = _path(speaker.name)
    if path.exists() and not replace and get(speaker.name) != speaker:
        raise BadInput(
            asked=Words(f"to keep the speaker {speaker.name!r}", f"保存说话人 {speaker.name!r}"),
            found=Words("another one has this name", "已经有别的说话人叫这个名字"),
            todo=Words("choose another name, or say replace=True", "换一个名字，或写 replace=True"),
        )
    content = {"format": "aigc-kit speaker 1", **as_json(speaker)}
    return paths.write_atomically(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def get(name: str) -> Speaker:
    """Look up the kept speaker of that name.

    Raises:
        UnknownName: there is none.
        BadInput: its file is damaged.
    """
    path = _path(name)
    if not path.is_file():
        raise UnknownName(
            asked=Words(f"the speaker {name!r}", f"说话人 {name!r}"),
            found=Words(
                f"not kept on this machine; kept: {', '.join(names()) or 'none'}",
                f"这台机器上没有保存过；保存过的有：{'、'.join(names()) or '无'}",
            ),
            todo=Words(
                "sample one and keep it: aigc_kit.make.speech.speaker_store.keep(speaker)",
                "抽一个并保存：aigc_kit.make.speech.speaker_store.keep(speaker)",
            ),
        )
    return read(path)


def names() -> list[str]:
    """List the kept speakers, sorted, without damaged files."""
    speakers = []
    for path in folder().glob("*.json"):
        with suppress(BadInput):
            speakers.append(read(path).name)
    return sorted(speakers)


def forget(name: str) -> None:
    """Remove a kept speaker.

    Raises:
        UnknownName: there is none of that name.
    """
    path = _path(name)
    if not path.is_file():
        get(name)
    path.unlink(missing_ok=True)


def read(path: Path) -> Speaker:
    """Read the speaker in a file, whoever wrote it.

    Raises:
        BadInput: it is no speaker's file.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError("too large")
        content = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or content.get("format") != "aigc-kit speaker 1":
            raise ValueError("no format line")
        return Speaker(content["name"], content["engine"], content.get("code", ""), content.get("settings", {}))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        why = error.told.found if isinstance(error, BadInput) else echo(error)
        request = Words(f"a speaker from {path.name}", f"从 {path.name} 读出说话人")
        found = Words(f"not a speaker's file ({why.en:.200})", f"不是说话人的文件（{why.zh:.200}）")
        raise BadInput(asked=request, found=found, todo=Words("delete the file", "删掉这个文件")) from None


def _path(name: str) -> Path:
    key = unicodedata.normalize("NFC", check_name(name).casefold())
    if len(key.encode()) > 120:  # file systems take 255 bytes
        key = hashlib.sha256(key.encode()).hexdigest()[:32]
    return folder() / f"speaker-{key}.json"
