"""The user's kept speakers: one small JSON file each, so that two notebooks can keep at the same time."""

import hashlib
import json
import unicodedata
from pathlib import Path

from aigc_kit.core import paths
from aigc_kit.core.errors import BadInput, UnknownName
from aigc_kit.core.types import as_json
from aigc_kit.make.speech.speakers import Speaker, check_name

_LARGEST = 64_000  # bytes; a speaker of ChatTTS takes about 3,000


def folder() -> Path:
    """Where speakers are kept: `speakers` in the kit's folder of the user. It may not exist yet."""
    return paths.home() / "speakers"


def keep(speaker: Speaker, *, replace: bool = False) -> Path:
    """Keep a speaker under its name; names differ by more than capitals.

    Raises:
        BadInput: another speaker has this name (say replace=True).
    """
    path = _path(speaker.name)
    if path.exists() and not replace and get(speaker.name) != speaker:
        raise BadInput(
            asked=f"to keep the speaker {speaker.name!r}",
            found="another one has this name",
            todo="choose another name, or say replace=True",
        )
    content = {"format": "aigc-kit speaker 1", **as_json(speaker)}
    return paths.write_atomically(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def get(name: str) -> Speaker:
    """The kept speaker of that name.

    Raises:
        UnknownName: there is none.
        BadInput: its file is damaged.
    """
    path = _path(name)
    if not path.is_file():
        have = names()
        raise UnknownName(
            asked=f"the speaker {name!r}",
            found=f"not kept on this machine; kept: {', '.join(have) or 'none'}",
            todo="sample one and keep it: aigc_kit.make.speech.speaker_store.keep(speaker)",
        )
    return read(path)


def names() -> list[str]:
    """Names of the kept speakers, sorted; damaged files are left out."""
    found = []
    for path in folder().glob("*.json") if folder().is_dir() else ():
        try:
            found.append(read(path).name)
        except BadInput:
            continue
    return sorted(found)


def forget(name: str) -> None:
    """Remove a kept speaker.

    Raises:
        UnknownName: there is none of that name.
    """
    if not _path(name).is_file():
        get(name)
    _path(name).unlink(missing_ok=True)


def read(path: Path) -> Speaker:
    """The speaker in a file, whoever wrote it.

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
        why = error.found if isinstance(error, BadInput) else f"{type(error).__name__}: {error}"
        raise BadInput(
            asked=f"a speaker from {path.name}", found=f"not a speaker's file ({why:.200})", todo="delete the file"
        ) from None


def _path(name: str) -> Path:
    key = unicodedata.normalize("NFC", check_name(name).casefold())
    if len(key.encode()) > 120:  # file systems take 255 bytes
        key = hashlib.sha256(key.encode()).hexdigest()[:32]
    return folder() / f"speaker-{key}.json"
