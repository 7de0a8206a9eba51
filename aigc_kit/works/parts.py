"""Hold the parts of a work, and who made them."""

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Literal, get_args

from aigc_kit.core.errors import BadInput
from aigc_kit.core.types import FrozenMap, Record, Words

PartKind = Literal["text", "image", "audio", "video"]
PART_KINDS: tuple[PartKind, ...] = get_args(PartKind)
Origin = Literal["model", "brought", "mixed", "computed", "sample", "person"]

KIND_ZH: Mapping[str, str] = FrozenMap(text="文字", image="图片", audio="旁白", video="视频")
LABELS: Mapping[str, str] = FrozenMap(
    model="AI 生成",
    brought="AI 生成（从别处带来）",
    mixed="含 AI 生成的声音或画面",
    computed="程序计算，非模型生成",
    sample="教材范文，非本次运行生成",
    person="人工创作，非模型生成",
)
WRITTEN = "人工撰写，非模型生成"
"""The label of a text by a person."""

SUFFIXES: Mapping[str, str] = FrozenMap(
    {
        "text/plain": ".txt",
        "image/png": ".png",
        "image/jpeg": ".jpg",
        "image/webp": ".webp",
        "image/gif": ".gif",
        "audio/wav": ".wav",
        "audio/mpeg": ".mp3",
        "audio/ogg": ".ogg",
        "video/mp4": ".mp4",
        "video/webm": ".webm",
    }
)
MOST_BYTES: Mapping[str, int] = FrozenMap(text=1_000_000, image=20_000_000, audio=30_000_000, video=60_000_000)
"""Decimal bytes; a page that carries more opens badly."""


@dataclass(frozen=True)
class Part:
    """Hold one part of a work.

    Args:
        kind: what it is.
        data: the file's bytes; a text as UTF-8.
        media: its type, a key of SUFFIXES; found by looking into the bytes.
        origin: "model" (a run of this kit: `record` says which), "brought" (made by an AI elsewhere: `credit` says by
            which), "mixed" (put together by a program from parts some of which an AI made: `credit` says which),
            "computed" (by a program, such as the meshes of the topology lab), "sample" (a text that comes with
            the kit), "person" (by the learner).
        title: shown above it.
        alt: a picture or clip in words, for those who do not see it.
        credit: who or what made it, and under which licence, where there is no record.
        prompt: what was asked for, where there is no record.
        record: of the run.
        facts: what else is known, such as {"seconds": 5.0}.

    Raises:
        BadInput: no such kind or origin, bytes of another type, too many of them, a part that does not say who made
            it, or a picture or clip without words.
    """

    kind: PartKind
    data: bytes
    media: str
    origin: Origin
    title: str = ""
    alt: str = ""
    credit: str = ""
    prompt: str = ""
    record: Record | None = None
    facts: Mapping[str, Any] = field(default_factory=FrozenMap)

    def __post_init__(self) -> None:
        object.__setattr__(self, "facts", FrozenMap(self.facts))
        what = Words(
            f"a part of kind {self.kind!r} by {self.origin!r}", f"种类为 {self.kind!r}、来源为 {self.origin!r} 的部分"
        )
        if self.kind not in PART_KINDS or self.origin not in get_args(Origin):
            choices = f"{', '.join(PART_KINDS)}; {', '.join(get_args(Origin))}"
            raise BadInput(
                asked=what,
                found=Words("no such kind or origin", "没有这种种类或来源"),
                todo=Words(
                    f"choose from {choices}",
                    f"种类从 {'、'.join(PART_KINDS)} 里选，来源从 {'、'.join(get_args(Origin))} 里选",
                ),
            )
        if not self.data or len(self.data) > MOST_BYTES[self.kind]:
            todo = Words(f"give 1 to {MOST_BYTES[self.kind]:,} bytes", f"给 1 到 {MOST_BYTES[self.kind]:,} 字节")
            raise BadInput(
                asked=what, found=Words(f"{len(self.data):,} bytes", f"有 {len(self.data):,} 字节"), todo=todo
            )
        if media_of(self.data, self.kind) != self.media:
            task = what + f", {self.media}"
            raise BadInput(
                asked=task,
                found=Words("bytes of another type", "字节是另一种类型"),
                todo=Words("leave the type to the kit", "类型由本项目自己认"),
            )
        if self.origin == "model" and self.record is None:
            raise BadInput(
                asked=what,
                found=Words("no record of the run", "没有运行的记录"),
                todo=Words("pass record=, or say origin='brought'", "给出 record=，或写 origin='brought'"),
            )
        if self.origin in ("brought", "mixed") and not self.credit.strip():
            raise BadInput(
                asked=what,
                found=Words("nothing about the model", "没有写是什么模型"),
                todo=Words("credit='which model, on which page'", "写 credit='哪个模型，在哪个网页'"),
            )
        if self.kind in ("image", "video") and not self.alt.strip():
            raise BadInput(
                asked=what,
                found=Words("no words for those who do not see it", "没有给看不见图的人写说明"),
                todo=Words("pass alt='...'", "写上 alt='...'"),
            )

    @property
    def label(self) -> str:
        """Say who made it, in Chinese, as on the page."""
        return WRITTEN if (self.kind, self.origin) == ("text", "person") else LABELS[self.origin]

    @property
    def by_ai(self) -> bool:
        """Tell whether it must carry the label of AI-made content."""
        return self.origin in ("model", "brought", "mixed")

    @property
    def text(self) -> str:
        """Read the words of a text, "" of other parts."""
        return self.data.decode("utf-8") if self.kind == "text" else ""

    @property
    def name(self) -> str:
        """Make a file name of kind and content, nothing typed."""
        return f"{self.kind}-{hashlib.sha256(self.data).hexdigest()[:16]}{SUFFIXES[self.media]}"

    @property
    def maker(self) -> str:
        """Name the model, or what the learner said."""
        if self.record is None:
            return self.credit
        card = self.record.plan.get("card", {})
        return str(card.get("name") or self.record.request["card"])

    @property
    def asked(self) -> str:
        """Give the prompt."""
        return str(self.record.request["prompt"]) if self.record is not None else self.prompt


