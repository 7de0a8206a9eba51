"""What a run made, as the bytes of files."""

from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import Take
from aigc_kit.core.types.base import shown


def artefacts(take: Take) -> dict[str, bytes]:
    """Ending of the file's name, such as ".txt" or "-0.png" -> its bytes.

    Raises:
        BadInput: no result of a run, or one of a kind that this version cannot write.
    """
    if not isinstance(take, Take):
        raise BadInput(
            asked=f"to save {shown(take)}",
            found=f"{type(take).__name__}, no result of a run",
            todo="run first: take = text.run(plan.request, plan), then record.save(take)",
        )
    if take.kind == "text" and isinstance(take.data, str):
        return {".txt": take.data.encode("utf-8")}
    if take.kind == "image":
        from PIL import Image

        parts = {}
        for index, pixels in enumerate(take.data):
            buffer = BytesIO()
            Image.fromarray(pixels).save(buffer, "PNG")
            parts[".png" if len(take.data) == 1 else f"-{index}.png"] = buffer.getvalue()
        return parts
    if take.kind == "speech":
        from aigc_kit.media import wav

        return {".wav": wav.to_bytes(take.data, info=wav.made_by(take))}
    if take.kind == "video":
        return {".mp4": _clip(take)}
    raise BadInput(
        asked=f"to save a {take.kind} take with {type(take.data).__name__} data",
        found="this version writes text (str), images (uint8 (B, H, W, 3)), speech (wave float32 (N,)) and video",
        todo="save the data yourself; `record.build` still gives its record",
    )


def _clip(take: Take) -> bytes:
    """An MP4 that says in its own data that an AI made it, which one, and what its licence allows."""
    from aigc_kit.media import encode

    card, request = take.plan.card, take.plan.request
    words = {
        "title": request.prompt,
        "comment": f"AI 生成 (AI-generated); model {card.name}, seed {request.seed}",
        "copyright": card.licence,
    }
    with TemporaryDirectory() as folder:
        file = Path(folder) / "clip.mp4"
        encode.mp4(file, take.data, request.fps, metadata=words)
        return file.read_bytes()
