"""Write who made a file into it, or read it.

PNG text, WAV INFO, MP4 metadata.
"""

import struct
from collections.abc import Mapping
from io import BytesIO

from PIL import Image, PngImagePlugin, UnidentifiedImageError

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import BadInput, CannotWrite
from aigc_kit.media import wav
from aigc_kit.media.encode import ffmpeg

INFO_IDS = {"Title": "INAM", "Comment": "ICMT", "Software": "ISFT", "Source": "ISRC"}
"""PNG keyword -> RIFF INFO chunk."""


def stamp(data: bytes, media: str, facts: Mapping[str, str]) -> bytes:
    """Write facts into a file's metadata, samples and pixels untouched.

    Args:
        data: the file.
        media: "image/png", "audio/wav" or "video/mp4"; other types come back unchanged.
        facts: of "Title", "Comment", "Software" and "Source".

    Raises:
        BadInput: other facts.
        CannotWrite: the file is not whole.
    """
    if set(facts) - set(INFO_IDS):
        raise BadInput(
            asked=Words(f"facts {sorted(facts)}", f"说明 {sorted(facts)}"),
            found=Words("unknown ones", "里面有不认识的项"),
            todo=Words(f"use {', '.join(INFO_IDS)}", f"用 {'、'.join(INFO_IDS)}"),
        )
    writers = {"image/png": _png, "audio/wav": _wav, "video/mp4": _mp4}
    try:
        return writers[media](data, facts) if media in writers else data
    except (UnidentifiedImageError, OSError, SyntaxError, struct.error, ValueError) as error:
        why = Words(f"not a whole file ({error})", f"文件不完整（原话：{error}）")
        raise CannotWrite(
            asked=Words(f"metadata of {media}", f"在 {media} 里写说明"),
            found=why,
            todo=Words("make it again", "重新生成"),
        ) from None


def facts_of(data: bytes, media: str) -> dict[str, str]:
    """Read the facts of `stamp`, none of other types."""
    if media == "image/png":
        with Image.open(BytesIO(data)) as image:
            image.load()
            return {name: str(value) for name, value in image.info.items() if name in INFO_IDS}
    if media == "audio/wav":
        names = {code: name for name, code in INFO_IDS.items()}
        return {names[code]: text for code, text in wav.info_of(data).items() if code in names}
    if media == "video/mp4":
        return _mp4_facts(data)
    return {}


def _png(data: bytes, facts: Mapping[str, str]) -> bytes:
    with Image.open(BytesIO(data)) as image:
        image.load()
        info, buffer = PngImagePlugin.PngInfo(), BytesIO()
        texts: dict[str, str] = {str(k): v for k, v in image.info.items() if isinstance(v, str)}
        for name, value in (texts | dict(facts)).items():
            info.add_itxt(name, value)
        image.save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def _wav(data: bytes, facts: Mapping[str, str]) -> bytes:
    texts = {**facts_of(data, "audio/wav"), **facts}
    return wav.with_info(data, {INFO_IDS[name]: text for name, text in texts.items()})


def _mp4(data: bytes, facts: Mapping[str, str]) -> bytes:
    words = [word for name, text in facts.items() for word in ("-metadata", f"{name.lower()}={text}")]
    words = ["-map", "0", "-c", "copy", *words, "-movflags", "+faststart+use_metadata_tags"]
    return ffmpeg.remake(
        data,
        words,
        asked=Words("metadata of video/mp4", "在 video/mp4 里写说明"),
        todo=Words("make it again", "重新生成"),
    )


def _mp4_facts(data: bytes) -> dict[str, str]:
    with ffmpeg.as_file(data) as path:
        process = ffmpeg.run(["-loglevel", "error", "-i", str(path), "-f", "ffmetadata", "pipe:1"])
    lines = process.stdout.decode(errors="replace").splitlines()
    pairs = [line.split("=", 1) for line in lines if "=" in line and not line.startswith(";")]
    return {name.capitalize(): text for name, text in pairs if name.capitalize() in INFO_IDS}