STARTS = (
    (rb"\x89PNG\r\n\x1a\n", "image/png"),
    (rb"\xff\xd8\xff", "image/jpeg"),
    (rb"GIF8[79]a", "image/gif"),
    (rb"RIFF.{4}WEBP", "image/webp"),
    (rb"RIFF.{4}WAVE", "audio/wav"),
    (rb"ID3|\xff[\xe2\xe3\xea\xeb\xf2\xf3\xfa\xfb]", "audio/mpeg"),  # tags, or a frame: 0xFF, then 111xx01x
    (rb"OggS", "audio/ogg"),
    (rb".{4}ftyp", "video/mp4"),
    (rb"\x1a\x45\xdf\xa3", "video/webm"),
)
"""How the bytes of a file begin, and its type."""


def media_of(data: bytes, kind: str) -> str:
    """Tell the type of a file by its first bytes.

    Raises:
        BadInput: none that a page can show, or a picture that does not open.
    """
    if kind == "text":
        media = "text/plain" if _is_text(data) else ""
    else:
        media = next((media for start, media in STARTS if re.match(start, data, re.DOTALL)), "")
    if (media.split("/")[0] or "nothing") != kind:
        endings = ", ".join(suffix for name, suffix in SUFFIXES.items() if name.startswith(kind))
        fault = Words(f"bytes that begin with {data[:8]!r}", f"开头的字节是 {data[:8]!r}")
        raise BadInput(
            asked=Words(f"a part of kind {kind!r}", f"种类为 {kind!r} 的部分"),
            found=fault,
            todo=Words(f"give {endings}", f"给 {endings} 文件"),
        )
    if kind == "image":
        _opens(data)
    return media


def _is_text(data: bytes) -> bool:
    with suppress(UnicodeDecodeError):
        data.decode("utf-8")
        return True
    return False


def _opens(data: bytes) -> None:
    from PIL import Image

    try:
        with Image.open(BytesIO(data)) as image:
            image.verify()
    except Exception as error:  # Pillow raises whatever its readers meet
        raise BadInput(
            asked=Words("a picture", "一张图片"),
            found=Words(f"it does not open ({error})", f"打不开（原话：{error}）"),
            todo=Words("save it again as PNG", "另存为 PNG"),
        ) from None
