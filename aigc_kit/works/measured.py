"""Measure hints for the rubric, from length to pace."""

from contextlib import closing
from dataclasses import replace
from io import BytesIO
from itertools import combinations, islice

import numpy as np
from PIL import Image

from aigc_kit.core.bilingual import Words
from aigc_kit.core.errors import AigcError, BadInput
from aigc_kit.make.speech.measures import loudness
from aigc_kit.media import wav
from aigc_kit.media.encode import ffmpeg, probe, read_frames
from aigc_kit.works.parts import KIND_ZH, PART_KINDS, Part
from aigc_kit.works.review import length, review
from aigc_kit.works.rubric import Hint
from aigc_kit.works.work import Work

HUES, LIGHTS = 12, 3
GREY = 0.12  # chroma below which a pixel has no colour to speak of
LOUDNESS = (-23.0, -12.0)  # LUFS: between broadcast (EBU R 128) and loud podcasts
PACE = (2.5, 5.5)  # characters a second: slow story-telling to fast news
SIDE = 512  # pixels: below this a picture looks coarse on a page
AGREE = 0.35
KEYWORDS = ("甜甜圈", "咖啡", "杯", "洞", "环", "拓扑", "变形", "torus", "donut", "mug", "cup", "morph", "topolog")
LARGEST_PAGE = 25_000_000


def pixels_of(data: bytes, side: int = 96) -> np.ndarray:
    """Shrink a picture to uint8 (H, W, 3) within `side`."""
    with Image.open(BytesIO(data)) as image:
        small = image.convert("RGB")
        small.thumbnail((side, side))
        return np.asarray(small)


def histogram(pixels: np.ndarray) -> np.ndarray:
    """Count shares of hue and lightness.

    Args:
        pixels: uint8 (H, W, 3).

    Returns:
        float64 (39,), sum 1: 12 hues and grey, each dark, middle and light; pixels count by their chroma, so
        that a colourful thing before a grey wall is seen.

    Raises:
        BadInput: not such pixels.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
        raise BadInput(
            asked=Words("a palette", "一张图片的主要颜色"),
            found=f"{pixels.dtype} {pixels.shape}",
            todo=Words("pass uint8 (H, W, 3)", "给 uint8，形状 (H, W, 3)"),
        )
    colour = pixels.reshape(-1, 3) / 255.0
    high, low = colour.max(axis=1), colour.min(axis=1)
    chroma = high - low
    red, green, blue = colour.T
    safe = np.maximum(chroma, 1e-9)
    other_hues = np.where(high == green, 2 + (blue - red) / safe, 4 + (red - green) / safe)
    hue = np.where(high == red, (green - blue) / safe, other_hues)
    sector = np.floor((hue % 6) * 2).astype(int) % HUES
    light = np.minimum((high * LIGHTS).astype(int), LIGHTS - 1)
    place = np.where(chroma < GREY, HUES, sector) * LIGHTS + light
    counts = np.bincount(place, weights=0.1 + chroma, minlength=(HUES + 1) * LIGHTS)
    return counts / counts.sum()


def distance(one: np.ndarray, two: np.ndarray) -> float:
    """Compare colours: 0 the same shares, 1 nothing in common.

    Pictures are uint8 (H, W, 3) of any size. Source: histogram intersection, Swain and Ballard 1991.
    """
    return float(1 - np.minimum(histogram(one), histogram(two)).sum())


def agreement(one: np.ndarray, two: np.ndarray) -> float:
    """Give 1 - `distance`."""
    return 1 - distance(one, two)


def spread(pictures: list[np.ndarray]) -> float:
    """Average the distance of all pairs of a series.

    Raises:
        BadInput: fewer than two.
    """
    if len(pictures) < 2:
        raise BadInput(
            asked=Words("the spread of a series", "一组图片相差多少"),
            found=Words(f"{len(pictures)} pictures", f"有 {len(pictures)} 张图片"),
            todo=Words("give at least two", "至少给两张"),
        )
    return float(np.mean([distance(*pair) for pair in combinations(pictures, 2)]))


def of_text(work: Work) -> dict[str, Hint]:
    """Measure the length, and review the text."""
    if not work.text.strip():
        return {"text.whole": Hint("还没有文字", False)}
    points = {point.title: point for point in review(work.text).findings}
    concept, jargon, likening = points["关键概念"], points["术语"], points["比喻"]
    whole = [points[title] for title in ("长度", "步骤", "结尾", "残留")]
    return {
        "text.right": Hint(concept.words + "（对不对要自己判断）", None if concept.ok else False),
        "text.plain": Hint(f"{jargon.words}；{likening.words}", jargon.ok and likening.ok),
        "text.whole": Hint("；".join(point.words for point in whole), all(point.ok for point in whole)),
    }


def of_image(work: Work) -> dict[str, Hint]:
    """Measure resolution, gold and blue, and likeness to its words."""
    images = work.of("image")
    if not images:
        return {"image.craft": Hint("还没有图片", False)}
    width, height = (images[0].facts[name] for name in ("width", "height"))
    sharp = min(width, height) >= SIDE
    shares = histogram(pixels_of(images[0].data)).reshape(-1, LIGHTS).sum(axis=1)
    gold, blue = shares[0:3].sum(), shares[6:9].sum()
    fits = likeness(images[0])
    topic = f"{fits.words}；金色系约占 {gold:.0%}，蓝色系约占 {blue:.0%}（课程的配色是蓝与金）"
    return {
        "image.craft": Hint(f"{width}×{height} 像素" + ("" if sharp else f"，短边不到 {SIDE}：放大会显粗糙"), sharp),
        "image.topic": Hint(topic, fits.usual),
    }


def likeness(part: Part) -> Hint:
    """Rank a picture's own phrase among other subjects, by CLIP.

    The CLIP that ships knows the tiny world alone: other pictures are not measured, and the words say so.
    """
    from aigc_kit.worlds.tinyworld import clip
    from aigc_kit.worlds.tinyworld.captions import canonical
    from aigc_kit.worlds.tinyworld.spec import SUBJECTS
    from aigc_kit.worlds.tinyworld.vocab import spec_of

    words = part.record.words if part.record is not None else ()
    spec = spec_of(str(words[0].get("phrase") or "")) if words else None
    if not clip.available():
        return Hint("没有 CLIP 模型 miniclip，图文相似度没有量")
    if spec is None or spec.subject is None:
        return Hint("CLIP 模型 miniclip 只懂小世界的画，这一张没有量图文相似度")
    others = [name for name in SUBJECTS if name != spec.subject]
    texts = [canonical(replace(spec, subject=name), "zh") for name in (spec.subject, *others)]
    with Image.open(BytesIO(part.data)) as image:
        own, *rivals = clip.similarity([np.asarray(image.convert("RGB"))], texts)[0].tolist()
    rank = 1 + sum(score > own for score in rivals)
    text = f"CLIP 相似度（miniclip，tiny，实测）：与“{texts[0]}” {own:.2f}"
    return Hint(f"{text}，换成另外 {len(rivals)} 种主体平均 {np.mean(rivals):.2f}，排第 {rank}", rank == 1)


def of_audio(work: Work) -> dict[str, Hint]:
    """Measure loudness and clipping of a WAV, and its pace."""
    sounds = work.of("audio")
    if not sounds:
        return {"audio.clear": Hint("还没有旁白", False)}
    hints: dict[str, Hint] = {}
    samples, rate = wav.samples_of(sounds[0].data)
    if rate:
        loud, peak = loudness(samples, rate), float(np.abs(samples).max(initial=0.0))
        inside = loud is not None and LOUDNESS[0] <= loud <= LOUDNESS[1] and peak < 0.999
        words = "太短，测不出响度"
        if loud is not None:
            words = f"响度 {loud:.1f} LUFS（常见 {LOUDNESS[0]:.0f} 到 {LOUDNESS[1]:.0f}）"
        hints["audio.clear"] = Hint(f"{words}，峰值 {peak:.2f}{'，有削波' if peak >= 0.999 else ''}", inside)
    pace = pace_of(work)
    if pace is not None:
        hints["audio.pace"] = Hint(f"每秒 {pace:.1f} 字（常见 {PACE[0]} 到 {PACE[1]}）", PACE[0] <= pace <= PACE[1])
    return hints


def between(work: Work) -> dict[str, Hint]:
    """Compare key words, palettes and lengths of the parts."""
    hints: dict[str, Hint] = {}
    texts = {part.kind: f"{part.text} {part.asked} {part.alt} {part.title}".lower() for part in work.parts}
    if len(texts) >= 2:
        theme = [word for word in KEYWORDS if sum(word in words for words in texts.values()) >= 2]
        hints["between.theme"] = Hint(f"至少两种模态里都有：{'、'.join(theme) or '（没有）'}", bool(theme))
    pictures = [pixels_of(part.data) for part in work.of("image")]
    pictures += [frame for part in work.of("video") if (frame := middle_frame(part)) is not None]
    if len(pictures) >= 2:
        share = agreement(pictures[0], pictures[-1])
        hints["between.style"] = Hint(f"配色的重合度 {share:.2f}（1 为相同；{AGREE} 以上算接近）", share >= AGREE)
    seconds = {part.kind: part.facts.get("seconds") for part in work.parts if part.facts.get("seconds")}
    if {"audio", "video"} <= set(seconds):
        hints["between.rhythm"] = Hint(f"旁白 {seconds['audio']:.1f} 秒，视频 {seconds['video']:.1f} 秒")
    return hints


def of_whole(work: Work) -> dict[str, Hint]:
    """List kinds of parts, their weight, and missing makers."""
    there = [KIND_ZH[kind] for kind in PART_KINDS if work.of(kind)]
    missing = [zh for zh in KIND_ZH.values() if zh not in there]
    size = sum(len(part.data) for part in work.parts) * 4 / 3
    lacking = f"，缺 {'、'.join(missing)}" if missing else ""
    words = f"有 {'、'.join(there) or '（还没有）'}{lacking}；各部分嵌入后约 {size / 1e6:.1f} MB"
    silent = [KIND_ZH[part.kind] for part in work.parts if not part.maker]
    honest = "每个部分都写明了作者或模型" if not silent else f"{'、'.join(silent)} 没有写作者"
    return {
        "whole.complete": Hint(words, not missing and size < LARGEST_PAGE),
        "whole.honest": Hint(honest, bool(work.parts) and not silent),
    }


def pace_of(work: Work) -> float | None:
    """Count characters a second of the narration, where known."""
    sounds = work.of("audio")
    seconds = sounds[0].facts.get("seconds") if sounds else None
    characters = length(sounds[0].asked or work.text) if sounds else 0
    return characters / seconds if seconds and characters else None


def middle_frame(part: Part) -> np.ndarray | None:
    """Read an MP4's middle frame, uint8 (H, W, 3)."""
    if part.media != "video/mp4":
        return None
    try:
        with ffmpeg.as_file(part.data) as path:
            middle, frames = probe(path).frames // 2, read_frames(path)
            with closing(frames):
                return next(islice(frames, middle, None), None)
    except AigcError:
        return None
